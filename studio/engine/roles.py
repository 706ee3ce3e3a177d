"""The roles of a clip as protocols: all that rendering and the model cache know of any model.

A *family* (`studio.engine.families`) is a package with a module `family` that has one function,

    load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts

which opens what the role needs and nothing else that does not come with it; it gives every role
that the same networks fill, so that what is in memory serves them all.  It ticks between tensors
or parts, and refuses, by name and in a sentence, a file that is missing, damaged or of a newer
format (`studio.spec.refusal.Refusal`).  It loads within `studio.engine.loading.loading`.  Weights are kept at `device.home`; on the device
"meta" networks have shapes and no weights, which are not read, as plans are made from them.

Everywhere below: latents are fp32 on the CPU, (T, C, h, w), scaled as the diffusion network sees
them; frames are uint8 on the CPU, (T, H, W, 3).  T counts latents, or frames, in playing order;
`known` has one entry a frame.  Networks compute on the device and in the precision that they were
loaded for (fp16 on an accelerator), whatever comes in.  A `tick` may raise `Cancelled`: whatever
was changed in the networks is undone by then.  What a method computes depends on its arguments
and the weights alone: noise is that of `studio.engine.noise`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from studio.engine.lora.fitting import AdapterUse
from studio.engine.tiles import Tile, Tiling
from studio.engine.words.embeddings import EmbeddingFile
from studio.spec.card import Card
from studio.spec.grid import Grid
from studio.spec.progress import Tick
from studio.spec.request import SubjectUse

Known = tuple[bool, ...]
"""Of each frame of a window, whether it is given."""
Parts = Mapping[str, Any]
"""By role (`studio.spec.part.ROLES`), what fills it."""
Prompt = Any
"""Encoded words: what a family's `prompt` gives to its own `fill` or `between`, and nobody else
looks into."""


@dataclass(frozen=True, slots=True)
class Words:
    """A prompt as it was written and what should not be seen; the family puts the subject's token
    into it (`studio.spec.prompts`).

    `loras` go on with the subject, `embeddings` are what words of it stand for, and `reading` says
    how it is read (`ClipRequest.reading`): a family that cannot weigh words reads them plain
    (`studio.spec.weights.plain`), one that can put no LoRA on refuses.  `notes` are sentences for the
    user about what came of them, such as how many layers matched.
    """

    prompt: str
    negative: str = ""
    subject: SubjectUse | None = None
    loras: tuple[AdapterUse, ...] = ()
    embeddings: tuple[EmbeddingFile, ...] = ()
    reading: str = ""
    notes: list[str] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class FillSpec:
    """How to fill a window.

    `stage` keys the noise and names the tick; `frames` are the absolute positions of the
    window's frames, which the noise belongs to; `seed` 0..2**63-1.  `steps` of the sampler, of
    which `start_step` are skipped by starting from an estimate (image to image); with all of them
    skipped the estimate is the result.  `guidance`, `context_guidance` and `context_noise` as in
    `studio.spec.part.Defaults`.  `pass_index` counts the passes of interpolation from 1; 0 is the
    keyframes' own rate.  `fps` of the window's frames, 0 where it is not known.  `sampler` is a
    name of `studio.engine.schedulers`, "" for the model's own; `options` belong to the family.
    """

    stage: str
    frames: tuple[int, ...]
    seed: int
    steps: int
    guidance: float
    pass_index: int = 0
    context_guidance: float = 1.0
    context_noise: float = 0.0
    start_step: int = 0
    fps: float = 0.0
    sampler: str = ""
    options: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class UpscaleSpec:
    """How to make frames larger.

    `frames` are the absolute positions of the frames, which the noise belongs to; `level`, 0..999,
    is the noise put on the small frames; `tiling` is in their pixels; `guidance` by the prompt, 1
    where none is read.
    """

    frames: tuple[int, ...]
    seed: int
    steps: int
    level: int
    tiling: Tiling
    prompt: str = ""
    guidance: float = 1.0


class Prompted(Protocol):
    """What takes a prompt."""

    def prompt(self, words: Words, adapter: Path | None) -> AbstractContextManager[Prompt]:
        """The words encoded, and the subject's adapter on while the `with` lasts.

        Afterwards modules, keys and bytes are those of before, after an error too.  Refuses an
        adapter that fits no layer, and one whose SHA-256 is not `words.subject.identity`.
        RuntimeError where another adapter is on.
        """
        ...


class Filler(Prompted, Protocol):
    """Fills the holes of a window: the roles "keyframes" and "holes".

    In `space` "latents" its clip is latents, before the codec; in "frames" it is frames, behind the
    codec: a family whose autoencoder compresses time cannot take or return one frame as latents,
    so that it encodes and decodes the window itself.
    """

    @property
    def card(self) -> Card: ...

    @property
    def space(self) -> str: ...

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled; None when they can.

        True to the weights, where the card only promises.  A family that would ignore a known
        frame refuses it.
        """
        ...

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(T, C, h, w) of a window of so many frames, in space "latents"."""
        ...

    def fill(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """A clip like `clip`, whose known frames are those of `clip` bit for bit; its holes are
        never looked at.

        One tick before the first step and one after each.  Every known frame must matter to the
        holes beside it.  Refuses what `refuses` does.  In space "frames" the known frames are put
        back after decoding, and those beside them are matched to them in colour along a ramp.
        """
        ...


class Interpolator(Prompted, Protocol):
    """Puts `factor` − 1 frames between two: the role "interpolator".

    In `space` "latents" it reads and makes latents, one a frame, before the codec; in "frames" it
    reads and makes frames, behind the codec (a family whose autoencoder compresses time, RIFE).
    """

    @property
    def space(self) -> str: ...

    @property
    def factor(self) -> int: ...

    def between(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """`clip`, latents (T, C, h, w) or frames (T, H, W, 3), with all holes filled; what was
        known comes back bit for bit.

        The first and the last are known, and every `factor`-th between.  Two neighbours that are
        known decide the frames between them alone, whatever lies beyond.
        """
        ...


class Codec(Protocol):
    """Frames to latents and back: the role "codec"."""

    @property
    def grid(self) -> Grid: ...

    @property
    def context(self) -> int:
        """How many latents on either side of a chunk it also has to see."""
        ...

    def encode(self, frames: Tensor) -> Tensor:
        """Frames (T, H, W, 3) to latents, `grid.latents(T)` of them; the mean, no draw.

        ValueError for a number of frames or a size that the grid does not hold.
        """
        ...

    def decode(self, latents: Tensor, tick: Tick) -> Tensor:
        """A chunk of latents, with its context, to `grid.frames(T)` frames; all of them.

        Ticks before each part that it decodes and after the last, in stage "decode", of T.
        """
        ...


class Upscaler(Protocol):
    """Frames to larger frames: the role "upscaler"."""

    @property
    def factor(self) -> int:
        """Times as large along one side."""
        ...

    @property
    def context(self) -> int:
        """How many frames on either side of a portion it also has to see."""
        ...

    def upscale(
        self, frames: Tensor, spec: UpscaleSpec, tick: Tick, *, only: Tile | None = None
    ) -> Tensor:
        """Frames (T, h, w, 3) to (T, factor·h, factor·w, 3); one tick a tile and step.

        With `only`, a window of the small frames, that window alone, as large.
        """
        ...
