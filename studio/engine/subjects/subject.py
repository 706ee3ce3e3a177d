"""Photos to subject: LoRA or DreamBooth with prior preservation, resumable bit for bit."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.engine.lora import adapter, adapter_file
from studio.engine.lora.adapter import frozen
from studio.engine.lora.adapter_file import Label
from studio.engine.subjects import checkpoint, dataset, loop
from studio.engine.subjects.learning import CHECKPOINTS, Lesson, learned, size_of
from studio.engine.subjects.loop import Plan, RunIdentity
from studio.engine.subjects.student import Student
from studio.engine.subjects.subject_spec import SubjectSpec, TrainedSubject
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import ANY_MODEL, SubjectDefaults
from studio.spec.subjects import LEARNING

PREPARED = "prepared.safetensors"
MOST_SAMPLES = 10
"""Samples in a long training: on a processor each takes as long as ten steps."""


def train_subject(
    student: Student,
    photos: list[np.ndarray],
    spec: SubjectSpec,
    folder: Path,
    tick: Tick = silent,
    *,
    resume: bool = True,
    keep_last: bool = False,
    defaults: SubjectDefaults = ANY_MODEL,
    steps_taken: int = 0,
) -> TrainedSubject:
    """Teach a model the subject on `photos` (3 to 30, uint8 (H, W, 3)); the adapter is a file.

    Checkpoints lie in `folder`; a run killed and resumed gives the adapter of the unbroken run,
    byte for byte on the same CPU and thread count.  With `keep_last` the state at the end stays
    there, from which a later call learns on: up to more steps, also from other photos.  The
    model's own weights are those of before, after a cancel or an error too.  Every second sample
    is a still, the others move where the model can.  `defaults` are the model's: they go
    with its weights, and so are in no recipe of their own.  Where memory is short, it goes on from its
    last step in ever lighter ways (`studio.spec.plan.steps.LEARNING`), of which `steps_taken` are
    taken from the first on.  Raises `Refusal` when the photos are too few or too many, when the model
    does not learn by that method, when `folder` holds another training that was stopped,
    when the disk is full and when the loss is no longer a number.
    """
    spec = _settled(spec, defaults)
    _check(spec, student)
    dataset.check(photos)
    prompts, notes = dataset.prior_prompts(spec.class_noun, spec.prior_pictures, defaults)
    label = _label(spec, adapter_file.weights_identity(*student.networks.values()))
    if not resume:
        _start_anew(folder)
    plan, run = _plan(spec, defaults), _run_identity(photos, spec, label, student.device.name)
    loop.check_goes_on(folder / CHECKPOINTS, plan, run)
    with frozen(*student.networks.values(), *student.idle):
        data = dataset.prepare_once(
            folder / PREPARED,
            (run.material, _recipe(photos, spec, label)),
            student,
            photos,
            spec.prompt,
            prompts,
            seed=spec.seed,
            crops=spec.crops,
            mirror=spec.mirror,
            augmentation=defaults.paths,
            size=size_of(student, spec, defaults),
            tick=tick,
        )
        lesson = Lesson(student, spec, data, plan, run, folder, tick, defaults)
        average, losses = learned(lesson, steps_taken)
    file, digest = _write(folder, average, label, student)
    if keep_last:
        checkpoint.keep_newest(folder / CHECKPOINTS)
    else:
        _start_anew(folder)  # the checkpoints are several adapters large
    return TrainedSubject(file, digest, label, tuple(losses), tuple(notes))


def _settled(spec: SubjectSpec, defaults: SubjectDefaults) -> SubjectSpec:
    """With the model's own batch where none is chosen, and few samples however long it is."""
    every = max(spec.preview_every, spec.steps // MOST_SAMPLES)
    return replace(
        spec, batch=defaults.batch if spec.batch is None else spec.batch, preview_every=every
    )


def _label(spec: SubjectSpec, identity: str) -> Label:
    lora = spec.method == "lora"
    rank, alpha = (spec.rank, spec.alpha) if lora else (0, 0.0)
    return Label(spec.method, rank, alpha, spec.token, spec.class_noun, identity)


def _check(spec: SubjectSpec, student: Student) -> None:
    if spec.method not in ("lora", "dreambooth"):
        raise Refusal(f'There is no method "{spec.method}".', "Use lora or dreambooth.")
    if spec.method not in student.methods:
        raise Refusal("This model is not trained by DreamBooth here.", "Train it by LoRA.")
    if min(spec.steps, spec.batch or 0, spec.rank, spec.prior_pictures) < 1:
        raise Refusal("Steps, batch, rank and prior pictures must all be 1 or more.", "")
    if not spec.token.strip() or not spec.class_noun.strip():
        raise Refusal("A subject needs a token and a class noun.", 'For example "sks" and "dog".')


def _recipe(photos: list[np.ndarray], spec: SubjectSpec, label: Label) -> str:
    """A hash of all that decides the adapter's bytes."""
    only_shown = ("checkpoint_seconds", "preview_every")
    meant = {k: v for k, v in spec.meant().items() if k not in only_shown}
    digest = hashlib.blake2b(json.dumps(meant, sort_keys=True).encode(), digest_size=16)
    digest.update(label.backbone.encode())
    for photo in photos:
        digest.update(f"{photo.shape}".encode() + np.ascontiguousarray(photo).tobytes())
    return digest.hexdigest()


def _run_identity(
    photos: list[np.ndarray], spec: SubjectSpec, label: Label, device: str
) -> RunIdentity:
    """Hashes of the run; the number of steps is the plan's."""
    any_length = replace(spec, steps=0)
    way, material = _recipe([], any_length, label), _recipe(photos, any_length, label)
    return RunIdentity(way, material, device)


def _start_anew(folder: Path) -> None:
    (folder / PREPARED).unlink(missing_ok=True)
    checkpoint.forget(folder / CHECKPOINTS)


def _plan(spec: SubjectSpec, defaults: SubjectDefaults) -> Plan:
    return Plan(
        LEARNING,
        spec.steps,
        rate=spec.rate or defaults.rate(spec.method),
        warmup=10,
        final_rate=0.1,
        decay=0.0,
        ema=0.0,
        checkpoint_seconds=spec.checkpoint_seconds,
    )


def _write(
    folder: Path, average: dict[str, Tensor], label: Label, student: Student
) -> tuple[Path, str]:
    """The adapter under a name of its own: an older one may be open."""
    tensors = {}
    for name, value in average.items():
        part, _, rest = name.replace(f".{adapter.NAME}.", ".").partition(".")
        kept = value if label.method == "lora" else value.half()
        tensors[adapter_file.file_name(part, rest)] = kept.detach().cpu().contiguous()
    if not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
        raise Refusal("The trained weights are no longer numbers.", "Use a lower learning rate.")
    targets = student.targets
    used = {part: targets[part] for part in targets if any(k.startswith(part) for k in tensors)}
    return adapter_file.write_adapter(folder, tensors, label, used)
