"""Files of the user's on the timeline in the window: seen, heard, and exported as they were seen."""

from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from studio.media import audio, video
from studio.media.mixing import mixed
from studio.project.asset_files import file_of
from studio.project.pictures import PictureStore
from studio.spec.refusal import Refusal
from studio.spec.timeline.sounding import FADE_IN
from studio.ui.timeline.proposal import Proposal
from tests.gui.timeline.conftest import clip_ids
from tests.gui.timeline.mouse import drag
from tests.gui.timeline.pixels import array, exported
from tests.media.sounds import tone, wav

Key = Qt.Key


def film_frame(number: int) -> np.ndarray:
    rows, columns = np.mgrid[:48, :96]
    levels = (rows * 4, columns * 2, np.full_like(rows, 5 * number))
    return np.stack(levels, -1).astype(np.uint8)


@pytest.fixture
def files(tmp_path):
    """A film of forty frames of another shape, with a number in each, and two seconds of a tone."""
    video.write_lossless(tmp_path / "a film.mkv", [film_frame(k) for k in range(40)], 24)
    wav(tmp_path / "music.wav", tone(2 * audio.RATE))
    return tmp_path / "a film.mkv", tmp_path / "music.wav"


def bring(film, until, *paths, **where):
    film.timeline.files.bring(list(paths), **where)
    until(lambda: len(brought(film)) == len(paths))
    return brought(film)


def brought(film):
    """The clips of files."""
    clips = [clip for track in film.document.project.timeline.tracks for clip in track.clips]
    return [clip.id for clip in clips if clip.footage and clip.footage.asset]


def test_an_imported_film_is_seen_exactly_as_it_is_exported(film, files, until):
    (clip,) = bring(film, until, files[0], start=40)
    timeline = film.document.project.timeline
    assert (timeline.start(clip), timeline.clip(clip).length) == (40, 40)
    state, player = film.player_state, film.project.timeline_player
    for frame in (40, 57, 79, 39):
        player.go(frame)
        wanted = exported(film, frame)
        until(lambda w=wanted: np.array_equal(array(film.player.canvas.picture), w))
    assert state.shown.frames.size.toTuple() == (64, 64), "that of the takes"
    assert np.array_equal(array(state.shown.frames.read(63)[0]), exported(film, 63))
    film.document.undo()
    assert clip not in film.document.project.timeline


def test_a_film_plays_from_its_proxy_while_it_moves(film, files, until):
    bring(film, until, files[0], start=40)
    film.project.timeline_player.go(44)
    until(lambda: film.player_state.is_there(44))
    film.player_state.set_speed(1)
    until(lambda: film.player_state.playhead > 60)
    film.player_state.set_speed(0)
    keys = film.project.pictures.cache._requested
    assert any(key.startswith("film:") for key in keys)


def test_what_is_missing_is_black_and_refuses_nothing(film, files, until):
    (clip,) = bring(film, until, files[0], start=40)
    files[0].unlink()
    film.project.timeline_player.go(50)
    asset = film.document.project.timeline.asset(
        film.document.project.timeline.clip(clip).footage.asset
    )
    with pytest.raises(Refusal, match="is not there"):
        file_of(asset, film.document.folder)
    assert film.player.canvas.isVisible()


def test_sound_is_painted_faded_and_made_louder_by_hand(film, files, until, qtbot):
    (clip,) = bring(film, until, files[1], start=10)
    view, timeline = film.timeline.view, lambda: film.document.project.timeline
    asset = timeline().clip(clip).footage.asset
    until(lambda: film.project.media_files.waveform(asset) is not None)
    box = view.place(clip)
    painted = view.grab().toImage()
    column = [
        painted.pixelColor(box.center().x(), y).name() for y in range(box.top(), box.bottom())
    ]
    assert film.timeline.view.labels.colour("muted").name() in column
    grip = QPoint(box.left() + 3, box.top() + 3)
    assert view.axis.hit(grip.x(), grip.y()).end == FADE_IN
    drag(view, grip, grip + QPoint(round(12 * view.axis.scale.zoom), 0))
    assert timeline().clip(clip).sound.fade_in == pytest.approx(12, abs=2)
    view.setFocus()
    view.choice.one(clip)
    before = timeline().clip(clip).sound
    for _ in range(3):
        qtbot.keyClick(view, Key.Key_BracketLeft)
    assert timeline().clip(clip).sound.gain == before.gain - 3
    film.document.undo()
    assert timeline().clip(clip).sound == before, "presses in a row are one step"


class Recorder:
    """A speaker into which one can look: as many seconds have passed as are said to."""

    def __init__(self) -> None:
        self.read, self.passed, self.starts = None, 0.0, 0

    def start(self, read) -> None:
        self.read, self.passed = read, 0.0
        self.starts += 1

    def stop(self) -> None:
        self.read = None

    def played(self) -> float:
        return self.passed


