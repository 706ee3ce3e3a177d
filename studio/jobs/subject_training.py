"""Photos of a subject to a version of it: begun, gone on with or learned on from."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.jobs.engine_imports import WITH_SUBJECTS, fetch
from studio.jobs.job import Job
from studio.jobs.payloads import TrainingPayload
from studio.jobs.training_time import TrainingTime
from studio.library import models as library
from studio.project import trainings
from studio.project.plain import from_plain, to_plain
from studio.project.subject import Subject
from studio.project.subject_versions import identity_of
from studio.project.subjects import SubjectStore
from studio.project.trainings import Training
from studio.spec.card import Card
from studio.spec.meaning import adapted
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import SubjectDefaults
from studio.spec.subjects import READING

if TYPE_CHECKING:
    import numpy as np

    from studio.engine.subjects.student import Student
    from studio.engine.subjects.subject_spec import SubjectSpec, TrainedSubject
    from studio.jobs.model_cache import ModelCache
    from studio.jobs.planner import Planner

LONGEST, LARGEST = 1024, 2048
"""Pixels of a photo's longer side that are read, and for models of large pictures."""
FINE = 512
"""Pixels of a side that need no larger photos."""


def order(
    subject: str,
    method: str,
    steps: int,
    model: library.Model,
    *,
    anew: bool = False,
    size: int = 0,
) -> dict[str, object]:
    """The payload of a training: up to so many updates, 0 for those it was begun with.

    It names the model by its hashes: what waits is not trained for another one.  Refused where it does
    not learn by that method.
    """
    model.card.subjects.check(model.card.name, method)
    mark = secrets.token_hex(8) if anew else ""
    weights = adapted(model.weights)
    return to_plain(TrainingPayload(subject, method, steps, model.card.id, weights, mark, size))


def train(
    store: SubjectStore,
    models: ModelCache,
    folders: Iterable[Path],
    job: Job,
    tick: Tick,
    read: MutableMapping[str, np.ndarray] | None = None,
    planner: Planner | None = None,
) -> dict:
    """Do the job that `order` describes; the subject can be used when this returns.

    `read` holds photos by identity that were read before, within `LONGEST`; they are taken out.
    """
    payload = from_plain(TrainingPayload, job.payload)
    subject = store.get(payload.subject)
    model = _model(payload, folders)
    ordered = trainings.wanted(
        subject,
        payload.method,
        payload.steps,
        model.card.id,
        model.card.name,
        model.weights,
        payload.anew,
        payload.size,
    )
    with store.training(subject.name) as place:
        folder = place / ordered.method
        earlier = trainings.read(folder, subject)
        training, goes_on = trainings.decided(
            subject.name, earlier, ordered, model.card.subjects.steps
        )
        longest = LONGEST if _side(model.card, training) <= FINE else LARGEST
        steps = training.steps - (trainings.step_of(folder) if goes_on else 0)
        spent = TrainingTime(_took(planner, model, training.method), steps)
        tell = lambda progress: tick(spent.with_later(progress))  # noqa: E731
        photos = _photos(store, subject, {} if read is None else read, longest, tell)
        if not goes_on:
            trainings.forget(folder)
        recorder = _Recorder(tell, folder, training)
        try:
            student = models.student(model, tick)
            taken = _steps_taken(planner, models, model, training)
            lesson = (student, photos, subject, training, folder, model.card.subjects)
            trained = _learned(*lesson, recorder.tick, taken)
        finally:
            with suppress(Refusal):
                recorder.keep(store, subject.name)
        _kept(store, subject.name, training, trained, model)
        if planner and len(recorder.times) > 1:
            pace = recorder.measured().pace
            planner.trained(model.card.id, training.method, pace, spent.stages)
        trainings.write(folder, replace(recorder.measured(), identity=trained.identity))
    return {"losses": list(trained.losses), "notes": list(trained.notes)}


def _took(
    planner: Planner | None, model: library.Model, method: str
) -> Callable[[str], float | None]:
    """What is known of how long such a training's stages and steps take here."""
    if planner is None:
        return lambda _: None
    return lambda stage: planner.training_took(model.card.id, method, stage)


def _model(payload: TrainingPayload, folders: Iterable[Path]) -> library.Model:
    """The model that was promised; refused where its weights have changed since."""
    model = library.find(payload.model, folders)
    if payload.weights and payload.weights != adapted(model.weights):
        raise Refusal(
            f"{model.card.name} has been changed since this training was ordered.",
            "Order the training again.",
        )
    return model


