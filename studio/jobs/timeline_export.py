"""A timeline as a file: what is ordered, checked before anything is read, and written frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.payloads import TimelinePayload
from studio.jobs.timeline_frames import TimelineFrames
from studio.project.asset_files import file_of
from studio.project.project import Project
from studio.project.stored_frames import in_order
from studio.project.takes import TakeStore
from studio.project.timeline_export import check_range, even, film_size, shown_takes
from studio.spec.progress import Tick
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.timeline.playing import runs
from studio.spec.timeline.sounds import audible, samples_at
from studio.spec.timeline.timeline import Timeline
from studio.spec.timing import frame_rate, retimed

if TYPE_CHECKING:
    import numpy as np

    from studio.media.mixing import Voice

    Recipes = Callable[[list[ClipRequest]], dict]


def order(
    project: Project,
    folder: Path,
    out: Path,
    *,
    timeline: Timeline | None = None,
    first: int = 0,
    end: int | None = None,
    size: tuple[int, int] | None = None,
    fps: Fraction | None = None,
    recipe: bool = True,
    encoding: str = "",
    quality: str = "",
) -> TimelinePayload:
    """What the job is told: frames `first` to before `end` of the project's timeline, or another.

    The size is that of the timeline's frame (`film_size`), whatever part of it is written, unless it
    is given.  Refused where
    something is lacking that plays there, or the format cannot hold it.
    """
    from studio.media.encoders import encoding_of, quality_of
    from studio.media.formats import check_export

    timeline = project.timeline if timeline is None else timeline
    end = timeline.length if end is None else end
    check_range(timeline, first, end)
    takes = shown_takes(project, timeline, first, end)
    files = _checked_files(timeline, first, end, folder)
    size = size or film_size(project, timeline) or even(_size_of_first(files))
    fps = fps or timeline.rate
    encoding_of(out, encoding)
    check_export(out, size=size, fps=fps)
    return TimelinePayload(
        str(folder), timeline, takes, str(out), first, end, size, str(fps), recipe, encoding,
        quality_of(quality),
    )  # fmt: skip


def write(payload: TimelinePayload, store: TakeStore, recipes: Recipes | None, tick: Tick) -> dict:
    """Write the file; gives its place, and its frames and samples in numbers.

    A recipe is written where `recipes` makes one.  What is written is what is previewed: frames come
    from `TimelineFrames`, and another rate repeats or leaves out whole ones.
    """
    from studio.media.video import write_video

    numbers, sound = frame_numbers(payload), voices(payload)
    requests = [take.request for take in payload.takes]
    with reader(payload, store) as frames:
        written = write_video(
            Path(payload.out),
            in_order(frames.frames(payload.first, payload.end), numbers),
            fps=frame_rate(payload.fps),
            size=payload.size,
            recipe=recipes(requests) if recipes and requests else None,
            tick=tick,
            total=len(numbers),
            encoding=payload.encoding,
            quality=payload.quality,
            sound=_mixed(payload, sound, len(numbers)) if sound else None,
        )
    return {"out": payload.out, "frames": written, "samples": samples(payload) if sound else 0}


def flashes(payload: TimelinePayload, store: TakeStore, tick: Tick) -> str:
    """A sentence where the film can harm photosensitive viewers, or ""; reads every frame."""
    from studio.media.flashes import flashing, in_words

    rate, length = payload.timeline.rate, payload.end - payload.first
    with reader(payload, store) as frames:
        shown = frames.frames(payload.first, payload.end)
        return in_words(flashing(shown, rate, tick, length), rate)


def reader(payload: TimelinePayload, store: TakeStore) -> TimelineFrames:
    """What reads the frames of an order, in its size."""
    folder = Path(payload.project)
    return TimelineFrames(
        payload.timeline,
        {take.id: take for take in payload.takes},
        store,
        lambda id: file_of(payload.timeline.asset(id), folder),
        payload.size,
    )


def frame_numbers(payload: TimelinePayload) -> tuple[int, ...]:
    """Which frame of the range each frame of the file shows."""
    length = payload.end - payload.first
    return retimed(length, payload.timeline.rate, frame_rate(payload.fps))


def samples(payload: TimelinePayload) -> int:
    """How many samples the sound of the file has: as long as its frames are shown."""
    from studio.media.audio import RATE

    return samples_at(len(frame_numbers(payload)), frame_rate(payload.fps), RATE)


def voices(payload: TimelinePayload) -> list[Voice]:
    """What is heard in the range; takes are silent."""
    return voices_of(payload.timeline, Path(payload.project), payload.first, payload.end)


def voices_of(timeline: Timeline, folder: Path, first: int, end: int) -> list[Voice]:
    """What is heard from frame `first` to before `end` of a timeline of the project in `folder`;
    refused where a file is gone."""
    from studio.media.audio import RATE
    from studio.media.mixing import Voice

    found = []
    for one in audible(timeline, first, end, RATE):
        assert one.clip.footage is not None
        if one.clip.footage.asset:
            path = file_of(timeline.asset(one.clip.footage.asset), folder)
            found.append(
                Voice(
                    path, one.start, one.count, one.begin, one.speed, one.gain, one.offset,
                    one.length, one.fade_in, one.fade_out,
                )
            )  # fmt: skip
    return found


def _mixed(payload: TimelinePayload, sound: list[Voice], frames: int) -> Iterator[np.ndarray]:
    from studio.media.mixing import mixed

    return mixed(sound, samples(payload))


def _checked_files(timeline: Timeline, first: int, end: int, folder: Path) -> list[Path]:
    """The files that are seen or heard there, each once; refused where one is gone."""
    from studio.media.audio import RATE

    clips = [run.shown.clip for run in runs(timeline, first, end) if run.shown]
    clips += [one.clip for one in audible(timeline, first, end, RATE)]
    ids = [clip.footage.asset for clip in clips if clip.footage and clip.footage.asset]
    return [file_of(timeline.asset(id), folder) for id in dict.fromkeys(ids)]


def _size_of_first(files: list[Path]) -> tuple[int, int]:
    from studio.media.container import probe
    from studio.media.photo import open_photo

    for path in files:
        for sides in (
            lambda p: (probe(p).width, probe(p).height), lambda p: open_photo(p).shape[1::-1],
        ):  # fmt: skip
            try:
                return sides(path)
            except Refusal:
                continue
    raise Refusal("The timeline shows no picture.", "Put a take on it, or give a size.")
