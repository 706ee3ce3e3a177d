"""The clip that a span reads, put together from what the spans before it made."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from studio.spec.refusal import Refusal
from studio.spec.span import Span

Arrays = Mapping[str, np.ndarray]


class Inputs(Protocol):
    """The arrays of the spans that a span reads, by key; a mapping or a memo."""

    def get(self, key: str, /) -> Arrays | None: ...


def known_latents(span: Span, inputs: Inputs, shape: tuple[int, ...] = ()) -> Tensor:
    """Latents (T, C, h, w) as a span reads them, zero in its holes; of `shape`, or of that of the
    first that is read."""
    read = _read(span, inputs, "latents")
    clip = torch.zeros(shape or (len(span.reads), *_first(read)))
    for place, latent in read.items():
        if latent is None or latent.shape != tuple(clip.shape[1:]):
            raise Refusal(
                "A keyframe of this clip is of another take.", "Delete it or make it anew."
            )
        clip[place] = torch.from_numpy(np.asarray(latent))
    return clip


def known_frames(span: Span, inputs: Inputs) -> Tensor:
    """Frames uint8 (T, H, W, 3) as a span reads them, black in its holes."""
    read = _read(span, inputs, "frames")
    height, width, _ = _first(read)
    clip = torch.zeros(len(span.reads), height, width, 3, dtype=torch.uint8)
    for place, frame in read.items():
        clip[place] = torch.from_numpy(np.array(frame))
    return clip


def _read(span: Span, inputs: Inputs, name: str) -> dict[int, np.ndarray | None]:
    """By place in the clip what is read there; None where a strip names what is not there."""
    found: dict[int, np.ndarray | None] = {}
    for number, key in enumerate(span.inputs):
        source = inputs.get(key)
        if source is None:
            raise _gone(name)
        arrays = source.get(name, np.empty(0))
        for place, read in enumerate(span.reads):
            if read is not None and read.input == number:
                found[place] = arrays[read.frame] if 0 <= read.frame < len(arrays) else None
    return found


def _first(read: Mapping[int, np.ndarray | None]) -> tuple[int, ...]:
    found = next((array for array in read.values() if array is not None), np.empty((0, 0, 0)))
    return tuple(found.shape)


def _gone(name: str) -> Refusal:
    if name == "latents":  # made before, and kept in the strip as it was
        return Refusal(
            "A keyframe that is locked is no longer stored.", "Delete it or make it anew."
        )
    return Refusal("Frames of this clip are no longer stored.", "Render it again.")
