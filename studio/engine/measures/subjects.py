"""How well a trained subject shows: likeness, copying, motion, and places it was never in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from studio.engine.adapter_file import read_adapter
from studio.engine.decode import decode
from studio.engine.film import Models
from studio.engine.measures import blocks, likeness, oracle
from studio.engine.measures.clips import clip
from studio.engine.measures.evaluation import Share
from studio.engine.measures.likeness import LikenessNet
from studio.engine.training.dataset import encode
from studio.engine.videomodel import VideoModel
from studio.spec.progress import Progress, Tick, silent
from studio.spec.request import SubjectUse

DIRECTIONS = ("left", "right", "up", "down")
PLACES = {"grass": "on grass", "snow": "on snow", "water": "on water", "night sky": "at night"}


@dataclass(frozen=True, slots=True)
class Figures:
    """One column of the subject table.

    Likenesses are mean cosines of the small network's features, -1..1; `nearest_photo` is the
    mean rms distance of a frame to its nearest training photo, levels of 255; `places` counts
    clips whose ground was the one asked for.
    """

    to_held_out: float
    to_training: float
    nearest_photo: float
    motion_before: Share
    motion_after: Share
    places: Share


def measure(
    video: VideoModel,
    adapter: Path,
    photos: list[np.ndarray],
    held_out: np.ndarray,
    net: LikenessNet,
    *,
    seeds: int = 8,
    tick: Tick = silent,
) -> Figures:
    """Clips of the subject in 4 directions × `seeds`, with and without it, and in 4 places.

    `photos` are those it was trained on, `held_out` one that was kept from training; all uint8
    (H, W, 3).  A clip that moves less than a still on its way through the decoder counts as still.
    """
    label = read_adapter(adapter).label
    use = SubjectUse("measured", "", label.token, label.class_noun)
    worn, bare = Models(video, adapter), Models(video)
    after, before, shown = [], [], []
    for index in range(4 * seeds):
        tick(Progress("measuring", index, 4 * seeds))
        direction, seed = DIRECTIONS[index % 4], index // 4
        words = f"a {label.class_noun} moving {direction}"
        made = clip(worn, f"a {label.token} {label.class_noun} moving {direction}", seed, use)
        after.append(_goes(video, made, direction))
        before.append(_goes(video, clip(bare, words, seed), direction))
        shown.append(made[len(made) // 2])
    right = []
    for index, (place, words) in enumerate(PLACES.items()):
        for seed in range(max(1, seeds // 2)):
            said = f"a {label.token} {label.class_noun} {words}"
            made = clip(worn, said, 100 + 10 * index + seed, use)
            right.append(oracle.look(made).place == place)
            shown.append(made[len(made) // 2])
    return Figures(
        to_held_out=_mean_likeness(net, shown, [held_out]),
        to_training=_mean_likeness(net, shown, photos),
        nearest_photo=float(
            np.mean([likeness.nearest_training_photo_distance(f, photos) for f in shown])
        ),
        motion_before=_share(before),
        motion_after=_share(after),
        places=_share(right),
    )


def markdown(columns: Mapping[str, Figures], net: LikenessNet) -> str:
    """A row per figure, a column per subject and method; ends in a line break."""
    rows = [("| |", lambda name, _: name), ("|---|", lambda *_: "---")]
    rows += [
        ("| likeness to the held-out photo |", lambda _, f: likeness.label(net, f.to_held_out)),
        ("| likeness to the training photos |", lambda _, f: likeness.label(net, f.to_training)),
        ("| distance to the nearest training photo |", lambda _, f: f"{f.nearest_photo:.1f}"),
        ("| motion right before training |", lambda _, f: str(f.motion_before)),
        ("| motion right after training |", lambda _, f: str(f.motion_after)),
        ("| ground right, 4 new places |", lambda _, f: str(f.places)),
    ]
    return "".join(
        head + "".join(f" {cell(name, f)} |" for name, f in columns.items()) + "\n"
        for head, cell in rows
    )


def _goes(video: VideoModel, made: np.ndarray, direction: str) -> bool:
    still = made[:1]
    with torch.no_grad():
        pixels = torch.from_numpy(still).permute(0, 3, 1, 2).float() / 127.5 - 1
        again = decode(video.backbone, encode(video.backbone, pixels), silent).numpy()
    moves = blocks.moves_at_all(made, np.concatenate([still, again]))
    return moves and blocks.direction(made) == direction


def _mean_likeness(net: LikenessNet, shown: list[np.ndarray], photos: list[np.ndarray]) -> float:
    ours, theirs = likeness.features(net, shown), likeness.features(net, photos)
    return float((ours @ theirs.T).mean())


def _share(hits: list[bool]) -> Share:
    return Share(sum(hits), len(hits))
