"""The frames that a timeline plays, one by one: what the player shows and every export writes.

Takes come from their store, files through the decoder; of each no more than a span, or a frame, is
in memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studio.project.project import Render
from studio.project.stored_frames import gone
from studio.project.takes import TakeStore
from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import Footage
from studio.spec.timeline.playing import Run, runs
from studio.spec.timeline.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np

MOST_OPEN = 4
"""Files that are decoded at once, for clips that take turns."""


class Medium(Protocol):
    """Something whose frames can be had by number, 0 to `count` - 1; a rising order costs least."""

    count: int

    def frame(self, number: int) -> np.ndarray: ...

    def close(self) -> None: ...


class TimelineFrames:
    """Reads what a timeline shows; `files` finds the file of an asset by its id.

    Also: `with TimelineFrames(...) as frames`.  One thread at a time may read.
    """

    def __init__(
        self,
        timeline: Timeline,
        takes: Mapping[str, Render],
        store: TakeStore,
        files: Callable[[str], Path],
        size: tuple[int, int],
    ) -> None:
        self._timeline, self._takes, self._files, self._size = timeline, takes, files, size
        self._spans = SpanFrames(store)
        self._media: dict[str, Medium] = {}

    def frames(self, first: int, end: int) -> Iterator[np.ndarray]:
        """Frames `first` to before `end`, uint8 (H, W, 3) of the size asked for; gaps are black."""
        from studio.media.letterbox import black

        for run in runs(self._timeline, first, end):
            if run.shown is None:
                for _ in range(run.length):
                    yield black(self._size)
            else:
                yield from self._shown(run)

    def close(self) -> None:
        """End all decoders."""
        for medium in self._media.values():
            medium.close()
        self._media.clear()

    def __enter__(self) -> TimelineFrames:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _shown(self, run: Run) -> Iterator[np.ndarray]:
        from studio.media.blending import blended

        assert run.shown is not None
        footage = run.shown.clip.footage
        assert footage is not None
        frames = _Fitted(self._medium(footage), self._size)
        for number in range(run.shown.number, run.shown.number + run.length):
            first, share = footage.mix(number, self._timeline.rate)
            one = frames.get(first)
            if share and first + 1 < frames.count:
                one = blended(one, frames.get(first + 1), share)
            yield one

    def _medium(self, footage: Footage) -> Medium:
        id = footage.medium
        medium = self._media.pop(id, None) or self._opened(footage)
        while len(self._media) >= MOST_OPEN:
            self._media.pop(next(iter(self._media))).close()
        self._media[id] = medium  # the last one used is the last one closed
        return medium

    def _opened(self, footage: Footage) -> Medium:
        if footage.take:
            return StoredTake(self._takes[footage.take], self._spans)
        asset = self._timeline.asset(footage.asset)
        path = self._files(asset.id)
        return _Picture(path) if asset.frames == 1 else _Video(path, asset.frames)


class _Fitted:
    """Frames of a medium in the size of the film, of which the last two are kept."""

    def __init__(self, medium: Medium, size: tuple[int, int]) -> None:
        self._medium, self._size, self.count = medium, size, medium.count
        self._kept: dict[int, np.ndarray] = {}

    def get(self, number: int) -> np.ndarray:
        from studio.media.letterbox import letterboxed

        if number not in self._kept:
            while len(self._kept) > 1:
                del self._kept[min(self._kept)]
            self._kept[number] = letterboxed(self._medium.frame(number), self._size)
        return self._kept[number]


class SpanFrames:
    """The frames of spans, of which the last one that was read is kept."""

    def __init__(self, store: TakeStore) -> None:
        self._store = store
        self._key, self._frames = "", None

    def counts(self, render: Render) -> list[int]:
        """How many frames each span of a take holds; refused where one is gone."""
        found = []
        for key in render.spans:
            record = self._store.record(key) or {}
            placed = record.get("arrays", {}).get("frames")
            if placed is None:
                raise gone(self._store, render.spans, f"take {render.order}")
            found.append(int(placed["shape"][0]))
        return found

    def get(self, key: str, render: Render) -> np.ndarray:
        if key != self._key:
            self._frames = None  # before the next one is read
            arrays = self._store.get(key)
            if arrays is None or "frames" not in arrays:
                self._store.set_damaged_aside(render.spans)
                raise gone(self._store, render.spans, f"take {render.order}")
            self._key, self._frames = key, arrays["frames"]
        assert self._frames is not None
        return self._frames


class StoredTake:
    """A take's frames by number, out of its spans."""

    def __init__(self, render: Render, spans: SpanFrames) -> None:
        self._render, self._spans = render, spans
        self._ends = list(accumulate(spans.counts(render)))
        self.count = self._ends[-1] if self._ends else 0

    def frame(self, number: int) -> np.ndarray:
        place = bisect_right(self._ends, number)
        if not 0 <= number < self._ends[-1]:
            raise Refusal(
                f"Take {self._render.order} has fewer frames than its recipe says.",
                "Render it again.",
            )
        start = self._ends[place - 1] if place else 0
        return self._spans.get(self._render.spans[place], self._render)[number - start]

    def close(self) -> None:
        """Nothing is open."""


class _Picture:
    def __init__(self, path: Path) -> None:
        from studio.media.photo import open_photo

        self._frame, self.count = open_photo(path), 1

    def frame(self, number: int) -> np.ndarray:
        return self._frame

    def close(self) -> None:
        """Nothing is open."""


class _Video:
    """A file, decoded forward; what lies behind is reached from its beginning again."""

    def __init__(self, path: Path, count: int) -> None:
        self._path, self.count = path, count
        self._stream: Iterator[np.ndarray] | None = None
        self._at, self._frame = -1, None

    def frame(self, number: int) -> np.ndarray:
        from studio.media.footage import read_video

        if self._stream is None or number < self._at:
            self.close()
            self._stream = read_video(self._path)
        while self._at < number:
            self._frame = next(self._stream, None)
            self._at += 1
            if self._frame is None:
                raise Refusal(
                    f"{self._path.name} has fewer frames than the timeline shows of it.",
                    "Put the whole file back, or trim its clip.",
                )
        assert self._frame is not None
        return self._frame

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close:
            close()
        self._stream, self._at, self._frame = None, -1, None
