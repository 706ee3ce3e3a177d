"""What a user asks for, with nothing left open: frozen, hashable, free of paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from studio.spec.bounds import AT_ONCE, LABEL, SEED, TEXT, between, is_name, misfits, several
from studio.spec.refusal import Refusal
from studio.spec.roles import FILES, SETTINGS
from studio.spec.strip import BRIDGE, Strip
from studio.spec.timing import FASTEST, SLOWEST

MAX_WORDS = 400
MAX_GUIDANCE = 30.0
MAX_STEPS = 1000
MAX_EXTEND = 10_000
"""Keyframes; nearly two hours at 1.5 a second."""
STRONGEST = 1.5
"""Of a subject."""
LARGEST = 65_536
"""Pixels of a side."""
PASSES = 3
"""Of interpolation, at most, whatever model it is."""

WALKED = (1.0, 1.0, 0.6, 0.4)
"""Shares of the steps that a model walks around given frames, if it does not say (`Family`)."""


@dataclass(frozen=True, slots=True)
class Upsampling:
    """How frames become four times as large: `steps` of the upsampler's sampler, noise of `level`,
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


UPSAMPLED = 4
"""Times as large along one side."""


@dataclass(frozen=True, slots=True)
class Family:
    """What a video family can do, known without loading it.  Sizes in pixels, rate in frames/s.

    `passes` of interpolation were taught to it, and whether it `predicts`: fills frames around
    given ones at the rate of the keyframes.  `context_guidance` leads away from what would be made
    without the given frames, 1 for not; `context_noise` is the level, 0..1, of noise on the copy of
    them that the network sees, lest a flaw be copied for ever.  `walked` are the shares of
    the sampler's steps that are walked by prediction, between given keyframes, and in each pass of
    interpolation: what is nearly right from the start, as two neighbours blended are, needs few; the
    finer the pass, the fewer.  At 0 holes show the model's guess of them, or the blend.
    `upsampling` says how its upsampler works, where it has one.
    """

    id: str
    name: str
    native_fps: Fraction
    frames_per_call: int
    most_frames: int
    size: int
    size_multiple: int
    largest: int
    steps: int
    guidance: float
    notice: str = ""
    passes: int = 0
    predicts: bool = False
    context_guidance: float = 1.0
    context_noise: float = 0.0
    walked: tuple[float, ...] = WALKED
    upsampling: Upsampling | None = None


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
            strength=between(0, STRONGEST),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Everything that is meant to decide a clip.

    `keyframes` come from words at once and `extend` more by prediction, in windows of `window`
    frames; in a `loop` some lead back to the first.  A `strip` says otherwise how each keyframe is
    made.  `interpolate` passes, 0..2, each put three frames between two.  Given frames are followed
    with `context_guidance`, seen through `context_noise` and filled around in the shares of the
    `steps` that are `walked` (`Family`).  With `upsample` its frames end four times as large, and
    with `only` (first, last) those frames alone are made; a range ends where chunks do
    (`studio.spec.frame_spans.whole_chunks`).

    `weights` pairs each role (`studio.spec.roles`) with the hash of its
    file; `seed` is resolved, 0..2**63-1; `fps` is the rate of the keyframes, frames per second.
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
    walked: tuple[float, ...] = WALKED
    upsample: Upsampling | None = None
    only: tuple[int, int] | None = None

    def unfit(self) -> Iterator[str]:
        """Fields that hold what neither window nor terminal asks for, whatever the model."""
        yield from misfits(
            self, prompt=TEXT, negative=TEXT, seed=SEED, model=is_name,
            weights=several(lambda pair: pair[0] in (*FILES, SETTINGS) and LABEL(pair[1]), most=100),
            width=between(1, LARGEST), height=between(1, LARGEST), keyframes=between(1, AT_ONCE),
            fps=between(SLOWEST, FASTEST), steps=between(1, MAX_STEPS),
            guidance=between(0, MAX_GUIDANCE), window=between(1, AT_ONCE),
            extend=between(0, MAX_EXTEND), interpolate=between(0, PASSES),
            context_guidance=between(0, 100), context_noise=between(0, 1),
            walked=several(between(0, 1), most=100, fewest=1),
        )  # fmt: skip
        if self.loop and self.strip is None and self.window < BRIDGE + 2:
            yield "window"
        if self.only and not 0 <= self.only[0] <= self.only[1] < self.whole_frames:
            yield "only"

    def steps_around(self, rank: int, *, between: bool = True) -> int:
        """Steps that are walked where frames are given, in pass `rank` of interpolation, 1 and up,
        or at the keyframes' rate, 0: `between` given ones or beyond them."""
        share = self.walked[min(rank + 1, len(self.walked) - 1) if between else 0]
        return min(self.steps, round(self.steps * share))

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
        return gaps * 4**self.interpolate + (not loop)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the clip's frames, in pixels."""
        factor = UPSAMPLED if self.upsample else 1
        return factor * self.width, factor * self.height

    @property
    def rate(self) -> Fraction:
        """Frames per second of the clip."""
        return self.fps * 4**self.interpolate


