"""Photos to subject: LoRA or DreamBooth with prior preservation, resumable bit for bit."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine import adapter, adapter_file
from studio.engine.adapter import frozen
from studio.engine.adapter_file import Label
from studio.engine.backbone import Backbone
from studio.engine.device import in_half
from studio.engine.noise import noise
from studio.engine.subjects import checkpoint, dataset, loop
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.loop import Plan, RunIdentity, fit
from studio.engine.subjects.subject_spec import SubjectSpec, TrainableNetworks, TrainedSubject
from studio.spec.progress import Preview, Progress, Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import ANY_MODEL, SubjectDefaults

TARGETS = {
    "unet": ("to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2"),
    "text_encoder": ("q_proj", "k_proj", "v_proj", "out_proj"),
}
PREPARED, CHECKPOINTS = "prepared.safetensors", "checkpoints"


def train_subject(
    backbone: Backbone,
    photos: list[np.ndarray],
    spec: SubjectSpec,
    folder: Path,
    tick: Tick = silent,
    *,
    resume: bool = True,
    keep_last: bool = False,
    moving: Callable[[TrainableNetworks], Preview] | None = None,
    defaults: SubjectDefaults = ANY_MODEL,
) -> TrainedSubject:
    """Teach `backbone` the subject on `photos` (3 to 30, uint8 (H, W, 3)); the adapter is a file.

    Checkpoints lie in `folder`; a run killed and resumed gives the adapter of the unbroken run,
    byte for byte on the same CPU and thread count.  With `keep_last` the state at the end stays
    there, from which a later call learns on: up to more steps, also from other photos.  The
    backbone's own weights are those of before, after a cancel or an error too.  Every second sample
    is a still, the others come from `moving` where it is given.  `defaults` are the model's: they go
    with its weights, and so are in no recipe of their own.  Raises `Refusal` when the photos
    are too few or too many, when `folder` holds another training that was stopped, when the disk is
    full and when the loss is no longer a number.
    """
    spec = replace(spec, batch=defaults.batch if spec.batch is None else spec.batch)
    _check(spec)
    dataset.check(photos)
    prompts, notes = dataset.prior_prompts(spec.class_noun, spec.prior_pictures, defaults)
    identity = adapter_file.weights_identity(backbone.unet, backbone.text_encoder)
    label = Label(spec.method, spec.rank, spec.alpha, spec.token, spec.class_noun, identity)
    if spec.method == "dreambooth":
        label = replace(label, rank=0, alpha=0.0)
    if not resume:
        _start_anew(folder)
    plan, run = _plan(spec, defaults), _run_identity(photos, spec, label, backbone.device.name)
    loop.check_goes_on(folder / CHECKPOINTS, plan, run)
    with frozen(backbone.unet, backbone.text_encoder, backbone.vae):
        data = dataset.prepare_once(
            folder / PREPARED,
            (run.material, _recipe(photos, spec, label)),
            backbone,
            photos,
            spec.prompt,
            prompts,
            seed=spec.seed,
            crops=spec.crops,
            mirror=spec.mirror,
            augmentation=defaults.paths,
            tick=tick,
        )
        with _trainable(backbone, spec) as networks:
            shown = _with_samples(tick, spec, _sampler(backbone, networks, spec, moving))
            loss_at = _loss(backbone, networks, data, spec, defaults)
            average, losses = _learn(networks, loss_at, plan, run, folder, shown)
    file, digest = _write(folder, average, label)
    if keep_last:
        checkpoint.keep_newest(folder / CHECKPOINTS)
    else:
        _start_anew(folder)  # the checkpoints are several adapters large
    return TrainedSubject(file, digest, label, tuple(losses), tuple(notes))


def _check(spec: SubjectSpec) -> None:
    if spec.method not in ("lora", "dreambooth"):
        raise Refusal(f'There is no method "{spec.method}".', "Use lora or dreambooth.")
    if min(spec.steps, spec.batch or 0, spec.rank, spec.prior_pictures) < 1:
        raise Refusal("Steps, batch, rank and prior pictures must all be 1 or more.", "")
    if not spec.token.strip() or not spec.class_noun.strip():
        raise Refusal("A subject needs a token and a class noun.", 'For example "sks" and "dog".')


def _recipe(photos: list[np.ndarray], spec: SubjectSpec, label: Label) -> str:
    """A hash of all that decides the adapter's bytes."""
    only_shown = ("checkpoint_seconds", "preview_every")
    meant = {k: v for k, v in asdict(spec).items() if k not in only_shown}
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


@contextmanager
def _trainable(backbone: Backbone, spec: SubjectSpec) -> Iterator[TrainableNetworks]:
    parts = adapter.PARTS if spec.tune_text else ("unet",)
    resident = {part: getattr(backbone, part) for part in adapter.PARTS}
    if spec.method == "dreambooth":
        for part in parts:  # copies: the resident weights never learn
            resident[part] = deepcopy(resident[part]).float().requires_grad_(True)
        yield TrainableNetworks(**resident)
        return
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(adapter.widened(resident[part], backbone.device.frozen_dtype))
            config = LoraConfig(
                r=spec.rank,
                lora_alpha=spec.alpha,  # type: ignore[arg-type]
                target_modules=list(TARGETS[part]),
            )
            adapter.inject_lora(resident[part], config, spec.seed)
            stack.callback(adapter.remove_lora, resident[part])
            for parameter in resident[part].parameters():
                if parameter.requires_grad:
                    parameter.data = parameter.data.float()
        yield TrainableNetworks(**resident)


