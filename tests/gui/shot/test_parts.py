"""The rows under Parts: who takes which role, chosen with keys, undone, saved, and made for real."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from studio.app import build
from studio.jobs.handlers import JobHandlers as RealHandlers
from studio.jobs.take_store import take_store
from studio.library import models as library
from studio.project.stored_frames import stored_frames
from studio.spec.spans import spans
from studio.ui.shot.parts import ALONE
from studio.ui.state.model_list import LOOKING
from studio.ui.takes.dialogs import with_recipe
from studio.ui.widgets.controls import ElidedLabel
from tests import tiny_parts
from tests.gui.handlers import DENSE, MODEL
from tests.gui.layouts import cut, overlapping
from tests.gui.models import ALL

BALL = "a red ball moving left over grass"
ROWS = ("keyframes", "holes", "interpolator", "codec", "upscaler")


@pytest.fixture
def mixed(open_studio):
    """A window with six models, its parts unfolded."""
    studio = open_studio(models=ALL)
    studio.window.resize(1280, 900)
    studio.shot.prompt.setPlainText(BALL)
    studio.shot.parts_fold.head.click()
    return studio


def shown(studio) -> list[str]:
    return [role for role, row in studio.shot.parts.rows.items() if row.isVisible()]


def choose(studio, qtbot, role: str, name: str) -> None:
    """With the keyboard alone: by the first letter of its name."""
    box = studio.shot.parts.rows[role].box
    box.setFocus()
    qtbot.keyClicks(box, name[:1])


def test_with_the_starter_alone_it_is_one_quiet_line(open_studio):
    studio = open_studio(models=(MODEL,))
    fold = studio.shot.parts_fold
    assert (fold.head.text(), studio.shot.parts.isVisible()) == ("Parts", False)
    fold.head.click()
    assert shown(studio) == []
    assert studio.shot.parts.alone.text() == ALONE.format("Starter")


def test_roles_with_one_choice_are_folded_away(open_studio):
    studio = open_studio(models=(DENSE, ALL[3]))
    studio.shot.parts_fold.head.click()
    assert shown(studio) == ["codec"]
    assert not studio.shot.parts.alone.isVisible()


def test_a_role_is_chosen_with_the_keyboard_undone_and_saved(mixed, open_studio, qtbot, until):
    assert shown(mixed) == list(ROWS)
    choose(mixed, qtbot, "codec", "Drafts")
    assert mixed.document.shot.parts == (("codec", "taesd"),)
    assert mixed.shot.parts_fold.head.text() == "Parts · 1 chosen"
    assert mixed.shot.parts.rows["codec"].note.text() == "3.5 GB"
    assert "Starter, Drafts" in mixed.shot.facts.text()
    assert mixed.document.undo_label == "Decoder"
    mixed.document.undo()
    assert mixed.document.shot.parts == ()
    assert mixed.shot.parts.rows["codec"].box.currentText().startswith("As the model (Starter)")
    mixed.document.redo()
    until(lambda: mixed.document.is_saved)
    mixed.close()
    assert open_studio(models=ALL).document.shot.parts == (("codec", "taesd"),)


def test_what_does_not_fit_is_disabled_with_its_sentence(mixed, qtbot):
    box = mixed.shot.parts.rows["codec"].box
    number = box.findData("other")
    item = box.model().item(number)
    assert not item.isEnabled()
    sentence = "Starter and other do not work on the same latents."
    assert sentence in item.text()
    assert box.itemData(number, Qt.ItemDataRole.ToolTipRole).startswith(sentence)
    assert box.itemData(number, Qt.ItemDataRole.AccessibleDescriptionRole).startswith(sentence)
    choose(mixed, qtbot, "codec", "Other")
    assert mixed.document.shot.parts == ()


def test_typing_leaves_the_lists_alone(mixed, qtbot):
    """Each list is filled once: a key in the prompt changes nothing that they say."""
    boxes = [row.box for row in mixed.shot.parts.rows.values()]
    filled = []
    for box in boxes:
        box.model().rowsInserted.connect(lambda *_: filled.append(1))
    qtbot.keyClicks(mixed.shot.prompt, " and on")
    assert filled == []


def test_numbers_follow_the_parts(mixed, qtbot):
    numbers = mixed.shot.settings.numbers
    choose(mixed, qtbot, "keyframes", "Same")
    assert (numbers["keyframes"].value(), numbers["fps"].value()) == (6, 2)
    numbers["keyframes"].enter("99")
    assert mixed.document.shot.keyframes == 12
    assert numbers["steps"].isEnabled(), "the shot's own model still fills holes with them"
    for role, id in (("holes", "same"), ("interpolator", "wan")):
        mixed.document.change_shot(mixed.document.shot.with_part(role, id), role)
    assert not numbers["steps"].isEnabled()
    assert "of their own" in numbers["steps"].toolTip()


def test_a_take_says_who_made_what_and_gives_it_back_to_a_shot(mixed, qtbot, until):
    choose(mixed, qtbot, "holes", "Same")
    choose(mixed, qtbot, "codec", "Drafts")
    mixed.render_actions.render()
    until(lambda: len(mixed.document.project.takes) == 1)
    (take,) = mixed.document.project.takes
    mixed.take_dialogs.recipe(take)
    (dialog,) = mixed.window.findChildren(QDialog)
    said = {w.full_text for w in dialog.findChildren(ElidedLabel)}
    assert {"taesd", "same · 4 steps · guidance 3 ×"} <= said
    dialog.close()
    plain = replace(mixed.document.shot, parts=())
    mixed.document.change_shot(plain, "Parts")
    again = with_recipe(mixed.document.project, take)
    assert again.shot(again.selected).parts == (("holes", "same"), ("codec", "taesd"))


@pytest.mark.parametrize("width", [220, 296, 420])
def test_nothing_is_cut_however_narrow_and_long(open_studio, qtbot, width):
    long = replace(ALL[3], card=replace(ALL[3].card, name="A decoder of many words " * 6))
    studio = open_studio(models=(*ALL, replace(long, card=replace(long.card, id="long"))))
    studio.shot.parts_fold.head.click()
    studio.document.change_shot(studio.document.shot.with_part("codec", "long"), "Decoder")
    parts = studio.shot.parts
    parts.setParent(None)
    qtbot.addWidget(parts)
    parts.resize(width, 500)
    parts.show()

    def is_whole() -> None:
        assert parts.width() == width
        assert cut(parts) == []
        assert overlapping(parts) == []

    qtbot.waitUntil(is_whole, timeout=60_000)  # layouts settle in some turns of the loop


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory):
    return tiny_parts.make(tmp_path_factory.mktemp("models"))


@pytest.fixture
def real(qapp, tmp_path, folders, tiny_models, until):
    """the real window on the real handlers, with tiny models of every kind."""
    handlers = RealHandlers(folders, "cpu")
    handlers.model_folders = (tiny_models,)
    studio = build(tmp_path / "Mixed", folders, handlers.by_kind(), model_folders=(tiny_models,))
    studio.open()
    until(lambda: studio.model_list.found.empty_reason != LOOKING)
    yield studio
    studio.close()
    handlers.models.free()


SMALL = {"keyframes": 3, "extend": 1, "interpolate": 1, "steps": 2, "width": 32, "height": 32}


def test_one_clip_by_four_models_through_the_window_and_the_queue(real, qtbot, until, tiny_models):
    """Keyframes by one, holes by another, decoded by a third and made larger by a fourth: what is
    stored is what a request of these models says, frame for frame."""
    document = real.document
    shot = replace(document.shot, prompt=BALL, model="one", seed=7, seed_locked=True, **SMALL)
    document.change_shot(shot, "Shot")
    real.shot.parts_fold.head.click()
    assert {"holes", "codec", "upscaler"} <= set(shown(real))
    choose(real, qtbot, "holes", "two")
    for role, name in (("holes", "two"), ("codec", "taesd"), ("upscaler", "large")):
        row = real.shot.parts.rows[role]
        row._activated(row.box.findData(name))
    assert document.shot.parts == (("holes", "two"), ("codec", "taesd"), ("upscaler", "large"))
    real.render_actions.render()
    until(lambda: len(document.project.takes) == 1)
    (take,) = document.project.takes
    by = {(span.stage, span.role): span.part.model for span in spans(take.request)}
    assert by == {
        ("keyframes", "keyframes"): "one",
        ("keyframes", "holes"): "two",
        ("interpolation", "interpolator"): "one",
        ("decode", "codec"): "taesd",
    }
    takes = take_store(document.folder / "takes")
    frames = np.stack(list(stored_frames(takes, take.spans)))
    assert frames.shape == (13, 32, 32, 3)
    assert library.promised(take.request, [tiny_models]).keys() == {"one", "two", "taesd", "large"}
    real.render_actions.run("upsampled")
    until(lambda: len(document.project.takes) == 2)
    large = document.project.takes[0]
    assert large.request.size == (128, 128)
    assert next(stored_frames(takes, large.spans)).shape == (128, 128, 3)
    plain = replace(document.shot, parts=())
    document.change_shot(plain, "Parts")
    real.render_actions.render()
    until(lambda: len(document.project.takes) == 3)
    own = np.stack(list(stored_frames(takes, document.project.takes[0].spans)))
    assert not np.array_equal(own, frames)
