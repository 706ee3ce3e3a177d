"""The roles of a clip as the Video LDM family fills them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from studio.engine.backbone import encode_text
from studio.engine.diffusers_calls import config_of
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.encode import encode
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.families.videoldm.interpolate import interpolate
from studio.engine.families.videoldm.student import VideoStudent
from studio.engine.families.videoldm.upsample import upsample
from studio.engine.families.videoldm.upsampler import Upsampler
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.lora.adapter import check_bare
from studio.engine.roles import FillSpec, Known, Parts, UpscaleSpec, Words
from studio.engine.tiles import Tile
from studio.engine.words.prompting import put_on
from studio.spec.card import Card
from studio.spec.frame_spans import DECODE_MARGIN, UPSAMPLE_MARGIN
from studio.spec.grid import Grid
from studio.spec.part import LATENTS
from studio.spec.progress import Tick
from studio.spec.prompts import for_time, with_subject
from studio.spec.request import UPSCALE_FACTOR


def video_parts(video: VideoModel) -> Parts:
    """All that a loaded video model fills, by role."""
    filler = VideoFiller(video)
    between = {"interpolator": LatentInterpolator(video)}
    return {"keyframes": filler, "holes": filler, **between, "codec": VideoCodec(video)}


def upscaler_parts(upsampler: Upsampler) -> Parts:
    """What a loaded upsampler fills."""
    return {"upscaler": VideoUpscaler(upsampler)}


@dataclass(frozen=True, slots=True)
class Prompted:
    """Words for space and for time, and a subject's adapter on the backbone."""

    model: VideoModel

    @contextmanager
    def prompt(self, words: Words, adapter: Path | None) -> Iterator[Text]:
        """Prompt and negative prompt encoded; the temporal layers' own before the adapter goes on,
        without the rare token, which they never saw."""
        backbone, (space, time) = self.model.backbone, _spelled(words)
        check_bare(backbone)
        time_text = encode_text(backbone, [time, words.negative])
        with put_on(backbone, words, adapter):
            text = encode_text(backbone, [space, words.negative])
            yield Text(text[:1], text[1:], time_text[:1], time_text[1:])


def _spelled(words: Words) -> tuple[str, str]:
    """The prompt for space and for time."""
    use = words.subject
    if use is None:
        return words.prompt, words.prompt
    prompt = with_subject(words.prompt, use.token, use.class_noun)
    return prompt, for_time(prompt, use.token)


@dataclass(frozen=True, slots=True)
class VideoFiller(Prompted):
    """The roles "keyframes" and "holes"."""

    space: str = LATENTS

    @property
    def card(self) -> Card:
        return self.model.card

    @property
    def student(self) -> VideoStudent:
        """See `studio.engine.subjects.student`."""
        return VideoStudent(self.model.backbone, self.model)

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled."""
        return self.model.refuses(known)

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(T, C, h, w), one latent a frame."""
        backbone = self.model.backbone
        cells = Grid(backbone.reduction).cells(width, height)
        return (frames, config_of(backbone.vae).latent_channels, *cells)

    def fill(self, clip: Tensor, known: Known, prompt: Text, spec: FillSpec, tick: Tick) -> Tensor:
        """See `studio.engine.roles.Filler`."""
        return fill(self.model, clip, known, prompt, spec, tick)


@dataclass(frozen=True, slots=True)
class LatentInterpolator(Prompted):
    """The role "interpolator": passes of three frames between two, by the one model, with an embedding
    of the pass."""

    space: str = LATENTS
    factor: int = 4

    def between(
        self, clip: Tensor, known: Known, prompt: Text, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """See `studio.engine.roles.Interpolator`."""
        return interpolate(self.model, clip, known, prompt, spec, tick)


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """The role "codec": the image autoencoder, and layers by which its decoder sees time."""

    model: VideoModel

    @property
    def grid(self) -> Grid:
        return Grid(self.model.backbone.reduction)

    @property
    def context(self) -> int:
        """Latents on either side that a decoder which sees time looks at."""
        return DECODE_MARGIN if self.model.decoder is not None else 0

    def encode(self, frames: Tensor) -> Tensor:
        """Frame by frame."""
        return encode(self.model.backbone, frames)

    def decode(self, latents: Tensor, tick: Tick) -> Tensor:
        """Frame by frame, or as a clip by layers that see time."""
        return decode(self.model.backbone, latents, tick, self.model.decoder)


@dataclass(frozen=True, slots=True)
class VideoUpscaler:
    """The role "upscaler"."""

    model: Upsampler
    factor: int = UPSCALE_FACTOR
    context: int = UPSAMPLE_MARGIN

    def upscale(
        self, frames: Tensor, spec: UpscaleSpec, tick: Tick, *, only: Tile | None = None
    ) -> Tensor:
        """See `studio.engine.roles.Upscaler`."""
        return upsample(self.model, frames, spec, tick, only=only)
