"""A timeline as a file: what is exported is what plays, frame for frame and sample for sample."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from studio.jobs.handlers import JobHandlers
from studio.jobs.once import run_once
from studio.jobs.payloads import TimelinePayload
from studio.jobs.take_store import take_store
from studio.jobs.timeline_export import order
from studio.jobs.timeline_frames import TimelineFrames
from studio.media import audio, footage, provenance, video
from studio.media.letterbox import letterboxed
from studio.media.photo import open_photo
from studio.project import timeline_edits as cuts
from studio.project.folders import Folders
from studio.project.plain import from_plain, to_plain
from studio.project.project import Project
from studio.project.stored_frames import FramesGone
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from studio.spec.timeline import edits, splitting
from studio.spec.timeline.alone import alone, extent
from studio.spec.timeline.clip import Clip, Footage, Sound
from studio.spec.timeline.media import Asset
from studio.spec.timeline.playing import playing
from studio.spec.timeline.timeline import media_of
from tests.frames import SIZE, picture
from tests.media.sounds import tone, wav
from tests.project.takes_of import with_media
from tests.spec.timeline.timelines import A1, EDITS, TAKES, V1, V2, edited, ids
from tests.spec.timeline.timelines import video as clip

SPAN = 60
FILM, STILL, MUSIC = (f"{name:0>12}" for name in ("ea", "eb", "ec"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A project's folder with the frames of all takes, a film, a picture and music beside them."""
    place = tmp_path_factory.mktemp("project")
    store, project = take_store(place / "takes"), stored()
    for number, render in enumerate(project.renders):
        frames = [picture(number, k) for k in range(project.media[render.id].frames)]
        for key, part in zip(render.spans, (frames[:SPAN], frames[SPAN:]), strict=False):
            store.put(key, {"frames": np.stack(part)})
    small = [picture(4, k, (20, 20)) for k in range(40)]
    video.write_video(place / "film.webp", small, fps=25, size=(20, 20), recipe=None)
    video.write_lossless(place / "a film.mkv", small, 25)
    Image.fromarray(picture(5, 3, (64, 24))).save(place / "still.png")
    wav(place / "music.wav", tone(3 * audio.RATE))
    return place


def stored() -> Project:
    """The takes of the random timelines, each of one or two spans, and three files."""
    project = with_media()
    renders = tuple(
        replace(render, spans=tuple(f"{number}{part}" * 16 for part in "ab"[: 1 + (frames > SPAN)]))
        for number, render in enumerate(project.renders)
        for frames in [project.media[render.id].frames]
    )
    files = (
        Asset(FILM, "a film", "a%20film.mkv", rate=Fraction(25), frames=40),
        Asset(STILL, "still", "still.png", frames=1),
        Asset(MUSIC, "music", "music.wav", rate=Fraction(audio.RATE), frames=3 * audio.RATE),
    )
    timeline = replace(project.timeline, assets=(*project.timeline.assets, *files))
    return replace(project, renders=renders, timeline=timeline)


def cut() -> Project:
    """A film of takes at several speeds, with gaps, a file over it, a picture and music."""
    project, new = stored(), ids()
    timeline = project.timeline

    def put(track, made, at):
        nonlocal timeline
        timeline = edits.overwrite(timeline, track, made, at, new)

    slow = Footage(
        Fraction(24), Fraction(7, 3), Fraction(2, 5), clip("1").footage.shot, next(iter(TAKES))
    )
    put(V1, clip("1" * 12, 12, begin=50), 3)
    put(V1, replace(clip("2" * 12, 20), footage=slow), 15)
    put(V1, clip("3" * 12, 8, take=2), 40)
    put(V2, Clip("4" * 12, 9, footage=Footage(Fraction(25), Fraction(3), asset=FILM)), 20)
    put(V2, Clip("5" * 12, 1, footage=Footage(Fraction(24), asset=STILL)), 45)
    heard = Footage(Fraction(audio.RATE), Fraction(4800), asset=MUSIC)
    put(A1, Clip("6" * 12, 30, footage=heard, sound=Sound(-6.0, 5, 5)), 10)
    return cuts.edit_timeline(project, lambda _: timeline)


def medium_frame(folder: Path, id: str, number: int) -> np.ndarray:
    """A frame of a medium, by another way than the export's."""
    if id in TAKES:
        return picture(list(TAKES).index(id), number)
    return open_photo(folder / "still.png") if id == STILL else picture(4, number, (20, 20))


def played(folder: Path, timeline, frame: int, size=SIZE) -> np.ndarray:
    """What plays at a frame, asked for by itself."""
    shown = playing(timeline, frame).picture
    if shown is None:
        return np.zeros((size[1], size[0], 3), np.uint8)
    footage_ = shown.clip.footage

    def fitted(number: int) -> np.ndarray:
        return letterboxed(medium_frame(folder, footage_.medium, number), size)

    place = footage_.begin + shown.number * footage_.step(timeline.rate)
    if not footage_.blended or place.__floor__() + 1 >= lengths(timeline)[footage_.medium]:
        low = place.__floor__() if footage_.blended else shown.frame
        return fitted(low)
    share = int(place % 1 * 256) / 256
    low, high = (fitted(place.__floor__() + k).astype(float) for k in (0, 1))
    return np.floor(low + (high - low) * share + 0.5).astype(np.uint8)


def lengths(timeline) -> dict[str, int]:
    """How many frames there are of each medium."""
    return {id: m.frames for id, m in (TAKES | media_of(timeline)).items()}


def reader(folder: Path, project: Project, size=SIZE) -> TimelineFrames:
    takes = {render.id: render for render in project.renders}
    names = {FILM: "a film.mkv", STILL: "still.png"}
    return TimelineFrames(
        project.timeline, takes, take_store(folder / "takes"), lambda id: folder / names[id], size
    )


