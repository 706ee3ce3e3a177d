"""An oracle without learned parts: pixels of a starter clip → colour, shape and motion seen.

It does not know the prompt.  It knows the eight paints, the six outlines and the seven
grounds of the scenes, and guesses the ground of each frame from the frame's border.

Its own errors on real clips: none in 300 clean ones; through an autoencoder of 31 dB, shape is
wrong in about 3 of 100, all of them small stars whose arms are gone and that look like a ball.
So a model's figures belong beside those of real clips through the same autoencoder.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from studio.lab.drawing import grammar
from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import outlines, paths, segmenting

LEAST_OVERLAP = 0.60  # mean soft IoU below which an object has none of the six shapes


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is seen in a clip; "" where nothing certain is.

    Positions are pixels from the top left corner; a frame without an object holds NaN.
    """

    colour: str  # that more than half of all frames agree on
    shape: str
    motion: str
    place: str
    speed: float  # 1 is the scenes' normal speed
    centres: np.ndarray  # (T, 2) x, y
    radii: np.ndarray  # (T,) of the disc of equal area
    roughness: float  # pixels rms off the straight path
    smooth: bool
    visible: float  # share of the frames that show an object
    overlaps: np.ndarray  # (6,) mean soft IoU with each shape of the grammar
    masks: np.ndarray  # bool (T, H, W)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of a meaning a clip shows.  `motion` already needs a smooth path."""

    colour: bool
    shape: bool
    motion: bool
    smooth: bool

    @property
    def together(self) -> bool:
        """Colour, shape and motion right in the same clip."""
        return self.colour and self.shape and self.motion


def look(frames: np.ndarray) -> Sighting:
    """Look at a clip, uint8 (T, H, W, 3).  Other arrays raise `ValueError`."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames):
        raise ValueError(f"frames must be uint8 (T, H, W, 3), not {frames.dtype} {frames.shape}")
    observed = segmenting.segment(frames)
    centres, radii = _track(observed.coverage)
    path = paths.path(centres, radii)
    fits = _overlaps(observed.coverage)
    best = int(fits.argmax())
    return Sighting(
        colour=_agreed(observed.colours),
        shape=grammar.SHAPES[best] if fits[best] >= LEAST_OVERLAP else "",
        motion=path.motion,
        place=_agreed(observed.places),
        speed=path.speed,
        centres=centres,
        radii=radii,
        roughness=path.roughness,
        smooth=path.smooth,
        visible=float(np.isfinite(radii).mean()),
        overlaps=fits,
        masks=observed.masks,
    )


def judge(sighting: Sighting, meaning: Meaning) -> Verdict:
    """Compare what was seen with what was asked for.

    Raises `ValueError` for a meaning that `judged` says no to: a green ball over grass cannot be
    found by its colour, and an open attribute has no right answer.
    """
    if not judged(meaning):
        raise ValueError(f"the oracle does not judge {meaning}")
    return Verdict(
        colour=sighting.colour == meaning.colour,
        shape=sighting.shape == meaning.shape,
        motion=sighting.motion == meaning.motion and sighting.smooth,
        smooth=sighting.smooth,
    )


def judged(meaning: Meaning) -> bool:
    """Whether a meaning names colour, shape, place and motion and can be told apart by colour."""
    is_whole = meaning.colour and meaning.shape and meaning.place and meaning.motion
    return bool(is_whole) and (meaning.colour, meaning.place) not in grammar.AMBIGUOUS


def _agreed(names: tuple[str, ...]) -> str:
    name, count = Counter(names).most_common(1)[0]
    return name if count > len(names) / 2 else ""


def _overlaps(coverage: np.ndarray) -> np.ndarray:
    fits = [outlines.overlaps(c) for c in coverage if c.any()]
    return np.mean(fits, 0) if fits else np.zeros(len(grammar.SHAPES), np.float32)


def _track(coverage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centroids (T, 2) and radii (T,) of the objects, in pixels."""
    y, x = np.mgrid[0 : coverage.shape[1], 0 : coverage.shape[2]] + 0.5
    area = coverage.sum((1, 2), dtype=float)
    area[area == 0] = np.nan
    centres = np.stack([(coverage * x).sum((1, 2)), (coverage * y).sum((1, 2))], 1)
    return centres / area[:, None], np.sqrt(area / np.pi)
