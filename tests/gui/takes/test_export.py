"""The export dialog: format, rate, recipe, place."""

from contextlib import suppress
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QDialog

from studio.jobs import handlers as jobs
from studio.media import footage
from studio.media.encoders import ENCODINGS
from studio.project import edits
from studio.project.timeline_edits import lay_out
from studio.spec.refusal import Refusal
from studio.ui.takes.export_targets import PRESETS, suffix_of


@pytest.fixture
def dialog(studio, until, tmp_path):
    """The dialog for a fresh take, pointed at a folder of the test."""
    studio.shot.prompt.setPlainText("a red ball: left/right?")
    studio.render_actions.render()
    until(lambda: studio.takes.chosen)
    studio.actions["export"].trigger()
    (made,) = studio.window.findChildren(QDialog)
    made.folder.setText(str(tmp_path))
    return made


def test_a_name_that_every_system_takes(dialog):
    assert dialog.path.name.startswith("a-red-ball-left-right-")


def test_each_format_brings_its_ending(dialog):
    for index, encoding in reversed(list(enumerate(ENCODINGS))):
        dialog.format.setCurrentIndex(index)
        assert dialog.path.name.endswith(suffix_of(encoding)), encoding
        assert dialog.export.isEnabled(), encoding
        assert dialog.quality.isEnabled() == bool(encoding.quality), "one has but one quality"


def test_the_rate_changes_frames_not_length(dialog):
    assert "16 frames · 1.9 s" in dialog.facts.text()
    dialog.fps.enter("24")
    assert "46 frames · 1.9 s" in dialog.facts.text()
    assert dialog.fps.text() == "24 fps"


def test_gif_cannot_be_faster_than_its_viewers(dialog):
    dialog.fps.enter("120")
    dialog.format.setCurrentIndex(dialog.format.findData("gif"))
    assert dialog.fps.value() == 50


def test_a_bad_place_is_said_at_once(dialog, tmp_path):
    for place, said in (
        ("", "Choose where"),
        ("there/clip.mp4", "whole path"),
        ("/no/such/folder/clip.mp4", "no folder"),
        (f"/{'x' * 300}/clip.mp4", "no folder"),
        ("~no-such-user/clip.mp4", "whole path"),
        (f"{tmp_path}/{'x' * 300}.mp4", "too long for the disk"),
        (f"{tmp_path}/con.mp4", "Windows keeps"),
    ):
        dialog.folder.setText(str(tmp_path))
        dialog.name.setText("clip.mp4")
        assert dialog.export.isEnabled()
        folder, _, name = place.rpartition("/")
        dialog.folder.setText(folder)
        dialog.name.setText(name)
        assert not dialog.export.isEnabled(), place
        assert said in dialog.export.toolTip(), place
        assert dialog.reason.isVisible(), place


def test_a_wrong_ending_and_a_file_that_exists(dialog, tmp_path):
    dialog.name.setText("clip.avi")
    assert "end with .mp4" in dialog.reason.text()
    (tmp_path / "there.mp4").write_bytes(b"")
    dialog.name.setText("there.mp4")
    assert dialog.replaces.isVisible()
    assert dialog.export.isEnabled()
    (tmp_path / "folder.mp4").mkdir()
    dialog.name.setText("folder.mp4")
    assert "a folder with this name" in dialog.reason.text()


def test_a_long_sentence_squeezes_no_field(dialog, until):
    needed = dialog.layout().minimumHeightForWidth(dialog.width())
    for name in ("clip.gif", "x" * 300 + ".mp4"):
        dialog.name.setText(name)
        until(dialog.reason.isVisible)
    assert dialog.layout().minimumHeightForWidth(dialog.width()) > needed
    until(lambda: dialog.height() >= dialog.layout().totalHeightForWidth(dialog.width()))


