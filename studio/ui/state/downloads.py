"""Downloads as the window knows them: looked up, agreed to, seen, paused and gone on with.

No connection is opened before somebody asks for a model.  What was begun is on record in the data
folder, so that it goes on after a restart, here or in the terminal.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from studio.downloads import access_token, hub
from studio.downloads.asking import LookUp, look_ups
from studio.downloads.connections import ConnectionLog
from studio.downloads.downloading import download, left_to_come
from studio.downloads.journal import READY, Journal, Record
from studio.downloads.offer import Offer
from studio.downloads.online import Online, online
from studio.downloads.pending import bytes_here
from studio.downloads.together import together
from studio.jobs.handlers import BUILT_IN
from studio.library.catalogue import Catalogue, read_catalogue
from studio.project.files import check_writable
from studio.project.folders import Folders
from studio.spec.progress import PULSE, Cancelled, Progress, Tick
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background

CATALOGUE = BUILT_IN / "catalogue.toml"
TOKEN_KEPT = "The token is in the system's keyring."
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What would come, as its hosts have it now: `left` bytes of it are not here yet (None where a
    host does not say how many), and `free` bytes are on the disk."""

    offers: tuple[Offer, ...]
    left: int | None
    free: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A download on record: `here` of `whole` bytes; `elsewhere` while another process is at it."""

    record: Record
    here: int
    whole: int
    elsewhere: bool

    @property
    def is_ready(self) -> bool:
        return self.record.state == READY and self.here >= self.whole


@dataclass(slots=True)
class Transfer:
    """A download of the window: which offers, how it is told, how much of it is here (0 … 1; -1
    where nobody says).  `stop` is set where it is to pause."""

    ids: tuple[str, ...]
    name: str
    stop: threading.Event
    words: str = "Waiting"
    share: float = -1.0


class Downloads(QObject):
    """`transfers` are those that run or wait, the first first; `kept` what is on record."""

    changed = Signal()
    asked = Signal(object)  # Asked
    came = Signal(str)
    notice = Signal(str)
    refused = Signal(str, str)
    _ticked = Signal(object, object)  # Transfer, Progress

    def __init__(self, folders: Folders) -> None:
        super().__init__()
        self._folders = folders
        self._journal = Journal(folders.downloads)
        self._log = ConnectionLog(folders.connections)
        self._questions, self._runs = Background(1), Background(1)
        self._closing = threading.Event()
        self.transfers: tuple[Transfer, ...] = ()
        self.kept: tuple[Kept, ...] = ()
        self.asking = 0
        self._ticked.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def catalogue(self) -> Catalogue:
        """What is offered; refused where the file is damaged."""
        return read_catalogue(CATALOGUE)

    def look(self) -> None:
        """Read what is on record."""
        self._questions.ask(self._on_record, self._show, self._failed, owner=self)

    def look_up(self, wanted: str, sha256: str = "") -> None:
        """Ask the hosts of a model, bundle or link what would come; `asked` carries the answer."""
        self._ask(lambda: self._looked_up(look_ups(wanted, sha256, self.catalogue)), self._answer)

    def start(self, offers: Sequence[Offer]) -> None:
        """Bring what the user agreed to, after what is being brought already."""
        names = ", ".join(offer.name for offer in offers)
        one = Transfer(tuple(offer.id for offer in offers), names, threading.Event())
        self.transfers = (*self.transfers, one)
        self._runs.ask(
            lambda: self._downloaded(one, offers),
            lambda records: self._ended(one, records),
            lambda error: self._stopped(one, error),
            owner=self,
        )
        self.changed.emit()

    def pause(self, id: str) -> None:
        """Stop bringing a model where it is; what came stays."""
        for one in self.transfers:
            if id in one.ids:
                one.words = "Pausing"
                one.stop.set()
        self.changed.emit()

    def go_on(self, kept: Kept) -> None:
        """Bring the rest of what was begun; asked for again only where its licence is another."""
        record = kept.record

        def answer(asked: Asked) -> None:
            rest = [offer for offer in asked.offers if offer.id == record.id]
            if rest and all(offer.licence == record.licence for offer in rest):
                self.start(rest)
            else:
                self.asked.emit(asked)

        self._ask(lambda: self._looked_up(look_ups(record.source, "", self.catalogue)), answer)

    def connections(self) -> str:
        """The log of every connection, the newest line last."""
        try:
            return self._log.file.read_text("utf-8", errors="replace")
        except OSError:
            return ""

    def keep_token(self, token: str) -> None:
        """Put the hub's token into the system's keyring."""
        self._ask(lambda: access_token.keep(token), lambda _: self.notice.emit(TOKEN_KEPT))

    def close(self) -> None:
        """Stop where everything is; it goes on after a restart."""
        self._closing.set()
        for one in self.transfers:
            one.stop.set()
        self._questions.close()
        self._runs.close()

    def _ask(self, work: Callable, answer: Callable) -> None:
        def done(found: object) -> None:
            self._asked_one()
            answer(found)

        def failed(error: Exception) -> None:
            self._asked_one()
            self._failed(error)

        self.asking += 1
        self._questions.ask(work, done, failed, owner=self)
        self.changed.emit()

    def _asked_one(self) -> None:
        self.asking -= 1
        self.changed.emit()

    def _answer(self, asked: Asked) -> None:
        if asked.left == 0:
            self.notice.emit("All of it is here already.")
        self.asked.emit(asked)

    def _show(self, kept: tuple[Kept, ...]) -> None:
        self.kept = kept
        self.changed.emit()

    def _ended(self, one: Transfer, records: Sequence[Record]) -> None:
        self._drop(one)
        names = ", ".join(record.name for record in records)
        self.came.emit(f"{names} {'is' if len(records) == 1 else 'are'} here, checked.")

    def _stopped(self, one: Transfer, error: Exception) -> None:
        self._drop(one)
        self._failed(error)

    def _drop(self, one: Transfer) -> None:
        self.transfers = tuple(other for other in self.transfers if other is not one)
        self.changed.emit()
        self.look()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Refusal):
            self.refused.emit(error.what, error.hint)
        elif not isinstance(error, Cancelled):
            log.error("a download failed", exc_info=error)
            self.refused.emit(f"The download failed: {error}.", "What came is kept.")

    def _tell(self, one: Transfer, progress: Progress) -> None:
        if one.stop.is_set():
            return
        one.words = f"{progress.stage.capitalize()}: {_amount(progress)}"
        one.share = progress.step / progress.total if progress.total else -1.0
        self.changed.emit()

    # what follows runs elsewhere

    def _on_record(self) -> tuple[Kept, ...]:
        return tuple(map(self._kept, self._journal.all()))

    def _kept(self, record: Record) -> Kept:
        here = bytes_here(record, self._folders.models)
        whole = sum(file.size or 0 for file in record.files)
        ours = any(record.id in one.ids for one in self.transfers)
        return Kept(record, here, whole, not ours and self._journal.is_running(record.id))

    def _looked_up(self, wanted: Sequence[LookUp]) -> Asked:
        models = self._folders.models
        check_writable(models)
        with online(self._log) as door:
            token = cache(access_token.stored)  # asked for once, and only if the hub wants it
            calls = [partial(look, token, door) for look in wanted]
            offers = together(calls, door, self.notice.emit, self._check_open)
        left = left_to_come(offers, models, self._journal)
        return Asked(tuple(offers), left, shutil.disk_usage(_there(models)).free)

    def _downloaded(self, one: Transfer, offers: Sequence[Offer]) -> list[Record]:
        def tick(progress: Progress) -> None:
            if one.stop.is_set():
                raise Cancelled
            if progress.stage:
                self._ticked.emit(one, progress)

        tick(PULSE)
        with online(self._log) as door:
            return self._brought(offers, door, tick)

    def _brought(self, offers: Sequence[Offer], door: Online, tick: Tick) -> list[Record]:
        token: hub.Token = cache(access_token.stored)
        models, say = self._folders.models, self.notice.emit
        return download(offers, models, self._journal, token, door, say, tick)

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise Cancelled


def _there(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _amount(progress: Progress) -> str:
    if not progress.total:
        return progress.note
    here, whole = (memory(size * 2**20) for size in (progress.step, progress.total))
    return f"{here} of {whole}{progress.note.removeprefix('MB')}"
