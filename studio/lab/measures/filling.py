"""Error of filled frames against the true ones, for each pattern of known frames.

By what the oracle reads of each frame (place, colour, shape), not by PSNR, which rewards blur.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import torch
from torch import Tensor

from studio.engine.backbone import encode_text
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.families.videoldm.interpolate import GUIDANCE
from studio.engine.families.videoldm.videomodel import VideoModel, pattern_of
from studio.engine.roles import FillSpec
from studio.lab.drawing import grammar, scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.drawing.grounds import SIZE
from studio.lab.measures import latents, outlines, segmenting
from studio.lab.measures.clips import request
from studio.lab.measures.evaluation import Prompt
from studio.lab.measures.oracle import LEAST_OVERLAP
from studio.spec.progress import silent

OURS, NEAREST, BLEND = "the starter", "nearest given frame", "linear blend"
WITHOUT, REAL = "given nothing", "true frames through the autoencoder"
COLUMNS = (OURS, NEAREST, BLEND, WITHOUT, REAL)
LOST = 32.0
"""64ths of a picture that an object counts as being away that is not there at all: half of it."""
SHOWN = 3
"""Clips of each pattern on the picture sheet."""
GAP = 16
"""Pixels between the columns of the sheet."""
_STREAM = 0x4649  # no other stream of the seed's

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which frames are given, and the pass of interpolation that it is, 0 for keyframes."""

    known: Callable[[Rng], tuple[bool, ...]]
    pass_index: int = 0


def _some(rng: Rng) -> tuple[bool, ...]:
    order = rng.permutation(8)
    return tuple(order < rng.integers(2, 6))


def _fixed(pattern: str) -> Callable[[Rng], tuple[bool, ...]]:
    return lambda _: tuple(letter == "x" for letter in pattern)


