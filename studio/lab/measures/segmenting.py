"""Segmentation of object and ground by colour, frame by frame, without knowledge of the prompt."""

from dataclasses import dataclass

import numpy as np

from studio.lab.drawing import grammar
from studio.lab.drawing.grounds import SIZE
from studio.lab.measures import colours, regions

SMALLEST = 24  # pixels; the smallest object that the scenes ever draw covers about 55
_BORDER = 3  # pixels of frame edge that are taken to show mostly ground
_NEAR_PALETTE = 20.0  # a border pixel farther than this from the place's palette is not ground
_FAINTEST = 8.0  # CIELAB units; nearer to the ground than this is ground whatever the ratio says
_FARTHEST_PAINT = 30.0  # a patch farther than this from all paints has none of these colours


@dataclass(frozen=True, slots=True)
class Segments:
    """What lies on the ground: coverage and masks (T, H, W), names per frame ("" for none)."""

    coverage: np.ndarray  # float32 0..1
    masks: np.ndarray  # bool, one region per frame at most
    colours: tuple[str, ...]
    places: tuple[str, ...]


def segment(frames: np.ndarray) -> Segments:
    """Find the one object of each frame; frames uint8 (T, H, W, 3), larger ones shrunk to SIZE."""
    pixels = colours.lab(shrunk(frames / np.float32(255)))
    paints = colours.to_paints(pixels)
    places = tuple(_place(p) for p in pixels)
    ground = np.stack([_to_ground(*each) for each in zip(pixels, paints, places, strict=True)])
    found = regions.largest(_cover(ground, paints.min(-1)) > 0.5)
    named = tuple(_colour(*each) for each in zip(pixels, found, strict=True))
    return _refine(pixels, ground, named, places)


def shrunk(frames: np.ndarray) -> np.ndarray:
    """Frames (T, H, W, 3) at the size that lengths are given in, by the mean of whole blocks."""
    by = max(1, frames.shape[1] // SIZE)
    count, high, wide = frames.shape[0], frames.shape[1] // by, frames.shape[2] // by
    blocks = frames[:, : high * by, : wide * by].reshape(count, high, by, wide, by, -1)
    return blocks.mean((2, 4)) if by > 1 else frames


def _refine(
    pixels: np.ndarray, ground: np.ndarray, named: tuple[str, ...], places: tuple[str, ...]
) -> Segments:
    """Segment again with each frame's own paint, whose rim then counts as object too."""
    own = np.stack([_to_own_paint(p, c) for p, c in zip(pixels, named, strict=True)])
    coverage = _cover(ground, own)
    masks = regions.largest(coverage > 0.5)
    masks &= masks.sum((1, 2), keepdims=True) >= SMALLEST
    coverage = np.where(regions.dilated(masks, 2), coverage, 0).astype(np.float32)
    observed = masks.any((1, 2))
    kept = tuple(c if s else "" for c, s in zip(named, observed, strict=True))
    return Segments(coverage, masks, kept, places)


def _cover(ground: np.ndarray, paint: np.ndarray) -> np.ndarray:
    """How much of a pixel is object: a mixture lies as far from each as it holds of the other."""
    return np.where(ground > _FAINTEST, ground / (ground + paint + 1e-6), 0)


def _place(pixels: np.ndarray) -> str:
    """The place whose palette holds the border of the frame (H, W, 3) best."""
    border = _border(pixels)
    fits = [np.minimum(colours.to_nearest(border, colours.palette(p)), 30) for p in grammar.PLACES]
    return grammar.PLACES[int(np.argmin([f.mean() for f in fits]))]


def _border(values: np.ndarray) -> np.ndarray:
    inside = np.zeros(values.shape[:2], bool)
    inside[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    return values[~inside]


def _to_ground(pixels: np.ndarray, paints: np.ndarray, place: str) -> np.ndarray:
    """Distance to the ground: to the place's palette and to this frame's own border.

    The palette copes with an object at the frame's edge, the border with a ground whose colours
    have drifted.
    """
    known = colours.palette(place)
    border = _border(pixels)
    off = colours.to_nearest(border, known)
    own = border[(off < _NEAR_PALETTE) & (off < _border(paints.min(-1)))]
    return colours.to_nearest(pixels, np.concatenate([known, own[::4]]))


def _to_own_paint(pixels: np.ndarray, colour: str) -> np.ndarray:
    if not colour:
        return colours.to_paints(pixels).min(-1)
    samples = np.concatenate([colours.paint(colour), colours.paint(colour, rim=True)])
    return colours.to_nearest(pixels, samples)


def _colour(pixels: np.ndarray, mask: np.ndarray) -> str:
    """The paint nearest to the middle colour of a region, away from its rim where it is thick."""
    if not mask.any():
        return ""
    core = regions.eroded(mask[None], 2)[0]
    core = core if core.sum() >= 6 else regions.eroded(mask[None], 1)[0]
    core = core if core.any() else mask
    far = colours.to_paints(np.median(pixels[core], 0))
    return grammar.COLOURS[int(far.argmin())] if far.min() < _FARTHEST_PAINT else ""
