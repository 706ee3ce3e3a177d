"""What is found out about an export while its dialog is open: sizes of files, flashes, formats."""

import shutil
import threading
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.jobs.payloads import TimelinePayload
from studio.project.takes import TakeStore
from studio.spec.progress import Cancelled, Progress
from studio.spec.quantities import memory
from studio.ui.state.background import Background
from studio.ui.state.exports import Source

SETTLED_MS = 400
"""Milliseconds without a change after which sizes are measured."""


class ExportFacts(QObject):
    """Measures on a thread of the background; `changed` when more is known.

    `sizes` are bytes by encoding and quality of the source that was asked for last, `flashes` a
    sentence about it, "" where it does not flash or nobody knows; `lacking` are encodings that the
    installed ffmpeg does not have.
    """

    changed = Signal()

    def __init__(self, span_results: TakeStore, background: Background) -> None:
        super().__init__()
        self._store, self._background = span_results, background
        self._stopped = threading.Event()
        self._wanted: tuple[Source | None, tuple[str, ...], str] = (None, (), "")
        self._folder: Path | None = None
        self._free: int | None = None
        self._of: Source | None = None
        self._busy = False
        self.sizes: dict[tuple[str, str], int] = {}
        self.flashes, self.lacking = "", frozenset[str]()
        self._later = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._later.timeout.connect(self._begin)
        background.ask(_lacking, self._know_lacking, lambda _: None, owner=self)

    @property
    def warning(self) -> str:
        """What to know before the files are written, or ""."""
        sizes = [self.sizes.get((id, self._wanted[2]), 0) for id in self._wanted[1]]
        files = sum(sizes) * max(1, len(self._wanted[0].takes)) if self._wanted[0] else 0
        room = ""
        if self._free is not None and files > self._free:
            room = f"This disk has {memory(self._free)} left, and about {memory(files)} are needed."
        return " ".join(filter(None, (self.flashes, room)))

    def want(self, source: Source, encodings: tuple[str, ...], quality: str, folder: Path) -> None:
        """Say what is chosen; what is not known of it is measured soon."""
        if folder != self._folder:
            self._folder, self._free = folder, None
            self._background.ask(
                lambda: _free_bytes(folder),
                lambda free: self._know_free(folder, free),
                lambda _: None,  # there is no such folder: the dialog says so
                owner=self,
            )
        if source != self._of:
            self._of, self.sizes, self.flashes = source, {}, ""
            if source.film is not None:
                from studio.jobs.timeline_export import flashes  # numpy stays out of the start-up

                film, store = source.film, self._store
                self._background.ask(
                    lambda: flashes(film, store, self._tick),
                    lambda words: self._know_flashes(source, words),
                    lambda _: None,  # what cannot be read, the export itself will say
                    owner=self,
                )
        self._wanted = (source, encodings, quality)
        if self._missing():
            self._later.start()

    def stop(self) -> None:
        """Measure nothing more."""
        self._later.stop()
        self._stopped.set()

    def _missing(self) -> list[str]:
        source, encodings, quality = self._wanted
        if source is None or source.film is None:
            return []
        return [id for id in encodings if (id, quality) not in self.sizes]

    def _begin(self) -> None:
        missing = self._missing()
        source, _, quality = self._wanted
        if self._busy or not missing or source is None or self._stopped.is_set():
            return
        film, id = source.film, missing[0]
        assert film is not None
        self._busy = True

        def known(size: int) -> None:
            self._busy = False
            if source == self._of:
                self.sizes[id, quality] = size
                self.changed.emit()
            self._begin()

        self._background.ask(
            lambda: _size(film, self._store, id, quality, source.frames, self._tick),
            known,
            lambda _: known(0),  # no estimate then: the export itself will say why
            owner=self,
        )

    def _know_flashes(self, source: Source, words: str) -> None:
        if source == self._of:
            self.flashes = words
            self.changed.emit()

    def _know_free(self, folder: Path, free: int) -> None:
        if folder == self._folder:
            self._free = free
            self.changed.emit()

    def _know_lacking(self, lacking: frozenset[str]) -> None:
        self.lacking = lacking
        self.changed.emit()

    def _tick(self, _: Progress) -> None:
        if self._stopped.is_set():
            raise Cancelled


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _lacking() -> frozenset[str]:
    from studio.media.encoders import ENCODINGS, available

    there = {encoding.id for encoding in available()}
    return frozenset(encoding.id for encoding in ENCODINGS) - there


def _size(film: TimelinePayload, store: TakeStore, id: str, quality: str, frames: int, tick) -> int:
    """Bytes of a file, from frames in the middle of what is shown."""
    from studio.jobs.timeline_export import reader
    from studio.media.encoders import BY_ID
    from studio.media.estimate import SAMPLE, estimated_bytes

    first = film.first + max(0, (film.end - film.first - SAMPLE) // 2)
    with reader(film, store) as shown:
        sample = list(shown.frames(first, min(first + SAMPLE, film.end)))
    return estimated_bytes(BY_ID[id], quality, sample, film.timeline.rate, frames, tick)
