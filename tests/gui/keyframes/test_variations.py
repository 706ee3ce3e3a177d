"""Four previews with other seeds stand beside one another; the one that is chosen goes on."""

import pytest
from PySide6.QtCore import Qt

from studio.spec.refusal import Refusal
from studio.ui.keyframes.variations import VariationsDialog
from tests.gui.keyframes.desk import settled


@pytest.fixture
def dialog(studio, until):
    studio.actions["variations"].trigger()
    return studio.window.findChild(VariationsDialog)


def test_variations_are_previews_of_other_seeds_and_never_renders(studio, handlers, qtbot, until):
    handlers.gate.clear()
    studio.actions["variations"].trigger()
    dialog = studio.window.findChild(VariationsDialog)
    jobs = studio.queue.jobs()
    assert [(job.kind, job.short) for job in jobs] == [("preview_keyframes", True)] * 4
    assert len({job.payload["request"]["seed"] for job in jobs}) == 4
    until(lambda: dialog.buttons[0].variation.pictures)
    assert not dialog.buttons[0].isEnabled()
    assert dialog.buttons[3].accessibleDescription() == "waiting"
    handlers.gate.set()
    until(lambda: all(button.isEnabled() for button in dialog.buttons))
    assert [len(button.variation.pictures) for button in dialog.buttons] == [8] * 4
    assert not studio.document.project.renders


def test_the_chosen_one_is_the_shot_s_and_nothing_is_made_again(studio, dialog, qtbot, until):
    until(lambda: all(button.isEnabled() for button in dialog.buttons))
    seed = dialog.buttons[2].variation.seed
    qtbot.keyClick(dialog, Qt.Key.Key_3)
    assert (studio.document.shot.seed, studio.document.shot.seed_locked) == (seed, True)
    until(lambda: settled(studio) and all(studio.render_forecast.forecast.made))
    assert studio.document.undo_label == "Use variation 3"
    studio.document.undo()
    assert studio.document.shot.seed != seed


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_the_variation_that_has_the_focus_is_chosen_by_key(studio, dialog, qtbot, until, key):
    until(lambda: all(button.isEnabled() for button in dialog.buttons))
    seed = dialog.buttons[1].variation.seed
    dialog.buttons[1].setFocus()
    qtbot.keyClick(dialog.buttons[1], key)
    assert studio.document.shot.seed == seed


def test_closing_cancels_what_is_not_made_and_leaves_the_shot(studio, handlers, qtbot, until):
    handlers.gate.clear()
    studio.actions["variations"].trigger()
    dialog, shot = studio.window.findChild(VariationsDialog), studio.document.shot
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    handlers.gate.set()
    until(lambda: not studio.queue.jobs())
    assert studio.document.shot == shot
    assert not studio.variations.made


def test_what_fails_says_so_in_its_place(studio, handlers, until):
    def fails(*_):
        raise Refusal("The memory is full.", "Use fewer keyframes.")

    handlers.own = fails
    studio.actions["variations"].trigger()
    dialog = studio.window.findChild(VariationsDialog)
    until(lambda: all(button.variation.trouble for button in dialog.buttons))
    assert "The memory is full." in dialog.buttons[1].accessibleDescription()
    assert not any(button.isEnabled() for button in dialog.buttons)
