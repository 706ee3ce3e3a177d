"""The project folder: saved whole on every change, opened as it was left."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.durable import retry_while_locked
from studio.project.files import is_real, read_whole, sweep, to_refusal, write_whole
from studio.project.lock import Lock
from studio.project.plain import LARGEST, from_plain, parsed, to_plain
from studio.project.project import Project
from studio.project.vouching import HASH, checked, newer, vouched
from studio.spec.refusal import Refusal

VERSION = 3
"""Since 2 with a hash of itself, since 3 with a timeline."""
READERS = ".readers.lock"
IN_USE = Refusal("This project is open in another window.", "Close that one first.")
UNWRITABLE = Refusal("This project’s folder cannot be written.", "Allow writing there first.")
KEPT = 8
"""Previous versions kept beside the newest."""

MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: dict, 2: dict}
"""From a version to the next one, plain data to plain data.  The first had no hash of itself, the
second no timeline: theirs is empty, and nothing of what they hold changes."""

_VERSION_FILE = re.compile(r"project-([0-9]{6,12})\.json")


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Keep a project folder from being tidied up while its takes are read; made when missing.

    Refused while somebody is tidying it.
    """
    lock = Lock(folder / READERS)
    try:
        _share(lock, folder)
        yield
    finally:
        lock.close()


def look_at(folder: Path) -> Project:
    """The project in a folder, without opening it: whoever works on it goes on.

    Hold `reading` meanwhile.  Refused when nothing in it can be read.
    """
    file = folder / "project.json"
    older = sorted((folder / "versions").glob("project-*.json"), reverse=True)
    for path in (file, *older):
        with suppress(OSError, ValueError):
            whole = parsed(read_whole(path, LARGEST))
            version = newer(whole, VERSION)
            return _of_newer(whole, version) if version else _decoded(whole)
    raise Refusal(f"The project file {file} cannot be read.", "Put a copy of it back.")


