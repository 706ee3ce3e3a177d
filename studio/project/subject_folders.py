"""The folders of the subjects: found by name, changed by one at a time, held while one trains."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.project.files import check_real, is_real, sweep
from studio.project.lock import Lock
from studio.project.subject import METHODS
from studio.project.subject_files import name_of, same
from studio.spec.refusal import Refusal

TRAINING_LOCK = ".training.lock"
PATIENCE = 10.0
"""Seconds to wait while another process changes the same subjects."""


class SubjectFolders:
    """One folder per subject in `folder`; a subject is called what its folder is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Every subject's name, sorted as people sort."""
        found = (name_of(path) for path in self._folders().values())
        return tuple(sorted(found, key=lambda name: (name.casefold(), name)))

    @contextmanager
    def training(self, name: str) -> Iterator[Path]:
        """Hold a subject for its training, in all processes; gives the folder for that.

        Meanwhile nobody else trains, removes or renames it.  Refused while somebody else does, and
        where that folder or one in it is a link: a training removes what it no longer needs.
        """
        with self._changing():
            folder = self._folder(name)
            for place in ("", *METHODS):
                check_real(folder / "training" / place)
                check_real(folder / "training" / place / "checkpoints")
            lock = Lock(folder / TRAINING_LOCK)
            if not lock.alone():
                lock.close()
                raise _trains(folder)
        try:
            yield folder / "training"
        finally:
            lock.close()

    def is_training(self, name: str) -> bool:
        """Whether somebody trains that subject now, in this process or another."""
        lock = Lock(self._folder(name) / TRAINING_LOCK)
        try:
            return not lock.alone()
        finally:
            lock.close()

    def training_folder(self, name: str) -> Path:
        """Where the trainings of that subject keep their checkpoints, in a folder per method."""
        return self._folder(name) / "training"

    def _folders(self) -> dict[str, Path]:
        try:
            paths = [p for p in self.folder.iterdir() if p.is_dir() and p.name[0] != "."]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Refusal(
                f"The folder of the subjects {self.folder} cannot be read.",
                "Make it a folder that can be read, or move away what is there.",
            ) from error
        return {same(path.name): path for path in paths}

    def _folder(self, name: str) -> Path:
        folders = self._folders()
        if found := folders.get(same(name)):
            return found
        near = difflib.get_close_matches(same(name), folders, 3, 0.5)
        known = [name_of(folders[n]) for n in near] or self.names()[:5]
        hint = f"There is {', '.join(f'“{n}”' for n in known)}." if known else "Train one first."
        raise Refusal(f"There is no subject called “{name}”.", hint)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        lock = Lock(self.folder / ".lock")
        try:
            if not lock.wait_alone(PATIENCE):
                raise Refusal("Another window is changing the subjects.", "Try again in a moment.")
            for folder in filter(is_real, (self.folder, *self._folders().values())):
                sweep(folder)
                sweep(folder / "training")
            yield
        finally:
            lock.close()


def check_idle(folder: Path) -> None:
    """Refuse what must not happen to a subject while it is being trained."""
    lock = Lock(folder / TRAINING_LOCK)
    try:
        if not lock.alone():
            raise _trains(folder)
    finally:
        lock.close()  # before the folder moves: Windows moves none with an open file


def _trains(folder: Path) -> Refusal:
    return Refusal(
        f"“{name_of(folder)}” is being trained right now.",
        "Wait until that has ended, or stop it first.",
    )
