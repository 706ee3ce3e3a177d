"""The export dialog: format, rate, recipe, place."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog

from studio.spec.refusal import Refusal
from studio.ui.export import FORMATS


@pytest.fixture
def dialog(studio, until, tmp_path):
    """The dialog for a fresh take, pointed at a folder of the test."""
    studio.shot.prompt.setPlainText("a red ball: left/right?")
    studio.orders.render()
    until(lambda: studio.takes.chosen)
    studio.actions["export"].trigger()
    (made,) = studio.window.findChildren(QDialog)
    made.place.setText(str(tmp_path / Path(made.place.text()).name))
    return made


def test_a_name_that_every_system_takes(dialog):
    assert dialog.path.name.startswith("a-red-ball-left-right-")


@pytest.mark.parametrize("index", range(len(FORMATS)))
def test_each_format_brings_its_ending(dialog, index):
    dialog.format.setCurrentIndex(index)
    assert dialog.path.name.endswith(FORMATS[index][1])
    assert dialog.export.isEnabled()


def test_the_rate_changes_frames_not_length(dialog):
    assert "16 frames · 1.9 s" in dialog.facts.text()
    dialog.fps.enter("24")
    assert "46 frames · 1.9 s" in dialog.facts.text()
    assert dialog.fps.text() == "24 fps"


def test_gif_cannot_be_faster_than_its_viewers(dialog):
    dialog.fps.enter("120")
    dialog.format.setCurrentIndex(1)
    assert dialog.fps.value() == 50


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "Choose where"),
        ("clip.mp4", "whole path"),
        ("/no/such/folder/clip.mp4", "no folder"),
        (f"/{'x' * 300}/clip.mp4", "no folder"),
        ("~no-such-user/clip.mp4", "whole path"),
    ],
)
def test_a_bad_place_is_said_at_once(dialog, place, said):
    dialog.place.setText(place)
    assert not dialog.export.isEnabled()
    assert said in dialog.export.toolTip()
    assert dialog.why_not.isVisible()


def test_a_wrong_ending_and_a_file_that_exists(dialog, tmp_path):
    dialog.place.setText(str(tmp_path / "clip.avi"))
    assert "end with .mp4" in dialog.why_not.text()
    (tmp_path / "there.mp4").write_bytes(b"")
    dialog.place.setText(str(tmp_path / "there.mp4"))
    assert dialog.replaces.isVisible()
    assert dialog.export.isEnabled()
    (tmp_path / "folder.mp4").mkdir()
    dialog.place.setText(str(tmp_path / "folder.mp4"))
    assert "a folder with this name" in dialog.why_not.text()


def test_export_goes_through_the_queue(studio, dialog, until):
    out = dialog.path
    dialog.recipe.setChecked(False)
    dialog.export.click()
    until(out.is_file)
    until(lambda: "Exported to" in studio.strip.words.whole)
    job = studio.queue.history()[0]
    assert (job.kind, job.lane) == ("export", "encode")
    assert job.payload["recipe"] is False
    assert job.payload["fps"] == "8"


def test_a_failed_export_says_why(studio, dialog, works, until):
    works.failure = Refusal("The disk is full.", "Make room.")
    dialog.export.click()
    until(lambda: "The disk is full. Make room." in studio.banner.words.text())
