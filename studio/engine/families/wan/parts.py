"""The roles of a clip as Wan fills them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from studio.engine.between import blended
from studio.engine.colours import matched
from studio.engine.families.wan.autoencoder import Autoencoder, to_pixels
from studio.engine.families.wan.network import Prompt, Wan, options
from studio.engine.families.wan.student import WanStudent
from studio.engine.roles import FillSpec, Known, Words
from studio.spec.card import Card
from studio.spec.grid import Grid
from studio.spec.part import FRAMES, LATENTS
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class _Filling:
    """What both ways of filling share."""

    model: Wan

    @property
    def card(self) -> Card:
        return self.model.card

    def prompt(self, words: Words, adapter: Path | None) -> AbstractContextManager[Prompt]:
        """The words encoded, with the subject and the LoRAs on meanwhile."""
        return self.model.prompt(words, adapter)

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(t, C, h, w) of a window of so many frames."""
        return self.model.latents_shape(width, height, frames)

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled; None when they can."""
        if all(known):
            return "There is no open frame to fill."
        return self.model.refuses_length(len(known)) or self._refuses_pattern(known)

    def _refuses_pattern(self, known: Known) -> str | None:
        raise NotImplementedError

    def _check(self, known: Known) -> None:
        if why := self.refuses(known):
            raise Refusal(why, "Use another model for these frames.")


@dataclass(frozen=True, slots=True)
class FromWords(_Filling):
    """The role "keyframes", in latents: clips from words alone."""

    space: str = LATENTS

    @property
    def student(self) -> WanStudent | None:
        """See `studio.engine.subjects.student`; of one transformer that reads words alone."""
        model = self.model
        plain = not (model.conditioned or model.controlled or model.experts.low)
        return WanStudent(model) if plain else None

    def _refuses_pattern(self, known: Known) -> str | None:
        name = self.card.name
        if self.model.conditioned:
            return f"{name} makes no clip without a given frame."
        return f"{name} makes keyframes from words alone." if any(known) else None

    def fill(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """Latents (t, C, h, w) for the frames of `known`; of `clip` the shape alone matters."""
        self._check(known)
        t, c, h, w = clip.shape
        side = self.model.autoencoder.grid.spatial
        condition = self.model.from_words(len(known), w * side, h * side, spec)
        made = self.model.latents(prompt, spec, tick, (t, c, h, w), condition)
        return made[0].transpose(0, 1).float().cpu()


@dataclass(frozen=True, slots=True)
class AroundFrames(_Filling):
    """The role "holes", in frames: a window is encoded and decoded whole; known frames are put back
    as they were, and those beside them matched to them in colour."""

    space: str = FRAMES

    def _refuses_pattern(self, known: Known) -> str | None:
        name = self.card.name
        if not any(known):
            return f"{name} fills around given frames, and none is given."
        if self.model.controlled or (self.model.conditioned and not self.model.pictures):
            return None
        if self.model.reads_ends:
            only = known[0] and known[-1] and sum(known) == 2
            return None if only else f"{name} reads the first frame and the last, and these alone."
        if self.model.conditioned:
            only = known[0] and sum(known) == 1
            return None if only else f"{name} was taught to go on from a first frame alone."
        if not self.model.experts.per_token:
            return f"{name} makes clips from words and cannot fill around given frames."
        if sum(known) > 1 or not known[0]:
            return f"{name} reads no given frame but the first; it would ignore the others."
        return None

    def fill(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """Frames uint8 (T, H, W, 3) like `clip`."""
        self._check(known)
        ramp = options(spec).colour_ramp
        if spec.start_step < spec.steps:
            made = self.model.autoencoder.decode(self.latents(clip, known, prompt, spec, tick))
            made = matched(made, clip, known, ramp)
        else:
            made = blended(clip, known).round().to(torch.uint8)
            tick(Progress(spec.stage, 1, 1))
        return torch.where(torch.tensor(known)[:, None, None, None], clip, made)

    def latents(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """Latents (1, C, t, h, w) of the whole window."""
        model, free, estimate = self.model, None, None
        if spec.context_guidance != 1:
            free = model.condition(clip, (False,) * len(known), spec)
        if spec.start_step:
            start = blended(clip, known).round().to(torch.uint8)
            estimate = model.autoencoder.encode(to_pixels(start))
            estimate = estimate.to(model.device.name)
        shape = self.latents_shape(clip.shape[2], clip.shape[1], len(clip))
        condition = model.condition(clip, known, spec)
        return model.latents(prompt, spec, tick, shape, condition, free=free, estimate=estimate)


@dataclass(frozen=True, slots=True)
class WanCodec:
    """The role "codec".  A window's latents are decoded from its first on: later ones mean nothing
    without those before them."""

    autoencoder: Autoencoder
    context: int = 0

    @property
    def grid(self) -> Grid:
        return self.autoencoder.grid

    def encode(self, frames: Tensor) -> Tensor:
        """Frames uint8 (T, H, W, 3) → latents (t, C, h, w), fp32 on the CPU."""
        self.grid.latents(len(frames))
        self.grid.cells(frames.shape[2], frames.shape[1])
        return self.autoencoder.encode(to_pixels(frames))[0].transpose(0, 1).cpu()

    def decode(self, latents: Tensor, tick: Tick) -> Tensor:
        """Latents (t, C, h, w) of a window → its frames, uint8 (T, H, W, 3)."""
        frames = self.grid.frames(len(latents))
        tick(Progress("decode", 0, frames))
        made = self.autoencoder.decode(latents.transpose(0, 1)[None])
        tick(Progress("decode", frames, frames))
        return made