def test_what_is_heard_is_what_is_exported_and_the_playhead_follows_it(film, files, until):
    from studio.jobs.timeline_export import voices_of

    bring(film, until, files[1], start=10)
    speaker = Recorder()
    film.project.timeline_sound.find = lambda: speaker
    player, state = film.project.timeline_player, film.player_state
    player.go(20)
    until(lambda: state.is_there(20))
    state.set_speed(1)
    assert film.project.timeline_sound.is_heard
    timeline = film.document.project.timeline
    voices = voices_of(timeline, film.document.folder, 20, timeline.length)
    wanted = np.concatenate(list(mixed(voices, audio.RATE)))
    heard = b""
    while len(heard) < wanted.nbytes:
        before = film.project.timeline_sound._stream.late
        part = speaker.read(4800)
        late = film.project.timeline_sound._stream.late - before
        heard += part[: len(part) - 8 * late]
    assert heard[: wanted.nbytes] == wanted.astype("<f4").tobytes()
    until(lambda: state.is_there(44))
    sound = film.project.timeline_sound
    assert state.playhead == 20, "nothing was heard yet"
    speaker.passed = sound._stream.late / audio.RATE  # what came too late was silence

    def hears_on() -> bool:
        assert state.playhead <= sound._first + 24 * sound._heard() + 1e-3
        speaker.passed += 1 / 24  # in steps: pictures that come anew are gone on from
        return state.playhead >= 44

    until(hears_on)
    starts = speaker.starts
    player.go(30)
    assert speaker.starts > starts, "the sound goes where the playhead is put"
    state.set_speed(2)
    assert not film.project.timeline_sound.is_heard
    state.set_speed(0)


def test_without_a_speaker_it_plays_in_silence_and_says_so_once(film, files, until):
    bring(film, until, files[1], start=10)
    said = []
    film.status.posted.connect(said.append)

    def none():
        raise Refusal("There is no sound device: what plays is silent.")

    film.project.timeline_sound.find = none
    player, state = film.project.timeline_player, film.player_state
    for start in (0, 30):
        player.go(start)
        state.set_speed(1)
        until(lambda s=start: state.playhead > s + 2)
        state.set_speed(0)
    assert [s for s in said if "no sound device" in s] == [
        "There is no sound device: what plays is silent."
    ]


def test_the_real_speaker_is_there_or_says_in_a_sentence_why_not(qapp):
    from studio.ui.state.speaker import find_speaker

    with suppress(Refusal):  # any other error fails
        find_speaker().stop()


def test_the_timeline_goes_out_and_in_again_from_the_menu(film, files, until, tmp_path):
    bring(film, until, files[0], start=40)
    before, path = film.document.project.timeline, tmp_path / "cut.otio"
    film.exchange.write(tmp_path / "cut")
    until(path.is_file)
    film.timeline_edits.delete([before.tracks[1].clips[0].id])
    film.timeline.files.bring([path])
    until(lambda: film.document.project.timeline == before)
    film.document.undo()
    assert film.document.project.timeline != before


def test_a_gap_beside_an_imported_film_is_filled_from_its_exact_frame(film, files, until):
    """The picture that is held is the very frame that is seen, whatever shape it has."""
    _, second = clip_ids(film.document.project)
    film.timeline_edits.delete([second])
    (clip,) = bring(film, until, files[0], start=113 + 31)
    film.project.timeline_player.go(120)
    film.timeline.gestures["fill"].act()
    (dialog,) = film.window.findChildren(Proposal)
    until(dialog.make.isEnabled)
    assert dialog.lines[0].startswith("1 keyframe held"), "the take; the picture is to be encoded"
    dialog.make.click()
    made = clip_ids(film.document.project)[1]
    until(lambda: film.document.project.timeline.clip(made).footage.take)
    request = film.document.project.renders[-1].request
    (held,) = [s.picture for s in request.strip.sources if s.picture][:1]
    kept = PictureStore(film.document.folder).whole(held)
    assert np.array_equal(np.asarray(Image.open(kept)), film_frame(0))
    film.timeline.view.choice.one(clip)
    assert film.timeline.gestures["extend"].disabled_reason() == ""
    film.timeline.gestures["extend"].act()
    dialog = film.window.findChildren(Proposal)[-1]
    until(dialog.make.isEnabled)
    dialog.make.click()
    timeline = film.document.project.timeline
    last = clip_ids(film.document.project)[-1]
    assert (timeline.start(last), timeline.clip(last).length) == (113 + 31 + 40, 24)
    assert timeline.clip(last).held_head
    until(lambda: not film.queue.jobs())


def test_a_slower_clip_blends_its_frames_as_they_are_exported(film, files, until, qtbot):
    (clip,) = bring(film, until, files[0], start=226)
    film.timeline_edits.set_speed(clip, Fraction(1, 3))
    view = film.timeline.view
    view.setFocus()
    view.choice.one(clip)
    qtbot.keyClick(view, Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    until(lambda: film.project.media_files.film(asset_of(film, clip)))
    seen = []
    for frame in (300, 301, 302):
        film.project.timeline_player.go(frame)
        wanted = exported(film, frame)
        until(lambda w=wanted: np.array_equal(array(film.player.canvas.picture), w))
        seen.append(int(wanted[32, 32, 2]))
    assert len(set(seen)) == 3, "three frames where the nearest would be shown twice"
    take = clip_ids(film.document.project)[0]
    film.timeline_edits.set_speed(take, Fraction(1, 2))
    film.timeline_edits.set_blended(take, on=True)
    film.project.timeline_player.go(61)
    wanted = exported(film, 61)
    until(lambda: np.array_equal(array(film.player.canvas.picture), wanted))
    assert np.array_equal(array(film.player_state.shown.frames.read(61)[0]), wanted)


def asset_of(film, clip: str) -> str:
    return film.document.project.timeline.clip(clip).footage.asset
