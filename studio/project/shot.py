"""A shot: what the user is working on, with some things still left to the model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from studio.spec.adapter_use import MAX_LORAS
from studio.spec.adapter_use import MAX_STRENGTH as MAX_LORA
from studio.spec.bounds import (
    AT_ONCE,
    ID,
    SEED,
    TEXT,
    anything,
    between,
    either,
    is_name,
    misfits,
    nothing,
    several,
)
from studio.spec.card import Card
from studio.spec.part import ROLES, Part
from studio.spec.request import (
    LARGEST,
    MAX_EXTEND,
    MAX_GUIDANCE,
    MAX_STEPS,
    MAX_STRENGTH,
    PASSES,
    ClipRequest,
    SubjectUse,
)
from studio.spec.strip import Strip
from studio.spec.timing import FASTEST, SLOWEST
from studio.spec.versions import MOST, Version


@dataclass(frozen=True, slots=True)
class Shot:
    """A prompt and its settings.  None leaves a setting to the model's own default.

    `seed` is 0..2**63-1; an unlocked seed is rolled anew before each render by the window.
    `subject` names a subject of the studio, or is "".  `fps` is the rate of the keyframes.
    `parts` pair roles with the ids of models that take them from the shot's `model`; `versions` are
    what its keyframes were before they were made anew; `loras` pair names with
    strengths, beside those that the prompt names.
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
    parts: tuple[tuple[str, str], ...] = ()
    versions: tuple[Version, ...] = ()
    loras: tuple[tuple[str, float], ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what the window lets nobody choose, whatever the model."""
        name = either(nothing, is_name)
        yield from misfits(
            self, id=ID, prompt=TEXT, negative=TEXT, subject=name, strength=between(0, MAX_STRENGTH),
            seed=SEED, model=name, keyframes=between(1, AT_ONCE), steps=between(1, MAX_STEPS),
            guidance=between(0, MAX_GUIDANCE), width=between(1, LARGEST),
            height=between(1, LARGEST), fps=between(SLOWEST, FASTEST),
            extend=between(0, MAX_EXTEND), interpolate=between(0, PASSES),
            parts=several(lambda pair: pair[0] in ROLES and is_name(pair[1]), most=len(ROLES)),
            versions=several(anything, most=MOST),
            loras=several(
                lambda pair: is_name(pair[0]) and -MAX_LORA <= pair[1] <= MAX_LORA, most=MAX_LORAS
            ),
        )  # fmt: skip
        if len(dict(self.parts)) != len(self.parts):
            yield "parts"

    def with_part(self, role: str, model: str) -> "Shot":
        """With a role taken by the model of that id; "" gives it back to the shot's own."""
        chosen = dict(self.parts) | {role: model}
        parts = tuple((role, chosen[role]) for role in ROLES if chosen.get(role))
        return replace(self, parts=parts)

    def request(
        self,
        card: Card,
        weights: tuple[tuple[str, str], ...],
        subject: SubjectUse | None,
        parts: tuple[Part, ...] = (),
    ) -> ClipRequest:
        """The shot with nothing left open; what it does not say, the card decides, or that of the
        part which fills a role."""
        return card.request(
            self.prompt,
            self.seed,
            weights,
            negative=self.negative,
            width=self.width,
            height=self.height,
            keyframes=self.keyframes,
            fps=self.fps,
            steps=self.steps,
            guidance=self.guidance,
            subject=subject,
            extend=self.extend,
            loop=self.loop,
            interpolate=self.interpolate,
            strip=self.strip,
            parts=parts,
        )
