"""DreamBooth's loss: photos under the subject's prompts plus weighted prior preservation."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.backbone import Backbone
from studio.engine.device import in_half
from studio.engine.noise import noise
from studio.engine.subjects import dataset
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.subject_spec import SubjectSpec, TrainableNetworks
from studio.spec.subject_defaults import SubjectDefaults


def losses(
    backbone: Backbone,
    networks: TrainableNetworks,
    data: SubjectData,
    spec: SubjectSpec,
    defaults: SubjectDefaults,
    *,
    split: bool = False,
) -> Callable[[int], Iterator[Tensor]]:
    """By step, the loss of a batch: as one, or where it is to be `split` one share a picture, which
    add up to it; a share is computed when it is asked for."""
    scheduler: Any = backbone.scheduler
    device = torch.device(backbone.device.name)
    full = backbone.device.frozen_dtype == torch.float32
    prior_weight = defaults.prior_weight if spec.prior_weight is None else spec.prior_weight
    share = defaults.paths.share if defaults.paths else 0.0
    batch = spec.batch or defaults.batch

    def losses_at(step: int) -> Iterator[Tensor]:
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
        count = 2 * batch
        for some in ([k] for k in range(count)) if split else [list(range(count))]:
            with nullcontext() if full else in_half(device):
                text = _text(networks, data, spec, prompts, other, some)
                out = networks.unet(noisy[some], t[some], text).sample
            error = F.mse_loss(out.float(), target[some], reduction="none").mean(1)
            if split:
                is_mine, error = some[0] < batch, error[0]
                weighted = error * weights[some[0]] if is_mine else prior_weight * error
                yield weighted.mean() / batch
            else:
                mine_error = (error[:batch] * weights).mean()
                yield mine_error + prior_weight * error[batch:].mean()

    return losses_at


def _text(
    networks: TrainableNetworks,
    data: SubjectData,
    spec: SubjectSpec,
    prompts: Tensor,
    other: Tensor,
    some: list[int],
) -> Tensor:
    """Encodings (N, L, D) of `some` of the batch: the subject's prompts, then the prior pictures'."""
    if spec.tune_text:
        ids = torch.cat([data.photo_ids[prompts], data.prior_ids[other]])
        return networks.text_encoder(ids[some])[0]
    return torch.cat([data.photo_text[prompts], data.prior_text[other]])[some].float()


def _times(rng: np.random.Generator, batch: int, total: int) -> Tensor:
    """Stratified timesteps, so that a small batch has both high and low noise."""
    strata = (
        rng.permuted(np.tile(np.arange(batch), (2, 1)), axis=1) + rng.random((2, batch))
    ) / batch
    return torch.from_numpy((strata.ravel() * total).astype(np.int64))
