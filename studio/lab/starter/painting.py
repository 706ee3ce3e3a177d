"""Rasterise figures and shapes from signed distance fields, a whole batch at once, on any device.

A field is (N, H, W), negative inside, in radii of what is drawn; a layer covers a pixel by how far
its field lies within half a pixel of the outline.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from studio.lab.drawing.characters import EARS
from studio.lab.drawing.grammar import SHAPES
from studio.lab.starter.figures import EYES, HATS, MARKS, Figures

Layer = tuple[Tensor, Tensor]  # field (N, H, W), colour (N, 3)
DARK, LIGHT = (0.06, 0.06, 0.08), (0.97, 0.97, 0.95)
ABSENT = 9.0
"""A distance at which nothing is drawn."""


def paint(pictures: Tensor, layers: Iterator[Layer], shade: Tensor, edge: Tensor) -> Tensor:
    """Lay `layers` back to front over pictures (N, 3, H, W) in 0..1.

    `edge` (N,) is the radius in pixels, `shade` (N, 1, H, W) the light on the surface.
    """
    scale = edge[:, None, None]
    for field, colour in layers:
        cover = (0.5 - field * scale).clamp(0, 1)[:, None]
        pictures = pictures.lerp((colour[:, :, None, None] * shade).clamp(0, 1), cover)
    return pictures


def body_grid(
    size: int, centre: Tensor, radius: Tensor, tilt: Tensor, mirrored: Tensor
) -> tuple[Tensor, Tensor]:
    """Pixel middles in the body's coordinates, x right and y down in radii: two of (N, H, W).

    `centre` (N, 2) and `radius` (N,) are in sides of the picture, `tilt` (N,) in radians.
    """
    at = (torch.arange(size, device=centre.device, dtype=torch.float32) + 0.5) / size
    x = ((at[None, None, :] - centre[:, :1, None]) / radius[:, None, None]).expand(-1, size, -1)
    y = ((at[None, :, None] - centre[:, 1:, None]) / radius[:, None, None]).expand(-1, -1, size)
    cos, sin = tilt.cos()[:, None, None], tilt.sin()[:, None, None]
    x, y = cos * x + sin * y, cos * y - sin * x
    return torch.where(mirrored[:, None, None], -x, x), y


def shade_of(x: Tensor, y: Tensor) -> Tensor:
    """Light from the upper left (N, 1, H, W)."""
    return (1 - 0.12 * (x + y).clamp(-2, 2))[:, None]


def figure_layers(
    who: Figures, x: Tensor, y: Tensor, stride: Tensor, wave: Tensor
) -> Iterator[Layer]:
    """A figure's layers, back to front.

    `stride` (N,) -1..1 swings the legs; `wave` (N,) lifts an arm, 0 hanging and 1 high.
    """
    tall = _over(who.tall)
    yield from _limbs(who, x, y, stride, wave)
    hx, hy, size = (_over(part) for part in who.head.unbind(1))
    ux, uy = (x - hx) / size, (y - hy) / size  # the head's own coordinates
    crown = torch.where(size == 1, tall, 1.0)
    yield from ((field * size, colour) for field, colour in _ears(who, ux, uy, crown))
    body = (
        x.abs().clamp_min(1e-4) ** _over(who.square)
        + (y / tall).abs().clamp_min(1e-4) ** _over(who.square)
    ) ** (1 / _over(who.square)) - 1
    yield body, who.top
    yield torch.maximum(body, _over(who.split) * tall - y), who.bottom
    yield from ((torch.maximum(body, mark), who.accent) for mark in _marks(who, x, y, tall))
    yield _given(size < 1, torch.hypot(ux, uy) * size - size), who.top
    yield from ((field * size, colour) for field, colour in _face(who, ux, uy, crown))
    yield from ((field * size, colour) for field, colour in _hat(who, ux, uy, crown))


def _over(values: Tensor) -> Tensor:
    return values[:, None, None]


def _given(present: Tensor, field: Tensor) -> Tensor:
    """The field where something is there, far outside elsewhere."""
    present = present if present.ndim == field.ndim else _over(present)
    return torch.where(present, field, ABSENT)


def _plain(who: Figures, colour: tuple[float, float, float]) -> Tensor:
    return torch.tensor(colour, device=who.top.device).expand(len(who), 3)


def _disc(x: Tensor, y: Tensor, cx, cy, r, stretch: float = 1.0) -> Tensor:
    return torch.hypot(x - cx, (y - cy) / stretch) - r


def _box(x: Tensor, y: Tensor, cx, cy, w, h) -> Tensor:
    return torch.maximum((x - cx).abs() - w, (y - cy).abs() - h)


def _capsule(x: Tensor, y: Tensor, ax, ay, bx, by, r) -> Tensor:
    """Distance to the line from a to b, less r."""
    dx, dy = bx - ax, by - ay
    along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-6)).clamp(0, 1)
    return torch.hypot(x - ax - along * dx, y - ay - along * dy) - r


def _limbs(who: Figures, x: Tensor, y: Tensor, stride: Tensor, wave: Tensor) -> Iterator[Layer]:
    tall, thick = _over(who.tall), _over(who.thick)
    length, swing = _over(who.legs), _over(stride) * 0.4
    hip, apart = tall * 0.75, torch.where(_over(who.head[:, 2]) < 1, 0.62, 0.42)
    for side in (-1, 1):
        foot = side * apart + side * swing * length
        leg = _capsule(x, y, side * apart, hip, foot, hip + 0.25 + length, thick)
        yield _given(who.legs > 0, leg), who.limb
        arm, lift = _over(who.arms), _over(wave) if side > 0 else 0 * _over(wave)
        angle = 0.9 - 2.1 * lift  # radians below the horizon
        hand = _capsule(
            x, y, side * 0.85, 0.05 * tall, side * (0.9 + arm * torch.cos(angle)),
            0.05 * tall + arm * torch.sin(angle), thick * 0.9,
        )  # fmt: skip
        yield _given(who.arms > 0, hand), who.limb
        wheel = _over(who.wheels)
        yield _given(who.wheels > 0, _disc(x, y, side * 0.6, tall * 0.95, wheel)), _plain(who, DARK)
        yield _given(who.wheels > 0, _disc(x, y, side * 0.6, tall * 0.95, wheel * 0.45)), who.accent
    yield _given(who.tail, _capsule(x, y, -0.85, 0.0, -1.5, -0.55, thick)), who.accent


def _ears(who: Figures, x: Tensor, y: Tensor, crown: Tensor) -> Iterator[Layer]:
    high = -crown * 0.85
    for side in (-1, 1):
        pointed = torch.maximum((x - side * 0.62).abs() * 1.6 + (high - y) - 0.55, y - high - 0.3)
        kinds = {
            "pointed": pointed,
            "round": _disc(x, y, side * 0.75, high, 0.36),
            "long": _disc(x, y, side * 0.5, high - 0.45, 0.2, 3.0),
        }
        for name, field in kinds.items():
            yield _given(who.ears == EARS.index(name), field), who.accent


def _marks(who: Figures, x: Tensor, y: Tensor, tall: Tensor) -> Iterator[Tensor]:
    for cx, cy, r in (spot.unbind(1) for spot in who.spots.unbind(1)):
        spot = _disc(x, y, _over(cx), _over(cy) * tall, _over(r))
        yield _given(who.marks == MARKS.index("spots"), spot)
    stripes = ((y / tall * 2.2) % 1 - 0.5).abs() - 0.16
    yield _given(who.marks == MARKS.index("stripes"), stripes)
    yield _given(who.marks == MARKS.index("belly"), _disc(x, y, 0, 0.45 * tall, 0.5))
    yield _given(who.marks == MARKS.index("panel"), _box(x, y, 0, 0.45 * tall, 0.5, 0.28 * tall))


def _face(who: Figures, x: Tensor, y: Tensor, crown: Tensor) -> Iterator[Layer]:
    high, size = -0.35 * crown, _over(who.eye_size)
    dark, light = _plain(who, DARK), _plain(who, LIGHT)
    one, square = who.eyes == EYES.index("one"), who.eyes == EYES.index("square")
    for at in (-0.36, 0.36):
        place = torch.where(_over(one), 0.0, at)
        white = _disc(x, y, place, high, size * torch.where(_over(one), 1.9, 1.5))
        yield _given((who.eyes != EYES.index("dots")) & ~square, white), light
        yield _given(square, _box(x, y, place, high, size * 1.35, size * 1.2)), light
        pupil = torch.where(
            _over(square),
            _box(x, y, place, high, size * 0.7, size * 0.7),
            _disc(x, y, place, high, size * torch.where(_over(one), 1.0, 0.8)),
        )
        yield pupil, dark
    bent = y - 0.12 + _over(who.mouth) * 0.8 * x**2
    open_by = torch.where(_over(who.teeth), 0.14, 0.06)
    yield torch.maximum(bent.abs() - open_by, x.abs() - 0.4), dark
    tooth = torch.maximum(bent.abs() - 0.1, ((x * 4) % 1 - 0.5).abs() / 4 - 0.07)
    yield _given(who.teeth, torch.maximum(tooth, x.abs() - 0.36)), light


def _hat(who: Figures, x: Tensor, y: Tensor, crown: Tensor) -> Iterator[Layer]:
    high = -crown * 0.9
    brim = torch.maximum(_disc(x, y, 0, high + 0.1, 0.62), y - high - 0.1)
    knot = torch.maximum((y - high).abs() - (x - 0.4).abs() * 0.8, (x - 0.4).abs() - 0.4)
    horn = [_capsule(x, y, s * 0.5, high, s * 0.85, high - 0.5, 0.13) for s in (-1, 1)]
    rod = torch.minimum(
        _capsule(x, y, 0, high, 0, high - 0.5, 0.05), _disc(x, y, 0, high - 0.6, 0.15)
    )
    kinds = {
        "cone": torch.maximum(x.abs() * 2.2 + (high - y) - 1.0, y - high),
        "top hat": torch.minimum(
            _box(x, y, 0, high, 0.75, 0.09), _box(x, y, 0, high - 0.4, 0.45, 0.4)
        ),
        "cap": torch.minimum(brim, _box(x, y, 0.6, high + 0.05, 0.45, 0.08)),
        "bow": torch.minimum(knot, _disc(x, y, 0.4, high, 0.13)),
        "horns": torch.minimum(*horn),
        "antenna": rod,
    }
    for name, field in kinds.items():
        yield _given(who.hat == HATS.index(name), field), who.hat_colour


def shape_layers(shape: Tensor, colour: Tensor, x: Tensor, y: Tensor) -> Iterator[Layer]:
    """A coloured shape with a darker rim; `shape` (N,) of SHAPES."""
    field = outline(shape, x, y)
    yield field, colour
    rim = (field + 0.06).abs() - 0.05
    yield torch.maximum(rim, field), colour * 0.45


def outline(shape: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Signed distance (N, H, W) to shapes of radius about 1; y points down."""
    ball = torch.hypot(x, y)
    found = torch.where(_over(shape == SHAPES.index("ball")), ball - 0.97, ABSENT)
    square = torch.maximum(x.abs(), y.abs()) - 0.88
    found = torch.where(_over(shape == SHAPES.index("square")), square, found)
    found = torch.where(_over(shape == SHAPES.index("ring")), (ball - 0.76).abs() - 0.30, found)
    for name, corners in _POLYGONS.items():
        chosen = (shape == SHAPES.index(name)).nonzero()[:, 0]
        if len(chosen):
            found[chosen] = _polygon(x[chosen], y[chosen], corners)
    return found


def _polygon(x: Tensor, y: Tensor, corners: np.ndarray) -> Tensor:
    """Exact distance to a polygon, corners (K, 2) in order."""
    nearest, inside = torch.full_like(x, torch.inf), torch.zeros_like(x, dtype=torch.bool)
    for (ax, ay), (bx, by) in zip(corners.tolist(), np.roll(corners, -1, 0).tolist(), strict=True):
        nearest = torch.minimum(nearest, _capsule(x, y, ax, ay, bx, by, 0.0))
        if by != ay:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return torch.where(inside, -nearest, nearest)


def _corners(count: int, *radii: float) -> np.ndarray:
    angle = -np.pi / 2 + 2 * np.pi * np.arange(count) / count
    radius = np.resize(radii, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def _heart(count: int = 28) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    hx = 16 * np.sin(t) ** 3
    hy = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([hx, hy - 2.0], 1) / 15.5


_POLYGONS = {
    "triangle": _corners(3, 1.25) + np.array((0, 0.22)),
    "star": _corners(10, 1.22, 0.50) + np.array((0, 0.06)),
    "heart": _heart(),
}
