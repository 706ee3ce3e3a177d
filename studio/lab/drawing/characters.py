"""Procedural characters that no model has met: subjects for tests, demos and the likeness measure.

A character is a number: its seed decides body, two tones, face, ears, hat and spots for good.
`photo_of` renders it as a photo would: any pose and scale, grounds, light, blur and grain.
"""

import colorsys
from dataclasses import dataclass

import numpy as np

from studio.lab.drawing import grammar, grounds

Rng = np.random.Generator
Field = np.ndarray  # (S, S) signed distance, negative inside, in units of the character's radius

EARS = ("none", "pointed", "round", "long")
HATS = ("none", "cone", "top hat", "cap", "bow")
MARKS = ("spots", "stripes", "belly", "plain")
EYES = ("dots", "wide", "one")


@dataclass(frozen=True, slots=True)
class Character:
    """What stays the same in every photo.  Lengths are in units of the body's half width, 1."""

    seed: int
    top: tuple[float, float, float]  # RGB 0..1, as all colours here
    bottom: tuple[float, float, float]
    accent: tuple[float, float, float]
    hat_colour: tuple[float, float, float]
    tall: float  # half height of the body
    square: float  # exponent of the body's superellipse: 2 round, 5 boxy
    split: float  # where the second tone begins, in half heights below the middle
    ears: str
    hat: str
    marks: str
    eyes: str
    eye_size: float
    mouth: float  # -1 sad .. 1 glad
    spots: tuple[tuple[float, float, float], ...]  # x, y, radius


def character(identity_seed: int) -> Character:
    """The character with this number; two numbers give two characters."""
    rng = np.random.default_rng((identity_seed, 77))
    hues = (rng.random() + np.asarray((0, rng.uniform(0.2, 0.8), rng.random()))) % 1
    spots = zip(
        rng.uniform(-0.7, 0.7, 6), rng.uniform(-0.8, 0.9, 6), rng.uniform(0.1, 0.24, 6), strict=True
    )
    return Character(
        seed=identity_seed,
        top=_colour(rng, hues[0]),
        bottom=_colour(rng, hues[1]),
        accent=_colour(rng, hues[2]),
        hat_colour=_colour(rng, rng.random()),
        tall=float(rng.uniform(0.85, 1.35)),
        square=float(rng.uniform(1.8, 5.0)),
        split=float(rng.uniform(-0.2, 0.5)),
        ears=EARS[rng.integers(len(EARS))],
        hat=HATS[rng.integers(len(HATS))],
        marks=MARKS[rng.integers(len(MARKS))],
        eyes=EYES[rng.integers(len(EYES))],
        eye_size=float(rng.uniform(0.14, 0.26)),
        mouth=float(rng.uniform(-1, 1)),
        spots=tuple((float(x), float(y), float(r)) for x, y, r in spots),
    )


def photo_of(who: Character, rng: Rng, size: int = 64) -> np.ndarray:
    """A photo of the character, uint8 (size, size, 3): new ground, pose, light and grain."""
    radius = rng.uniform(0.2, 0.33)
    centre = rng.uniform(0.42, 0.58, 2)
    picture = ground(rng, size)
    x, y = _posed(size, centre, radius, rng.normal(0, 0.16), rng.random() < 0.5)
    edge = radius * size
    for field, colour in layers(who, x, y):
        cover = np.clip(0.5 - field * edge, 0, 1)[..., None]
        picture = picture * (1 - cover) + _lit(colour, x, y) * cover
    return developed(picture, rng)


def layers(who: Character, x: np.ndarray, y: np.ndarray) -> list[tuple[Field, tuple]]:
    """Back to front: signed distances and their colours, in the body's own coordinates."""
    body = _body(who, x, y)
    drawn = [*_ears(who, x, y), (body, who.top)]
    drawn.append((np.maximum(body, who.split * who.tall - y), who.bottom))
    drawn += [(np.maximum(body, mark), who.accent) for mark in _marks(who, x, y)]
    return drawn + _face(who, x, y) + _hat(who, x, y)


def ground(rng: Rng, size: int) -> np.ndarray:
    """Something to stand before, float32 (size, size, 3) in 0..1: a place or a mottled wall."""
    if rng.random() < 0.4:
        place = grounds.draw_ground(grammar.PLACES[rng.integers(len(grammar.PLACES))], rng)
        steps = (np.arange(size) * grounds.SIZE // size).clip(0, grounds.SIZE - 1)
        return place[steps][:, steps]
    low, high = rng.random((2, 3)) * 0.9 + 0.05
    field = grounds.soft_noise(rng, rng.uniform(0.8, 2.2), size)
    mix = 1 / (1 + np.exp(-(field + rng.normal()) * rng.uniform(0.5, 4)))
    return (low + (high - low) * mix[..., None]).astype(np.float32)


def developed(picture: np.ndarray, rng: Rng) -> np.ndarray:
    """Light of one colour from one side, a little blur and grain; uint8."""
    size = len(picture)
    across = np.linspace(-1, 1, size)
    angle = rng.uniform(0, 2 * np.pi)
    side = np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None]
    light = rng.uniform(0.7, 1.15) * (1 + rng.uniform(0, 0.25) * side)
    lit = picture * light[..., None] * rng.uniform(0.9, 1.1, 3)
    if rng.random() < 0.5:
        lit = (lit + np.roll(lit, 1, 0) + np.roll(lit, 1, 1) + np.roll(lit, (1, 1), (0, 1))) / 4
    grain = rng.standard_normal(lit.shape) * rng.uniform(0, 0.03)
    return (np.clip(lit + grain, 0, 1) * 255).round().astype(np.uint8)


