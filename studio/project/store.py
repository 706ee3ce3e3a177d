"""The project folder: saved whole on every change, opened as it was left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.project.project import Project


class ProjectStore:
    """An open project folder.  The first to open it writes; whoever comes later reads.

    `project` is the project as loaded or last saved; `read_only` says that another window has it;
    `notice` is a sentence for the user when a damaged file made an older version the newest good.
    """

    folder: Path
    project: Project
    read_only: bool
    notice: str

    @classmethod
    def open(cls, folder: Path) -> ProjectStore:
        """Open `folder`, made when missing.  Refused when newer than this program or unreadable."""
        raise NotImplementedError

    @property
    def takes(self) -> Path:
        """The folder for a `TakeStore`."""
        return self.folder / "takes"

    def save(self, project: Project) -> None:
        """Write `project`; refused when read-only, or the disk is full.  Any thread may call."""
        raise NotImplementedError

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold the project exclusively, for eviction; gives False while others have it open."""
        raise NotImplementedError
        yield True

    def close(self) -> None:
        """Give the folder free.  Also: `with ProjectStore.open(...) as store`."""
        raise NotImplementedError

    def __enter__(self) -> ProjectStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
