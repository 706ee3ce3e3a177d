"""The subjects of the studio on disk, the same for the window and the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from studio.project import samples, subject_files, subject_versions, trainings
from studio.project.files import StagingDir, to_refusal
from studio.project.subject import Subject, Version, checked_name
from studio.project.subject_bin import SubjectBin, read_known
from studio.project.subject_files import is_damaged, move, name_of, same
from studio.project.subject_folders import check_idle
from studio.project.trainings import Training
from studio.spec.meaning import adapted
from studio.spec.progress import Preview
from studio.spec.refusal import Refusal
from studio.spec.subjects import FEWEST_PHOTOS


@dataclass(frozen=True, slots=True)
class Learning:
    """What is kept of a subject's newest training: how it was begun (None where nothing is left to
    go on from), updates done, curve, samples; and all its versions."""

    training: Training | None = None
    step: int = 0
    losses: tuple[tuple[int, float], ...] = ()
    samples: dict[str, Preview] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()


class SubjectStore(SubjectBin):
    """One folder per subject in `folder`: subject.json, photos/, versions/, training/.

    A subject is called what its folder is called, so that renaming is one step.  Photos are kept
    with their original bytes, EXIF and all; they never leave this folder, and nothing here writes
    what they say about place and time anywhere else.
    """

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

    def restored(self) -> tuple[str, ...]:
        """Names of subjects whose newest file is damaged, so that an older one stands in."""
        damaged = set(self.damaged())
        folders = ((name_of(f), f) for f in self._folders().values())
        return tuple(n for n, f in sorted(folders) if n not in damaged and is_damaged(f))

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
                with StagingDir(self.folder) as staging:
                    kept = subject_files.copied(photos, staging.path / "photos")
                    if len(kept) < min(FEWEST_PHOTOS, len(photos)):
                        raise Refusal(
                            f"Of these {len(photos)} photos only {len(kept)} differ.",
                            f"A subject needs {FEWEST_PHOTOS} photos or more; add others.",
                        )
                    subject = replace(subject, name=name, photos=kept)
                    subject_files.write(staging.path, subject)
                    staging.commit(self.folder / name)
            except OSError as error:
                raise to_refusal(error, self.folder / name) from error
        return subject

    def add_photos(self, name: str, photos: Sequence[Path]) -> Subject:
        """With copies of more photos (read them before); those that are there are left out."""
        with self._changing():
            subject, folder = self.get(name), self._folder(name)
            known = {photo.identity for photo in subject.photos}
            added = subject_files.copied(photos, folder / "photos", known)
            return self._written(replace(subject, photos=(*subject.photos, *added)))

    def update(self, subject: Subject) -> Subject:
        """Write what changed of a subject: notes, class noun, consent..."""
        with self._changing():
            return self._written(subject)

    def add_adapter(
        self,
        name: str,
        adapter: Path,
        *,
        method: str,
        trained_steps: int,
        model: str = "",
        model_name: str = "",
        weights: tuple[tuple[str, str], ...] = (),
        network: str = "",
        words: tuple[str, ...] = (),
        move: bool = False,
    ) -> Subject:
        """With a trained adapter (a file or a folder) as the version in use with its model.

        Versions get new names; only the small subject.json is replaced, so that a clip being
        rendered keeps reading the one it began with.  With `move` the adapter leaves its place.
        """
        with self._changing():
            subject, folder = self.get(name), self._folder(name)
            subject, file = subject_versions.taken_in(folder, subject, adapter, move=move)
            version = Version(
                file.name,
                subject_versions.identity_of(file),
                method,
                trained_steps,
                model,
                model_name,
                adapted(weights),
                datetime.now(UTC).isoformat(timespec="seconds"),
                network,
                words,
            )
            subject_files.write(folder, subject.with_version(version), twice=True)
            return subject.with_version(version)

    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version that there is, oldest first, also of those of which nothing is written."""
        subject, folder = self.get(name), self._folder(name)
        found = (*subject.versions, *subject_versions.unlisted(folder, subject))
        return tuple(sorted(found, key=lambda version: version.file))

    def use_version(self, name: str, file: str) -> Subject:
        """With one of its `versions` in use with the model that it was trained for."""
        with self._changing():
            subject = self.get(name)
            version = next((v for v in self.versions(name) if v.file == file), None)
            if version is None or not (self._folder(name) / "versions" / file).exists():
                raise Refusal(f"“{name}” has no version {file}.", "Choose one that there is.")
            return self._written(subject.with_version(version))

    def has_whole(self, name: str, identity: str) -> bool:
        """Whether the subject has an adapter of that identity, its bytes as they were."""
        folder = self._folder(name)
        found = subject_versions.find(folder, read_known(folder), identity)
        return found is not None and subject_versions.identity_of(found) == identity

    def adapter_of(self, name: str, identity: str) -> Path:
        """The adapter with that identity, whatever the name means by now.

        A clip that was ordered is made with the training it was ordered with: also when the
        subject has been trained again since, or has another name.  Refused where it is gone.
        """
        folders = self._folders()
        first = folders.get(same(name))
        for folder in (*([first] if first else []), *(f for f in folders.values() if f != first)):
            if found := subject_versions.find(folder, read_known(folder), identity):
                return found
        if first:
            raise Refusal(
                f"“{name}” is not the same any more: the training that this was ordered with is "
                "gone.",
                "Order it again.",
            )
        raise Refusal(
            f"The subject “{name}” has been removed since this was ordered.",
            "Take it out of the bin, or order it with another one.",
        )

    def rename(self, name: str, new: str) -> Subject:
        """The same subject under another name; refused when that is taken or while it trains."""
        new = checked_name(new)
        with self._changing():
            folder = self._folder(name)
            taken = self._folders().get(same(new))
            if taken is not None and taken != folder:
                raise Refusal(
                    f"There is a subject called “{name_of(taken)}” already.",
                    "Choose another name.",
                )
            check_idle(folder)
            move(folder, self.folder / new)
        return self.get(new)

    def photo_paths(self, subject: Subject, *, in_bin: bool = False) -> tuple[Path, ...]:
        """Where the photos lie, in the order of `subject.photos`."""
        folder = self.binned / subject.name if in_bin else self._folder(subject.name)
        return tuple(folder / "photos" / photo.file for photo in subject.photos)

    def adapter_path(self, subject: Subject) -> Path:
        """Where the adapter chosen last lies; refused while there is none."""
        version = subject.version()
        if version is None:
            raise Refusal(f"The subject “{subject.name}” is not trained yet.", "Train it first.")
        path = self._folder(subject.name) / "versions" / version.file
        if not path.exists():
            raise Refusal(f"The adapter {path.name} of “{subject.name}” is gone.", "Train again.")
        return path

    def losses(self, name: str) -> tuple[tuple[int, float], ...]:
        """The (step, loss) pairs kept of the newest training; none where they cannot be read."""
        return subject_files.read_losses(self.training_folder(name))

    def keep_losses(self, name: str, losses: Sequence[tuple[int, float]]) -> None:
        """Keep the (step, loss) pairs of the newest training, in place of those before."""
        if losses:
            subject_files.write_losses(self.training_folder(name), losses)

    def samples(self, name: str) -> dict[str, Preview]:
        """What the newest training showed last, "still" and "moving"."""
        return samples.read(self.training_folder(name))

    def keep_samples(self, name: str, shown: Mapping[str, Preview]) -> None:
        """Keep samples of the newest training in place of those before."""
        samples.write(self.training_folder(name), shown)

    def standing(self, subject: Subject, method: str) -> tuple[Training | None, int]:
        """The training by that method as it was begun, and updates that its last state has seen.

        None where nothing is left to go on from.
        """
        folder = self.training_folder(subject.name) / method
        return trainings.read(folder, subject), trainings.step_of(folder)

    def learning(self, name: str) -> Learning:
        """Everything that is kept of its newest training by the method that it is trained with."""
        subject = self.get(name)
        version = subject.version()
        found = self.standing(subject, version.method if version else subject.method)
        return Learning(*found, self.losses(name), self.samples(name), self.versions(name))

    def _written(self, subject: Subject) -> Subject:
        subject_files.write(self._folder(subject.name), subject)
        return subject
