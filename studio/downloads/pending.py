"""A download that was begun: where its files are while they come, and how they appear when they are
whole.

They lie aside, in a hidden folder beside the models, which no scan looks into.  A model appears with
all its files at once.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from studio.downloads import checks, copies
from studio.downloads.checks import Damaged
from studio.downloads.hub import Token
from studio.downloads.journal import READY, Journal, Record, record_of
from studio.downloads.offer import Offer, RemoteFile
from studio.downloads.online import Online
from studio.downloads.transfer import Moved, fetch
from studio.durable import put_in_place, retry_while_locked, sync_folder
from studio.project.files import check_real, remove_tree, to_refusal
from studio.project.lock import Lock
from studio.spec.refusal import Refusal

ASIDE = ".downloads"
"""The folder, among the models, in which files come."""
PART = ".part"


class PendingDownload:
    """One offer, and what is here of it."""

    def __init__(self, offer: Offer, models: Path, journal: Journal) -> None:
        self.offer, self._models, self._journal = offer, models, journal
        self.folder, self._aside = models / offer.folder, models / ASIDE / offer.id
        self._writing = threading.Lock()
        self._lock: Lock | None = None
        before = journal.read(offer.id)
        self._was_ready = before is not None and before.state == READY
        self.record = record_of(offer, before)

    def __enter__(self) -> PendingDownload:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    @property
    def is_ready(self) -> bool:
        """Whether nothing is left to do."""
        return self._was_ready and not self.missing()

    def is_here(self, file: RemoteFile) -> bool:
        """Whether a file is in its place, whole and checked."""
        return bool(self._found(file)) and _has_size(self.folder / file.path, file.size)

    def have(self, file: RemoteFile) -> int:
        """Bytes of a file that have come."""
        return _bytes_at(self.folder / file.path, self._aside / file.path, self._part(file))

    def missing(self) -> list[RemoteFile]:
        return [file for file in self.offer.files if not self.is_here(file)]

    def copy_of(self, file: RemoteFile) -> Path | None:
        """Where the same file lies already."""
        return next(copies.copies_of(file, list(self._journal.all()), self._models), None)

    def begin(self) -> None:
        """Keep on record that it was begun; refused while another process downloads the same, and
        where its place is taken or cannot be made."""
        self._lock = Lock(self._journal.lock(self.offer.id))
        if not self._lock.alone():
            raise Refusal(f"{self.offer.name} is being downloaded already.", "Wait for it.")
        before = self._journal.read(self.offer.id)
        self.record = record_of(self.offer, before)
        self._drop_others(before)
        try:
            self._aside.parent.mkdir(parents=True, exist_ok=True)
            check_real(self._aside.parent)
            check_real(self._aside)
            self._aside.mkdir(exist_ok=True)
        except OSError as error:
            raise to_refusal(error, self._aside) from error
        self._journal.write(self.record)

    def bring(self, file: RemoteFile, token: Token, door: Online, moved: Moved) -> None:
        """Have a file aside, whole and checked.  Raises `Stopped`, or `Refusal` saying why not."""
        place, aside, part = self.folder / file.path, self._aside / file.path, self._part(file)
        try:
            if place.exists():
                self._note(file, self._same(place, file, door))
                return
            if aside.exists() and (self._found(file) or self._rechecked(file, aside, door, moved)):
                return
            part.parent.mkdir(parents=True, exist_ok=True)
            found = self._copied(file, part, door, moved)
            found = found or self._fetched(file, part, token, door, moved)
            put_in_place(part, aside)
            self._note(file, found)
        except OSError as error:
            raise to_refusal(error, part) from error

    def place(self) -> None:
        """Let the model appear, and keep on record that it is ready."""
        try:
            self._put_all()
        except OSError as error:
            raise to_refusal(error, self.folder) from error
        self.record = replace(self.record, state=READY, why="")
        self._journal.write(self.record)
        remove_tree(self._aside)

    def stopped(self, why: str) -> None:
        """Keep on record what stopped it."""
        self.record = replace(self.record, why=why)
        self._journal.write(self.record)

    def _put_all(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists() and not any(self._aside.rglob(f"*{PART}")):
            retry_while_locked(lambda: self._aside.rename(self.folder))
            sync_folder(self.folder.parent)
            return
        for file in self.offer.files:
            aside, place = self._aside / file.path, self.folder / file.path
            if aside.exists() and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                put_in_place(aside, place)

    def _copied(self, file: RemoteFile, part: Path, door: Online, moved: Moved) -> str:
        """The sha256 of a copy that was here already; "" where none is or it is damaged."""
        copy = self.copy_of(file)
        if copy is None:
            return ""
        before = part.stat().st_size if part.exists() else 0
        copies.bring(copy, part, door.check)
        moved((file.size or 0) - before)
        try:
            found = checks.checked(part, file, door.check)
        except Damaged:
            part.unlink()
            moved(-(file.size or 0))
            return ""
        door.say(f"{Path(file.path).name} was here already, in {copy.parent}.")
        return found

    def _fetched(
        self, file: RemoteFile, part: Path, token: Token, door: Online, moved: Moved
    ) -> str:
        fetch(file, part, token, door, moved)
        try:
            found = checks.checked(part, file, door.check)
            checks.check_kind(part, Path(file.path).suffix.lower())
        except Damaged as error:
            part.unlink()
            raise Refusal(
                f"{file.path} came damaged ({error}) and was removed.", "Download it again."
            ) from error
        except Refusal:
            part.unlink()
            raise
        return found

    def _rechecked(self, file: RemoteFile, aside: Path, door: Online, moved: Moved) -> bool:
        """Whether a file that a crash left aside is whole; else it is removed."""
        size = aside.stat().st_size
        try:
            self._note(file, checks.checked(aside, file, door.check))
        except Damaged:
            aside.unlink()
            moved(-size)
            return False
        return True

    def _same(self, place: Path, file: RemoteFile, door: Online) -> str:
        """The sha256 of a file that lies where this one belongs; refused where it is another."""
        try:
            if not (file.sha256 or file.blob):
                raise Damaged("nobody says its checksum")
            return checks.checked(place, file, door.check)
        except Damaged as error:
            raise Refusal(
                f"{place} is there already and is another file.", "Move it away first."
            ) from error

    def _note(self, file: RemoteFile, found: str) -> None:
        with self._writing:
            self.record = self.record.finished(file.path, found)
            self._journal.write(self.record)

    def _found(self, file: RemoteFile) -> str:
        return next((f.found for f in self.record.files if f.path == file.path), "")

    def _part(self, file: RemoteFile) -> Path:
        return self._aside / f"{file.path}{PART}"

    def _drop_others(self, before: Record | None) -> None:
        """Remove what came of files that the host has replaced since."""
        known = {f.path: f.identity for f in before.files} if before else {}
        for file in self.offer.files:
            is_told = file.sha256 or file.blob  # then the check at the end finds another file out
            if known.get(file.path, file.identity if is_told else None) != file.identity:
                self._part(file).unlink(missing_ok=True)
                (self._aside / file.path).unlink(missing_ok=True)


def bytes_here(record: Record, models: Path) -> int:
    """Bytes of a download that are here, in their places or still coming."""
    folder, aside = models / record.folder, models / ASIDE / record.id
    return sum(
        _bytes_at(folder / f.path, aside / f.path, aside / f"{f.path}{PART}") for f in record.files
    )


def _bytes_at(*places: Path) -> int:
    """Of the first file that is there."""
    return next((place.stat().st_size for place in places if place.is_file()), 0)


def _has_size(place: Path, size: int | None) -> bool:
    return place.is_file() and (size is None or place.stat().st_size == size)
