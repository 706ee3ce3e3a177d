"""The window's models: one bad folder takes none of the others away, and a refusal names them."""

import shutil
from dataclasses import replace

import pytest

from studio.library import models
from studio.ui.state.background import Background
from studio.ui.state.model_list import LOOKING, ModelList


@pytest.fixture
def look(qtbot):
    background, model_list = Background(), ModelList()

    def look(scan) -> ModelList:
        with qtbot.waitSignal(model_list.changed, timeout=60_000):
            model_list.look(scan, background)
        return model_list

    yield look
    background.close()


def test_a_bad_folder_beside_a_good_one(look, home):
    folder = home / "models"
    shutil.copytree(folder / "tiny", folder / "bad")
    card = (folder / "bad" / "model.toml").read_text("utf-8")
    (folder / "bad" / "model.toml").write_text(card.replace('"4"', '"1/0"'), "utf-8")
    model_list = look(lambda: models.scan([folder]))
    assert model_list.found.model("") is model_list.found.model("tiny") is not None
    refusal = str(model_list.found.missing("bad"))
    assert refusal.startswith("There is no model “bad”. There is: tiny. The model card ")
    assert "native_fps is '1/0'" in refusal


def test_a_look_that_fails_ends_with_a_sentence(look):
    def broken():
        raise MemoryError("no more")

    model_list = look(broken)
    assert model_list.found.models == ()
    assert model_list.found.empty_reason != LOOKING
    assert "could not be looked for" in str(model_list.found.missing("any"))


def test_all_ids_are_named(look, tiny_home):
    tiny = models.find("tiny", [tiny_home / "models"])
    other = replace(tiny, card=replace(tiny.card, id="other"))
    model_list = look(lambda: ((tiny, other), ()))
    assert (
        str(model_list.found.missing("gone")) == "There is no model “gone”. There is: tiny, other."
    )


def test_what_makes_no_keyframes_is_no_model_for_a_shot(look, tiny_home):
    tiny = models.find("tiny", [tiny_home / "models"])
    codec = replace(
        tiny, card=replace(tiny.card, id="codec", fills=(), uses=(("codec", ("autoencoder",)),))
    )
    model_list = look(lambda: ((codec, tiny), ()))
    assert [model.card.id for model in model_list.found.models] == ["tiny"]