def _colour(rng: Rng, hue: float) -> tuple[float, float, float]:
    return colorsys.hsv_to_rgb(hue, rng.uniform(0.35, 1.0), rng.uniform(0.35, 1.0))


def _posed(size: int, centre, radius: float, tilt: float, mirrored: bool):
    """Pixel centres in the body's coordinates: x right, y down, 1 = half the body's width."""
    at = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = np.meshgrid((at - centre[0]) / radius, (at - centre[1]) / radius)
    x, y = np.cos(tilt) * x + np.sin(tilt) * y, np.cos(tilt) * y - np.sin(tilt) * x
    return (-x if mirrored else x), y


def _lit(colour: tuple, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    shade = 1 - 0.12 * np.clip(x + y, -2, 2)
    return np.clip(np.asarray(colour, np.float32) * shade[..., None], 0, 1)


def _disc(
    x: np.ndarray, y: np.ndarray, cx: float, cy: float, r: float, stretch: float = 1.0
) -> Field:
    return np.hypot(x - cx, (y - cy) / stretch) - r


def _box(x: np.ndarray, y: np.ndarray, cx: float, cy: float, w: float, h: float) -> Field:
    return np.maximum(np.abs(x - cx) - w, np.abs(y - cy) - h)


def _body(who: Character, x: np.ndarray, y: np.ndarray) -> Field:
    power = who.square
    reach = (np.abs(x) ** power + np.abs(y / who.tall) ** power) ** (1 / power)
    return reach - 1


def _ears(who: Character, x: np.ndarray, y: np.ndarray) -> list[tuple[Field, tuple]]:
    high = -who.tall * 0.85
    shapes = {
        "none": [],
        "round": [_disc(x, y, s * 0.75, high, 0.36) for s in (-1, 1)],
        "long": [_disc(x, y, s * 0.5, high - 0.45, 0.2, 3.0) for s in (-1, 1)],
        "pointed": [
            np.maximum(np.abs(x - s * 0.62) * 1.6 + (high - y) - 0.55, y - high - 0.3)
            for s in (-1, 1)
        ],
    }
    return [(shape, who.accent) for shape in shapes[who.ears]]


def _marks(who: Character, x: np.ndarray, y: np.ndarray) -> list[Field]:
    if who.marks == "spots":
        return [_disc(x, y, cx, cy * who.tall, r) for cx, cy, r in who.spots]
    if who.marks == "stripes":
        return [np.abs((y / who.tall * 2.2) % 1 - 0.5) - 0.16]
    return [_disc(x, y, 0, 0.45 * who.tall, 0.5)] if who.marks == "belly" else []


def _face(who: Character, x: np.ndarray, y: np.ndarray) -> list[tuple[Field, tuple]]:
    dark, light = (0.06, 0.06, 0.08), (0.97, 0.97, 0.95)
    high, size = -0.35 * who.tall, who.eye_size
    places = (0.0,) if who.eyes == "one" else (-0.36, 0.36)
    drawn = []
    for at in places:
        if who.eyes != "dots":
            drawn.append((_disc(x, y, at, high, size * 1.5), light))
        drawn.append((_disc(x, y, at, high, size * 0.8), dark))
    bent = y - 0.12 + who.mouth * 0.8 * (x**2)
    mouth = np.maximum(np.abs(bent) - 0.06, np.abs(x) - 0.4)
    return [*drawn, (mouth, dark)]


def _hat(who: Character, x: np.ndarray, y: np.ndarray) -> list[tuple[Field, tuple]]:
    high = -who.tall * 0.9
    shapes = {
        "none": [],
        "cone": [np.maximum(np.abs(x) * 2.2 + (high - y) - 1.0, y - high)],
        "top hat": [_box(x, y, 0, high, 0.75, 0.09), _box(x, y, 0, high - 0.4, 0.45, 0.4)],
        "cap": [
            np.maximum(_disc(x, y, 0, high + 0.1, 0.62), y - high - 0.1),
            _box(x, y, 0.6, high + 0.05, 0.45, 0.08),
        ],
        "bow": [
            np.maximum(np.abs(y - high) - np.abs(x - 0.4) * 0.8, np.abs(x - 0.4) - 0.4),
            _disc(x, y, 0.4, high, 0.13),
        ],
    }
    return [(shape, who.hat_colour) for shape in shapes[who.hat]]
