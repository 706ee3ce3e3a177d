"""What a user asks for, with nothing left open: frozen, hashable, free of paths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from studio.spec.adapter_use import MAX_LORAS, EmbeddingUse, LoraUse
from studio.spec.bounds import (
    AT_ONCE,
    LABEL,
    SEED,
    TEXT,
    anything,
    between,
    is_name,
    misfits,
    several,
)
from studio.spec.components import unknown
from studio.spec.part import LARGEST, LATENTS, PASSES, ROLES, STRENGTHS, Defaults, Part
from studio.spec.strip import BRIDGE, Strip
from studio.spec.timing import FASTEST, SLOWEST

MAX_WORDS = 400
MAX_GUIDANCE = 30.0
MAX_STEPS = 1000
MAX_EXTEND = 10_000
"""Keyframes; nearly two hours at 1.5 a second."""
MAX_STRENGTH = 1.5
"""Of a subject."""


@dataclass(frozen=True, slots=True)
class Upsampling:
    """How frames become larger: `steps` of the upsampler's sampler, noise of `level`,
    0..999, on the small frames, in tiles of `tile` by `tile` of their pixels that overlap by
    `overlap`; `guidance` by the prompt, 1 where it reads none.
    """

    steps: int
    level: int
    tile: int
    overlap: int
    guidance: float = 1.0

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no model's card says."""
        yield from misfits(
            self, steps=between(1, MAX_STEPS), level=between(0, 999), tile=between(1, LARGEST),
            overlap=between(0, self.tile - 1), guidance=between(0, 100),
        )  # fmt: skip


UPSCALE_FACTOR = 4
"""Times as large along one side, by an upsampler of the Video LDM family."""


