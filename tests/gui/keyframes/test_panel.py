"""The keyframe desk: every gesture by mouse, key or button, and what it would cost beforehand."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from studio.spec.amounts import amount
from studio.spec.forecast import MADE, OUT_OF_DATE, TO_MAKE
from studio.spec.quantities import duration
from studio.spec.spans import spans
from studio.ui.state.frames import Loaded
from studio.ui.state.images import from_preview
from studio.ui.state.player_state import Shown
from studio.ui.widgets.input_dialogs import Words
from tests.cards import with_
from tests.gui.handlers import A_SECOND, DENSE, clip, strip
from tests.gui.keyframes.desk import BALL, click, edited, press, settled

Key, Held, Left = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton


def drag(view, qtbot, start: QPoint, end: QPoint):
    qtbot.mousePress(view, Left, Held.NoModifier, start)
    for part in (0.3, 0.6, 1.0):
        at = start + (end - start) * part
        view.mouseMoveEvent(moved(at))
    qtbot.mouseRelease(view, Left, Held.NoModifier, end)


def moved(at: QPoint):
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    point = QPointF(at)
    return QMouseEvent(QEvent.Type.MouseMove, point, point, Left, Left, Held.NoModifier)


def states(studio):
    return [stage.state for stage in studio.render_forecast.forecast.stages]


def test_before_anything_is_made_every_keyframe_is_an_empty_place(studio, view):
    assert view.count == 8
    assert view.picture(3) is None
    assert states(studio)[0] == TO_MAKE
    assert studio.keyframes.facts.full_text == "8 keyframes · 113 frames to make"
    assert view.accessibleDescription() == "8 keyframes, 0 chosen"


def test_a_shot_that_cannot_be_made_has_no_strip(studio, until):
    studio.shot.prompt.setPlainText("")
    until(lambda: studio.render_forecast.forecast is None)
    assert not studio.keyframes.isVisible()


def test_the_preview_is_a_slideshow_at_the_keyframes_rate(made):
    assert made.player_state.shown.kind == "keyframes"
    assert made.player_state.shown.fps == Fraction(3, 2)
    assert made.player_state.speed == 1
    assert states(made)[0] == MADE


def test_the_stages_say_how_they_stand_and_run_one_by_one(made, until):
    cells = made.shot.findChildren(type(made.stages.cells["keyframes"]))
    assert len(cells) == 5
    assert not made.stages.cells["upsampled"].run.isEnabled()
    assert "no upsampler" in made.stages.cells["upsampled"].run.toolTip()
    assert made.stages.cells["keyframes"].state.text() == MADE
    assert not made.stages.cells["extended"].run.isEnabled()
    assert "Drag an end" in made.stages.cells["extended"].run.toolTip()
    made.stages.cells["interpolated"].run.click()
    until(lambda: settled(made) and states(made)[2] == MADE)
    assert states(made)[3] != MADE
    assert not made.document.project.renders
    made.stages.cells["decoded"].run.click()
    until(lambda: settled(made) and states(made)[3] == MADE)
    assert len(made.document.project.renders) == 1


def test_what_an_edit_costs_is_drawn_beforehand_with_its_time(made, until):
    made.render_actions.render()
    until(lambda: settled(made) and made.render_forecast.forecast.work.missing == 0)
    assert "all made" in made.keyframes.facts.full_text
    made.queue.pause("engine")  # what is re-rolled is previewed at once
    made.edits.reroll({3})
    until(lambda: made.render_forecast.forecast.work.missing > 0)
    missing = [work.missing for work in made.render_forecast.forecast.intervals]
    assert missing == [0, 0, 31, 31, 0, 0, 0]
    has = made.project.span_results.has
    left = [span for span in spans(made.present.state.request) if not has(span.key)]
    assert sum(len(span.makes) for span in left) == 8 + 62
    seconds = sum(map(amount, left)) / A_SECOND
    assert made.render_forecast.forecast.work.seconds == pytest.approx(seconds)
    said = f"2 of 7 intervals to make · about {duration(seconds)}"
    assert said in made.keyframes.facts.full_text
    assert states(made)[2:4] == [OUT_OF_DATE, OUT_OF_DATE]
    made.queue.resume("engine")
    made.render_actions.render()
    until(lambda: settled(made) and made.render_forecast.forecast.work.missing == 0)
    made.document.undo()
    until(lambda: edited(made) is None and made.render_forecast.forecast.request.strip is None)
    assert made.render_forecast.forecast.work.missing == 0


@pytest.mark.parametrize("end", [0, 7])
def test_an_end_that_is_rerolled_is_previewed_like_any_other(made, until, end):
    """It is predicted of the others: once it had no picture until somebody pressed preview."""
    view = made.keyframes.view
    made.edits.reroll({end})
    until(lambda: settled(made) and view.forecast and view.forecast.request.strip is not None)
    until(lambda: made.render_forecast.picture(end) is not None)
    assert made.player_state.last_frame == 7


def test_clicks_choose_one_more_and_all_between(made, view, qtbot):
    click(view, qtbot, 2)
    assert view.chosen == {2}
    assert made.player_state.playhead == 2
    assert made.player_state.speed == 0
    click(view, qtbot, 5, Held.ShiftModifier)
    assert view.chosen == {2, 3, 4, 5}
    click(view, qtbot, 3, Held.ControlModifier)
    assert view.chosen == {2, 4, 5}


def test_arrows_choose_and_shift_chooses_more(made, view, qtbot):
    press(made, qtbot, Key.Key_Right)
    press(made, qtbot, Key.Key_Right, Held.ShiftModifier)
    assert view.chosen == {1, 2}
    press(made, qtbot, Key.Key_Right, Held.ShiftModifier)
    assert view.chosen == {1, 2, 3}
    press(made, qtbot, Key.Key_Left)
    assert len(view.chosen) == 1


def test_r_makes_the_chosen_anew_with_a_seed_of_their_own(made, view, qtbot, until):
    click(view, qtbot, 3)
    press(made, qtbot, Key.Key_R)
    source = edited(made).sources[-1]
    assert [key is None for key in source.given] == [k == 3 for k in range(8)]
    assert source.seed is not None
    assert made.document.undo_label == "Re-roll 1 keyframe"
    seed = made.document.shot.seed
    until(lambda: settled(made) and all(made.render_forecast.forecast.made))
    made.render_actions.preview()
    until(lambda: settled(made) and all(made.render_forecast.forecast.made))
    assert made.document.shot.seed == seed


def test_w_asks_for_words_of_their_own(made, view, qtbot, until):
    click(view, qtbot, 1)
    click(view, qtbot, 2, Held.ShiftModifier)
    press(made, qtbot, Key.Key_W)
    dialog = made.keyframes.findChild(Words)
    assert dialog.answer == BALL
    dialog.text.setPlainText(" a blue star over sand ")
    dialog.accept()
    until(lambda: edited(made) is not None)
    assert edited(made).sources[-1].prompt == "a blue star over sand"
    assert edited(made).sources[-1].given.count(None) == 2


def test_a_lock_keeps_a_keyframe_whatever_the_words_become(made, view, qtbot, until):
    click(view, qtbot, 4)
    before = made.render_forecast.forecast.keyframes[4]
    press(made, qtbot, Key.Key_L, Held.ControlModifier)
    assert edited(made).keys[4].locked
    for name in ("reroll", "words"):
        assert made.keyframes.gestures[name].disabled_reason().startswith("It is locked")
        assert not made.keyframes.buttons[name].isEnabled()
    made.shot.prompt.setPlainText("a blue star over sand")
    until(lambda: made.render_forecast.forecast.request.prompt.startswith("a blue"))
    assert made.render_forecast.forecast.keyframes[4].key == before.key
    assert made.render_forecast.forecast.made == tuple(k == 4 for k in range(8))
    made.edits.reroll(range(8))
    assert edited(made).keys[4].locked
    press(made, qtbot, Key.Key_L, Held.ControlModifier)
    assert not any(key.locked for key in edited(made).keys)


def test_what_is_not_made_cannot_be_locked(studio, view, qtbot):
    click(view, qtbot, 4)
    assert not studio.keyframes.buttons["lock"].isEnabled()
    assert "Preview the keyframes first" in studio.keyframes.buttons["lock"].toolTip()


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "my dog.png"
    Image.new("RGB", (90, 60), (200, 80, 20)).save(path)
    return path


def test_a_dropped_picture_replaces_or_comes_between(made, view, until, picture):
    view.drop(picture, view.place(2).center().x())
    until(lambda: edited(made) is not None)
    source = edited(made).sources[edited(made).keys[2].source]
    assert made.edits._pictures.path(source.picture).read_bytes() == picture.read_bytes()
    view.drop(picture, view.place(5).left() - 2)
    until(lambda: len(edited(made).keys) == 9)
    assert edited(made).sources[edited(made).keys[5].source].picture == source.picture


def test_a_dropped_file_that_is_no_picture_is_refused(made, view, until, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    view.drop(broken, view.place(2).center().x())
    until(lambda: made.banner.isVisible())
    assert edited(made) is None


def test_a_dropped_clip_is_looked_at_for_its_frame(made, view, qtbot, until, tmp_path):
    from studio.media.video import write_video

    path = tmp_path / "holiday.mp4"
    write_video(path, clip(3, 6, 96, 64), fps=Fraction(8), size=(96, 64), recipe=None)
    view.drop(path, view.place(2).center().x())
    until(lambda: made.player_state.shown.title == "holiday.mp4")
    made.player_state.seek(4)
    press(made, qtbot, Key.Key_P)
    until(lambda: edited(made) is not None)
    source = edited(made).sources[edited(made).keys[2].source]
    kept = np.asarray(Image.open(made.edits._pictures.path(source.picture)))
    shown = made.player_state.shown.frames.at(4)
    assert kept.shape == (shown.height(), shown.width(), 3)
    press(made, qtbot, Key.Key_I)
    until(lambda: len(edited(made).keys) == 9)


def test_delete_leaves_one(made, view, qtbot):
    click(view, qtbot, 0)
    press(made, qtbot, Key.Key_Delete)
    assert len(edited(made).keys) == 7
    view.choice.set(frozenset(range(7)))
    assert made.keyframes.gestures["delete"].disabled_reason() == "A clip needs a keyframe."
    made.edits.delete(range(7))
    assert len(edited(made).keys) == 1


def test_a_keyframe_is_dragged_to_another_place(made, view, qtbot):
    after = view.place(4).center() + QPoint(view.place(4).width() // 2, 0)
    drag(view, qtbot, view.place(1).center(), after)
    assert [key.frame for key in edited(made).keys] == [0, 2, 3, 4, 1, 5, 6, 7]
    assert view.chosen == {4}
    press(made, qtbot, Key.Key_Left, Held.AltModifier)
    assert [key.frame for key in edited(made).keys] == [0, 2, 3, 1, 4, 5, 6, 7]


@pytest.mark.parametrize("before", [True, False])
def test_either_end_is_dragged_to_extend(made, view, qtbot, before, until):
    box = view.places.end(before=before)
    start = QPoint(box.middle, box.top + box.height // 2)
    far = QPoint(round(view.places.step * 2.6), 0)
    drag(view, qtbot, start, start - far if before else start + far)
    assert len(edited(made).keys) == 11
    first = edited(made).position(edited(made).keys[0])
    assert first == (-3 if before else 0)
    until(
        lambda: made.render_forecast.forecast and len(made.render_forecast.forecast.keyframes) == 11
    )
    made.stages.cells["extended"].run.click()
    until(lambda: settled(made) and states(made)[1] == MADE)


def test_ctrl_and_an_arrow_extend_by_one(made, qtbot):
    press(made, qtbot, Key.Key_Right, Held.ControlModifier)
    press(made, qtbot, Key.Key_Left, Held.ControlModifier)
    assert len(edited(made).keys) == 10


def test_bridge_loop_and_start_over(made, view, qtbot):
    click(view, qtbot, 3)
    press(made, qtbot, Key.Key_B)
    assert len(edited(made).keys) == 12
    press(made, qtbot, Key.Key_O)
    assert edited(made).loop
    press(made, qtbot, Key.Key_O)
    assert not edited(made).loop
    made.keyframes.buttons["over"].click()
    assert edited(made) is None
    assert not made.keyframes.buttons["over"].isEnabled()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_has_every_gesture(made, view, qtbot, until):
    click(view, qtbot, 7)
    made.keyframes.menu(QPoint(0, 0))
    menu = next(m for m in made.keyframes.findChildren(QMenu) if m.actions())
    actions = {action.text().split("\t")[0].replace("&", ""): action for action in menu.actions()}
    actions.pop("", None)  # lines between groups
    assert set(actions) == {g.words for g in made.keyframes.gestures.values()}
    assert not actions["Bridge to the next"].isEnabled()
    assert actions["Bridge to the next"].toolTip() == "There is no keyframe after this one."
    menu.close()


def test_a_model_that_was_not_taught_it_says_so(open_studio, until):
    plain = replace(DENSE, card=with_(DENSE.card, predicts=False, passes=0))
    studio = open_studio(models=(plain,))
    studio.shot.prompt.setPlainText(BALL)
    until(lambda: studio.render_forecast.forecast is not None)
    for name, button in studio.keyframes.buttons.items():
        assert not button.isEnabled(), name
        assert button.toolTip()


def test_other_settings_of_a_made_clip_find_it_again(made, until):
    made.render_actions.render()
    until(lambda: settled(made) and made.render_forecast.forecast.work.missing == 0)
    made.shot.prompt.setPlainText("a blue star over sand")
    until(lambda: states(made)[0] == OUT_OF_DATE)
    made.document.undo()
    until(lambda: made.render_forecast.forecast.work.missing == 0)
    assert set(states(made)) <= {MADE, "none"}


def test_a_clip_on_the_player_shows_which_keyframe_it_has_reached(studio, view):
    frames = from_preview(strip(clip(3, 113)))
    shot = studio.document.shot.id
    studio.player_state.show(
        Shown("clip", "Clip", Loaded(frames), Fraction(24), frames_per_keyframe=16, shot=shot)
    )
    studio.player_state.seek(50)
    assert view.playing() == 3
    studio.player_state.show(Shown("clip", "Clip", Loaded(frames[:20]), Fraction(24), shot=shot))
    assert view.playing() is None


def test_a_take_of_another_shot_marks_nothing_in_this_strip(studio, view, qtbot):
    frames = Loaded(from_preview(strip(clip(3, 113))))
    studio.player_state.show(
        Shown("clip", "Clip", frames, Fraction(24), frames_per_keyframe=16, shot="another")
    )
    studio.player_state.seek(50)
    assert view.playing() is None
    click(view, qtbot, 6)
    assert studio.player_state.playhead == 50
