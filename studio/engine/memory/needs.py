"""What a span takes of memory, by shapes: its own verb of `film`, run on networks without weights.

The networks are opened by their family on torch's "meta" device, from their configs; so that what
is counted is what the code keeps, of any family, and nothing of it is written down twice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from studio.engine.clips import Arrays, Inputs
from studio.engine.device import SHAPES, Device
from studio.engine.film import STAGES, Models, loaded
from studio.engine.memory.lighter import lighten
from studio.engine.memory.live import Shapes, weights
from studio.engine.memory.modes import counting
from studio.engine.memory.once import each_once
from studio.engine.roles import Parts
from studio.engine.untouched import networks
from studio.engine.words.span_words import no_file
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.part import LATENTS
from studio.spec.plan.need import Need
from studio.spec.progress import silent
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.span import Span

INNER = ("encoder", "decoder")
"""Networks inside an autoencoder, which what is around them calls."""
Files = Callable[[LoraUse | EmbeddingUse | SubjectUse], Path | None]
"""The file of an adapter of a request; None where it is not here."""
Open = Callable[[Device], Parts]
"""Opens what fills a span's role on a device (`studio.engine.roles`)."""
STEP = 1e-4
"""By how much frames that are read differ: those that are alike are not filled between."""


def skeleton(open_parts: Open, device: Device) -> Parts:
    """What fills a role, with shapes and no weights, computing as on `device`."""
    shapes = replace(device, name=SHAPES, attention=device.attends)
    with Shapes():
        return lighten(open_parts(shapes), replace(shapes, attention=device.attention))


def need_of(span: Span, parts: Parts, device: Device, file: Files = lambda _: None) -> Need:
    """What a span takes on a device, given the skeletons of its part, with those adapters whose
    files are found; embeddings, a few vectors, are left out."""
    span = replace(span, request=_without_missing(span.request, file))
    nets = list(networks(parts))
    held = weights(nets)
    inputs = Anything(span, parts)
    on_processor = device.name == "cpu"
    with counting(nets, on_processor=on_processor) as live, each_once(live, _called(nets)):
        run(span, parts, inputs, file)
    if on_processor:
        return Need(held, live.peak, 0, live.flops)
    working, host = live.peaks[SHAPES], live.peaks["cpu"]
    if device.streams:
        return Need(0, working, host + held, live.flops)
    return Need(held, working, host, live.flops)


def _without_missing(request: ClipRequest, file: Files) -> ClipRequest:
    """Without what has no file here: the job will say so."""
    loras = tuple(use for use in request.loras if file(use))
    subject = request.subject if request.subject and file(request.subject) else None
    return replace(request, subject=subject, loras=loras, embeddings=())


def run(span: Span, parts: Parts, inputs: Inputs, file: Files = lambda _: None) -> None:
    """Do a span's work on inputs, whatever these are."""
    if span.role:
        pictures = np.zeros((span.request.height, span.request.width, 3), np.uint8)
        subject = span.request.subject
        models = Models(
            loaded(parts),
            lambda: subject and file(subject),
            lambda _: pictures,
            file=lambda use: file(use) or no_file(use),
        )
        STAGES[span.stage](span, models, inputs, silent)


def _called(nets: Iterable[nn.Module]) -> Iterator[nn.Module]:
    """The networks as they are called from outside."""
    for net in nets:
        inner = [getattr(net, name, None) for name in INNER]
        found = [one for one in inner if isinstance(one, nn.Module)]
        yield from found or [net]


class Anything:
    """Inputs that a span may read: latents and frames of its size, each a little other."""

    def __init__(self, span: Span, parts: Parts) -> None:
        request = span.request
        self._frame = np.zeros((request.height, request.width, 3), np.uint8)
        self._latent = np.zeros(_latent_shape(span, parts), np.float32)

    def get(self, key: str, /) -> Arrays | None:
        shift = sum(key.encode()) * STEP
        found: Any = {"latents": _Some(self._latent, shift), "frames": _Some(self._frame, 0.0)}
        return found


class _Some:
    """Arrays like one, as many as are asked for."""

    def __init__(self, like: np.ndarray, shift: float) -> None:
        self._like, self._shift = like, shift

    def __len__(self) -> int:
        return 2**31

    def __getitem__(self, number: int) -> np.ndarray:
        return self._like + np.asarray(self._shift + STEP * number, self._like.dtype)


def _latent_shape(span: Span, parts: Parts) -> tuple[int, ...]:
    """(C, h, w) of what the span may read as latents."""
    width, height = span.request.width, span.request.height
    for role in ("keyframes", "holes"):
        if role in parts and parts[role].space == LATENTS:
            return parts[role].latents_shape(width, height, 1)[1:]
    if ("codec" in parts and span.stage == "decode") or span.stage == "show":
        with Shapes():
            return tuple(parts["codec"].encode(torch.zeros(1, height, width, 3)).shape[1:])
    return (1, 1, 1)
