"""What can be exported of a project, and exports placed in the queue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.jobs.payloads import ExportPayload, TimelinePayload
from studio.jobs.queue import Queue
from studio.project.plain import to_plain
from studio.project.project import Render
from studio.project.timeline_edits import take_alone
from studio.spec.quantities import clip_length, count
from studio.spec.refusal import Refusal
from studio.spec.timeline.alone import alone, extent
from studio.spec.timeline.marking import marked
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.document import Document

ANY = Path("any.png")
"""A place that holds whatever is shown: the real one is chosen later."""


@dataclass(frozen=True)
class Source:
    """What may be written: `takes`, a file each, or what `film` says.

    `frames` at `rate` of `size` (width, height), and whether there is sound; `stem` begins a file's
    name.  `film` of takes is how the first is read; None where nobody knows.
    """

    title: str
    stem: str
    frames: int
    rate: Fraction
    size: tuple[int, int]
    film: TimelinePayload | None
    takes: tuple[Render, ...] = ()
    disabled_reason: str = ""
    has_sound: bool = False


@dataclass(frozen=True)
class Target:
    """One file of an export: of what, where, and how."""

    path: Path
    fps: Fraction
    recipe: bool
    encoding: str = ""
    quality: str = ""
    take: Render | None = None


class Exports(QObject):
    """Names what can be exported and places it in the queue."""

    placed = Signal(int)
    exported = Signal(str)
    refused = Signal(str, str)

    def __init__(self, document: Document, queue: Queue) -> None:
        super().__init__()
        self._document, self._queue = document, queue
        queue.finished.connect(self._finished)

    def sources(self, render: Render | None, clip: str = "") -> list[Source]:
        """A take, a clip of the timeline by its id, what is marked of it, all of it, and all starred
        takes: those of them that there are."""
        return list(self._sources(render, clip))

    def order(self, source: Source, targets: Sequence[Target]) -> None:
        """Place an export for each file."""
        for target in targets:
            title = f"Export {target.path.name}"
            if target.take is not None:
                payload = self._of_take(target.take, target)
                self._add("export", title, to_plain(payload))
            elif source.film is not None:
                film = replace(
                    source.film, out=str(target.path), fps=str(target.fps), recipe=target.recipe,
                    encoding=target.encoding, quality=target.quality,
                )  # fmt: skip
                self._add("export_timeline", title, to_plain(film))

    def of_take(self, render: Render) -> Source:
        """A take as something to export."""
        request = render.request
        return Source(
            f"Take {render.order}", "", request.frames, request.rate, request.size,
            self._alone(render), (render,),
        )  # fmt: skip

    def _sources(self, render: Render | None, clip: str) -> Iterator[Source]:
        timeline, name = self._document.project.timeline, self._document.project.name
        if render is not None:
            yield self.of_take(render)
        if clip and clip in timeline and timeline.clip(clip).kind == "video":
            first, end = extent(timeline, clip)
            what = timeline.clip(clip).name or "The chosen clip"
            yield self._film(what, f"{name}-clip", alone(timeline, clip), first, end)
        if timeline.length:
            first, end = marked(timeline)
            if (first, end) != (0, timeline.length):
                yield self._film("From in to out", f"{name}-part", timeline, first, end)
            yield self._film("The whole timeline", name, timeline, 0, timeline.length)
        starred = tuple(take for take in reversed(self._document.project.takes) if take.starred)
        if starred and starred != (render,):
            first_one = self.of_take(starred[0])
            yield replace(
                first_one, title=f"All starred takes ({count(len(starred), 'file')})", takes=starred
            )

    def _film(self, title: str, stem: str, timeline: Timeline, first: int, end: int) -> Source:
        from studio.jobs.timeline_export import order, voices  # numpy stays out of the start-up

        project, folder = self._document.project, self._document.folder
        length = end - first
        title = f"{title} · {clip_length(length, timeline.rate)}"
        try:
            film = order(project, folder, ANY, timeline=timeline, first=first, end=end)
            sound = bool(voices(film))
        except Refusal as refusal:
            size = (2, 2)
            return Source(title, stem, length, timeline.rate, size, None, (), str(refusal))
        return Source(title, stem, length, timeline.rate, film.size, film, has_sound=sound)

    def _alone(self, render: Render) -> TimelinePayload | None:
        from studio.jobs.timeline_export import order

        project = self._document.project
        if render.id not in project.media:
            return None
        try:
            lone = take_alone(project, render)
            return order(project, self._document.folder, ANY, timeline=lone)
        except (Refusal, ValueError):
            return None

    def _of_take(self, render: Render, target: Target) -> ExportPayload:
        return ExportPayload(
            str(self._document.folder), render.request, render.spans, str(target.path),
            str(target.fps), target.recipe, encoding=target.encoding, quality=target.quality,
        )  # fmt: skip

    def _add(self, kind: str, title: str, payload: dict) -> None:
        try:
            self.placed.emit(self._queue.add(kind, title, payload, lane="encode"))
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)

    def _finished(self, id: int, result: object) -> None:
        job = self._queue.job(id)
        match job.typed:
            case ExportPayload(out=out) if job.kind == "export":
                self.exported.emit(out)
            case TimelinePayload(out=out):
                self.exported.emit(out)