def check(request: ClipRequest, family: Family) -> None:
    """Refuse, in one sentence, what the family cannot make."""
    _check_words(request)
    _check_numbers(request, family)
    for side in (request.width, request.height):
        if side <= 0 or side % family.size_multiple or side > family.largest:
            raise Refusal(
                f"{family.name} cannot make pictures of {request.width} × {request.height} pixels.",
                f"Use multiples of {family.size_multiple} up to {family.largest}.",
            )


def _check_words(request: ClipRequest) -> None:
    if not request.prompt.split():
        raise Refusal("The prompt is empty.", 'Say what to show, e.g. "a red ball moving left".')
    for name, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        if (words := len(text.split())) > MAX_WORDS:
            raise Refusal(f"The {name} has {words} words.", f"Use at most {MAX_WORDS} words.")
        if any("\ud800" <= c <= "\udfff" for c in text):  # no tokenizer reads that
            raise Refusal(f"The {name} holds half of a character.", "Delete the sign before it.")


def _check_numbers(request: ClipRequest, family: Family) -> None:
    if not 1 <= request.keyframes <= family.most_frames:
        raise Refusal(
            f"{family.name} makes 1 to {family.most_frames} keyframes, not {request.keyframes}.",
            f"At {float(family.native_fps):g} keyframes per second that is up to "
            f"{float((family.most_frames - 1) / family.native_fps):g} s.",
        )
    _check_holes(request, family)
    _check_larger(request, family)
    if not 1 <= request.steps <= MAX_STEPS:
        raise Refusal(f"{request.steps} steps cannot be done.", f"Use 1 to {MAX_STEPS} steps.")
    if not 0.0 <= request.guidance <= MAX_GUIDANCE:  # also false for nan
        raise Refusal(
            f"A guidance of {request.guidance} has no meaning.",
            f"Use a number from 0 to {MAX_GUIDANCE:g}; {family.guidance:g} is a good start.",
        )
    if not 0 <= request.seed < 2**63:
        raise Refusal(f"The seed {request.seed} is out of range.", "Use 0 to 2⁶³ − 1.")


def _check_holes(request: ClipRequest, family: Family) -> None:
    if not 0 <= request.interpolate <= family.passes:
        most = f"Use 0 to {family.passes}." if family.passes else "Leave --interpolate out."
        raise Refusal(f"{family.name} makes no {request.interpolate} passes between frames.", most)
    if not 0 <= request.extend <= MAX_EXTEND:
        raise Refusal(
            f"A clip cannot be extended by {request.extend} keyframes.", f"Use 0 to {MAX_EXTEND}."
        )
    if (request.extend or request.loop or request.strip) and not family.predicts:
        raise Refusal(
            f"{family.name} was not trained to go on from given frames.",
            "Use another model, or neither extend nor loop the clip.",
        )


def _check_larger(request: ClipRequest, family: Family) -> None:
    if request.upsample is not None and family.upsampling is None:
        raise Refusal(f"{family.name} has no upsampler.", "Leave the upsampling out.")
    if (
        request.only is not None
        and not 0 <= request.only[0] <= request.only[1] < request.whole_frames
    ):
        raise Refusal(
            f"The clip has no frames {request.only[0] + 1} to {request.only[1] + 1}.",
            f"Choose from its {request.whole_frames} frames.",
        )


def snapped(side: int, family: Family) -> int:
    """The nearest size that the family can make; zero and negative sizes are refused."""
    if side <= 0:
        raise Refusal(f"A side of {side} pixels has no picture in it.", "Use a positive size.")
    multiple = family.size_multiple
    return min(max(multiple, round(side / multiple) * multiple), family.largest)