def test_every_take_and_every_export_has_a_name_of_its_own(dialog, tmp_path):
    assert "-take-1." in dialog.name.text()
    usual = {encoding.suffix: encoding for encoding in reversed(ENCODINGS)}
    for encoding in usual.values():
        index, suffix = ENCODINGS.index(encoding), suffix_of(encoding)
        name = dialog.name.text()
        dialog.format.setCurrentIndex(index)
        for frame in (0, 1):
            file = tmp_path / dialog.name.text().replace("%04d", f"{frame:04}")
            file.write_bytes(b"")
        dialog.format.setCurrentIndex((index + 1) % len(ENCODINGS))
        dialog.format.setCurrentIndex(index)
        assert dialog.name.text().endswith(f"-2{suffix}"), name


def test_a_series_that_was_not_made_here_is_refused(dialog, tmp_path):
    dialog.format.setCurrentIndex(dialog.format.findData("png"))
    (tmp_path / "x_0007.png").write_bytes(b"a photo")
    dialog.name.setText("x_%04d.png")
    assert "was not made here" in dialog.reason.text()
    assert not dialog.export.isEnabled()


def test_a_rate_is_what_was_typed_with_point_or_comma(dialog):
    for typed, rate in (
        ("23.976", "24000/1001"), ("12,5", "25/2"), ("29.97", "30000/1001"), ("12.5", "25/2"),
        ("23,976", "24000/1001"),
    ):  # fmt: skip
        dialog.fps.enter(typed)
        assert str(dialog.targets[0].fps) == rate, typed
    with_rate = []
    dialog.ordered.connect(lambda _, targets: with_rate.append(str(targets[0].fps)))
    dialog.export.click()
    assert with_rate == ["24000/1001"]


def test_export_goes_through_the_queue(studio, dialog, until):
    out = dialog.path
    dialog.recipe.setChecked(False)
    dialog.export.click()
    until(out.is_file)
    until(lambda: "Exported to" in studio.queue_bar.words.full_text)
    job = studio.queue.history()[0]
    assert (job.kind, job.lane) == ("export", "encode")
    assert job.payload["recipe"] is False
    assert job.payload["fps"] == "8"


def test_a_failed_export_says_why(studio, dialog, handlers, until):
    handlers.failure = Refusal("The disk is full.", "Make room.")
    dialog.export.click()
    until(lambda: "The disk is full. Make room." in studio.banner.words.text())


def spoil(file, damage):
    """Damage a file in one step; whoever plays it may have set its take aside before."""
    with suppress(FileNotFoundError):
        if damage == "gone":
            file.unlink()
            return
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes({"flipped": data, "cut": data[:-99]}[damage])


@pytest.mark.parametrize("damage", ["flipped", pytest.param("cut", marks=pytest.mark.long), "gone"])
def test_frames_that_are_damaged_or_gone_are_said_and_made_again(
    studio, dialog, handlers, folders, until, damage
):
    """By the real export: nothing is written, and rendering the shot again makes it good."""
    handlers.own_export = jobs.JobHandlers(folders).export
    for file in list(studio.document.folder.glob("takes/??/*/frames*")):
        spoil(file, damage)
    out = dialog.path
    dialog.export.click()
    until(lambda: "Render it again." in studio.banner.words.text())
    assert "Frames of this take are no longer stored." in studio.banner.words.text()
    assert not out.exists()
    assert list(out.parent.glob("*.part")) == []
    job = studio.queue.history()[0]
    shot = studio.document.shot
    studio.document.change_shot(replace(shot, seed_locked=True), "Seed")
    studio.render_actions.render()
    until(lambda: len(studio.queue.history()) > 2)
    studio.queue.retry(job.id)
    until(out.is_file)


def test_several_formats_at_once_are_files_of_one_name(studio, dialog, handlers, until):
    dialog.also["hevc"].setChecked(True)
    dialog.also["gif"].setChecked(True)
    stem = dialog.path.name.removesuffix(".mp4")
    names = [target.path.name for target in dialog.targets]
    assert names == [f"{stem}.mp4", f"{stem}-hevc.mp4", f"{stem}.gif"]
    assert dialog.fps.value() <= 50
    dialog.quality.setCurrentIndex(2)
    dialog.export.click()
    until(lambda: len([j for j in studio.queue.history() if j.kind == "export"]) == 3)
    made = {j.payload["encoding"]: j.payload for j in studio.queue.history() if j.kind == "export"}
    assert set(made) == {"h264", "hevc", "gif"}
    assert {payload["quality"] for payload in made.values()} == {"small"}


