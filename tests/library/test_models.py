"""Models are found, read by their headers, and refused by name when they are damaged."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from studio.jobs.handlers import BUILT_IN
from studio.library import models
from studio.library.headers import check
from studio.spec.refusal import Refusal
from tests.spec.requests import STARTER


@pytest.fixture
def shelf(tmp_path: Path, tiny_home: Path) -> Path:
    return Path(shutil.copytree(tiny_home / "models", tmp_path / "models"))


def test_a_model_is_found_with_its_family_and_weights(shelf):
    model = models.find("tiny", [shelf])
    assert model.card.fps == Fraction(4)
    assert model.card.subjects.words
    roles = {"image", "temporal", "text", "autoencoder", "settings"}
    assert {role for role, _ in model.weights} == roles
    assert all(len(identity) == 32 for _, identity in model.weights)
    assert models.scan([shelf]) == ((model,), ())


def test_the_first_folder_that_has_it_wins(shelf, tmp_path):
    shutil.copytree(shelf, tmp_path / "other")
    assert models.find("tiny", [tmp_path / "none", tmp_path / "other", shelf]).folder == (
        tmp_path / "other" / "tiny"
    )


@pytest.mark.parametrize("name", ["gone", "", ".", "..", "../models/tiny", "tiny/"])
def test_an_unknown_model_is_refused_with_those_there_are(shelf, name):
    with pytest.raises(Refusal, match="There is: tiny"):
        models.find(name, [shelf])


def test_other_bytes_are_another_identity(shelf):
    before = dict(models.read(shelf / "tiny").weights)
    file = shelf / "tiny" / "temporal.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    after = dict(models.read(shelf / "tiny").weights)
    assert [role for role in before if before[role] != after[role]] == ["temporal"]


@pytest.mark.parametrize("cut", [1, 1000, -1])
def test_a_weight_file_of_another_length_is_refused(shelf, cut):
    file = shelf / "tiny" / "temporal.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[:-cut] if cut > 0 else data + b"\0")
    with pytest.raises(Refusal, match=r"temporal\.safetensors is cut short or damaged"):
        models.read(shelf / "tiny")
    assert models.scan([shelf])[0] == ()
    assert "temporal.safetensors" in models.scan([shelf])[1][0]


@pytest.mark.parametrize(
    "data",
    [b"", b"12", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"[]", b"\x08" + b"\0" * 7 + b"not json"],
    ids=["empty", "two bytes", "endless header", "a list", "no JSON"],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path, data):
    (tmp_path / "x.safetensors").write_bytes(data)
    with pytest.raises(Refusal, match=r"x\.safetensors is not a safetensors file"):
        check(tmp_path / "x.safetensors")


def test_a_whole_file_passes_the_check(tmp_path):
    save_file({"a": np.arange(5.0)}, tmp_path / "a.safetensors", {"note": json.dumps([1])})
    check(tmp_path / "a.safetensors")
    save_file({}, tmp_path / "none.safetensors")
    check(tmp_path / "none.safetensors")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(Refusal, match="is missing"):
        check(tmp_path / "none.safetensors")
    with pytest.raises(Refusal, match="is not a safetensors file"):
        check(tmp_path)


def test_a_card_may_say_how_far_a_model_walks(shelf):
    card = shelf / "tiny" / "model.toml"
    said = card.read_text("utf-8").replace("steps = ", "walked = [1, 0.1]\nsteps = ")
    card.write_text(said, "utf-8")
    assert models.read(shelf / "tiny").card.defaults.strengths == (1.0, 0.1)


@pytest.mark.parametrize(
    "card", ["", "[family]\n", "nonsense", 'weights = 3\n[family]\nid = "x"\n'], ids=repr
)
def test_a_broken_card_is_refused(shelf, card):
    (shelf / "tiny" / "model.toml").write_text(card)
    with pytest.raises(Refusal, match=r"The model card .* cannot be read"):
        models.read(shelf / "tiny")


def test_what_the_former_starter_made_is_never_taken_for_this_ones():
    """Takes name the weights that they were made with: no part of it is as it was."""
    assert not set(models.read(BUILT_IN / "starter").weights) & set(STARTER)
