"""The walk: spans in order, each read from the memo or made and put there."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from studio.engine.adapter import adapted
from studio.engine.backbone import encode_text
from studio.engine.decode import decode
from studio.engine.fill import FillSpec, Text, fill
from studio.engine.videomodel import VideoModel
from studio.spec.memo import Memo
from studio.spec.progress import Tick
from studio.spec.prompts import for_time, with_subject
from studio.spec.request import ClipRequest
from studio.spec.spans import Span

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Models:
    """What the walk needs; `adapter` is the file of the request's subject."""

    video: VideoModel
    adapter: Path | None = None


@dataclass(slots=True)
class Walked:
    """Which spans were made and which were there, and the seconds that each stage took."""

    made: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def film(spans: tuple[Span, ...], load: Callable[[], Models], memo: Memo, tick: Tick) -> Walked:
    """Make what the memo does not hold.  Every span reads its inputs from the memo in stored
    precision, so that a run cut in pieces ends in the same bytes.

    `load` is called only if there is something to make.
    """
    walked = Walked()
    for span in spans:
        if memo.get(span.key) is not None:
            walked.reused.append(span.key)
            continue
        models = load()
        started = time.monotonic()
        memo.put(span.key, STAGES[span.stage](span, models, memo, tick))
        walked.seconds[span.stage] += time.monotonic() - started
        walked.made.append(span.key)
    return walked


def make_keyframes(span: Span, models: Models, _: Memo, tick: Tick) -> Arrays:
    """All keyframes from words: latents fp32 (T, C, h, w)."""
    request, video = span.request, models.video
    time_words = _time_words(request)
    time_prompt = encode_text(video.backbone, time_words)
    with _wearing(request, models):
        words = encode_text(video.backbone, _words(request))
        text = Text(words[:1], words[1:], time_prompt[:1], time_prompt[1:])
        spec = FillSpec("keyframes", span.makes, request.seed, request.steps, request.guidance)
        holes = torch.zeros(len(span.makes), *_latent_shape(request, video))
        latents = fill(video, holes, (False,) * len(holes), text, spec, tick)
    return {"latents": latents.numpy()}


def make_frames(span: Span, models: Models, memo: Memo, tick: Tick) -> Arrays:
    """A chunk of frames from the keyframes' latents: uint8 (T, H, W, 3)."""
    source = memo.get(span.inputs[0])
    if source is None:
        raise KeyError(span.inputs[0])
    latents = torch.from_numpy(np.asarray(source["latents"])[list(span.reads)])
    return {"frames": decode(models.video.backbone, latents, tick).numpy()}


STAGES = {"keyframes": make_keyframes, "decode": make_frames}


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
        return nullcontext()
    return adapted(models.video.backbone, models.adapter, request.subject.strength)


def _latent_shape(request: ClipRequest, video: VideoModel) -> tuple[int, int, int]:
    reduction = video.backbone.reduction
    channels = video.backbone.vae.config.latent_channels
    return channels, request.height // reduction, request.width // reduction
