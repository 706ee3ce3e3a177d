"""The walk: spans in order, each read from the memo or made and put there."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from studio.engine.adapter import adapted, check_bare
from studio.engine.families.videoldm.backbone import encode_text
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.encode import encode, filling
from studio.engine.families.videoldm.fill import FillSpec, Text, fill
from studio.engine.families.videoldm.interpolate import interpolate
from studio.engine.families.videoldm.upsample import UpsampleSpec, upsample
from studio.engine.families.videoldm.upsampler import Upsampler
from studio.engine.families.videoldm.videomodel import VideoModel, pattern_of
from studio.engine.tiles import Tiling
from studio.spec.memo import Memo
from studio.spec.progress import Tick, shifted
from studio.spec.prompts import for_time, with_subject
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import BETWEEN, seed_of

Arrays = Mapping[str, np.ndarray]


class Inputs(Protocol):
    """The arrays of the spans that a span reads, by key; a mapping or a memo."""

    def get(self, key: str, /) -> Arrays | None: ...


def _no_pictures(identity: str) -> np.ndarray:
    raise Refusal(f"There is no picture {identity}.", "Delete that keyframe.")


@dataclass(frozen=True, slots=True)
class Models:
    """What the walk needs; `adapter` is the file of the request's subject, and `pictures` gives
    those that the user brought, uint8 (H, W, 3), by the hash of their bytes.
    """

    video: VideoModel
    adapter: Path | None = None
    pictures: Callable[[str], np.ndarray] = _no_pictures


@dataclass(slots=True)
class Walked:
    """Which spans were made and which were there, and the seconds that each stage took."""

    made: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def _no_upsampler() -> Upsampler:
    raise Refusal("There is no upsampler to make frames larger with.", "Render without it.")


def film(
    spans: tuple[Span, ...],
    load: Callable[[], Models],
    memo: Memo,
    tick: Tick,
    *,
    upsampler: Callable[[], Upsampler] = _no_upsampler,
) -> Walked:
    """Make what the memo does not hold, by its lookup.  Every span reads its inputs from the memo in stored
    precision, so that a run cut in pieces ends in the same bytes.

    `load` and `upsampler` are called only if there is something to make with them, so that neither
    need be in memory beside the other.  Steps are counted through all spans of a stage, so that a
    time left is that of the stage.
    """
    missing = tuple(span for span in spans if not memo.has(span.key))
    lacking = {span.key for span in missing}
    walked = Walked(reused=[span.key for span in spans if span.key not in lacking])
    making = _Making({span.key: span for span in spans}, load, upsampler, memo, tick, walked)
    for span in missing:
        making.totals[span.stage] += steps_in(span)
    for span in missing:
        if not memo.has(span.key):
            making.make(span)
    return walked


@dataclass(slots=True)
class _Making:
    """The state of one film.  No span's networks are referred to once it is made."""

    spans: Mapping[str, Span]
    load: Callable[[], Models]
    upsampler: Callable[[], Upsampler]
    memo: Memo
    tick: Tick
    walked: Walked
    totals: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def make(self, span: Span) -> None:
        inputs = {key: arrays for key in span.inputs if (arrays := self._input(key)) is not None}
        tick = shifted(self.tick, self.done[span.stage], self.totals[span.stage])
        started = time.monotonic()
        self.memo.put(span.key, self._arrays(span, inputs, tick))
        self.done[span.stage] += steps_in(span)
        self.walked.seconds[span.stage] += time.monotonic() - started
        self.walked.made.append(span.key)

    def _input(self, key: str) -> Arrays | None:
        """What a span reads; made again where the memo finds it damaged."""
        arrays = self.memo.get(key)
        if arrays is None and (span := self.spans.get(key)) is not None:
            if key in self.walked.reused:
                self.walked.reused.remove(key)
                self.totals[span.stage] += steps_in(span)
            self.make(span)
            arrays = self.memo.get(key)
        return arrays

    def _arrays(self, span: Span, inputs: Mapping[str, Arrays], tick: Tick) -> Arrays:
        if span.stage == "upsample":
            return make_larger(span, self.upsampler(), inputs, tick)
        return STAGES[span.stage](span, self.load(), inputs, tick)


def steps_in(span: Span) -> int:
    """How many steps a span's verb counts: of the sampler, or frames of a decoder."""
    if span.stage == "interpolation":
        return len(span.makes) // BETWEEN * max(1, span.request.steps_around(span.rank))
    if span.stage == "upsample" and (how := span.request.upsample):
        tiles = Tiling(how.tile, how.overlap).tiles(span.request.height, span.request.width)
        return len(tiles) * (how.steps + 1)
    return max(1, _walked(span)) if span.stage == "keyframes" else max(1, len(span.reads))


def _walked(span: Span) -> int:
    """Steps of a window of keyframes: all where nothing is given."""
    pattern = pattern_of(tuple(read is not None for read in span.reads))
    if pattern == "keyframes":
        return span.request.steps
    return span.request.steps_around(0, between=pattern == "interpolation")


