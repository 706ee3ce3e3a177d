"""`train starter`: in slices, from nothing to a folder that opens."""

import pytest

from studio.lab.commands import flags
from studio.lab.starter import recipe
from studio.lab.starter.recipe import Scale
from studio.library import models as library

FEW = {"cast": 8, "grounds": 1, "text_batch": 4, "codec_batch": 2, "image_batch": 2}
FEW |= {"temporal_batch": 2, "given_batch": 16}
QUICK = Scale(**dict.fromkeys(Scale.__slots__, 2) | FEW)


def test_a_slice_ends_where_it_stands_and_the_command_goes_on(run, tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "PROCESSOR_SCALE", QUICK)
    words = ("train", "starter", "--out", str(tmp_path / "made"), "--device", "cpu", "--json")
    ran = run(*words, "--minutes", "1e-9")
    assert ran.code == 0
    assert ran.answer["done"] is False
    assert (tmp_path / "made" / "runs" / "text").is_dir()
    assert not (tmp_path / "made" / "parts").exists()


@pytest.mark.long
def test_every_stage_leads_to_a_model_that_opens(run, tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "PROCESSOR_SCALE", QUICK)
    ran = run("train", "starter", "--out", str(tmp_path / "made"), "--device", "cpu", "--json")
    assert "done" not in ran.answer
    card = library.read(tmp_path / "made" / "starter").card
    assert card.can_fill((True, False))
    assert card.upsampling
    assert card.subjects.words
    assert card.subjects.paths


def test_parts_that_can_learn_on_are_those_of_the_recipe():
    assert set(flags.LEARN_ON) == set(recipe.RUNS)