def exported(folder: Path, tmp_path: Path, project: Project, name: str, tick=None, **what) -> dict:
    payload = order(project, folder, tmp_path / name, size=SIZE, **what)
    assert from_plain(TimelinePayload, to_plain(payload)) == payload
    handlers = JobHandlers(Folders(tmp_path / "data").make(), "cpu").by_kind()
    more = {"tick": tick} if tick else {}
    return run_once(handlers, "export_timeline", to_plain(payload), **more)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(EDITS)
def test_frames_in_a_row_are_those_that_play_one_by_one(folder, some):
    project, new = stored(), ids()
    for edit in some:
        after = edited(project.timeline, edit, new)
        if not any(
            c.footage and c.footage.asset
            for t in after.tracks
            for c in t.clips
            if t.kind == "video"
        ):
            project = replace(project, timeline=after)
    end = min(project.timeline.length, 150)
    with reader(folder, project) as frames:
        for number, frame in enumerate(frames.frames(0, end)):
            assert (frame == played(folder, project.timeline, number)).all(), number


def test_what_is_exported_is_what_was_previewed(folder, tmp_path):
    project = cut()
    made = exported(folder, tmp_path, project, "frames")
    files = sorted((tmp_path / "frames").iterdir())
    assert made["frames"] == len(files) == project.timeline.length == 48
    for number, file in enumerate(files):
        assert (np.asarray(Image.open(file)) == played(folder, project.timeline, number)).all()


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_film_is_read_back_with_its_sound(folder, tmp_path, name):
    project = cut()
    made = exported(folder, tmp_path, project, name, quality="best")
    back = list(footage.read_video(tmp_path / name))
    assert made["frames"] == len(back) == 48
    for number, frame in enumerate(back):
        wanted = played(folder, project.timeline, number).astype(int)
        assert np.median(np.abs(frame - wanted)) <= 3, number
    sound = np.concatenate(list(audio.read_sound(tmp_path / name, count=None)))
    assert len(sound) == made["samples"] == 48 * 2000
    quiet, loud = sound[: 9 * 2000, 0], sound[20 * 2000 : 30 * 2000, 0]
    assert np.abs(quiet).max() < 0.01
    assert abs(np.abs(loud).max() - 0.5 * 10 ** (-6 / 20)) < 0.03
    assert len(provenance.read_recipe(tmp_path / name)["requests"]) == 2


def test_a_range_and_another_rate(folder, tmp_path):
    project = cut()
    exported(folder, tmp_path, project, "f", first=18, end=42, fps=Fraction(12))
    files = sorted((tmp_path / "f").iterdir())
    assert len(files) == 12
    for number, file in enumerate(files):
        wanted = played(folder, project.timeline, 18 + 2 * number)
        assert (np.asarray(Image.open(file)) == wanted).all()


def test_one_clip_is_seen_whatever_lies_over_it(folder, tmp_path):
    project = cut()
    first, end = extent(project.timeline, "2" * 12)
    lone = alone(project.timeline, "2" * 12)
    exported(folder, tmp_path, project, "f", timeline=lone, first=first, end=end)
    files = sorted((tmp_path / "f").iterdir())
    assert len(files) == 20
    for number, file in enumerate(files):
        assert (np.asarray(Image.open(file)) == played(folder, lone, first + number)).all()
    assert playing(project.timeline, first + 6).picture.clip.id == "4" * 12


def test_a_take_alone_is_all_of_it(folder, tmp_path):
    project = stored()
    exported(folder, tmp_path, project, "f", timeline=cuts.take_alone(project, project.renders[0]))
    assert len(list((tmp_path / "f").iterdir())) == 113


def test_clips_of_one_span_read_it_once(folder):
    project, new = stored(), ids()
    timeline = edits.append(project.timeline, V1, clip("1" * 12, 100))
    for at in range(2, 50, 2):
        timeline = splitting.split(timeline, timeline.track(V1).clips[-1].id, at, new)
    with reader(folder, replace(project, timeline=timeline)) as frames:
        store, read = frames._spans._store, []
        whole = store.get
        store.get = lambda key: read.append(key) or whole(key)
        assert sum(1 for _ in frames.frames(0, 100)) == 100
    assert read == list(project.renders[0].spans)


def test_a_stopped_export_leaves_nothing(folder, tmp_path):
    def stop(progress):
        if progress.step == 10:
            raise Cancelled

    with pytest.raises(Cancelled):
        exported(folder, tmp_path, cut(), "a.mp4", tick=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_what_is_lacking_is_named_before_anything_is_read(folder, tmp_path):
    project = cut()
    missing = replace(project, renders=project.renders[1:])
    with pytest.raises(Refusal, match="nothing is made yet"):
        order(missing, folder, tmp_path / "a.mp4")
    moved = replace(project.timeline.asset(FILM), place="elsewhere.mkv")
    assets = tuple(moved if a.id == FILM else a for a in project.timeline.assets)
    with pytest.raises(Refusal, match="is not there"):
        order(
            replace(project, timeline=replace(project.timeline, assets=assets)),
            folder,
            tmp_path / "a.mp4",
        )
    with pytest.raises(Refusal, match="empty"):
        order(stored(), folder, tmp_path / "a.mp4")
    with pytest.raises(Refusal, match="no part"):
        order(project, folder, tmp_path / "a.mp4", first=40, end=60)


def test_frames_that_were_dropped_are_said(folder, tmp_path):
    project = cut()
    gone = tuple(replace(render, spans=("0f" * 16,)) for render in project.renders)
    with pytest.raises(FramesGone, match="take 1"):
        exported(folder, tmp_path, replace(project, renders=gone), "a.mp4")
