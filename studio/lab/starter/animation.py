"""Clips as numbers: what is seen, where, and how it and the camera move, a whole batch at once.

Everything here is drawn on the processor with NumPy (a few hundred numbers a clip); `Stage.draw`
turns a batch into pictures on the device that holds its canvases and figures.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from studio.lab.drawing.grammar import PLACES, SHAPES
from studio.lab.drawing.scenes import FRAMES, REST, STEP
from studio.lab.starter import figures, painting, places
from studio.lab.starter.figures import CLASSES, COLOURS, NAMES, Figures
from studio.lab.starter.places import MARGIN

Rng = np.random.Generator

MOTIONS = (
    "left", "right", "up", "down", "growing", "shrinking", "still", "jumping", "spinning", "waving",
)  # fmt: skip
CAMERAS = ("steady", "left", "right", "up", "down", "closer", "away")
SHAPE_COLOURS = NAMES[:8]
KINDS = (*SHAPES, *CLASSES)
"""What is seen: a shape in one colour, or a figure of a class."""

SHAPE_RADIUS = (0.164, 0.219, 0.273)  # by size, in sides of the picture
FIGURE_RADIUS = (0.125, 0.165, 0.205)  # half the body's width
REACH = 2.1
"""How far a figure's parts reach from its middle, in half widths."""
SPEED = (0.025, 0.047, 0.069)  # sides a frame, by speed
GROWTH = ((0.84, 1.18), (0.70, 1.32), (0.58, 1.45))
PAN = (0.02, 0.035, 0.05)
ZOOM = (0.025, 0.045, 0.07)  # natural logarithm a frame
TURN = (0.26, 0.45, 0.7)  # radians a frame
JUMP = (0.08, 0.13, 0.18)  # height in sides
PERIOD = 4.0
"""Frames that a jump, a wave and two steps take."""
ASIDE = 0.08


@dataclass(frozen=True, slots=True)
class Scenes:
    """A batch of N clips by index numbers: kind of KINDS, individual (of a pool), colour, place, …

    `draws` (N, 12) are uniform numbers that settle what words leave open.
    """

    kind: np.ndarray
    who: np.ndarray
    colour: np.ndarray
    place: np.ndarray
    ground: np.ndarray
    motion: np.ndarray
    camera: np.ndarray
    size: np.ndarray
    speed: np.ndarray
    draws: np.ndarray

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def is_figure(self) -> np.ndarray:
        return self.kind >= len(SHAPES)


def scenes(rng: Rng, count: int, cast: Figures, grounds: int, *, shapes: float = 0.4) -> Scenes:
    """`count` clips of figures from `cast`, and of `shapes` as a share; only arms are waved."""
    kinds, arms = cast.kind.cpu().numpy(), cast.arms.cpu().numpy() > 0
    figure = rng.random(count) >= shapes
    who = rng.integers(len(kinds), size=count)
    kind = np.where(figure, len(SHAPES) + kinds[who], rng.integers(len(SHAPES), size=count))
    motion = rng.integers(len(MOTIONS), size=count)
    waves = motion == MOTIONS.index("waving")
    motion = np.where(waves & ~(figure & arms[who]), rng.integers(7, size=count), motion)
    camera = np.where(rng.random(count) < 0.25, rng.integers(1, len(CAMERAS), size=count), 0)
    still = MOTIONS.index("still")
    return Scenes(
        kind=kind,
        who=who,
        colour=rng.integers(len(SHAPE_COLOURS), size=count),
        place=rng.integers(len(PLACES), size=count),
        ground=rng.integers(grounds, size=count),
        motion=np.where(camera > 0, np.where(rng.random(count) < 0.7, still, motion), motion),
        camera=camera,
        size=rng.choice(3, size=count, p=(0.25, 0.5, 0.25)),
        speed=rng.choice(3, size=count, p=(0.25, 0.5, 0.25)),
        draws=rng.random((count, 12)),
    )


@dataclass(frozen=True, slots=True)
class Poses:
    """Where things are at T times: centres (N, T, 2) and radii (N, T) in sides, tilts (N, T), …"""

    centre: np.ndarray
    radius: np.ndarray
    tilt: np.ndarray
    stride: np.ndarray
    wave: np.ndarray
    shift: np.ndarray  # (N, T, 2) of the camera, in sides
    zoom: np.ndarray  # (N, T)


