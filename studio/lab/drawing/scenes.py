"""Procedural clips: one coloured shape over a still ground, moving as its caption says."""

from dataclasses import dataclass, replace

import numpy as np

from studio.lab.drawing import grammar
from studio.lab.drawing.grammar import Meaning
from studio.lab.drawing.grounds import SIZE, draw_ground, grid

FRAMES = 8

RGB = {
    "red": (0.88, 0.11, 0.13),
    "orange": (0.98, 0.52, 0.08),
    "yellow": (0.98, 0.87, 0.16),
    "green": (0.13, 0.66, 0.22),
    "blue": (0.13, 0.30, 0.88),
    "purple": (0.53, 0.17, 0.72),
    "pink": (0.98, 0.52, 0.75),
    "white": (0.97, 0.97, 0.97),
}
RADIUS = {"small": 10.5, "normal": 14.0, "big": 17.5}
PIXELS_PER_FRAME = {"slowly": 1.6, "normally": 3.0, "quickly": 4.4}
GROWTH = {"slowly": (0.84, 1.18), "normally": (0.70, 1.32), "quickly": (0.58, 1.45)}
ASIDE = 5.0
"""Pixels that the middle of a path may lie aside of the picture's, each way.  Were it anywhere, a
network of this size would spend most of its training on where, and little on what and whereto."""
REST = 0.3
"""How far growth goes on after the first frames, of what it was in these."""
OUTERMOST = 1.3
"""No outline reaches farther than this from its centre, in radii."""
LATER = 24
"""Frames before and after its first clip in which a scene is looked at again."""
STEP = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawable scene: meaning without gaps, and where the object is in each frame."""

    meaning: Meaning
    centres: np.ndarray  # (T, 2) x, y in pixels
    radii: np.ndarray  # (T,) in pixels
    ground_seed: int


def random_meaning(rng: Rng) -> Meaning:
    """All attributes uniform, so that each motion and each shape is equally frequent."""
    kinds = (grammar.COLOURS, grammar.SHAPES, grammar.PLACES, grammar.MOTIONS)
    colour, shape, place, motion = (kind[rng.integers(len(kind))] for kind in kinds)
    size = grammar.SIZES[rng.choice(3, p=(0.25, 0.5, 0.25))]
    speed = grammar.SPEEDS[rng.choice(3, p=(0.25, 0.5, 0.25))]
    return Meaning(colour, shape, place, motion, size, speed)


def random_scene(
    rng: Rng, meaning: Meaning | None = None, times: np.ndarray | None = None
) -> Scene:
    """Place a meaning on the stage so that its first `FRAMES` frames stay in the picture.

    `times` are in frames and may be anything, those in between and those long after too: what has
    left the picture comes in again at the other side, and growth comes to rest.
    """
    meaning = meaning or random_meaning(rng)
    radius = RADIUS[meaning.size] * rng.uniform(0.93, 1.07)
    speed = PIXELS_PER_FRAME[meaning.speed] * rng.uniform(0.9, 1.1)
    step = np.multiply(STEP.get(meaning.motion, (0, 0)), speed)
    first = np.arange(FRAMES)
    largest = radius * growth(meaning, first).max()
    start = _start(rng, np.outer(first, step), largest)
    seed = int(rng.integers(2**31))
    times = first if times is None else times
    centres = wrapped(start + np.outer(times, step), OUTERMOST * largest + 1)
    return Scene(meaning, centres, radius * growth(meaning, times), seed)


def teachable(rng: np.random.Generator, times: np.ndarray | None = None) -> Scene:
    """A random scene whose (colour, shape, place) is not held out for the evaluation."""
    while True:
        meaning = random_meaning(rng)
        if not grammar.held_out(meaning):
            return random_scene(rng, meaning, times)


def growth(meaning: Meaning, times: np.ndarray) -> np.ndarray:
    """How large the object is at times in frames, 1 where it does not grow or shrink.

    Straight from one end of `GROWTH` to the other in the first `FRAMES`; before and after, the
    same rate fades away within as long again.
    """
    if meaning.motion not in ("growing", "shrinking"):
        return np.ones(len(times))
    low, high = GROWTH[meaning.speed]
    last = FRAMES - 1
    beyond = np.clip(-times, 0, None) + np.clip(times - last, 0, None)
    eased = last * (1 - np.exp(-beyond / last)) * REST
    way = np.clip(times, 0, last) + np.where(times < 0, -eased, eased)
    way = way if meaning.motion == "growing" else last - way
    return low + (high - low) * way / last


def wrapped(centres: np.ndarray, margin: float) -> np.ndarray:
    """Centres (T, 2) brought into the picture and `margin` pixels around it, over its edges."""
    return (centres + margin) % (SIZE + 2 * margin) - margin


def _start(rng: Rng, path: np.ndarray, radius: float) -> np.ndarray:
    low = radius + 1 - path.min(0)
    high = SIZE - radius - 1 - path.max(0)
    aside = np.clip((high - low) / 2, 0, ASIDE)
    return (low + high) / 2 + rng.uniform(-aside, aside)


def random_caption(rng: Rng, meaning: Meaning) -> str:
    """Words for a meaning: synonyms, left-out attributes, now and then a noun for the shape.

    One in ten names the object by a noun alone, as the prompts of a subject do.
    """
    drop = rng.random(6) < (0.06, 0.05, 0.08, 0.08, 0.1, 0.1)
    if rng.random() < 0.1:
        meaning = unnamed(meaning)
    words = (meaning.colour, meaning.shape, meaning.place, meaning.motion, meaning.size)
    kept = [("" if d else w) for d, w in zip(drop, (*words, meaning.speed), strict=True)]
    if not kept[3] or kept[3] == "still":
        kept[5] = ""  # a speed needs a movement to speak of
    return grammar.caption(Meaning(*kept), lambda options: _pick(rng, options))


def unnamed(meaning: Meaning) -> Meaning:
    """The meaning with its object's colour and shape left open."""
    return replace(meaning, colour="", shape="")


