"""Which models lie on this computer, as the window knows it: what was read before, then what is there.

All reading is done elsewhere, one errand at a time, and ends at once when the window closes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from studio.downloads.journal import READY, Journal
from studio.library import models as library
from studio.library.added_folders import AddedFolders, check_place, looked_into
from studio.library.models import Model
from studio.library.overview import UNKNOWN, Listed, overview, summary
from studio.library.program_folders import hub_cache, places_of
from studio.library.scan import Scan, remembered, scan
from studio.library.scan_index import Index
from studio.library.seen_models import compared
from studio.project.folders import Folders
from studio.spec.progress import Cancelled, Progress, Tick
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background

T = TypeVar("T")
log = logging.getLogger(__name__)
FEW = 3
"""Roles that are counted by name, besides what is unknown."""
TOLD_EVERY = 0.1
"""Seconds between two words about how far a reading is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, or a file, that is looked into: whose it is, and whether the user added it."""

    path: Path
    of: str
    added: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look found: a line a model, how many of which role, and what is wrong besides."""

    lines: tuple[Listed, ...] = ()
    words: str = ""
    trouble: str = ""
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What came with folders and files: in words, what of it is no model, and the one line of what is
    one file; None for more."""

    words: str
    unknown: tuple[Listed, ...]
    only: Listed | None = None


class Library(QObject):
    """`sight` is what was seen last; `doing` what is being read, "" while nothing is."""

    changed = Signal()
    folders_changed = Signal()
    added = Signal(object)  # Added
    refused = Signal(str, str)
    _ticked = Signal(str)

    def __init__(self, folders: Folders, model_folders: Iterable[Path]) -> None:
        super().__init__()
        self._folders, self._model_folders = folders, model_folders
        self._list = AddedFolders(folders.library)
        self._background, self._stopped = Background(1), threading.Event()
        self._errands, self._told = 0, 0.0
        self.sight, self.doing, self.has_looked = Sight(), "", False
        self._ticked.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    @property
    def is_reading(self) -> bool:
        return self._errands > 0

    def look(self) -> None:
        """See what is there: at once what was read before, if nothing is shown yet."""
        if not self.has_looked:
            self.has_looked = True
            self._ask(self._remembered, self._show)
        self._ask(self._seen, self._show)

    def add(self, places: Sequence[Path]) -> None:
        """Look into folders and files from now on, and say what came with them; they stay as they
        are, where they are."""
        self._ask(lambda: self._add(places), self._have_added)

    def remove(self, place: Path) -> None:
        """Look into a folder no more; nothing in it is touched."""
        self._ask(lambda: self._list.remove(place), lambda _: self.look_anew())

    def read(self, id: str, then: Callable[[Model], object]) -> None:
        """Read the weights of a model, which takes a while the first time; `then` gets it."""
        self._ask(lambda: library.find(id, self._model_folders, self._tick), then)

    def look_anew(self) -> None:
        """Other folders, or other files in them: whoever offers models looks again too."""
        self.folders_changed.emit()
        self.look()

    def close(self) -> None:
        """Stop reading, at the next portion; nothing is shown any more."""
        self._stopped.set()
        self._background.close()

    def _ask(self, work: Callable[[], T], answer: Callable[[T], object]) -> None:
        def done(found: T) -> None:
            self._ended()
            answer(found)

        def failed(error: Exception) -> None:
            self._ended()
            if isinstance(error, Refusal):
                self.refused.emit(error.what, error.hint)
            else:
                log.error("the library could not be read", exc_info=error)
                self.refused.emit(f"The library could not be read: {error}.", "")

        self._errands += 1
        self._background.ask(work, done, failed, owner=self)
        self.changed.emit()

    def _ended(self) -> None:
        self._errands -= 1
        self.doing = ""
        self.changed.emit()

    def _show(self, sight: Sight) -> None:
        self.sight = sight
        self.changed.emit()

    def _have_added(self, added: Added) -> None:
        self.added.emit(added)
        self.look_anew()

    def _tell(self, words: str) -> None:
        if self._errands:
            self.doing = words
            self.changed.emit()

    def _tick(self, progress: Progress) -> None:
        """Called where it is read, not on the window's thread."""
        if self._stopped.is_set():
            raise Cancelled
        now = time.monotonic()
        if progress.total and now - self._told >= TOLD_EVERY:
            self._told = now
            self._ticked.emit(_words(progress))

    # what follows runs elsewhere, one after the other

    def scanned(self, tick: Tick, places: tuple[Path, ...] = ()) -> Scan:
        """What lies in all folders now, or in these; for other threads too."""
        return scan(places or self._places(), Index(self._folders.models_index), tick)

    def _places(self) -> tuple[Path, ...]:
        always = (*self._model_folders, self._folders.models)
        return tuple(dict.fromkeys((*always, *looked_into(self._folders.library))))

    def _remembered(self) -> Sight:
        found = remembered(self._places(), Index(self._folders.models_index))
        return self._sight(found, (), "")

    def _seen(self) -> Sight:
        trouble = ""
        try:
            self._list.all()
        except Refusal as refusal:
            trouble = str(refusal)
        where = self._places()
        found = self.scanned(self._tick, where)
        _, missing = compared(found.entries, where, self._folders.seen_models)
        return self._sight(found, missing, trouble)

    def _sight(self, found: Scan, missing, trouble: str) -> Sight:
        lines = overview(found, missing, self._licences())
        if lines == self.sight.lines:  # compared here: whoever shows them asks which object it is
            lines = self.sight.lines
        return Sight(lines, summary(found, FEW), trouble, tuple(map(self._about, self._places())))

    def _about(self, place: Path) -> Place:
        try:
            of = places_of(place).program
        except (Refusal, OSError):
            of = ""
        added = place in looked_into(self._folders.library) and place != hub_cache()
        if place == self._folders.models:
            of = "the studio's own"
        return Place(place, of or ("added" if added else "comes with the studio"), added)

    def _licences(self) -> dict[Path, str]:
        try:
            records = [r for r in Journal(self._folders.downloads).all() if r.state == READY]
        except Refusal:
            return {}
        return {self._folders.models / r.folder: r.licence for r in records if r.licence}

    def _add(self, places: Sequence[Path]) -> Added:
        for place in places:
            check_place(place)
        for place in dict.fromkeys(place.absolute() for place in places):
            if place not in self._list.all():
                self._list.add(place)
        found = scan(places, Index(self._folders.models_index), self._tick)
        lines = overview(found)
        unknown = tuple(line for line in lines if line.role == UNKNOWN)
        only = lines[0] if len(lines) == 1 else None
        return Added(_what(only) if only else summary(found, FEW), unknown, only)


def _what(line: Listed) -> str:
    """One file in a sentence: what it is, what it works with, and that it stays."""
    if line.why:
        return f"{line.path.name}: {line.why}"
    fits = f", for {', '.join(line.fits)}" if line.fits and line.fits != (line.family,) else ""
    family = f"{line.family} " if line.family else ""
    return f"{line.name} is {_with_article(f'{family}{line.role}')}{fits}; it stays where it is."


def _with_article(noun: str) -> str:
    """With its article, as it is spoken: "an SD 1.x checkpoint"."""
    first = noun.split(maxsplit=1)[0]
    letters = first.isupper() and len(first) > 1
    vowel = first[0] in ("AEFHILMNORSX" if letters else "AEIOUaeiou")
    return f"{'an' if vowel else 'a'} {noun}"


def _words(progress: Progress) -> str:
    share = f"{progress.step} of {progress.total}"
    if progress.stage == "reading weights":
        share = f"{100 * progress.step // progress.total} %"
    return f"{progress.stage.capitalize()}: {share} · {progress.note}".removesuffix(" · ")