def poses(scene: Scenes, legs: np.ndarray, times: np.ndarray) -> Poses:
    """Poses at `times` (N, T) in frames, which may be any; the first FRAMES stay in the picture.

    `legs` (N,) says which figures have legs to walk with.
    """
    u, motion = scene.draws, scene.motion
    by_size = np.where(
        scene.is_figure, *(np.take(r, scene.size) for r in (FIGURE_RADIUS, SHAPE_RADIUS))
    )
    radius = by_size * (0.93 + 0.14 * u[:, 0])
    rate = 0.9 + 0.2 * u[:, 1]
    steps = np.asarray([STEP.get(m, (0, 0)) for m in MOTIONS], float)[motion]
    steps = steps * (np.take(SPEED, scene.speed) * rate)[:, None]
    reach = radius * np.where(scene.is_figure, 1.55, 1.15)
    grown = _growth(scene, times)
    largest = reach * np.where(_is(motion, "growing", "shrinking"), _growth_at_most(scene), 1.0)
    leap = np.where(_is(motion, "jumping"), np.take(JUMP, scene.speed), 0)
    start = _start(u, steps, largest, leap)
    path = start[:, None] + times[..., None] * steps[:, None]
    margin = (1.3 * largest)[:, None, None]
    moves = (np.abs(steps).sum(1) > 0)[:, None, None]
    path = np.where(moves, (path + margin) % (1 + 2 * margin) - margin, path)
    beat = times / PERIOD + u[:, 4:5]
    hop = np.abs(np.sin(np.pi * beat)) * (np.take(JUMP, scene.speed) * rate)[:, None]
    path[..., 1] -= np.where(_is(motion, "jumping")[:, None], hop, 0)
    turn = times * (np.take(TURN, scene.speed) * np.where(u[:, 5] < 0.5, -1, 1))[:, None]
    lean = ((u[:, 6] - 0.5) * 0.3)[:, None] * np.ones_like(times)
    walking = _is(motion, "left", "right") & legs
    shift, zoom = _camera(scene, times, rate)
    return Poses(
        centre=path,
        radius=radius[:, None] * grown,
        tilt=np.where(
            _is(motion, "spinning")[:, None], turn, np.where(scene.is_figure[:, None], lean, 0)
        ),
        stride=np.where(walking[:, None], np.sin(2 * np.pi * beat), 0.25),
        wave=np.where(_is(motion, "waving")[:, None], 0.65 + 0.35 * np.sin(2 * np.pi * beat), 0.0),
        shift=shift,
        zoom=zoom,
    )


def _is(values: np.ndarray, *names: str) -> np.ndarray:
    return np.isin(values, [MOTIONS.index(name) for name in names])


def _growth_at_most(scene: Scenes) -> np.ndarray:
    return np.asarray(GROWTH)[scene.speed, 1]


def _growth(scene: Scenes, times: np.ndarray) -> np.ndarray:
    """How large things are, 1 where they neither grow nor shrink; see `scenes.growth`."""
    low, high = np.asarray(GROWTH)[scene.speed].T[..., None]
    last = FRAMES - 1
    beyond = np.clip(-times, 0, None) + np.clip(times - last, 0, None)
    eased = last * (1 - np.exp(-beyond / last)) * REST
    way = np.clip(times, 0, last) + np.where(times < 0, -eased, eased)
    growing, shrinking = (_is(scene.motion, name)[:, None] for name in ("growing", "shrinking"))
    way = np.where(shrinking, last - way, way)
    return np.where(growing | shrinking, low + (high - low) * way / last, 1.0)


def _start(u: np.ndarray, steps: np.ndarray, reach: np.ndarray, up: np.ndarray) -> np.ndarray:
    path = steps[:, None] * np.arange(FRAMES)[None, :, None]
    low = reach[:, None] + 0.015 - path.min(1)
    low[:, 1] += up
    high = 1 - reach[:, None] - 0.015 - path.max(1)
    aside = np.clip((high - low) / 2, 0, ASIDE)
    return (low + high) / 2 + (2 * u[:, 2:4] - 1) * aside


