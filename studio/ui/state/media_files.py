"""Files of the user's on the timeline: waveforms of what is heard, proxies of what is seen.

Read on threads of their own, kept beside the project, said to the views as they come.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.jobs.exact_pictures import exact_frame
from studio.project.asset_files import file_of
from studio.project.disk_classes import MADE_FILES
from studio.spec.progress import Cancelled, Progress
from studio.spec.refusal import Refusal
from studio.spec.timeline.bringing import Brought, used_assets
from studio.spec.timeline.media import Asset
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.film_frames import FilmFrames, film_of

if TYPE_CHECKING:
    import numpy as np

    from studio.media.audio import Waveform

THREADS = 2
NEWS_MS = 300
"""Between two tellings of chunks that have come."""


class MediaFiles(QObject):
    """Waveforms by assets, and where frames of films are; `changed` tells that there is more."""

    changed = Signal()
    _chunk_made = Signal(str, int)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._folder = document.folder / MADE_FILES
        self._reader, self._stop = Background(THREADS), Event()
        self._waves: dict[str, Waveform | None] = {}
        self._films: dict[str, FilmFrames] = {}
        self._made: dict[str, set[int]] = {}
        self._assets: object = None
        self._news = QTimer(self, singleShot=True, interval=NEWS_MS)
        self._news.timeout.connect(self._tell)
        self._chunk_made.connect(self._note_chunk, Qt.ConnectionType.QueuedConnection)
        document.laid_out.connect(self._follow)
        self._follow()

    def waveform(self, asset: str) -> "Waveform | None":
        """What a file sounds like; None while it is read, and for one that cannot be."""
        return self._waves.get(asset)

    def film(self, asset: str) -> FilmFrames | None:
        """Where the frames of a file are; None while nobody knows."""
        return self._films.get(asset)

    def look(
        self, path: Path, then: Callable[[Brought], None], refused: Callable[[Refusal], None]
    ) -> None:
        """Find out what a file holds, then tell it."""
        from studio.media.brought import look  # numpy and Pillow stay out of the start-up

        def could_not(error: Exception) -> None:
            if isinstance(error, Refusal):
                refused(error)
            elif not isinstance(error, Cancelled):
                raise error

        work = lambda: look(path, self._folder, self._tick)  # noqa: E731
        self._reader.ask(work, then, could_not, owner=self)

    def read(self, key: str) -> "list[np.ndarray]":
        """The frames of a part of a film, by its key; on any thread but the window's."""
        from studio.media.looking import read_frames
        from studio.media.proxies import proxy_folder, read_chunk

        asset, first, count, exact = film_of(key)
        path = file_of(self._asset(asset), self._document.folder)
        if not exact:
            return read_chunk(proxy_folder(path, self._folder), first)
        if self._asset(asset).frames == 1:
            return [exact_frame(path, 0, still=True)]
        return read_frames(path, first, count)

    def close(self) -> None:
        """Read no more."""
        self._stop.set()
        self._news.stop()
        self._reader.close()

    def _tick(self, _: Progress) -> None:
        if self._stop.is_set():
            raise Cancelled

    def _asset(self, id: str) -> Asset:
        try:
            return self._document.project.timeline.asset(id)
        except KeyError:
            raise Refusal("This file is no longer on the timeline.") from None

    def _follow(self) -> None:
        timeline = self._document.project.timeline
        if timeline.tracks is self._assets:
            return
        self._assets = timeline.tracks
        for asset in used_assets(timeline, "audio"):
            if asset.id not in self._waves:
                self._waves[asset.id] = None
                self._ask(partial(self._heard, asset), partial(self._come, asset.id))
        for asset in used_assets(timeline, "video"):
            if asset.id not in self._made:
                self._made[asset.id] = set()
                self._ask(partial(self._seen, asset), lambda _: self._tell())

    def _ask(self, work: Callable, then: Callable) -> None:
        self._reader.ask(work, then, self._could_not, owner=self)

    def _heard(self, asset: Asset) -> "Waveform":
        """Elsewhere."""
        from studio.media.waveforms import kept_waveform

        return kept_waveform(file_of(asset, self._document.folder), self._folder, self._tick)

    def _seen(self, asset: Asset) -> None:
        """Elsewhere: makes what lacks of a film's proxy, chunk by chunk."""
        from studio.media.proxies import CHUNK, made_chunks, make_proxy, proxy_folder

        path = file_of(asset, self._document.folder)
        folder = proxy_folder(path, self._folder)
        for number in (there := made_chunks(folder)):
            self._chunk_made.emit(asset.id, number)
        if len(there) * CHUNK >= asset.frames > 0:
            return
        for number in make_proxy(path, folder, self._tick):
            self._chunk_made.emit(asset.id, number)

    def _come(self, asset: str, wave: "Waveform") -> None:
        self._waves[asset] = wave
        self.changed.emit()

    def _could_not(self, error: Exception) -> None:
        """A file that is gone or cannot be read stays without a picture: export says which it is."""
        self._tell()
        if not isinstance(error, Refusal | Cancelled | OSError):
            raise error

    def _note_chunk(self, asset: str, number: int) -> None:
        self._made[asset].add(number)
        if not self._news.isActive() and not self._stop.is_set():
            self._news.start()

    def _tell(self) -> None:
        """Say what is there by now."""
        if self._stop.is_set():
            return
        for id, made in self._made.items():
            known = self._films.get(id)
            if known is None or known.made != len(made):
                self._films[id] = FilmFrames.of(self._asset_or_none(id), frozenset(made))
        self.changed.emit()

    def _asset_or_none(self, id: str) -> Asset:
        assets = self._document.project.timeline.assets
        return next((asset for asset in assets if asset.id == id), Asset(id))