def _side(card: Card, training: Training) -> int:
    """Pixels of a side of what is learned."""
    return training.size or card.subjects.size or min(card.size)


def _photos(
    store: SubjectStore,
    subject: Subject,
    read: MutableMapping[str, np.ndarray],
    longest: int,
    tick: Tick,
) -> list[np.ndarray]:
    """The photos as they were brought: a damaged one teaches nothing by accident."""
    from studio.media.photo import open_photo

    paths, found = store.photo_paths(subject), []
    for photo, path in zip(subject.photos, paths, strict=True):
        tick(Progress(READING, len(found), len(paths), note=photo.name))
        there = None
        with suppress(FileNotFoundError):
            if photo.identity and identity_of(path) != photo.identity:
                raise Refusal(
                    f"The photo {photo.name} of “{subject.name}” is damaged.",
                    f"Put a copy of it back in its place: {path}",
                )
            there = read.pop(photo.identity, None)
        there = there if longest == LONGEST else None
        found.append(open_photo(path, longest=longest, tick=tick) if there is None else there)
    return found


def _learned(
    student: Student,
    photos: list[np.ndarray],
    subject: Subject,
    training: Training,
    folder: Path,
    defaults: SubjectDefaults,
    tick: Tick,
    taken: int,
) -> TrainedSubject:
    train_subject = fetch(*WITH_SUBJECTS).train_subject

    spec = replace(spec_of(training.method, defaults), class_noun=subject.class_noun)
    spec = replace(spec, token=subject.token, steps=training.steps, size=training.size or None)
    how = {"keep_last": True, "defaults": defaults, "steps_taken": taken}
    return train_subject(student, photos, spec, folder, tick, **how)


def spec_of(method: str, defaults: SubjectDefaults) -> SubjectSpec:
    """How a subject is trained by a method, as the model's card has it."""
    from studio.engine.subjects.subject_spec import SubjectSpec

    chosen: Any = method
    return SubjectSpec(
        "thing",
        method=chosen,
        rank=defaults.rank,
        alpha=float(defaults.rank),
        prior_pictures=defaults.prior_pictures,
    )


def _steps_taken(
    planner: Planner | None, models: ModelCache, model: library.Model, training: Training
) -> int:
    """How far down the ladder it begins: on a card, and where there is a budget to keep to."""
    if planner is None or (planner.budget is None and models.device().name == "cpu"):
        return 0
    plan = planner.plan_training(model, training.method, training.steps, training.size)
    return len(plan.steps) if plan else 0


def _kept(
    store: SubjectStore,
    name: str,
    training: Training,
    trained: TrainedSubject,
    model: library.Model,
) -> None:
    """Among the versions, and nowhere else; drafts that older studios left go."""
    store.add_adapter(
        name,
        trained.file,
        method=training.method,
        trained_steps=training.steps,
        model=model.card.id,
        model_name=model.card.name,
        weights=model.weights,
        network=model.card.network,
        move=True,
    )
    for left in trained.file.parent.glob("adapter*"):
        with suppress(OSError):
            left.unlink()


@dataclass
class _Recorder:
    """Records a training's losses, pace and samples; its first tick writes the training down."""

    listener: Tick
    folder: Path
    training: Training
    is_written: bool = False
    losses: list[tuple[int, float]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    samples: dict[str, Preview] = field(default_factory=dict)

    def tick(self, progress: Progress) -> None:
        if progress.loss is not None:
            self.losses.append((progress.step, progress.loss))
            self.times.append(time.monotonic())
        if shown := progress.preview:
            self.samples["moving" if shown.frames > 1 else "still"] = shown
        if not self.is_written:
            trainings.write(self.folder, self.training)
            self.is_written = True
        self.listener(progress)

    def measured(self) -> Training:
        """The training with the pace that it had, samples and all."""
        if len(self.times) < 2:
            return self.training
        pace = (self.times[-1] - self.times[0]) / (len(self.times) - 1)
        return replace(self.training, pace=round(pace, 4))

    def keep(self, store: SubjectStore, name: str) -> None:
        """Curve and samples outlive the job."""
        if self.losses:
            trainings.write(self.folder, self.measured())
            first = self.losses[0][0]
            before = [loss for loss in store.losses(name) if loss[0] < first]
            store.keep_losses(name, [*before, *self.losses])
        if self.samples:
            store.keep_samples(name, self.samples)