def make_keyframes(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """A window of keyframes, all of them or those that are not given: latents fp32 (T, C, h, w)."""
    request = span.request
    clip, known = given_frames(span, models, inputs)
    with worded(span, models) as text:
        spec = FillSpec(
            "keyframes",
            span.makes,
            seed_of(span),
            request.steps,
            request.guidance,
            context_guidance=request.context_guidance,
            augment=request.context_noise,
            skip=request.steps - _walked(span),
        )
        latents = fill(models.video, clip, known, text, spec, tick)
    return {"latents": latents.numpy()}


def make_picture(span: Span, models: Models, _: Inputs, tick: Tick) -> Arrays:
    """A picture that the user brought, filling the clip's size: latents fp32 (1, C, h, w)."""
    request = span.request
    picture = torch.from_numpy(models.pictures(span.source.picture))
    fitted = filling(picture[None], request.height, request.width)
    return {"latents": encode(models.video.backbone, fitted).numpy()}


def make_between(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """The frames between those that are read: latents fp32 (holes, C, h, w).

    Every two neighbours that are known and the holes between them are a clip of their own.
    """
    clip, known = given_frames(span, models, inputs)
    with worded(span, models) as text:
        latents = interpolate(models.video, clip, known, text, span, tick)
    return {"latents": latents[[not k for k in known]].numpy()}


def make_frames(span: Span, models: Models, inputs: Inputs, tick: Tick) -> Arrays:
    """A chunk of frames from latents: uint8 (T, H, W, 3)."""
    latents, _ = given_frames(span, models, inputs)
    frames = decode(models.video.backbone, latents, tick, models.video.decoder)
    return {"frames": frames[span.lead : span.lead + len(span.makes)].numpy()}


def given_frames(span: Span, models: Models, inputs: Inputs) -> tuple[Tensor, tuple[bool, ...]]:
    """The clip with holes that a span reads: latents (T, C, h, w), zero in the holes."""
    clip = torch.zeros(len(span.reads), *_latent_shape(span.request, models.video))
    for number, key in enumerate(span.inputs):
        source = inputs.get(key)
        if source is None:  # made before, and kept in the strip as it was
            raise Refusal(
                "A keyframe that is locked is no longer stored.", "Delete it or make it anew."
            )
        for place, read in enumerate(span.reads):
            if read is not None and read.input == number:
                clip[place] = _latent(source, read.frame, clip)
    return clip, tuple(read is not None for read in span.reads)


def _latent(source: Arrays, frame: int, clip: Tensor) -> Tensor:
    """A frame of stored latents; refused where a strip names one that is not there or does not fit."""
    latents = source.get("latents", np.empty(0))
    if latents.shape[1:] != tuple(clip.shape[1:]) or not 0 <= frame < len(latents):
        raise Refusal("A keyframe of this clip is of another take.", "Delete it or make it anew.")
    return torch.from_numpy(np.asarray(latents[frame]))


def make_larger(span: Span, upsampler: Upsampler, inputs: Inputs, tick: Tick) -> Arrays:
    """A portion of frames made larger: uint8 (T, 4 H, 4 W, 3)."""
    frames = upsample(upsampler, small_frames(span, inputs), upsample_spec(span), tick)
    return {"frames": frames[span.lead : span.lead + len(span.makes)].numpy()}


def upsample_spec(span: Span) -> UpsampleSpec:
    """How the frames that a span reads are made larger."""
    request, how = span.request, span.request.upsample
    assert how is not None
    tiling = Tiling(how.tile, how.overlap)
    return UpsampleSpec(
        span.positions, request.seed, how.steps, how.level, tiling, request.prompt, how.guidance
    )


def small_frames(span: Span, inputs: Inputs) -> Tensor:
    """The decoded frames that a span reads, uint8 (T, H, W, 3)."""
    frames = {}
    for number, key in enumerate(span.inputs):
        source = inputs.get(key)
        if source is None:
            raise Refusal("Frames of this clip are no longer stored.", "Render it again.")
        for place, read in enumerate(span.reads):
            if read is not None and read.input == number:
                frames[place] = torch.from_numpy(np.array(source["frames"][read.frame]))
    return torch.stack([frames[place] for place in range(len(span.reads))])


STAGES = {
    "keyframes": make_keyframes,
    "picture": make_picture,
    "interpolation": make_between,
    "decode": make_frames,
}


@contextmanager
def worded(span: Span, models: Models) -> Iterator[Text]:
    """The span's words, encoded for space and for time, with the subject put on meanwhile."""
    request, backbone = span.request, models.video.backbone
    if span.source.prompt is not None:
        request = replace(request, prompt=span.source.prompt)
    time_words = encode_text(backbone, _time_words(request))
    with _wearing(request, models):
        words = encode_text(backbone, _words(request))
        yield Text(words[:1], words[1:], time_words[:1], time_words[1:])


def _words(request: ClipRequest) -> list[str]:
    subject = request.subject
    prompt = request.prompt
    if subject:
        prompt = with_subject(prompt, subject.token, subject.class_noun)
    return [prompt, request.negative]


def _time_words(request: ClipRequest) -> list[str]:
    if not request.subject:
        return [request.prompt, request.negative]
    prompt, negative = _words(request)
    return [for_time(prompt, request.subject.token), negative]


def _wearing(request: ClipRequest, models: Models) -> AbstractContextManager:
    if request.subject is None or models.adapter is None:
        check_bare(models.video.backbone)
        return nullcontext()
    use = request.subject
    return adapted(models.video.backbone, models.adapter, use.strength, use.identity)


def _latent_shape(request: ClipRequest, video: VideoModel) -> tuple[int, int, int]:
    reduction = video.backbone.reduction
    channels = video.backbone.vae.config.latent_channels
    return channels, request.height // reduction, request.width // reduction