class ProjectStore:
    """An open project folder.  The first to open it writes; whoever comes later reads.

    `project` is the project as loaded or last saved; `only_read` says why it cannot be saved:
    another window has it, the folder cannot be written, or a newer studio saved it; `notice` is a
    sentence for the user when the file was damaged and an older version is offered in its place,
    else "".
    """

    def __init__(self, folder: Path, *, anew: bool = False) -> None:
        """Open `folder`, made when missing.  Nothing in it is changed before the first `save`.

        Refused when nothing in it can be read, or while another window is tidying it.  With `anew`
        a project in which nothing can be read is offered empty instead, for there must be one to
        start with.
        """
        self.folder = folder
        self._anew = anew
        self.notice = ""
        self._saving = threading.Lock()
        self._readers = Lock(folder / READERS)
        try:
            self._writer = Lock(folder / ".writer.lock")
        except BaseException:
            self._readers.close()
            raise
        try:
            _share(self._readers, folder)
            self.only_read = None if self._writer.writable else UNWRITABLE
            if self.only_read is None and not self._writer.alone():
                self.only_read = IN_USE
            self._damaged = False
            self._number = max(self._versions(), default=0)
            self.project = self._load()
        except BaseException:
            self.close()
            raise

    @property
    def read_only(self) -> bool:
        """Whether it can be looked at only."""
        return self.only_read is not None

    @property
    def file(self) -> Path:
        """The project as last saved."""
        return self.folder / "project.json"

    @property
    def takes(self) -> Path:
        """The folder for a `TakeStore`."""
        return self.folder / "takes"

    def save(self, project: Project) -> None:
        """Write `project`; it and a few older ones stay in `versions/`.  Any thread may call.

        Refused when the project is read-only or the disk is full; then the file is as it was.
        """
        if self.only_read is not None:
            raise Refusal(self.only_read.what, self.only_read.hint)
        with self._saving:
            if project == self.project and self.file.exists() and not self._damaged:
                return
            data = _encoded(project)
            try:
                self._keep_damaged()
                write_whole(self._version(self._number + 1), data, known_as=self.file)
                self._number += 1
                write_whole(self.file, data)
                self.project = project
                self._tidy()
            except OSError as error:
                raise to_refusal(error, self.file) from error

    def forget_older(self) -> None:
        """Remove every version before the newest, and files that were kept as damaged."""
        with self._saving:
            for number in self._versions():
                if number < self._number:
                    self._version(number).unlink(missing_ok=True)
            for file in self.folder.glob("project.damaged-*.json"):
                file.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the project exclusively, for eviction; gives False while others have it open."""
        try:
            yield not self.read_only and self._readers.alone()
        finally:
            self._readers.share()

    def close(self) -> None:
        """Give the folder free.  Also: `with ProjectStore(folder) as store`."""
        self._writer.close()
        self._readers.close()

    def __enter__(self) -> ProjectStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self) -> Project:
        if not self.file.exists() and not self._versions():
            return Project(name=self.folder.name)
        try:
            return self._read(self.file)
        except (OSError, ValueError) as error:
            return self._offered(error)

    def _read(self, file: Path) -> Project:
        """The project in a file; one of a newer studio is looked at and left as it is."""
        whole = parsed(read_whole(file, LARGEST))
        version = newer(whole, VERSION)
        if not version:
            return _decoded(whole)
        project = _of_newer(whole, version)
        self.only_read = _newer(version)
        self._writer.free()
        return project

    def _offered(self, error: Exception) -> Project:
        """The newest good older version, in place of a file that is damaged or gone."""
        for number in sorted(self._versions(), reverse=True):
            with suppress(OSError, ValueError):
                project = self._read(self._version(number))
                return self._in_place_of_damaged(project, "this is the newest version saved before")
        if self._anew:
            empty = Project(name=self.folder.name)
            return self._in_place_of_damaged(empty, "a new one begins")
        raise Refusal(
            f"The project file {self.file} cannot be read.",
            "It was left untouched; put a copy of it back, or open another folder.",
        ) from error

    def _in_place_of_damaged(self, project: Project, this: str) -> Project:
        self._damaged = True
        self.notice = (
            f"The project file of “{self.folder.name}” was damaged; {this}. "
            "The damaged file is kept beside it."
        )
        return project

    def _keep_damaged(self) -> None:
        if not self._damaged:
            return
        taken = {path.name for path in self.folder.iterdir()}
        name = next(n for i in range(1, 10**6) if (n := f"project.damaged-{i}.json") not in taken)
        with suppress(FileNotFoundError):  # it was gone rather than damaged
            retry_while_locked(lambda: self.file.rename(self.folder / name))
        self._damaged = False

    def _versions(self) -> list[int]:
        folder = self.folder / "versions"
        try:
            names = [path.name for path in folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise to_refusal(error, folder) from error
        return [int(m[1]) for name in names if (m := _VERSION_FILE.fullmatch(name))]

    def _version(self, number: int) -> Path:
        return self.folder / "versions" / f"project-{number:06d}.json"

    def _tidy(self) -> None:
        """Keep only the newest versions, and nothing that a killed save left."""
        for folder in (self.folder, self.folder / "versions"):
            sweep(folder)
        if not is_real(self.folder / "versions"):
            return  # what lies behind a link is not this project's
        for number in sorted(self._versions())[: -KEPT - 1]:
            with suppress(OSError):  # it goes next time
                self._version(number).unlink()


def _share(readers: Lock, folder: Path) -> None:
    if not readers.share():
        raise Refusal(f"“{folder.name}” is being tidied up.", "Try again in a moment.")


def _encoded(project: Project) -> bytes:
    """The file of a project; refused where it could not be opened again."""
    try:
        whole = vouched({"version": VERSION, **to_plain(project)})
        text = json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False)
        data = text.encode(errors="surrogatepass")  # a pasted half of an emoji must not stop a save
        _decoded(parsed(data))
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(
            f"The project cannot be saved as it is: {error}.", "Undo the last change."
        ) from error
    return data


def _decoded(whole: Any) -> Project:
    whole = checked(whole, 2)
    version = whole.pop("version")
    for step in range(version, VERSION):
        whole = MIGRATIONS[step](whole)
    return from_plain(Project, whole)


def _of_newer(whole: dict[str, Any], version: int) -> Project:
    """What this program knows of a newer one's project; refused where that is nothing, or no longer
    means the same."""
    try:
        if "shots" not in whole:
            raise ValueError("no shots")
        return from_plain(Project, {k: v for k, v in whole.items() if k not in ("version", HASH)})
    except ValueError as error:
        raise _newer(version) from error


def _newer(version: int) -> Refusal:
    what = f"This project was saved by a newer studio (format {version})."
    return Refusal(what, "Update the studio; the project was left as it is.")
