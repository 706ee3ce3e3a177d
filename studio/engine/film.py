"""Rendering: spans in order, each read from the memo or made and put there.

The loop and the memo are here, and the table *stage → verb*; what a model is, its family knows
(`studio.engine.roles`).
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.engine.clips import Arrays, Inputs, known_frames, known_latents
from studio.engine.fitting import filling
from studio.engine.memory.shortage import unless_short
from studio.engine.roles import (
    Codec,
    Filler,
    FillSpec,
    Interpolator,
    Parts,
    Upscaler,
    UpscaleSpec,
)
from studio.engine.tiles import Tiling
from studio.engine.words.span_words import no_file, words
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.amounts import denoising_steps
from studio.spec.memo import Memo
from studio.spec.part import FRAMES, Part
from studio.spec.progress import Progress, Tick, shifted
from studio.spec.refusal import Refusal
from studio.spec.sources import space_of
from studio.spec.span import Span
from studio.spec.spans import seed_of
from studio.spec.weights import plain

Load = Callable[[Part, str], Any]
"""A part and one of its roles → what fills it, loaded."""


def _no_pictures(identity: str) -> np.ndarray:
    raise Refusal(f"There is no picture {identity}.", "Delete that keyframe.")


def loaded(parts: Parts) -> Load:
    """What is in memory already, whatever part is asked for."""

    def load(part: Part, role: str) -> Any:
        if role not in parts:
            raise Refusal(f"There is no {role} to make this clip with.", "Render it without.")
        return parts[role]

    return load


@dataclass(frozen=True, slots=True)
class Models:
    """What rendering needs; `load` is asked only where something is to be made, and one thing at a
    time, so that parts need not be in memory beside one another.  `adapter` finds the file of the
    request's subject, and `pictures` gives those that the user brought, uint8 (H, W, 3), by the
    hash of their bytes.  Where memory is short for a span, `lighten` has what fills it loaded anew in
    a lighter way and says in words how; "" where there is none.  `took` hears of the seconds of each.
    `file` finds that of a LoRA or an embedding, and `notes`
    gathers sentences for the user.
    """

    load: Load
    adapter: Callable[[], Path | None] = lambda: None
    pictures: Callable[[str], np.ndarray] = _no_pictures
    lighten: Callable[[Span], str] = lambda _: ""
    took: Callable[[Span, float], None] = lambda *_: None
    file: Callable[[LoraUse | EmbeddingUse], Path] = no_file
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rendered:
    """Which spans were made and which were there, and the seconds that each stage took."""

    made: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def film(spans: tuple[Span, ...], models: Models, memo: Memo, tick: Tick) -> Rendered:
    """Make what the memo does not hold, by its lookup.

    Every span reads its inputs from the memo in stored precision, so that a run cut in pieces ends
    in the same bytes.  Steps are counted through all spans of a stage, so that a time left is that
    of the stage.
    """
    missing = tuple(span for span in spans if not memo.has(span.key))
    lacking = {span.key for span in missing}
    rendered = Rendered(reused=[span.key for span in spans if span.key not in lacking])
    making = _Making({span.key: span for span in spans}, models, memo, tick, rendered)
    for span in missing:
        making.totals[span.stage] += steps_in(span)
    for span in missing:
        if not memo.has(span.key):
            making.make(span)
    return rendered


@dataclass(slots=True)
class _Making:
    """The state of one film.  No span's networks are referred to once it is made."""

    spans: Mapping[str, Span]
    models: Models
    memo: Memo
    tick: Tick
    rendered: Rendered
    totals: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def make(self, span: Span) -> None:
        inputs = {key: arrays for key in span.inputs if (arrays := self._input(key)) is not None}
        tick = shifted(self.tick, self.done[span.stage], self.totals[span.stage])
        started = time.monotonic()
        arrays = self._arrays(span, inputs, tick)
        computed = time.monotonic() - started
        self.memo.put(span.key, arrays)
        self.models.took(span, computed)
        self.done[span.stage] += steps_in(span)
        self.rendered.seconds[span.stage] += time.monotonic() - started
        self.rendered.made.append(span.key)

    def _arrays(self, span: Span, inputs: Inputs, tick: Tick) -> Arrays:
        """What a span's verb makes, in ever lighter ways while memory is short."""
        while True:
            made = unless_short(lambda: STAGES[span.stage](span, self.models, inputs, tick))
            if made is not None:
                return made
            if not (how := self.models.lighten(span)):
                raise Refusal(
                    f"There is not enough memory to make this ({span.stage}), in the lightest way.",
                    "Use smaller frames, close other programs, or use another model.",
                )
            tick(
                Progress(
                    span.stage, 0, steps_in(span), note=f"Memory is short: {how} from here on."
                )
            )

    def _input(self, key: str) -> Arrays | None:
        """What a span reads; made again where the memo finds it damaged."""
        arrays = self.memo.get(key)
        if arrays is None and (span := self.spans.get(key)) is not None:
            if key in self.rendered.reused:
                self.rendered.reused.remove(key)
                self.totals[span.stage] += steps_in(span)
            self.make(span)
            arrays = self.memo.get(key)
        return arrays


