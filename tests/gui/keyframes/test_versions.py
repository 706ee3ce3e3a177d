"""Keyframes that are re-rolled are made at once; what they were can be had again."""

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt

from studio.spec.versions import MOST, Version, at, remembered
from tests.gui.keyframes.desk import click, edited, press, settled

Key = Qt.Key


@pytest.fixture
def twice(made, view, qtbot, until):
    """Keyframe 3 has been re-rolled twice, each time made."""
    click(view, qtbot, 3)
    for count in (2, 3):
        press(made, qtbot, Key.Key_R)
        until(lambda: made.edits.versions.present(3) and settled(made))
        until(lambda count=count: len(made.edits.versions.of(3)) == count)
    return made


def test_what_is_re_rolled_is_previewed_at_once_the_old_picture_dimmed(
    made, view, handlers, qtbot, until
):
    before, beside = view.picture(3), view.picture(4)
    made.queue.pause("engine")
    click(view, qtbot, 3)
    press(made, qtbot, Key.Key_R)
    assert [job.kind for job in made.queue.jobs()] == ["preview_keyframes"]
    assert view.picture(3) == before
    assert view.looks.former == {3}
    assert view.picture(4) is not None
    handlers.gate.clear()
    made.queue.resume("engine")
    until(lambda: made.player_state.shown.kind == "preview")
    assert view.picture(4) == beside, "a rough preview hides no keyframe that is made"
    assert view.picture(3) == made.player_state.shown.frames.at(3)
    handlers.gate.set()
    until(lambda: settled(made) and all(made.render_forecast.forecast.made))
    until(lambda: view.picture(3) is not None and not view.looks.former)


def test_versions_go_back_and_on_and_nothing_is_made(twice, view, qtbot, until):
    panel = twice.keyframes
    assert panel.version.label.text() == "3 of 3"
    last = twice.edits.versions.present(3)
    until(lambda: not panel.gestures["before"].disabled_reason())
    press(twice, qtbot, Key.Key_Comma)
    until(lambda: twice.edits.versions.place(3) == (1, 3))
    until(lambda: twice.render_forecast.forecast.keyframes[3].key != last.take)
    assert all(twice.render_forecast.forecast.made)
    assert not twice.queue.jobs()
    panel.version.back.click()
    until(lambda: panel.version.label.text() == "1 of 3")
    assert "no version before" in panel.version.back.toolTip()
    for _ in range(2):  # faster than the disk is asked
        panel.version.on.click()
    until(lambda: twice.edits.versions.present(3) == last)
    click(view, qtbot, 4)
    assert not panel.version.isVisible()


def test_versions_are_undone_and_kept_with_the_project(twice, qtbot, until):
    until(lambda: not twice.keyframes.gestures["before"].disabled_reason())
    press(twice, qtbot, Key.Key_Comma)
    assert twice.document.undo_label == "Choose a version"
    until(lambda: twice.edits.versions.place(3) == (1, 3))
    twice.document.undo()
    until(lambda: twice.edits.versions.place(3) == (2, 3))
    assert len(twice.document.shot.versions) == 2


def test_a_version_stays_with_its_keyframe_where_one_is_inserted_before(twice, until, tmp_path):
    twice.edits.put(_picture(tmp_path), 3, insert=True)
    until(lambda: len(edited(twice).keys) == 9)
    until(lambda: settled(twice) and twice.render_forecast.forecast.made[4])
    assert twice.edits.versions.place(4)[1] == 3
    assert not twice.edits.versions.of(3)


def test_a_picture_of_the_user_s_is_seen_at_once(made, view, until, tmp_path):
    made.queue.pause("engine")
    made.edits.put(_picture(tmp_path), 2)
    until(lambda: edited(made) is not None)
    until(lambda: (look := view.picture(2)) is not None and look.pixelColor(5, 5).red() > 180)
    assert 2 not in view.looks.former
    until(lambda: made.render_forecast.forecast.made.count(False) == 1)
    assert made.edits.versions.place(2) == (1, 2)


def test_each_version_is_kept_once_and_the_oldest_go_first():
    some = [Version(0, f"{k:032x}", 0) for k in range(MOST + 5)]
    kept = remembered((), *some, some[-1])
    assert kept == tuple(some[5:])
    assert remembered(kept, some[-1]) == kept
    assert at((*kept, Version(1, "ab" * 16, 2)), 1) == (Version(1, "ab" * 16, 2),)


def _picture(folder: Path) -> Path:
    path = folder / "my dog.png"
    Image.new("RGB", (90, 60), (200, 80, 20)).save(path)
    return path