def _camera(scene: Scenes, times: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    way = np.asarray([STEP.get(name, (0, 0)) for name in CAMERAS], float)[scene.camera]
    middle = times - (FRAMES - 1) / 2
    shift = middle[..., None] * (way * (np.take(PAN, scene.speed) * rate)[:, None])[:, None]
    closer = np.asarray([{"closer": 1, "away": -1}.get(name, 0) for name in CAMERAS])[scene.camera]
    zoom = np.exp(middle * (closer * np.take(ZOOM, scene.speed) * rate)[:, None])
    return np.clip(shift, -MARGIN * 0.9, MARGIN * 0.9), np.clip(zoom, 0.6, 1.8)


@dataclass(frozen=True, slots=True)
class Stage:
    """What clips are drawn from: a pool of individuals, and canvases (places, count, 3, S, S)."""

    cast: Figures
    canvases: Tensor
    size: int

    @classmethod
    def make(cls, cast: Figures, grounds: int, size: int, seed: int, device: str) -> "Stage":
        """`grounds` canvases of every place, drawn on `device`."""
        drawn = [
            places.canvases(place, grounds, size, places.generator(1000 * seed + k, device)).half()
            for k, place in enumerate(PLACES)
        ]
        return cls(cast.to(device), torch.stack(drawn), size)

    @property
    def grounds(self) -> int:
        return self.canvases.shape[1]

    def draw(self, scene: Scenes, times: np.ndarray) -> Tensor:
        """Pictures (N, T, 3, size, size) in 0..1."""
        device, (count, frames) = self.canvases.device, times.shape
        who = self.cast[torch.from_numpy(scene.who).to(device)]
        legs = (self.cast.legs[torch.from_numpy(scene.who).to(device)] > 0).cpu().numpy()
        pose = poses(scene, legs & scene.is_figure, times)
        each = torch.arange(count, device=device).repeat_interleave(frames)
        shift, zoom = _flat(pose.shift, device), _flat(pose.zoom, device)
        grounds = self.canvases[_index(scene.place, device), _index(scene.ground, device)]
        pictures = places.view(grounds[each], shift, zoom, self.size)
        centre = (_flat(pose.centre, device) - 0.5 - shift) * zoom[:, None] + 0.5
        radius = _flat(pose.radius, device) * zoom
        mirrored = torch.from_numpy(_mirrored(scene)).to(device)[each]
        x, y = painting.body_grid(self.size, centre, radius, _flat(pose.tilt, device), mirrored)
        edge, shade = radius * self.size, painting.shade_of(x, y)
        for is_figure in (False, True):
            chosen = np.flatnonzero(np.repeat(scene.is_figure == is_figure, frames))
            if not len(chosen):
                continue
            mine = torch.from_numpy(chosen).to(device)
            if is_figure:
                layers = painting.figure_layers(
                    who[each[mine]], x[mine], y[mine],
                    _flat(pose.stride, device)[mine], _flat(pose.wave, device)[mine],
                )  # fmt: skip
            else:
                named = torch.tensor([COLOURS[name] for name in SHAPE_COLOURS], device=device)
                kind, colour = (
                    _index(scene.kind, device)[each[mine]],
                    _index(scene.colour, device)[each[mine]],
                )
                layers = painting.shape_layers(kind, named[colour], x[mine], y[mine])
            pictures[mine] = painting.paint(pictures[mine], layers, shade[mine], edge[mine])
        return pictures.unflatten(0, (count, frames))

    def masks(self, scene: Scenes, times: np.ndarray, cells: int) -> Tensor:
        """Roughly where the object is, (N, T, cells, cells) in 0..1: an ellipse around it."""
        device = self.canvases.device
        legs = np.zeros(len(scene), bool)
        pose = poses(scene, legs, times)
        shift, zoom = _flat(pose.shift, device), _flat(pose.zoom, device)
        centre = (_flat(pose.centre, device) - 0.5 - shift) * zoom[:, None] + 0.5
        reach = np.where(scene.is_figure, 1.5, 1.0)[:, None] * pose.radius
        radius = _flat(reach, device) * zoom
        none = torch.zeros(len(radius), device=device)
        x, y = painting.body_grid(cells, centre, radius, none, none > 0)
        return (
            (0.5 - (torch.hypot(x, y) - 1) * (radius * cells)[:, None, None])
            .clamp(0, 1)
            .unflatten(0, times.shape)
        )


def _mirrored(scene: Scenes) -> np.ndarray:
    """Figures look where they go; others either way."""
    left, right = (_is(scene.motion, name) for name in ("left", "right"))
    return scene.is_figure & (left | (~right & (scene.draws[:, 7] < 0.5)))


def _flat(values: np.ndarray, device) -> Tensor:
    merged = values.reshape(-1, *values.shape[2:])
    return torch.from_numpy(np.ascontiguousarray(merged, np.float32)).to(device)


def _index(values: np.ndarray, device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device)


def held_out() -> Figures:
    """The individuals that no training has seen, by their number less the first of them."""
    return figures.individuals(np.asarray(figures.HELD_OUT))


def of_class(scene: Scenes, name: str) -> Scenes:
    """The same with another kind."""
    return replace(scene, kind=np.full(len(scene), KINDS.index(name)))