def _pick(rng: Rng, options: tuple[str, ...]) -> str:
    plain = rng.random() < 0.6
    return options[0] if plain else options[rng.integers(len(options))]


def draw(scene: Scene, frames: tuple[int, ...] | None = None, *, size: int = SIZE) -> np.ndarray:
    """The frames of a scene (all, or those asked for), float32 (T, size, size, 3) in 0..1."""
    ground = draw_ground(scene.meaning.place, np.random.default_rng(scene.ground_seed), size)
    wanted = range(len(scene.radii)) if frames is None else frames
    return np.stack([_over(ground, scene, t) for t in wanted])


def _over(ground: np.ndarray, scene: Scene, t: int) -> np.ndarray:
    x, y = grid(scene.centres[t], len(ground))
    radius, fine = scene.radii[t], len(ground) / SIZE
    distance = outline(scene.meaning.shape, x / radius, y / radius) * radius
    body = np.clip(0.5 - distance * fine, 0, 1)[..., None]
    rim = np.clip(0.5 - np.abs(distance + 0.8), 0, 1)[..., None]
    light = 1.0 - 0.10 * np.clip((x + y) / (2 * radius), -1, 1)[..., None]
    paint = np.clip(np.asarray(RGB[scene.meaning.colour], np.float32) * light, 0, 1)
    paint = paint * (1 - 0.55 * rim)
    return (ground * (1 - body) + paint * body).astype(np.float32)


def outline(shape: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Signed distance (negative inside) to a shape of radius about 1; y points down."""
    return _OUTLINES[shape](x, y)


def _polygon(x: np.ndarray, y: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Exact distance to a polygon, corners (N, 2) in order."""
    nearest = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0), strict=True):
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        along = np.clip(along, 0, 1)
        nearest = np.minimum(
            nearest, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
        )
        crosses = (ay > y) != (by > y)
        if by != ay:
            inside ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return np.where(inside, -nearest, nearest)


def _corners(count: int, *radii: float) -> np.ndarray:
    angle = -np.pi / 2 + 2 * np.pi * np.arange(count) / count
    radius = np.resize(radii, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    hx = 16 * np.sin(t) ** 3
    hy = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return _polygon(x, y, np.stack([hx, hy - 2.0], 1) / 15.5)


_TRIANGLE = _corners(3, 1.25) + np.array((0, 0.22))
_STAR = _corners(10, 1.22, 0.50) + np.array((0, 0.06))
_OUTLINES = {
    "ball": lambda x, y: np.hypot(x, y) - 0.97,
    "square": lambda x, y: np.maximum(np.abs(x), np.abs(y)) - 0.88,
    "triangle": lambda x, y: _polygon(x, y, _TRIANGLE),
    "star": lambda x, y: _polygon(x, y, _STAR),
    "ring": lambda x, y: np.abs(np.hypot(x, y) - 0.76) - 0.30,
    "heart": _heart,
}
