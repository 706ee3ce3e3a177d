"""A shot: what the user is working on, with some things still left to the model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from studio.spec.bounds import AT_ONCE, ID, SEED, TEXT, between, either, is_name, misfits, nothing
from studio.spec.request import (
    LARGEST,
    MAX_EXTEND,
    MAX_GUIDANCE,
    MAX_STEPS,
    PASSES,
    STRONGEST,
    ClipRequest,
    Family,
    SubjectUse,
)
from studio.spec.strip import Strip
from studio.spec.timing import FASTEST, SLOWEST

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shot:
    """A prompt and its settings.  None leaves a setting to the model's own default.

    `seed` is 0..2**63-1; an unlocked seed is rolled anew before each render by the window.
    `subject` names a subject of the studio, or is "".  `fps` is the rate of the keyframes.
    """

    id: str
    prompt: str = ""
    negative: str = ""
    subject: str = ""
    strength: float = 1.0
    seed: int = 0
    seed_locked: bool = False
    model: str = ""
    keyframes: int | None = None
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    fps: Fraction | None = None
    extend: int = 0
    loop: bool = False
    interpolate: int | None = None
    strip: Strip | None = None
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what the window lets nobody choose, whatever the model."""
        name = either(nothing, is_name)
        yield from misfits(
            self, id=ID, prompt=TEXT, negative=TEXT, subject=name, strength=between(0, STRONGEST),
            seed=SEED, model=name, keyframes=between(1, AT_ONCE), steps=between(1, MAX_STEPS),
            guidance=between(0, MAX_GUIDANCE), width=between(1, LARGEST),
            height=between(1, LARGEST), fps=between(SLOWEST, FASTEST),
            extend=between(0, MAX_EXTEND), interpolate=between(0, PASSES),
        )  # fmt: skip

    def request(
        self, family: Family, weights: tuple[tuple[str, str], ...], subject: SubjectUse | None
    ) -> ClipRequest:
        """The shot with nothing left open; what it does not say, the family decides."""
        return ClipRequest(
            prompt=self.prompt,
            negative=self.negative,
            seed=self.seed,
            model=family.id,
            weights=weights,
            width=_said(self.width, family.size),
            height=_said(self.height, family.size),
            keyframes=_said(self.keyframes, family.frames_per_call),
            fps=_said(self.fps, family.native_fps),
            steps=_said(self.steps, family.steps),
            guidance=_said(self.guidance, family.guidance),
            subject=subject,
            window=family.frames_per_call,
            extend=self.extend,
            loop=self.loop,
            interpolate=_said(self.interpolate, family.passes),
            strip=self.strip,
            context_guidance=family.context_guidance,
            context_noise=family.context_noise,
            walked=family.walked,
        )


def _said(value: T | None, default: T) -> T:
    return default if value is None else value
