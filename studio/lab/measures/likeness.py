"""How the network of likeness (`studio.engine.subjects.likeness`) is taught, and how far it is right."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.checkpoints.tensor_file import save_whole
from studio.engine.device import PROCESSOR, Device
from studio.engine.subjects.likeness import SIZE, LikenessNet, features, shrunk
from studio.engine.subjects.loop import Plan
from studio.lab.drawing import characters
from studio.lab.training.trainer import train
from studio.spec.progress import Progress, Tick, silent

TEMPERATURE = 0.1
TOGETHER, SHOTS = 24, 3  # characters, and pictures of each, in one batch


@dataclass(frozen=True, slots=True)
class Roc:
    """Area under the ROC curve and how many pairs it rests on."""

    area: float
    same: int
    other: int


def train_likeness(
    seed: int,
    steps: int,
    folder: Path,
    tick: Tick = silent,
    *,
    pool: int = 500,
    device: Device = PROCESSOR,
) -> LikenessNet:
    """Learn from `pool` procedural characters, 20 photos each, by a contrastive loss.

    Each picture must find the others of its character among those of `TOGETHER` characters.
    """
    torch.manual_seed(seed)
    net = LikenessNet().to(device.name)
    data = _pool(seed, pool, 20, tick)
    plan = Plan("likeness", steps, rate=2e-3, decay=0.01, ema=0.99)

    def loss_at(step: int, done: float) -> Tensor:
        rng = np.random.default_rng((seed, step, 3))
        who = rng.choice(len(data), min(TOGETHER, len(data)), replace=False)
        shots = np.stack([rng.choice(data.shape[1], SHOTS, replace=False) for _ in who])
        chosen = data[who[:, None], shots].flatten(0, 1)
        return contrastive(net(augment(chosen, rng).to(device.name)), SHOTS)

    return train(net, loss_at, plan, folder, tick=tick)


def _pool(seed: int, count: int, photos: int, tick: Tick) -> Tensor:
    """Pictures (characters, photos, 3, 64, 64) uint8; characters are numbered seed·10⁶ + k."""
    rows = []
    for k in range(count):
        who, rng = characters.character(seed * 1_000_000 + k), np.random.default_rng((seed, k, 4))
        rows.append(np.stack([characters.photo_of(who, rng, SIZE) for _ in range(photos)]))
        tick(Progress("drawing characters", k + 1, count))
    return torch.from_numpy(np.stack(rows)).permute(0, 1, 4, 2, 3).contiguous()


def augment(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """uint8 (B, 3, S, S) to -1..1, each in another crop, gain and contrast."""
    count = len(pictures)
    x = pictures.float() / 127.5 - 1
    scale = torch.from_numpy(rng.uniform(0.7, 1.05, count).astype(np.float32))
    shift = torch.from_numpy(rng.uniform(-0.15, 0.15, (count, 2)).astype(np.float32))
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0] = scale * torch.from_numpy(rng.choice([-1.0, 1.0], count).astype(np.float32))
    affine[:, 1, 1] = scale
    affine[:, :, 2] = shift
    grid = F.affine_grid(affine, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, (count, 3, 1, 1)).astype(np.float32))
    return x * gain + torch.from_numpy(rng.normal(0, 0.08, (count, 1, 1, 1)).astype(np.float32))


def contrastive(features: Tensor, shots: int) -> Tensor:
    """Supervised contrastive loss of unit features (B, D); each run of `shots` is one character."""
    alike = features @ features.T / TEMPERATURE
    alike.fill_diagonal_(-1e9)
    log_share = alike - alike.logsumexp(1, keepdim=True)
    who = torch.arange(len(features), device=features.device) // shots
    apart = ~torch.eye(len(features), dtype=torch.bool, device=features.device)
    same = (who[:, None] == who[None, :]) & apart
    return -log_share[same].mean()


def likeness(net: LikenessNet, a: np.ndarray, b: np.ndarray) -> float:
    """Cosine of two pictures' features, -1..1; uint8 (H, W, 3) each."""
    one, two = features(net, [a, b])
    return float(one @ two)


def roc_area(scores_same: np.ndarray, scores_other: np.ndarray) -> Roc:
    """The chance that a same-subject pair scores above another pair; ties count half."""
    same, other = np.asarray(scores_same, float), np.asarray(scores_other, float)
    if not same.size or not other.size:
        raise ValueError("an ROC area needs pairs of both kinds")
    ordered = np.sort(other)
    below = np.searchsorted(ordered, same, "left")
    tied = np.searchsorted(ordered, same, "right") - below
    return Roc(float((below + tied / 2).mean() / other.size), same.size, other.size)


def roc_of_sets(net: LikenessNet, sets: list[list[np.ndarray]]) -> Roc:
    """ROC area over all pairs of pictures: both of one set, or of two sets."""
    found = [features(net, pictures) for pictures in sets]
    who = torch.cat([torch.full((len(f),), k) for k, f in enumerate(found)])
    every = torch.cat(found)
    upper = torch.ones(len(who), len(who), dtype=torch.bool).triu(1)
    scores, same = every @ every.T, who[:, None] == who[None, :]
    return roc_area(scores[upper & same].numpy(), scores[upper & ~same].numpy())


def nearest_training_photo_distance(picture: np.ndarray, photos: list[np.ndarray]) -> float:
    """Root mean square pixel difference (0..255 levels) to the nearest photo: a copy detector.

    All are compared at 64×64, the photos mirrored too; below about 10 levels it is a copy.
    """
    if not photos:
        raise ValueError("there are no training photos to compare with")
    shown = shrunk(picture)
    views = [view for photo in photos for view in (shrunk(photo), shrunk(photo).flip(-1))]
    return min(float((view - shown).square().mean().sqrt()) for view in views)


def label(net: LikenessNet, value: float) -> str:
    """A likeness as people read it, with the warning that belongs to it."""
    return f"{value:.2f}" + ("" if net.reliable_for_photos else " (not reliable for photos)")


def save(net: LikenessNet, file: Path) -> None:
    """fp16 weights with the network's shape and its ROC area on photos in the header."""
    shape = {"widths": net.widths, "features": net.features, "photo_roc": net.photo_roc}
    tensors = {name: t.half() for name, t in net.state_dict().items()}
    save_whole(file, tensors, {"format_version": "1", "likeness": json.dumps(shape)})
