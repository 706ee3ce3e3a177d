"""Likeness of the timeline's frames to their subjects: read where it was measured, else measured by
a job, one at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.jobs.payloads import LikenessPayload
from studio.jobs.queue import Queue
from studio.project.likenesses import Likenesses
from studio.project.plain import to_plain
from studio.ui.state.document import Document
from studio.ui.state.timeline_lookup import TakeFrames

if TYPE_CHECKING:
    import numpy as np

TOGETHER = 500
"""Spans that a job measures at most."""


@dataclass(frozen=True)
class Shown:
    """The subject that a take is to show: its name, and the hashes of its photos."""

    name: str
    photos: tuple[str, ...]


Place = tuple[Shown, str]
"""A subject, and the key of a span."""
Known = dict[Place, "np.ndarray"]
"""Likeness of each frame of a span to a subject."""


class LikenessScope(QObject):
    """`changed` tells that more was measured.

    What was refused, cancelled or could not be measured is asked for again when scopes are turned on
    again.
    """

    changed = Signal()

    def __init__(self, document: Document, queue: Queue) -> None:
        super().__init__()
        self._document, self._queue = document, queue
        self._job = 0
        self._asked: set[Place] = set()
        queue.finished.connect(self._finished)
        queue.progressed.connect(lambda id, _: self.changed.emit() if id == self._job else None)
        queue.cancelled.connect(self._end)
        queue.failed.connect(lambda id, *_: self._end(id))

    def turn(self, *, on: bool) -> None:
        """Begin anew, or measure no more."""
        self._asked.clear()
        if not on and self._job:
            self._queue.cancel(self._job)

    def subjects(self, media: Iterable[str]) -> dict[str, Shown]:
        """The subjects of takes, by the takes' ids; only those that have photos."""
        photos = {
            one.name: Shown(one.name, tuple(photo.identity for photo in one.photos))
            for one in self._document.subjects
            if one.photos
        }
        uses = {one.id: one.request.subject for one in self._document.project.renders}
        shown = {id: photos.get(use.name) for id in media if (use := uses.get(id)) is not None}
        return {id: subject for id, subject in shown.items() if subject is not None}

    def measure(self, missing: Iterable[Place]) -> None:
        """Have what is missing of one subject measured, where nothing is measured already."""
        left = [place for place in missing if place not in self._asked]
        if self._job or not left:
            return
        subject = left[0][0]
        places = [place for place in left if place[0] == subject][:TOGETHER]
        self._asked.update(places)
        keys = tuple(key for _, key in places)
        payload = LikenessPayload(str(self._document.folder), subject.name, keys)
        title = f"Likeness to {subject.name}"
        self._job = self._queue.add("measure_likeness", title, to_plain(payload), lane="disk")

    def _finished(self, id: int, _result: object) -> None:
        if id == self._job:
            self._queue.remove(id)
            self._end(id)

    def _end(self, id: int) -> None:
        if id == self._job:
            self._job = 0
            self.changed.emit()


def read(
    folder: Path, subjects: Mapping[str, Shown], media: Mapping[str, TakeFrames], known: Known
) -> tuple[Place, ...]:
    """Read what was measured of takes into `known`, and give what was not.  It reads the disk."""
    missing: dict[Place, None] = {}
    for id, subject in subjects.items():
        kept, there = Likenesses(folder, subject.photos), media[id]
        for key in (part.key for part in there.parts if part.key not in there.missing):
            place = subject, key
            if place in known:
                continue
            if (found := kept.get(key)) is None:
                missing[place] = None
            else:
                known[place] = found
    return tuple(missing)
