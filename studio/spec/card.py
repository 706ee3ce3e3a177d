"""The card of a model: what is known of it without loading it.  Data and pure functions only.

A clip is made by *roles*, each filled by a model of the user's choice; a card says which roles its
model can fill, with which files, and how.  `model.toml` is its form on the disk
(`studio.library.card`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from studio.spec.request import WALKED, ClipRequest, Upsampling
from studio.spec.subject_defaults import ANY_MODEL, SubjectDefaults

ROLES = ("keyframes", "holes", "interpolator", "codec", "upscaler")
"""What a clip needs: keyframes from words; frames around given ones at the keyframes' rate
(prediction, bridging); frames between those; latents to frames and back; larger frames."""
PATTERNS = ("keyframes", "first", "ends", "prediction", "interpolation", "any")
"""Sets of known frames that a model can be made to fill around (`covers`)."""
VIDEOLDM = "videoldm"
"""The family of cards that name none."""
FAMILIES: Mapping[str, str] = MappingProxyType({VIDEOLDM: "studio.engine.families.videoldm.family"})
"""By family, the module whose `load` opens a role of its models (`studio.engine.roles`)."""
LATENTS, FRAMES = "latents", "frames"
"""Spaces in which a role may work: before the codec, or behind it."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How latents lie over a clip: a latent's cell covers `spatial` × `spatial` pixels, and a latent
    `temporal` frames.

    The first latent is one frame alone, as in causal video autoencoders: latent 0 is frame 0,
    latent k the frames (k − 1)·temporal + 1 to k·temporal.  With 1, latents are frames.
    """

    spatial: int = 8
    temporal: int = 1

    def latents(self, frames: int) -> int:
        """Latents of a clip.  ValueError for a number of frames that fills no whole latents."""
        if frames < 1 or not self.is_border(frames - 1):
            raise ValueError(f"{frames} frames are no whole latents of {self.temporal} frames")
        return 1 + (frames - 1) // self.temporal

    def frames(self, latents: int) -> int:
        """Frames of a clip of so many latents, 1 or more."""
        return 1 + (latents - 1) * self.temporal

    def latent_of(self, frame: int) -> int:
        """The latent in which a frame lies."""
        return -(-frame // self.temporal)

    def frames_of(self, latent: int) -> range:
        """The frames that lie in a latent."""
        end = latent * self.temporal + 1
        return range(end - self.temporal if latent else 0, end)

    def latents_of(self, frames: range) -> range:
        """The latents in which consecutive frames lie."""
        return range(self.latent_of(frames[0]), self.latent_of(frames[-1]) + 1)

    def is_border(self, frame: int) -> bool:
        """Whether a frame is the last of its latent: known frames belong there."""
        return frame % self.temporal == 0

    def cells(self, width: int, height: int) -> tuple[int, int]:
        """Cells (height, width) of a latent.  ValueError for sides that hold no whole cells."""
        if width % self.spatial or height % self.spatial:
            raise ValueError(f"{width} × {height} pixels are no whole cells of {self.spatial}")
        return height // self.spatial, width // self.spatial


@dataclass(frozen=True, slots=True)
class Window:
    """Frames per call: `usual` of them, at most `most`; numbers that fit are `first` + n·`step`."""

    usual: int
    most: int
    step: int = 1
    first: int = 1

    def fits(self, frames: int) -> bool:
        """Whether a call can make exactly so many."""
        return self.first <= frames <= self.most and (frames - self.first) % self.step == 0

    def snapped(self, frames: int) -> int:
        """The smallest number that fits and is not less; the largest where none is."""
        n = max(0, -(-(frames - self.first) // self.step))
        return self.first + min(n, (self.most - self.first) // self.step) * self.step


@dataclass(frozen=True, slots=True)
class Interpolation:
    """How frames are put between two: `factor` − 1 of them in each of up to `passes` passes, in
    `space` "latents" or "frames"."""

    passes: int
    factor: int = 4
    space: str = LATENTS


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a request takes from a card where its user says nothing.

    `guidance` by the prompt (classifier-free), 1 for none; `context_guidance` leads away from what
    would be made without the known frames, 1 for not; `context_noise`, 0..1, is the noise level of
    the copy of them that the network sees.  `strengths` are shares of the steps, as in image to
    image: of prediction, between given keyframes, and of each pass of interpolation.  `sampler` is
    a name of `studio.engine.sampling`, "" for the one that lies beside the weights.  `options` are
    numbers that mean something to the card's family alone.
    """

    steps: int
    guidance: float
    context_guidance: float = 1.0
    context_noise: float = 0.0
    strengths: tuple[float, ...] = WALKED
    sampler: str = ""
    options: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a model can do, known without loading it.  Sizes in pixels, `fps` in frames per second.

    `fps` is the rate at which it makes frames, of keyframes where it makes these; `sizes`
    (width, height) are those it was trained at, the usual one first; sides are multiples of
    `size_multiple` up to `largest`.  `fills` names `PATTERNS`.  `latent_space` names what its
    latents mean: parts that share latents must agree about it and about `grid`; "" is the card's
    own, like no other's.

    `files` are its components, each a name and the file in the model's folder; `uses` says for each
    role ("picture" for encoding alone) which components decide its result.  A component that no
    role uses is an error.  `settings` is the hash of the configs that the weights were released
    with, "" where it is not known.  `subjects` is how subjects are taught to it, and the words
    that it knows.  `licence` is an SPDX id or a name; `notice` one line for users.
    """

    id: str
    name: str
    fps: Fraction
    window: Window
    sizes: tuple[tuple[int, int], ...]
    defaults: Defaults
    family: str = VIDEOLDM
    size_multiple: int = 8
    largest: int = 2048
    grid: Grid = Grid()
    fills: tuple[str, ...] = ("keyframes",)
    interpolation: Interpolation | None = None
    upsampling: Upsampling | None = None
    latent_space: str = ""
    files: tuple[tuple[str, str], ...] = ()
    uses: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    settings: str = ""
    subjects: SubjectDefaults = ANY_MODEL
    licence: str = ""
    notice: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its frames where nobody says otherwise."""
        return self.sizes[0]

    @property
    def passes(self) -> int:
        """Passes of interpolation that it can make."""
        return self.interpolation.passes if self.interpolation else 0

    @property
    def predicts(self) -> bool:
        """Whether it fills frames around given ones at the keyframes' rate."""
        return bool({"prediction", "any"} & set(self.fills))

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that it can fill."""
        return tuple(role for role, _ in self.uses if role in ROLES)

    def can_fill(self, known: tuple[bool, ...]) -> bool:
        """Whether one of its patterns covers these known frames."""
        return any(covers(pattern, known) for pattern in self.fills)

    def request(
        self, prompt: str, seed: int, weights: tuple[tuple[str, str], ...], **choices: Any
    ) -> ClipRequest:
        """A request with nothing left open: `choices` are fields of it, and what they do not say,
        or say as None, is the card's own; a text of spaces says nothing.  The one way in which
        requests are built.
        """
        width, height = self.size
        own = {
            "width": width,
            "height": height,
            "keyframes": self.window.usual,
            "fps": self.fps,
            "interpolate": self.passes,
            "steps": self.defaults.steps,
            "guidance": self.defaults.guidance,
            "window": self.window.usual,
            "context_guidance": self.defaults.context_guidance,
            "context_noise": self.defaults.context_noise,
            "walked": self.defaults.strengths,
        }
        chosen = {name: value for name, value in choices.items() if _says(value)}
        return ClipRequest(prompt=prompt, seed=seed, model=self.id, weights=weights, **own | chosen)


def _says(choice: object) -> bool:
    """Whether a choice says anything; a space in a field must not make another clip."""
    return choice is not None and not (isinstance(choice, str) and not choice.strip())


def covers(pattern: str, known: tuple[bool, ...]) -> bool:
    """Whether a model that fills a pattern fills around these known frames.

    "keyframes": none is known; "first": the first alone; "ends": first and last alone;
    "prediction": any, but not both ends; "interpolation": both ends at least; "any": any at all.
    """
    count, both = sum(known), known[0] and known[-1]
    return {
        "keyframes": count == 0,
        "first": known[0] and count == 1,
        "ends": both and count == 2,
        "prediction": count > 0 and not both,
        "interpolation": both,
        "any": count > 0,
    }[pattern]


def pattern_of(known: tuple[bool, ...]) -> str:
    """What filling these holes is called: keyframes, interpolation (both ends) or prediction."""
    if not any(known):
        return "keyframes"
    return "interpolation" if known[0] and known[-1] else "prediction"
