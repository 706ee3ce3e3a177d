"""The subjects of the studio on disk, the same for the window and the terminal."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from studio.project import subject_files
from studio.project.files import Aside, refused
from studio.project.lock import Lock
from studio.project.subject import Subject, checked_name
from studio.project.subject_files import move, name_of, same
from studio.spec.refusal import Refusal

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

        The same bytes twice are kept once.  Refused when the name is taken or cannot be one.
        """
        name = checked_name(subject.name)
        with self._changing():
            if taken := self._folders().get(same(name)):
                raise Refusal(
                    f"There is a subject called “{name_of(taken)}” already.",
                    "Choose another name, or add photos to that one.",
                )
            try:
                with Aside(self.folder / ".aside") as aside:
                    kept = subject_files.copied(photos, aside.path / "photos", subject.photos)
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

    def add_photos(self, name: str, photos: Sequence[Path]) -> Subject:
        """With copies of more photos."""
        with self._changing():
            subject = self.get(name)
            folder = self._folder(name)
            kept = subject_files.copied(photos, folder / "photos", subject.photos)
            return self._written(replace(subject, photos=kept))

    def remove_photo(self, name: str, identity: str) -> Subject:
        """Without that photo; its file goes to the subject's bin."""
        with self._changing():
            subject = self.get(name)
            folder = self._folder(name)
            gone = [photo for photo in subject.photos if photo.identity == identity]
            kept = tuple(photo for photo in subject.photos if photo.identity != identity)
            subject = self._written(replace(subject, photos=kept))
            for photo in gone:
                move(folder / "photos" / photo.file, folder / "bin" / photo.file)
            return subject

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

    def remove(self, name: str) -> None:
        """Put a subject, with all that it has, into the bin, from where it can be restored."""
        with self._changing():
            folder = self._folder(name)
            move(folder, self.binned / folder.name)

    def bin(self) -> tuple[str, ...]:
        """Names in the bin; one that was thrown away twice is there twice, as "rex (2)"."""
        with suppress(FileNotFoundError):
            return tuple(sorted(name_of(path) for path in self.binned.iterdir()))
        return ()

    def restore(self, name: str) -> Subject:
        """Bring a subject back from the bin; refused when its name is taken by now."""
        with self._changing():
            if self._folders().get(same(name)):
                raise Refusal(
                    f"There is a subject called “{name}” already.", "Rename that one first."
                )
            if name not in self.bin():
                raise Refusal(f"There is no subject “{name}” in the bin.")
            move(self.binned / name, self.folder / name)
        return self.get(name)

    def photo_paths(self, subject: Subject) -> tuple[Path, ...]:
        """Where the photos lie, in the order of `subject.photos`."""
        folder = self._folder(subject.name) / "photos"
        return tuple(folder / photo.file for photo in subject.photos)

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
            yield
        finally:
            lock.close()