PATTERNS = {
    "first": Pattern(_fixed("x.......")),
    "first two": Pattern(_fixed("xx......")),
    "last": Pattern(_fixed(".......x")),
    "last two": Pattern(_fixed("......xx")),
    "first and last": Pattern(_fixed("x......x")),
    "all but one": Pattern(lambda rng: tuple(np.arange(8) != rng.integers(8))),
    "some": Pattern(_some),
    "every fourth, pass 1": Pattern(_fixed("x...x"), 1),
    "every fourth, pass 2": Pattern(_fixed("x...x"), 2),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """One filled frame: how far its object is from the true one.

    `distance` in 0..1 is what the two do not cover together, of what they cover (1 less their soft
    intersection over union), so that place, size and outline count; 1 where the colour is wrong.
    `away` is how far their middles lie apart, in 64ths of a picture.
    """

    distance: float
    away: float
    colour: bool
    shape: bool


@dataclass(frozen=True, slots=True)
class Example:
    """The frames of one clip, uint8 (T, H, W, 3), true and by column; `known` were given."""

    known: tuple[bool, ...]
    true: np.ndarray
    frames: dict[str, np.ndarray]


def example(video: VideoModel, pattern: str, prompt: Prompt, seed: int) -> Example:
    """Fill one held-out clip in each way."""
    words, meaning = prompt
    rng = np.random.default_rng((seed, _STREAM))
    known, pass_index = PATTERNS[pattern].known(rng), PATTERNS[pattern].pass_index
    clip = true_clip(rng, meaning, len(known), pass_index, video.card.size[0])
    with torch.no_grad():
        real = latents.encode(video.backbone.vae, clip)
    text = _text(video, words)
    shown = {
        REAL: real,
        OURS: _filled(video, real, known, text, seed, pass_index),
        WITHOUT: _filled(video, real, (False,) * len(known), text, seed, 0),
    }
    frames = {name: decode(video.backbone, z, silent).numpy() for name, z in shown.items()}
    frames[NEAREST], frames[BLEND] = nearest(frames[REAL], known), blended(frames[REAL], known)
    true = np.rint(clip * 255).astype(np.uint8)
    return Example(known, true, {name: frames[name] for name in COLUMNS})


def look(video: VideoModel, pattern: str, prompt: Prompt, seed: int) -> dict[str, list[Filled]]:
    """What the oracle says of the filled frames of one clip, by column."""
    made = example(video, pattern, prompt, seed)
    holes = [k for k, given in enumerate(made.known) if not given]
    truth = segmenting.segment(made.true[holes])
    return {name: judged(frames[holes], truth, prompt[1]) for name, frames in made.frames.items()}


def true_clip(
    rng: Rng, meaning: Meaning, frames: int, pass_index: int, size: int = SIZE
) -> np.ndarray:
    """Frames of a scene at a pass's rate while its object is in the picture, float (T, H, W, 3)."""
    dense = 4**pass_index
    last = (scenes.FRAMES - 1) * dense - (frames - 1)
    times = (rng.integers(0, last + 1) + np.arange(frames)) / dense
    return scenes.draw(scenes.random_scene(rng, meaning, times), size=size)


def judged(frames: np.ndarray, truth: segmenting.Segments, meaning: Meaning) -> list[Filled]:
    """Compare frames (T, H, W, 3) with what was seen in the true ones."""
    observed = segmenting.segment(frames)
    return [
        Filled(
            _distance(observed.coverage[k], truth.coverage[k]) if colour == meaning.colour else 1.0,
            _away(observed.coverage[k], truth.coverage[k]),
            colour == meaning.colour,
            shape_of(observed.coverage[k]) == meaning.shape,
        )
        for k, colour in enumerate(observed.colours)
    ]


def shape_of(coverage: np.ndarray) -> str:
    """Which of the grammar's shapes a frame's object (H, W) has; "" for none."""
    fits = outlines.overlaps(coverage)
    return grammar.SHAPES[int(fits.argmax())] if fits.max() >= LEAST_OVERLAP else ""


def nearest(frames: np.ndarray, known: Sequence[bool]) -> np.ndarray:
    """Every hole shows the given frame that is nearest in time."""
    given = np.flatnonzero(known)
    return frames[[given[np.abs(given - k).argmin()] for k in range(len(known))]]


def blended(frames: np.ndarray, known: Sequence[bool]) -> np.ndarray:
    """Every hole shows its given neighbours blended by their distance."""
    given, made = np.flatnonzero(known), frames.astype(np.float32).copy()
    for k in np.flatnonzero(~np.asarray(known)):
        before = max((g for g in given if g < k), default=given[0])
        after = min((g for g in given if g > k), default=given[-1])
        share = (k - before) / (after - before) if after != before else 0.0
        made[k] = (1 - share) * frames[before] + share * frames[after]
    return np.rint(made).clip(0, 255).astype(np.uint8)


def picture_sheet(examples: Sequence[Example]) -> np.ndarray:
    """Clips in up to three columns, uint8 (h, w, 3): ours above the true one, given frames framed."""
    pairs = [
        np.concatenate([_row(frames, made.known) for frames in (made.frames[OURS], made.true)])
        for made in examples
    ]
    high, wide = pairs[0].shape[0], max(pair.shape[1] for pair in pairs) + GAP
    down = -(-len(pairs) // 3)
    sheet = np.zeros((down * high, -(-len(pairs) // down) * wide, 3), np.uint8)
    for number, pair in enumerate(pairs):
        x, y = number // down * wide, number % down * high
        sheet[y : y + high, x : x + pair.shape[1]] = pair
    return sheet[:, :-GAP]


def _row(frames: np.ndarray, known: Sequence[bool]) -> np.ndarray:
    edge = ((2, 2), (2, 2), (0, 0))
    framed = [
        np.pad(frame, edge, constant_values=255 * given)
        for frame, given in zip(frames, known, strict=True)
    ]
    return np.concatenate(framed, 1)


def markdown(observed: Mapping[str, Sequence[Mapping[str, Sequence[Filled]]]]) -> str:
    """Markdown: a row per pattern, a column per way.  In each cell the distance in %, then 64ths
    away, and how many of the frames have the right colour and shape, in %."""
    lines = ["| given | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for pattern, clips in observed.items():
        cells = [_cell([f for clip in clips for f in clip[name]]) for name in COLUMNS]
        lines.append(f"| {pattern} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(filled: Sequence[Filled]) -> str:
    distance, away, colour, shape = np.mean([astuple(f) for f in filled], 0)
    return f"**{100 * distance:.1f}** ({away:.1f}, {100 * colour:.0f}, {100 * shape:.0f})"


def _distance(observed: np.ndarray, true: np.ndarray) -> float:
    both, either = np.minimum(observed, true).sum(), np.maximum(observed, true).sum()
    return 1 - float(both / either) if either else 1.0


def _away(observed: np.ndarray, true: np.ndarray) -> float:
    if not observed.any():
        return LOST
    one, other = (_middle(c) for c in (observed, true))
    return float(min(LOST, np.hypot(*(one - other))))


def _middle(coverage: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0 : coverage.shape[0], 0 : coverage.shape[1]]
    return np.asarray([(coverage * x).sum(), (coverage * y).sum()]) / max(coverage.sum(), 1e-6)


def _filled(
    video: VideoModel, real: Tensor, known: tuple[bool, ...], text: Text, seed: int, pass_index: int
) -> Tensor:
    """As the product fills: `pass_index` 0 by prediction, the others by interpolation."""
    clip_request, pattern = request(video.card, "", seed), pattern_of(known)
    steps = clip_request.steps
    if pattern != "keyframes":
        steps = clip_request.denoising_steps(pass_index, between=pattern == "interpolation")
    spec = FillSpec(
        "filling",
        tuple(range(len(known))),
        seed,
        clip_request.steps,
        GUIDANCE if pass_index else clip_request.guidance,
        pass_index=pass_index,
        context_guidance=clip_request.context_guidance,
        context_noise=clip_request.context_noise,
        start_step=clip_request.steps - steps,
    )
    return fill(video, real, known, text, spec, silent)


def _text(video: VideoModel, words: str) -> Text:
    both = encode_text(video.backbone, [words, ""])
    return Text(both[:1], both[1:], both[:1], both[1:])