def test_a_preset_chooses_formats_and_quality(dialog):
    for index, preset in enumerate(PRESETS, start=1):
        dialog.preset.setCurrentIndex(index)
        dialog.preset.activated.emit(index)
        assert dialog.encodings[0] == preset.encodings[0]
        assert set(dialog.encodings) == set(preset.encodings)
        assert dialog.quality.currentData() == preset.quality
        assert dialog.export.isEnabled(), dialog.reason.text()


def test_sizes_are_measured_while_the_dialog_is_open(dialog, until):
    until(lambda: dialog.file_size.text().startswith("Size: about"))
    dialog.quality.setCurrentIndex(2)
    assert dialog.file_size.text() == "Measuring the size …"
    until(lambda: dialog.file_size.text().startswith("Size: about"))
    assert ("h264", "small") in dialog._known.sizes


def test_a_format_without_its_encoder_is_named(dialog, until):
    dialog._known.lacking = frozenset({"h264", "avif"})
    dialog._known.changed.emit()
    assert not dialog.export.isEnabled()
    assert "cannot write h264" in dialog.reason.text()
    assert not dialog.also["avif"].isEnabled()
    dialog.format.setCurrentIndex(dialog.format.findData("vp9"))
    assert dialog.export.isEnabled()


def test_the_timeline_and_all_starred_takes_are_offered(
    studio, dialog, until, folders, handlers, tmp_path
):
    """By the real export: the film is what the timeline plays."""
    dialog.reject()
    studio.render_actions.render()
    until(lambda: len(studio.document.project.takes) == 2)
    for take in studio.document.project.takes:
        studio.document.change(lambda p, t=take: edits.star(p, t.id), "Star")
    studio.document.change(lay_out, "Lay out")
    (made,) = _opened(studio)
    assert [made.what.itemText(k).split(" ·")[0] for k in range(made.what.count())] == [
        "Take 2", "The whole timeline", "All starred takes (2 files)",
    ]  # fmt: skip
    made.folder.setText(str(tmp_path))
    made.what.setCurrentIndex(2)
    assert len({target.path for target in made.targets}) == 2
    made.what.setCurrentIndex(1)
    assert made.name.text() == "Summer.mp4"
    out = made.path
    real = jobs.JobHandlers(folders)
    handlers.own_timeline = real.export_timeline
    made.export.click()
    until(out.is_file)
    length = studio.document.project.timeline.length
    assert sum(1 for _ in footage.read_video(out)) == length
    until(lambda: "Exported to" in studio.queue_bar.words.full_text)


def test_what_a_timeline_lacks_is_said_in_the_dialog(studio, dialog):
    dialog.reject()
    studio.document.change(lay_out, "Lay out")
    studio.document.change(lambda p: replace(p, renders=()), "Lose the takes")
    studio.actions["export"].trigger()
    (made,) = _opened(studio, trigger=False)
    made.what.setCurrentIndex(made.what.count() - 1)
    assert "nothing is made yet" in made.reason.text()
    assert not made.export.isEnabled()


def test_a_take_that_flashes_is_said_and_exported_all_the_same(dialog):
    dialog._known.flashes = "It flashes more than three times a second, at 0.0 s."
    dialog._known.changed.emit()
    assert dialog.warning.isVisible()
    assert dialog.export.isEnabled()


def test_a_disk_without_room_is_said_beforehand(dialog, until, monkeypatch):
    until(lambda: dialog.file_size.text().startswith("Size: about"))
    dialog._known._know_free(dialog.path.parent, 100)
    assert "This disk has" in dialog.warning.text()
    assert dialog.export.isEnabled()


def _opened(studio, *, trigger=True) -> list[QDialog]:
    if trigger:
        studio.actions["export"].trigger()
    return [d for d in studio.window.findChildren(QDialog) if d.isVisible()]