def steps_in(span: Span) -> int:
    """How many steps a span's verb counts: of the sampler, or frames of a decoder."""
    if span.stage == "interpolation":
        gaps = sum(read is not None for read in span.reads) - 1
        return gaps * max(1, denoising_steps(span))
    if span.stage == "upsample" and (how := span.request.upsample):
        tiles = Tiling(how.tile, how.overlap).tiles(span.request.height, span.request.width)
        return len(tiles) * (how.steps + 1)
    return max(1, denoising_steps(span)) if span.stage == "keyframes" else max(1, len(span.reads))


def make_keyframes(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """A window of keyframes, all of them or those that are not given: latents fp32 (T, C, h, w), or
    behind the codec frames uint8 (T, H, W, 3)."""
    filler: Filler = models.load(span.part, span.role)
    request, known = span.request, tuple(read is not None for read in span.reads)
    space = space_of(span)
    if space == FRAMES:
        clip = known_frames(span, inputs)
    else:
        shape = filler.latents_shape(request.width, request.height, len(known))
        clip = known_latents(span, inputs, shape)
    meant = words(span, models.file, models.notes)
    with filler.prompt(meant, models.adapter() if meant.subject else None) as prompt:
        made = filler.fill(clip, known, prompt, fill_spec(span, span.makes), tick)
    return {space: made.numpy()}


def make_picture(span: Span, models: Models, _: Inputs, tick: Tick) -> Arrays:
    """A picture that the user brought, filling the clip's size: latents fp32 (1, C, h, w)."""
    codec: Codec = models.load(span.part, span.role)
    picture = torch.from_numpy(models.pictures(span.source.picture))
    fitted = filling(picture[None], span.request.height, span.request.width)
    return {"latents": codec.encode(fitted).numpy()}


def make_latents(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """Frames that are read, encoded: latents fp32 (T, C, h, w)."""
    codec: Codec = models.load(span.part, span.role)
    return {"latents": codec.encode(known_frames(span, inputs)).numpy()}


def make_between(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """The frames between those that are read, before the codec: latents fp32 (holes, C, h, w); or
    behind it, with those that are read: uint8 (T, H, W, 3)."""
    interpolator: Interpolator = models.load(span.part, span.role)
    known, apart = tuple(read is not None for read in span.reads), span.part.space == FRAMES
    clip = known_frames(span, inputs) if apart else known_latents(span, inputs)
    start = span.makes[0] - (not apart)
    spec = fill_spec(span, tuple(range(start, start + len(known))))
    meant = words(span, models.file, models.notes)
    with interpolator.prompt(meant, models.adapter() if meant.subject else None) as prompt:
        made = interpolator.between(clip, known, prompt, spec, tick)
    if apart:
        return {"frames": made[: len(span.makes)].numpy()}
    return {"latents": made[[not k for k in known]].numpy()}


def make_frames(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """A chunk of frames from latents, or of frames that are there: uint8 (T, H, W, 3)."""
    if not span.role:
        return _shown(span, known_frames(span, inputs))
    codec: Codec = models.load(span.part, span.role)
    return _shown(span, codec.decode(known_latents(span, inputs), tick))


def make_larger(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """A portion of frames made larger: uint8 (T, H, W, 3)."""
    upscaler: Upscaler = models.load(span.part, span.role)
    return _shown(span, upscaler.upscale(known_frames(span, inputs), upscale_spec(span), tick))


def _shown(span: Span, frames: Tensor) -> Arrays:
    """Of all frames that were looked at, those that the span makes."""
    before = span.context_before
    return {"frames": frames[before : before + len(span.makes)].numpy()}


def fill_spec(span: Span, frames: tuple[int, ...]) -> FillSpec:
    """How a span is filled, whose clip lies at these positions."""
    request, how = span.request, span.request.sampling(span.part)
    rate = request.fps * span.part.factor**span.pass_index
    return FillSpec(
        span.stage,
        frames,
        seed_of(span),
        how.steps,
        how.guidance,
        pass_index=span.pass_index,
        context_guidance=how.context_guidance,
        context_noise=how.context_noise,
        start_step=how.steps - denoising_steps(span),
        fps=float(rate),
        sampler=how.sampler,
        options=how.options,
    )


def upscale_spec(span: Span) -> UpscaleSpec:
    """How the frames that a span reads are made larger."""
    request, how = span.request, span.request.upsample
    assert how is not None
    tiling = Tiling(how.tile, how.overlap)
    prompt = plain(request.prompt) if request.reading else request.prompt
    return UpscaleSpec(
        span.positions, request.seed, how.steps, how.level, tiling, prompt, how.guidance
    )


STAGES: Mapping[str, Callable[[Span, Models, Inputs, Tick], Arrays]] = {
    "keyframes": make_keyframes,
    "picture": make_picture,
    "interpolation": make_between,
    "decode": make_frames,
    "show": make_frames,
    "encode": make_latents,
    "upsample": make_larger,
}
