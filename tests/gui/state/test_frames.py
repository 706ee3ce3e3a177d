"""Frames on the player: never more in memory than a bound, always the right one, nothing waits."""

import shutil
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from studio.jobs.take_store import take_store
from studio.media.video import write_video
from studio.ui.player.imported_clip import ImportedClip
from studio.ui.state.frame_cache import FrameCache
from studio.ui.state.frames import FrameRequest, Part, Stored
from studio.ui.state.player_state import Shown

WIDTH, HEIGHT = 128, 64
COUNT, LONG = 8, 40
PART = COUNT * WIDTH * HEIGHT * 3
Key = Qt.Key


def coded(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A frame whose left half is dark or bright, in eight bands, as the bits of its number."""
    frame = np.zeros((height, width, 3), np.uint8)
    for bit in range(8 * 2):
        row, half = (
            bit % 8 * height // 8,
            slice(0, width // 2) if bit < 8 else slice(width // 2, None),
        )
        frame[row : row + height // 8, half] = 255 * (number >> bit & 1)
    return frame


def code(picture: QImage) -> int:
    wide, high = picture.width(), picture.height()
    return sum(
        (
            picture.pixelColor(
                wide // 4 + wide // 2 * (bit // 8), high * (2 * (bit % 8) + 1) // 16
            ).red()
            > 127
        )
        << bit
        for bit in range(16)
    )


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> tuple[Path, tuple[str, ...]]:
    """A take of 320 frames in parts of 8, on the disk as takes are."""
    folder = tmp_path_factory.mktemp("stored")
    store, keys = take_store(folder), tuple(f"{number:032x}" for number in range(LONG))
    for number, key in enumerate(keys):
        frames = [coded(k) for k in range(number * COUNT, (number + 1) * COUNT)]
        store.put(key, {"frames": np.stack(frames)})
    return folder, keys


@pytest.fixture
def long_take(studio, stored):
    """The take in the studio, which may have a tenth of it in memory."""
    folder, keys = stored
    shutil.copytree(folder, studio.document.folder / "takes", dirs_exist_ok=True)
    studio.project.pictures.cache.limit = LONG // 10 * PART
    opened: list[Stored] = []
    studio.project.pictures.frames(keys, studio.player, opened.append, pytest.fail)
    return opened, studio


@pytest.fixture
def playing(long_take, until):
    """It lies on the player, paused at its first frame; `held` gets what was in memory at a time."""
    opened, studio = long_take
    until(lambda: opened)
    cache, held = studio.project.pictures.cache, []
    cache.arrived.connect(lambda: held.append(cache.held))
    studio.player_state.show(Shown("clip", "Long", opened[0], Fraction(24)))
    yield studio, held
    assert held
    assert max(held) <= cache.limit


def seen(studio) -> int:
    return code(studio.player.canvas.picture)


def test_a_clip_is_as_long_as_its_records_say_and_begins_at_once(playing, until):
    studio, _ = playing
    assert studio.player_state.last_frame == LONG * COUNT - 1
    assert seen(studio) == 0
    until(lambda: studio.player_state.is_there(COUNT))
    assert f"{WIDTH} × {HEIGHT} px" in studio.player.facts.text()


@pytest.mark.parametrize("way", [1, -1])
def test_every_frame_is_the_right_one_step_by_step(playing, until, way):
    studio, _ = playing
    frames = range(LONG * COUNT)[::way]
    for number in frames:
        studio.player_state.seek(number)
        until(lambda number=number: seen(studio) == number)


@pytest.mark.parametrize("speed", [1, 4, -1, -4])
def test_playing_shows_no_wrong_frame_and_goes_round(playing, until, speed):
    """Fast enough that reading is behind: playing waits, then goes on, through the end as well."""
    studio, _ = playing
    studio.player_state.show(Shown("clip", "Long", studio.player_state.shown.frames, Fraction(240)))
    looked: list[tuple[int, int]] = []
    studio.player_state.playhead_moved.connect(lambda frame: looked.append((frame, seen(studio))))
    studio.player_state.seek(20 if speed < 0 else LONG * COUNT - 20)
    until(lambda: seen(studio) == studio.player_state.playhead)
    looked.clear()
    studio.player_state.set_speed(speed)
    until(lambda: len({frame // COUNT for frame, _ in looked}) > 8)
    studio.player_state.set_speed(0)
    assert all(frame == found for frame, found in looked)
    parts = [frame // COUNT for frame, _ in looked]
    assert min(parts) < LONG // 4, "it went over the end"
    assert max(parts) >= LONG - LONG // 4


def test_a_clip_that_does_not_loop_ends_at_its_last_frame(playing, until):
    studio, _ = playing
    studio.player_state.set_loop(False)
    studio.player_state.seek(LONG * COUNT - 12)
    studio.player_state.set_speed(8)
    until(lambda: studio.player_state.speed == 0)
    assert studio.player_state.playhead == LONG * COUNT - 1
    until(lambda: seen(studio) == LONG * COUNT - 1)


def test_scrubbing_shows_the_nearest_until_the_frame_is_there(playing, until):
    studio, _ = playing
    until(lambda: studio.player_state.is_there(2 * COUNT))
    studio.player.transport.scrub.setValue(200)
    assert seen(studio) in range(LONG * COUNT)
    until(lambda: seen(studio) == 200)


def test_comparing_reads_both_within_the_bound(playing, until):
    studio, _ = playing
    shown = studio.player_state.shown
    assert shown is not None
    studio.player_state.show(Shown("clip", "Both", shown.frames, Fraction(24), before=shown.frames))
    studio.player_state.set_compare(True)
    studio.player_state.seek(160)
    until(lambda: studio.player_state.is_there(160))
    assert code(studio.player.canvas._before) == seen(studio) == 160


def test_the_frame_for_a_keyframe_or_the_clipboard_is_read_again_where_it_is_not_in_memory(
    playing, qtbot, qapp, until
):
    studio, _ = playing
    studio.player_state.seek(300)
    studio.player.setFocus()
    qtbot.keyClick(studio.player, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    until(lambda: "Frame 301 copied" in studio.queue_bar.words.full_text)
    assert code(qapp.clipboard().image()) == 300
    assert [code(p) for p in studio.player_state.shown.frames.read(155, 10)] == list(
        range(155, 165)
    )


def test_a_part_that_cannot_be_read_is_told_and_playing_stops(playing, until):
    studio, _ = playing
    studio.project.pictures._span_results.remove([f"{30:032x}"])
    studio.player_state.set_speed(1)
    studio.player_state.seek(30 * COUNT - 2)
    until(lambda: studio.player_state.speed == 0)
    assert "Render it again" in studio.queue_bar.words.full_text


def picture() -> QImage:
    return QImage(16, 16, QImage.Format.Format_RGB888)


def test_what_is_wished_no_longer_is_never_read(qtbot):
    """Scrubbing over a clip reads what lies under the pointer, not all that it passed."""
    read, gate = [], threading.Event()

    def load(key: str) -> tuple[QImage, ...]:
        read.append(key)
        gate.wait(20)
        return (picture(),)

    cache = FrameCache(load, limit=3 * 768)
    for number in range(100):
        cache.request([FrameRequest(str(number), 768)])
    gate.set()
    qtbot.waitUntil(lambda: cache.get("99") is not None, timeout=60_000)
    assert len(read) <= 3
    cache.close()


def test_one_part_larger_than_the_bound_is_still_shown(qtbot):
    cache = FrameCache(lambda key: (picture(),), limit=10)
    for key in ("a", "b"):
        cache.request([FrameRequest(key, 768), FrameRequest("next", 768)])
        qtbot.waitUntil(lambda key=key: cache.get(key) is not None, timeout=60_000)
        assert cache.held == 768
    cache.close()


def test_playing_backwards_wishes_for_what_comes_before():
    parts = [Part(str(k), 8) for k in range(10)]
    frames = Stored(parts, QSize(16, 16), lambda key: None, lambda key: ())
    wished = [request.key for request in frames.requests(40, -1, loop=False)]
    assert wished[:4] == ["5", "4", "6", "3"]
    wished = [request.key for request in frames.requests(76, 1, loop=True)]
    assert wished[:4] == ["9", "0", "8", "1"]
    assert frames.near(40).isNull()


@pytest.fixture(scope="module")
def brought_clip(tmp_path_factory) -> Path:
    """150 frames of 640 × 320 at 30000/1001 frames per second."""
    path = tmp_path_factory.mktemp("clips") / "holiday.mp4"
    frames = (coded(number, 640, 320) for number in range(150))
    write_video(path, frames, fps=Fraction(30000, 1001), size=(640, 320), recipe=None)
    return path


def test_a_clip_of_the_users_comes_shrunk_within_the_bound(studio, brought_clip, until):
    studio._imported_clip._room = 150 * 160 * 80 * 3
    studio.keyframes.view.clip_dropped.emit(brought_clip)
    until(lambda: studio.player_state.shown and len(studio.player_state.shown.frames) == 150)
    shown = studio.player_state.shown
    assert shown.fps == Fraction(30000, 1001)
    assert [code(shown.frames.at(k)) for k in range(150)] == list(range(150))
    held = sum(shown.frames.at(k).sizeInBytes() for k in range(150))
    assert held <= studio._imported_clip._room
    assert shown.frames.size == QSize(640, 320)
    (whole,) = shown.frames.read(123)
    assert (whole.size(), code(whole)) == (QSize(640, 320), 123)


def test_reading_a_clip_ends_when_another_is_dropped_or_shown(
    studio, brought_clip, until, tmp_path
):
    studio.keyframes.view.clip_dropped.emit(brought_clip)
    until(lambda: studio.player_state.shown is not None)
    stopped = studio._imported_clip._stop
    studio.player_state.show(None)
    assert stopped.is_set()
    assert studio.player_state.shown is None
    studio.keyframes.view.clip_dropped.emit(brought_clip)
    studio.keyframes.view.clip_dropped.emit(tmp_path / "none.mp4")
    until(lambda: "not a file" in studio.banner.words.text())
    assert (
        studio.player_state.shown is None or studio.player_state.shown.frames.clip == brought_clip
    )


def test_closing_does_not_wait_for_a_clip(studio, brought_clip, until):
    studio.keyframes.view.clip_dropped.emit(brought_clip)
    studio.close()
    assert studio._imported_clip._stop.is_set()


def test_a_broken_clip_is_refused_in_a_sentence(studio, tmp_path, until):
    clip = tmp_path / "broken.mp4"
    clip.write_bytes(b"no video at all" * 100)
    studio.keyframes.view.clip_dropped.emit(clip)
    until(lambda: "not a video" in studio.banner.words.text())
    assert isinstance(studio._imported_clip, ImportedClip)