@dataclass(frozen=True, slots=True)
class SubjectUse:
    """A trained subject at a strength of 0..1.5; `identity` is the hash of its adapter."""

    name: str
    identity: str
    token: str
    class_noun: str
    strength: float = 1.0

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no subject says of itself."""
        yield from misfits(
            self, name=is_name, identity=LABEL, token=LABEL, class_noun=LABEL,
            strength=between(0, MAX_STRENGTH),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Everything that is meant to decide a clip.

    `keyframes` come from words at once and `extend` more by prediction, in windows of `window`
    frames; in a `loop` some lead back to the first.  A `strip` says otherwise how each keyframe is
    made.  `interpolate` passes each put frames between two, three if the part for it says no other.  Given frames are followed
    with `context_guidance`, seen through `context_noise` and filled around in the shares of the
    `steps` that `strengths` say (`studio.spec.part.Defaults`).  With `upsample` its frames end larger, and
    with `only` (first, last) those frames alone are made; a range ends where chunks do
    (`studio.spec.frame_spans.whole_chunks`).

    `weights` pairs each component of the `model` with the hash of its file; `parts` fill roles that
    are not the model's, and say of a model of another family what it is; `loras` go on beside the
    subject, and `embeddings` are the words that stand for vectors.  `reading` says how words are read
    (`studio.spec.wording`): "" as they stand, cut where the encoder ends.  `seed` is resolved, 0..2**63-1; `fps` is the rate of the keyframes, frames per second.
    """

    prompt: str
    seed: int
    model: str
    weights: tuple[tuple[str, str], ...]
    width: int
    height: int
    keyframes: int
    fps: Fraction
    steps: int
    guidance: float
    negative: str = ""
    subject: SubjectUse | None = None
    window: int = 8
    extend: int = 0
    loop: bool = False
    interpolate: int = 0
    strip: Strip | None = None
    context_guidance: float = 1.0
    context_noise: float = 0.0
    strengths: tuple[float, ...] = STRENGTHS
    upsample: Upsampling | None = None
    only: tuple[int, int] | None = None
    sampler: str = ""
    options: tuple[tuple[str, float], ...] = ()
    parts: tuple[Part, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    embeddings: tuple[EmbeddingUse, ...] = ()
    reading: str = ""

    ALIASES: ClassVar[Mapping[str, str]] = {"walked": "strengths"}
    """Names of fields in what older versions stored."""

    def unfit(self) -> Iterator[str]:
        """Fields that hold what neither window nor terminal asks for, whatever the model."""
        yield from misfits(
            self, prompt=TEXT, negative=TEXT, seed=SEED, model=is_name,
            weights=several(lambda pair: LABEL(pair[0]) and LABEL(pair[1]), most=100),
            width=between(1, LARGEST), height=between(1, LARGEST), keyframes=between(1, AT_ONCE),
            fps=between(SLOWEST, FASTEST), steps=between(1, MAX_STEPS),
            guidance=between(0, MAX_GUIDANCE), window=between(1, AT_ONCE),
            extend=between(0, MAX_EXTEND), interpolate=between(0, PASSES),
            context_guidance=between(0, 100), context_noise=between(0, 1),
            strengths=several(between(0, 1), most=100, fewest=1), sampler=LABEL,
            options=several(lambda pair: LABEL(pair[0]), most=100), parts=several(anything, most=100),
            loras=several(anything, most=MAX_LORAS), embeddings=several(anything, most=1000),
            reading=LABEL,
        )  # fmt: skip
        if self.loop and self.strip is None and self.window < BRIDGE + 2:
            yield "window"
        if not any(part.model == self.model for part in self.parts) and unknown(
            component for component, _ in self.weights
        ):
            yield "weights"
        if self.only and not 0 <= self.only[0] <= self.only[1] < self.whole_frames:
            yield "only"

    def part(self, role: str, known: tuple[bool, ...] = ()) -> Part:
        """What fills a role: of the parts for it the first that fills around these known frames, or
        else the request's own model.  ValueError where nothing does.
        """
        for part in self.parts:
            if role in part.roles and (not known or part.can_fill(known)):
                return part
        if any(part.model == self.model for part in self.parts):
            raise ValueError(f"nothing fills the role “{role}”")
        return Part(self.model, ROLES, self.weights)

    def sampling(self, part: Part) -> Defaults:
        """The numbers with which a part works: its own, or the request's."""
        return part.sampling or Defaults(
            self.steps,
            self.guidance,
            self.context_guidance,
            self.context_noise,
            self.strengths,
            self.sampler,
            self.options,
        )

    def denoising_steps(self, pass_index: int, *, between: bool = True) -> int:
        """`Defaults.denoising_steps` with the request's own numbers."""
        return self.sampling(Part("", (), ())).denoising_steps(pass_index, between=between)

    @property
    def frames_per_keyframe(self) -> int:
        """Frames from a keyframe to just before the next, after all passes of interpolation."""
        return self.part("interpolator").factor ** self.interpolate if self.interpolate else 1

    @property
    def interpolates_frames(self) -> bool:
        """Whether frames are put between behind the codec: it decodes the keyframes alone."""
        return self.interpolate > 0 and self.part("interpolator").space != LATENTS

    @property
    def frames(self) -> int:
        """Frames of the clip, after all passes of interpolation; of a range alone, its frames."""
        if self.only is not None:
            return self.only[1] - self.only[0] + 1
        return self.whole_frames

    @property
    def whole_frames(self) -> int:
        """Frames of the whole clip, also where a range alone is made."""
        if self.strip is not None:
            keys, loop = len(self.strip.keys), self.strip.loop
        else:
            keys, loop = self.keyframes + self.extend + BRIDGE * self.loop, self.loop
        gaps = keys if loop else keys - 1
        return gaps * self.frames_per_keyframe + (not loop)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the clip's frames, in pixels."""
        factor = self.part("upscaler").scale if self.upsample else 1
        return factor * self.width, factor * self.height

    @property
    def rate(self) -> Fraction:
        """Frames per second of the clip."""
        return self.fps * self.frames_per_keyframe