def _learn(
    networks: TrainableNetworks,
    loss_at: Callable[[int], Tensor],
    plan: Plan,
    run: RunIdentity,
    folder: Path,
    tick: Tick,
) -> tuple[dict[str, Tensor], list[float]]:
    """The tuned weights, and the losses of the steps done now."""
    net = nn.ModuleDict({"unet": networks.unet, "text_encoder": networks.text_encoder})
    losses: list[float] = []

    def recording(progress: Progress) -> None:
        if progress.loss is not None:
            losses.append(progress.loss)
        tick(progress)

    average = fit(net, loss_at, plan, folder / CHECKPOINTS, tick=recording, identity=run)
    return average, losses


def _with_samples(tick: Tick, spec: SubjectSpec, sample: Callable[[int], Preview]) -> Tick:
    """A tick with a sample every `preview_every` steps, and at the end."""

    def sampling(progress: Progress) -> None:
        at_end = progress.step == progress.total
        due = progress.loss is not None and (at_end or progress.step % spec.preview_every == 0)
        tick(replace(progress, preview=sample(progress.step)) if due else progress)

    return sampling


def _plan(spec: SubjectSpec, defaults: SubjectDefaults) -> Plan:
    return Plan(
        "learning the subject",
        spec.steps,
        rate=spec.rate or defaults.rate(spec.method),
        warmup=10,
        final_rate=0.1,
        decay=0.0,
        ema=0.0,
        checkpoint_seconds=spec.checkpoint_seconds,
    )


def _loss(
    backbone: Backbone,
    networks: TrainableNetworks,
    data: SubjectData,
    spec: SubjectSpec,
    defaults: SubjectDefaults,
) -> Callable[[int], Tensor]:
    """DreamBooth's loss: photos under the subject's prompts plus weighted prior preservation."""
    scheduler: Any = backbone.scheduler
    device = torch.device(backbone.device.name)
    full = backbone.device.frozen_dtype == torch.float32
    prior_weight = defaults.prior_weight if spec.prior_weight is None else spec.prior_weight
    share = defaults.paths.share if defaults.paths else 0.0
    batch = spec.batch or defaults.batch

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((spec.seed, step, 2))
        mine, prompts, weights = dataset.pick(data, rng, batch, share)
        other = torch.from_numpy(rng.integers(len(data.prior), size=batch)).to(device)
        x0 = torch.cat([mine, data.prior[other]])
        eps = noise(spec.seed, "subject", 0, tuple(x0.shape), step=step, purpose="training")
        eps = eps.to(device)
        t = _times(rng, batch, scheduler.config.num_train_timesteps).to(device)
        noisy = scheduler.add_noise(x0, eps, t)
        v = scheduler.config.prediction_type == "v_prediction"
        target = scheduler.get_velocity(x0, eps, t) if v else eps
        with nullcontext() if full else in_half(device):
            out = networks.unet(noisy, t, _text(networks, data, spec, prompts, other)).sample
        error = F.mse_loss(out.float(), target, reduction="none").mean(1)
        mine_error = (error[:batch] * weights).mean()
        return mine_error + prior_weight * error[batch:].mean()

    return loss_at


def _text(
    networks: TrainableNetworks,
    data: SubjectData,
    spec: SubjectSpec,
    prompts: Tensor,
    other: Tensor,
) -> Tensor:
    """Encodings (2 batch, L, D): the subject's prompts, then those of the prior pictures."""
    if spec.tune_text:
        ids = torch.cat([data.photo_ids[prompts], data.prior_ids[other]])
        return networks.text_encoder(ids)[0]
    return torch.cat([data.photo_text[prompts], data.prior_text[other]]).float()


def _times(rng: np.random.Generator, batch: int, total: int) -> Tensor:
    """Stratified timesteps, so that a small batch has both high and low noise."""
    strata = (
        rng.permuted(np.tile(np.arange(batch), (2, 1)), axis=1) + rng.random((2, batch))
    ) / batch
    return torch.from_numpy((strata.ravel() * total).astype(np.int64))


def _sampler(
    backbone: Backbone,
    networks: TrainableNetworks,
    spec: SubjectSpec,
    moving: Callable[[TrainableNetworks], Preview] | None,
) -> Callable[[int], Preview]:
    def sample(step: int) -> Preview:
        shown = networks.as_used(backbone.device.dtype)
        if moving and step // spec.preview_every % 2 == 0:
            return moving(shown)
        return _preview(backbone, shown, spec)

    return sample


@torch.no_grad()
def _preview(backbone: Backbone, networks: TrainableNetworks, spec: SubjectSpec) -> Preview:
    """A cheap picture of the subject as it stands."""
    latents = dataset.draw(
        backbone, networks, [spec.prompt], seed=spec.seed, stage="sample", steps=8
    )
    picture = dataset.decode(backbone, latents)
    return Preview(1, picture.shape[1], picture.shape[2], picture.tobytes())


def _write(folder: Path, average: dict[str, Tensor], label: Label) -> tuple[Path, str]:
    """The adapter under a name of its own: an older one may be open."""
    tensors = {}
    for name, value in average.items():
        part, _, rest = name.replace(f".{adapter.NAME}.", ".").partition(".")
        kept = value if label.method == "lora" else value.half()
        tensors[adapter_file.file_name(part, rest)] = kept.detach().cpu().contiguous()
    if not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
        raise Refusal("The trained weights are no longer numbers.", "Use a lower learning rate.")
    used = {part: TARGETS[part] for part in TARGETS if any(k.startswith(part) for k in tensors)}
    return adapter_file.write_adapter(folder, tensors, label, used)
