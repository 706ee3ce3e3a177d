"""Stacks in the window: a shot's models kept under a name, chosen, renamed, forgotten; the terminal
reads the same."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.library.stacks import Stacks, parts_of, stack_of
from studio.ui.widgets.input_dialogs import Words
from tests.gui.handlers import MODEL
from tests.gui.layouts import cut, overlapping
from tests.gui.models import ALL

BALL = "a red ball moving left over grass"
CAN = {
    "all": ("keyframes", "holes", "interpolator", "codec"),
    "vae": ("codec",),
    "wan": ("holes", "interpolator"),
}


@pytest.fixture
def mixed(open_studio):
    studio = open_studio(models=ALL)
    studio.window.resize(1366, 768)
    studio.shot.prompt.setPlainText(BALL)
    studio.shot.parts_fold.head.click()
    return studio


def entries(studio) -> list[str]:
    box = studio.shot.parts.whole.box
    return [box.itemText(k) for k in range(box.count())]


def keep(studio, name: str, until) -> None:
    studio.shot.parts.whole.save.click()
    answer(studio, name)
    until(lambda: name in studio.stacks.all)


def answer(studio, name: str) -> None:
    (question,) = [d for d in studio.window.findChildren(Words) if d.isVisible()]
    question.text.setText(name)
    question.done_.click()


def choose(studio, text: str) -> None:
    box = studio.shot.parts.whole.box
    (index,) = [k for k, entry in enumerate(entries(studio)) if entry.startswith(text)]
    box.setCurrentIndex(index)
    box.activated.emit(index)


@pytest.mark.parametrize(
    "parts",
    [
        {}, {"codec": "vae"}, {"holes": "wan", "interpolator": "wan"}, {"holes": "wan"},
        {"interpolator": "wan"}, {"keyframes": "wan2", "holes": "wan", "interpolator": "wan2"},
    ],
)  # fmt: skip
def test_a_stack_gives_back_the_parts_that_it_was_kept_from(parts):
    can = (CAN | {"wan2": ("keyframes", "interpolator")}).__getitem__
    stack = stack_of("all", parts, can)
    assert parts_of(stack, can) == parts


def test_a_stack_is_kept_listed_chosen_and_undone(mixed, until, folders):
    decoder = mixed.shot.parts.rows["codec"]
    decoder.box.activated.emit(decoder.box.findData("taesd"))
    assert mixed.document.shot.parts == (("codec", "taesd"),)
    keep(mixed, "quick drafts", until)
    assert Stacks(folders.stacks).all() == {
        "quick drafts": {"model": mixed.present.state.model.card.id, "decoder": "taesd"}
    }
    whole = mixed.shot.parts.whole
    until(lambda: whole.box.currentText().startswith("quick drafts"))
    assert "quick drafts · Starter + Drafts" in entries(mixed)
    choose(mixed, "Same")
    assert (mixed.document.shot.model, whole.box.currentText()) == ("same", "Same")
    assert not whole.rename.isVisible()
    choose(mixed, "quick drafts")
    assert mixed.document.shot.parts == (("codec", "taesd"),)
    assert mixed.document.undo_label == "Stack"
    mixed.document.undo()
    assert mixed.document.shot.model == "same"


def test_it_is_renamed_and_forgotten_and_its_models_stay(mixed, until, folders):
    keep(mixed, "one", until)
    whole = mixed.shot.parts.whole
    until(whole.rename.isVisible)
    whole.rename.click()
    answer(mixed, "two")
    until(lambda: set(mixed.stacks.all) == {"two"})
    before = mixed.document.shot
    whole.remove.click()
    until(lambda: not mixed.stacks.all)
    assert Stacks(folders.stacks).all() == {}
    assert mixed.document.shot == before


@pytest.mark.parametrize(
    ("name", "words"), [("taesd", "A model is called “taesd”."), ("a/b", "can be no name")]
)
def test_a_name_that_is_none_is_refused(mixed, until, name, words):
    refusals = []
    mixed.stacks.refused.connect(lambda what, _: refusals.append(what))
    mixed.shot.parts.whole.save.click()
    answer(mixed, name)
    until(lambda: refusals)
    assert words in refusals[0]
    assert not mixed.stacks.all


def test_a_stack_that_does_not_fit_any_more_cannot_be_chosen_and_says_why(mixed, until):
    file = mixed.stacks._stacks
    file.put("odd", {"model": "same", "decoder": "other"})
    mixed.stacks.look(mixed.background)
    until(lambda: "odd" in mixed.stacks.all)
    box = mixed.shot.parts.whole.box
    until(lambda: any(entry.startswith("odd") for entry in entries(mixed)))
    (index,) = [k for k, entry in enumerate(entries(mixed)) if entry.startswith("odd")]
    assert not box.model().item(index).isEnabled()
    assert "do not work on the same latents" in box.itemData(index, Qt.ItemDataRole.ToolTipRole)


def test_with_one_model_there_is_nothing_to_choose(open_studio):
    studio = open_studio(models=(MODEL,))
    studio.shot.parts_fold.head.click()
    assert not studio.shot.parts.whole.isVisible()


def test_the_row_is_not_cut_off(mixed, until):
    keep(mixed, ("a stack of my own with a long name " * 2).strip(), until)
    until(mixed.shot.parts.whole.rename.isVisible)
    assert cut(mixed.shot) == []
    assert overlapping(mixed.shot) == []


def test_the_file_of_the_first_version_is_read(mixed, until, folders):
    folders.stacks.write_text('{"version": 1, "stacks": {"old": {"model": "same"}}}')
    mixed.stacks.look(mixed.background)
    until(lambda: set(mixed.stacks.all) == {"old"})
    choose(mixed, "old")
    assert replace(mixed.document.shot, prompt="") == replace(
        mixed.document.shot, prompt="", model="same", parts=()
    )
