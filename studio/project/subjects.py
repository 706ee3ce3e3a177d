"""The subjects of the studio on disk, the same for the window and the terminal."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from studio.project import subject_files
from studio.project.files import Aside, is_real, refused, sweep
from studio.project.lock import Lock
from studio.project.subject import Subject, checked_name
from studio.project.subject_files import move, name_of, same
from studio.spec.refusal import Refusal
from studio.spec.subjects import FEWEST_PHOTOS

PATIENCE = 10.0
"""Seconds to wait while another process changes the same subjects."""


class SubjectStore:
    """One folder per subject in `folder`: subject.json, photos/, versions/, training/.

    A subject is called what its folder is called, so that renaming is one step.  Photos are kept
    with their original bytes, EXIF and all; they never leave this folder, and nothing here writes
    what they say about place and time anywhere else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Every subject's name, sorted as people sort."""
        found = (name_of(path) for path in self._folders().values())
        return tuple(sorted(found, key=lambda name: (name.casefold(), name)))

    def list(self) -> tuple[Subject, ...]:
        """Every subject that can be read.  `damaged()` names the others."""
        found = []
        for name in self.names():
            with suppress(Refusal):
                found.append(self.get(name))
        return tuple(found)

    def damaged(self) -> tuple[str, ...]:
        """Names of subjects whose file cannot be read; their photos and adapters are there."""
        readable = {subject.name for subject in self.list()}
        return tuple(name for name in self.names() if name not in readable)

    def get(self, name: str) -> Subject:
        """The subject with that name; refused, with the nearest names, where there is none."""
        folder = self._folder(name)
        if subject := subject_files.read(folder):
            return subject
        raise Refusal(
            f"What is known of the subject “{name}” cannot be read.",
            f"Its photos and versions are still in {folder}; it was left untouched.",
        )

    def adopt(self, subject: Subject, photos: Sequence[Path]) -> Subject:
        """Make `subject` with copies of `photos` (read them before: here nothing looks inside).

        The same bytes twice are kept once.  Refused when the name is taken or cannot be one, and
        when for that reason too few photos are left.
        """
        name = checked_name(subject.name)
        with self._changing():
            if taken := self._folders().get(same(name)):
                raise Refusal(
                    f"There is a subject called “{name_of(taken)}” already.",
                    "Choose another name.",
                )
            try:
                with Aside(self.folder) as aside:
                    kept = subject_files.copied(photos, aside.path / "photos")
                    if len(kept) < min(FEWEST_PHOTOS, len(photos)):
                        raise Refusal(
                            f"Of these {len(photos)} photos only {len(kept)} differ.",
                            f"A subject needs {FEWEST_PHOTOS} photos or more; add others.",
                        )
                    subject = replace(subject, name=name, photos=kept)
                    subject_files.write(aside.path, subject)
                    aside.become(self.folder / name)
            except OSError as error:
                raise refused(error, self.folder / name) from error
        return subject

    def update(self, subject: Subject) -> Subject:
        """Write what changed of a subject: notes, class noun, consent..."""
        with self._changing():
            return self._written(subject)

    def add_adapter(self, name: str, adapter: Path, *, method: str, trained_steps: int) -> Subject:
        """With a copy of a trained adapter (a file or a folder) as its newest version.

        Versions get new names; only the small subject.json is replaced, so that a clip being
        rendered keeps reading the one it began with.
        """
        with self._changing():
            subject, versions = self.get(name), self._folder(name) / "versions"
            kept = subject_files.copy_version(adapter, versions)
            subject = replace(
                subject,
                adapter=kept.name,
                identity=subject_files.identity_of(kept),
                method=method,
                trained_steps=trained_steps,
            )
            return self._written(subject)

    def rename(self, name: str, new: str) -> Subject:
        """The same subject under another name; refused when that is taken."""
        new = checked_name(new)
        with self._changing():
            folder = self._folder(name)
            taken = self._folders().get(same(new))
            if taken is not None and taken != folder:
                raise Refusal(
                    f"There is a subject called “{name_of(taken)}” already.",
                    "Choose another name.",
                )
            move(folder, self.folder / new)
        return self.get(new)

    def remove(self, name: str) -> str:
        """Put a subject, with all that it has, into the bin; gives the name that it has there."""
        with self._changing():
            folder = self._folder(name)
            return name_of(move(folder, self.binned / folder.name))

    def bin(self) -> tuple[Subject, ...]:
        """What can be restored; what was thrown away twice is there twice, as "rex (2)".

        Of one whose file cannot be read nothing is known but its name.
        """
        with suppress(FileNotFoundError):
            folders = sorted(path for path in self.binned.iterdir() if path.is_dir())
            return tuple(_read(folder) or Subject(name_of(folder), "") for folder in folders)
        return ()

    def restore(self, name: str) -> str:
        """Bring a subject back from the bin; gives its name, "rex (2)" where it is taken by now."""
        with self._changing():
            if not (self.binned / name).is_dir() or name != checked_name(name):
                raise Refusal(f"There is no subject “{name}” in the bin.")
            taken, back, number = self._folders(), name, 2
            while same(back) in taken:
                back, number = f"{name} ({number})", number + 1
            return name_of(move(self.binned / name, self.folder / back))

    def photo_paths(self, subject: Subject, *, in_bin: bool = False) -> tuple[Path, ...]:
        """Where the photos lie, in the order of `subject.photos`."""
        folder = self.binned / subject.name if in_bin else self._folder(subject.name)
        return tuple(folder / "photos" / photo.file for photo in subject.photos)

    def adapter_path(self, subject: Subject) -> Path:
        """Where the adapter in use lies; refused while there is none."""
        path = self._folder(subject.name) / "versions" / subject.adapter
        if not subject.is_trained:
            raise Refusal(f"The subject “{subject.name}” is not trained yet.", "Train it first.")
        if not path.exists():
            raise Refusal(f"The adapter {path.name} of “{subject.name}” is gone.", "Train again.")
        return path

    def training_folder(self, name: str) -> Path:
        """Where a training of that subject keeps its checkpoints."""
        return self._folder(name) / "training"

    def losses(self, name: str) -> tuple[tuple[int, float], ...]:
        """The (step, loss) pairs kept of the newest training; none where they cannot be read."""
        return subject_files.read_losses(self.training_folder(name))

    def keep_losses(self, name: str, losses: Sequence[tuple[int, float]]) -> None:
        """Keep the (step, loss) pairs of the newest training, in place of those before."""
        if losses:
            subject_files.write_losses(self.training_folder(name), losses)

    @property
    def binned(self) -> Path:
        """The bin: folders of subjects that were removed; moved one up they are back."""
        return self.folder / ".bin"

    def _folders(self) -> dict[str, Path]:
        with suppress(FileNotFoundError):
            paths = [p for p in self.folder.iterdir() if p.is_dir() and p.name[0] != "."]
            return {same(path.name): path for path in paths}
        return {}

    def _folder(self, name: str) -> Path:
        folders = self._folders()
        if found := folders.get(same(name)):
            return found
        near = difflib.get_close_matches(same(name), folders, 3, 0.5)
        known = [name_of(folders[n]) for n in near] or self.names()[:5]
        hint = f"There is {', '.join(f'“{n}”' for n in known)}." if known else "Train one first."
        raise Refusal(f"There is no subject called “{name}”.", hint)

    def _written(self, subject: Subject) -> Subject:
        subject_files.write(self._folder(subject.name), subject)
        return subject

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


def _read(folder: Path) -> Subject | None:
    with suppress(Refusal):  # written by a newer studio
        return subject_files.read(folder)
    return None
