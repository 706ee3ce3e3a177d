"""DreamBooth's loss: photos under the subject's prompts plus weighted prior preservation."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import in_half
from studio.engine.noise import noise
from studio.engine.subjects import dataset
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.student import Nets, Student, Texts
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.subject_defaults import SubjectDefaults


def losses(
    student: Student,
    nets: Nets,
    data: SubjectData,
    spec: SubjectSpec,
    defaults: SubjectDefaults,
    *,
    split: bool = False,
) -> Callable[[int], Iterator[Tensor]]:
    """By step, the loss of a batch: as one, or where it is to be `split` one share a picture, which
    add up to it; a share is computed when it is asked for.  `nets` are those that learn."""
    device = torch.device(student.device.name)
    full = student.device.frozen_dtype == torch.float32
    prior_weight = defaults.prior_weight if spec.prior_weight is None else spec.prior_weight
    share = defaults.paths.share if defaults.paths else 0.0
    batch = spec.batch or defaults.batch
    others = defaults.prior_batch or batch

    def losses_at(step: int) -> Iterator[Tensor]:
        rng = np.random.default_rng((spec.seed, step, 2))
        mine, prompts, weights = dataset.pick(data, rng, batch, share)
        other = torch.from_numpy(rng.integers(len(data.prior), size=others)).to(device)
        x0 = torch.cat([mine, data.prior[other]])
        eps = noise(spec.seed, "subject", 0, tuple(x0.shape), step=step, purpose="training")
        task = student.task(x0, eps.to(device), _levels(rng, batch, others))
        count, prior = batch + others, torch.full_like(data.prior[other, 0], prior_weight / others)
        weights = torch.cat([weights / batch, prior])
        for some in ([k] for k in range(count)) if split else [list(range(count))]:
            texts = _texts(data, prompts, other, some)
            with nullcontext() if full else in_half(device):
                out = student.predict(nets, task.noisy[some], task.times[some], texts)
            error = F.mse_loss(out.float(), task.target[some], reduction="none").mean(1)
            yield (weights[some] * error).flatten(1).mean(1).sum()

    return losses_at


def _texts(data: SubjectData, prompts: Tensor, other: Tensor, some: list[int]) -> Texts:
    """Of `some` of the batch: the subject's prompts, then the prior pictures'."""
    prior = data.prior_texts
    both = {name: (text[prompts], prior[name][other]) for name, text in data.photo_texts.items()}
    return {name: torch.cat(texts)[some] for name, texts in both.items()}


def _levels(rng: np.random.Generator, *counts: int) -> np.ndarray:
    """Noise levels 0..1 (sum of `counts`,), stratified in each part, so that a small batch has both
    high and low ones."""
    return np.concatenate([(rng.permutation(n) + rng.random(n)) / n for n in counts])
