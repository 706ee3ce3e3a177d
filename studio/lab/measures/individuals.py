"""Which individual a frame shows, and which of its parts.

Every candidate is redrawn in every pose, so that shapes count and not colours alone; parts are looked
at where the individual itself is redrawn best.
"""

from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

from studio.lab.drawing.characters import EARS
from studio.lab.measures.redrawing import (
    FINE,
    Pose,
    best_pose,
    errors,
    only,
    palette,
    redrawn,
    shrunk,
)
from studio.lab.starter import painting
from studio.lab.starter.figures import HATS, Figures

NEAR = 35.0
"""Levels (root of the mean square over channels) within which a part has its colour."""
SEEN = 0.5
"""Correlation of brightness around the eyes, with those redrawn, from which they are seen."""
MOVED, GROWN = 0.09, 0.2
"""Sides of the picture, and natural logarithm of size, from the first frame to the last."""
PORTION = 8
"""Frames searched at once."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What of an individual a frame shows.

    `rank` among the candidates, 0 the best explained; colours of the upper and lower half of the body;
    hat and ears there in their colour, or absent where the individual has none; a face with eyes.
    """

    rank: int
    top: bool
    bottom: bool
    hat: bool
    ears: bool
    eyes: bool


def look(frames: Tensor, who: int, candidates: Figures) -> list[Parts]:
    """What frames (N, 3, S, S) in 0..1 show of the candidate of index `who`."""
    found = torch.cat([errors(part, candidates) for part in frames.split(PORTION)])
    ranks = (found.argsort(1) == who).int().argmax(1)
    one = candidates[torch.tensor([who])]
    return [
        _parts(frame, one, int(rank))
        for frame, rank in zip(shrunk(frames, FINE), ranks, strict=True)
    ]


def motion(frames: Tensor, who: int, candidates: Figures) -> str:
    """How the candidate of index `who` moves through frames (T, 3, S, S): the way it goes, or grows."""
    one = only(candidates, who)
    first, last = (best_pose(frame, one) for frame in shrunk(frames[[0, -1]], FINE))
    x, y = (last.centre - first.centre)[0].tolist()
    grown = float((last.radius / first.radius).log())
    if max(abs(x), abs(y)) < MOVED:
        return "still" if abs(grown) < GROWN else ("growing" if grown > 0 else "shrinking")
    if abs(x) > abs(y):
        return "right" if x > 0 else "left"
    return "down" if y > 0 else "up"


def _parts(frame: Tensor, one: Figures, rank: int) -> Parts:
    """What of the individual stands where it is best redrawn; frame (3, FINE, FINE)."""
    pose = best_pose(frame, one)
    tones = palette(frame)
    labels = _labels(one, pose)
    hat, ears = HATS[int(one.hat[0])], EARS[int(one.ears[0])]
    hatted = one if hat != "none" else replace(one, hat=torch.tensor([HATS.index("top hat")]))
    eared = one if ears != "none" else replace(one, ears=torch.tensor([EARS.index("round")]))
    hat_at, ears_at = _hat_mask(hatted, pose), _ears_mask(eared, pose)
    return Parts(
        rank,
        _near(frame, labels["top"], one.top[0]),
        _near(frame, labels["bottom"], one.bottom[0]),
        _near(frame, hat_at, one.hat_colour[0])
        if hat != "none"
        else _is_ground(frame, hat_at, tones),
        _near(frame, ears_at, one.accent[0])
        if ears != "none"
        else _is_ground(frame, ears_at, tones),
        _has_eyes(frame, one, pose),
    )


def _labels(one: Figures, pose: Pose) -> dict[str, Tensor]:
    """Masks (FINE, FINE) of the body's two halves, without what lies over them."""
    pure = _coloured(one, top=(1.0, 0, 0), bottom=(0, 1.0, 0))
    drawn = _flat(pure, pose)
    return {"top": drawn[0] > 0.9, "bottom": drawn[1] > 0.9}


def _hat_mask(one: Figures, pose: Pose) -> Tensor:
    return _flat(_coloured(one, hat_colour=(1.0, 0, 0)), pose)[0] > 0.9


def _ears_mask(one: Figures, pose: Pose) -> Tensor:
    """The ears alone, of all that has their colour."""
    pure = _coloured(one, accent=(1.0, 0, 0))
    bare = replace(pure, ears=torch.zeros_like(one.ears))
    return (_flat(pure, pose)[0] > 0.9) & ~(_flat(bare, pose)[0] > 0.9)


def _coloured(one: Figures, **colours: tuple[float, float, float]) -> Figures:
    """The same, black but for some of its parts."""
    names = ("top", "bottom", "accent", "hat_colour", "limb")
    black = dict.fromkeys(names, (0.0, 0.0, 0.0))
    return replace(one, **{n: torch.tensor([c]) for n, c in (black | colours).items()})


def _flat(one: Figures, pose: Pose) -> Tensor:
    """Drawn in its plain colours, without light (3, FINE, FINE); white of eyes and teeth is black."""
    x, y = painting.body_grid(FINE, pose.centre, pose.radius, pose.tilt, pose.mirrored)
    rest = torch.zeros(1)
    layers = (
        (field, torch.where((colour > 0.9).all(1, keepdim=True), 0.0, colour))
        for field, colour in painting.figure_layers(one, x, y, rest + 0.25, rest)
    )
    black = torch.zeros(1, 3, FINE, FINE)
    return painting.paint(black, layers, torch.ones(1, 1, FINE, FINE), pose.radius * FINE)[0]


def _near(frame: Tensor, mask: Tensor, colour: Tensor) -> bool:
    """Whether a part has its colour, as far as it is in the picture."""
    if not mask.any():
        return False
    shown = frame[:, mask].mean(1)
    return float((shown - colour).square().mean().sqrt()) * 255 <= NEAR


def _is_ground(frame: Tensor, mask: Tensor, tones: Tensor) -> bool:
    """Whether nothing but ground is seen in the place of a part."""
    if not mask.any():
        return True
    far = torch.cdist(frame[:, mask].T, tones).amin(1) / 3**0.5
    return float(far.median()) * 255 <= NEAR


def _has_eyes(frame: Tensor, one: Figures, pose: Pose) -> bool:
    """Whether brightness around the eyes goes as it does in the redrawn face, give or take a pixel."""
    drawn, mask = redrawn(one, pose, FINE)
    window = _eye_window(one, pose) & (mask[0] > 0.9)
    if int(window.sum()) < 4:
        return False
    wanted, shown = drawn[0].mean(0), frame.mean(0)
    found = [
        _correlation(wanted[window], shown.roll((dy, dx), (0, 1))[window])
        for dy, dx in product((-2, -1, 0, 1, 2), repeat=2)
    ]
    return max(found) >= SEEN


def _eye_window(one: Figures, pose: Pose) -> Tensor:
    """Around the eyes: within twice their size of where they are (FINE, FINE)."""
    x, y = painting.body_grid(FINE, pose.centre, pose.radius, pose.tilt, pose.mirrored)
    hx, hy, size = one.head[0].tolist()
    ux, uy = (x[0] - hx) / size, (y[0] - hy) / size
    crown = float(one.tall[0]) if size == 1 else 1.0
    reach = 2.2 * float(one.eye_size[0])
    return ((ux.abs() - 0.36).clamp_min(0) < reach) & ((uy + 0.35 * crown).abs() < reach)


def _correlation(a: Tensor, b: Tensor) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp_min(1e-6))
