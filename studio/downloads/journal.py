"""What is known of a download, in one small file: so that the same command goes on after a restart,
and what was checked stays known.

{"version": 1, "id": "sd15", "name": …, "source": …, "licence": …, "page": …, "folder": "sd15",
 "state": "pending" | "ready", "why": "", "files": [{"path": …, "size": …, "sha256": …, "blob": …,
 "validator": …, "checked": …, "found": "sha256 of what is here"}]}

No link with a query and no token is in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from studio.downloads.offer import Offer
from studio.library.catalogue import is_plain_path
from studio.project.files import write_whole
from studio.project.lock import Lock
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST = 4_000_000
"""Bytes of a record."""
PENDING, READY = "pending", "ready"


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file of a download; `found` is the sha256 of what came, "" while it is not whole."""

    path: str
    size: int | None = None
    sha256: str = ""
    blob: str = ""
    validator: str = ""
    checked: str = ""
    found: str = ""

    @property
    def identity(self) -> tuple[int | None, str, str, str]:
        return self.size, self.sha256, self.blob, self.validator


@dataclass(frozen=True, slots=True)
class Record:
    """A download: pending or ready; `why` says what stopped it last."""

    id: str
    name: str
    source: str
    licence: str
    page: str
    folder: str
    files: tuple[RecordedFile, ...]
    state: str = PENDING
    why: str = ""

    def finished(self, path: str, found: str) -> "Record":
        """With the sha256 of a file that came."""
        files = tuple(replace(f, found=found) if f.path == path else f for f in self.files)
        return replace(self, files=files)


def record_of(offer: Offer, before: Record | None) -> Record:
    """A record of an offer; what an earlier one found of the same bytes stays found."""
    known = {f.path: f for f in before.files} if before else {}
    files = []
    for file in offer.files:
        old = known.get(file.path)
        found = old.found if old and old.identity == file.identity else ""
        files.append(
            RecordedFile(
                file.path, file.size, file.sha256, file.blob, file.validator, file.checked, found
            )
        )
    about = (offer.id, offer.name, offer.source, offer.licence, offer.page, offer.folder)
    return Record(*about, tuple(files))


class Journal:
    """The records in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, record: Record) -> None:
        """Refused where it cannot be written."""
        text = json.dumps({"version": VERSION, **asdict(record)}, indent=1)
        write_whole(self.file(record.id), text.encode())

    def read(self, id: str) -> Record | None:
        """None where there is none that can be read: then a download begins anew."""
        try:
            return _read(self.file(id))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def all(self) -> Iterator[Record]:
        """Every record that can be read, by name; refused where the folder cannot be."""
        try:
            names = sorted(p.name for p in self._folder.iterdir() if p.suffix == ".json")
        except FileNotFoundError:
            return
        except OSError as error:
            raise Refusal(f"The folder {self._folder} cannot be read.", "Allow it.") from error
        for name in names:
            if (record := self.read(name.removesuffix(".json"))) is not None:
                yield record

    def is_running(self, id: str) -> bool:
        """Whether a process is at a download now."""
        if not (place := self.lock(id)).exists():
            return False
        lock = Lock(place)
        try:
            return not lock.alone()
        finally:
            lock.close()

    def file(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def lock(self, id: str) -> Path:
        """The file that a running download holds."""
        return self._folder / f".{id}.lock"


def _read(file: Path) -> Record:
    with file.open("rb") as opened:
        fields = json.loads(opened.read(LARGEST))
    if fields.pop("version") != VERSION:
        raise ValueError("of another version")
    files = tuple(_file(entry) for entry in fields.pop("files"))
    record = Record(files=files, **fields)
    words = (record.name, record.source, record.licence, record.page, record.state, record.why)
    if not _all_text(words) or not is_plain_path(record.folder) or record.id != file.stem:
        raise ValueError("something else")
    return record


def _file(fields: Mapping[str, object]) -> RecordedFile:
    file = RecordedFile(**fields)  # type: ignore[arg-type]
    words = (file.path, file.sha256, file.blob, file.validator, file.checked, file.found)
    if not _all_text(words) or not is_plain_path(file.path):
        raise ValueError("a file outside its folder")
    if file.size is not None and type(file.size) is not int:
        raise ValueError("a size that is none")
    return file


def _all_text(words: Iterable[object]) -> bool:
    return all(isinstance(word, str) for word in words)
