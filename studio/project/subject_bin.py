"""The bin of the subjects: folders that wait a month, come back, or go for good."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from studio.project import subject_files
from studio.project.bin import days_left, is_over, today
from studio.project.files import is_real, to_refusal, write_whole
from studio.project.subject import Subject, checked_name
from studio.project.subject_files import move, name_of, same
from studio.project.subject_folders import SubjectFolders, check_idle
from studio.spec.refusal import Refusal

BINNED = ".binned"
"""In the folder of a subject in the bin: the day on which it was deleted."""


class SubjectBin(SubjectFolders):
    """Subjects that were deleted, by the names that they have in the bin."""

    def remove(self, name: str) -> str:
        """Put a subject, with all that it has, into the bin; gives the name that it has there.

        Also one that cannot be read.  Refused while it is being trained.
        """
        with self._changing():
            folder = self._folder(name)
            check_idle(folder)
            moved = move(folder, self.binned / folder.name)
            write_whole(moved / BINNED, today().encode())
            return name_of(moved)

    def bin(self) -> tuple[Subject, ...]:
        """What can be restored; what was thrown away twice is there twice, as "rex (2)".

        Of one whose file cannot be read nothing is known but its name.
        """
        with suppress(FileNotFoundError):
            folders = sorted(path for path in self.binned.iterdir() if path.is_dir())
            return tuple(read_known(folder) or Subject(name_of(folder), "") for folder in folders)
        return ()

    def restore(self, name: str) -> str:
        """Bring a subject back from the bin; gives its name, "rex (2)" where it is taken by now."""
        with self._changing():
            if not (self.binned / name).is_dir() or name != checked_name(name):
                raise Refusal(f"There is no subject “{name}” in the bin.")
            taken, back, number = self._folders(), name, 2
            while same(back) in taken:
                back, number = f"{name} ({number})", number + 1
            (self.binned / name / BINNED).unlink(missing_ok=True)
            return name_of(move(self.binned / name, self.folder / back))

    def delete(self, name: str) -> None:
        """Remove a subject of the bin for good: photos, versions, trainings."""
        with self._changing():
            folder = self.binned / name
            if not is_real(folder) or name != checked_name(name):
                raise Refusal(f"There is no subject “{name}” in the bin.")
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise to_refusal(error, folder) from error

    def days_left(self, name: str) -> int:
        """How long a subject stays in the bin."""
        return days_left(self._binned_on(self.binned / name), today())

    def expired(self) -> tuple[str, ...]:
        """The subjects that have been in the bin for a month."""
        day = today()
        return tuple(
            s.name for s in self.bin() if is_over(self._binned_on(self.binned / s.name), day)
        )

    def _binned_on(self, folder: Path) -> str:
        """The day on which a subject was deleted; of one that an older studio deleted it is noted
        when it is first asked for."""
        with suppress(OSError, ValueError):
            return (folder / BINNED).read_text("ascii").strip()
        with suppress(Refusal):
            write_whole(folder / BINNED, today().encode())
        return today()

    @property
    def binned(self) -> Path:
        """The bin: folders of subjects that were removed; moved one up they are back."""
        return self.folder / ".bin"


def read_known(folder: Path) -> Subject | None:
    """What is known of the subject in a folder; None where nothing can be read."""
    with suppress(Refusal):  # written by a newer studio
        return subject_files.read(folder)
    return None
