"""What fills a role of a clip: a model, and all that a request uses of its card."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from studio.spec import components
from studio.spec.adapter_use import MOTION
from studio.spec.bounds import AT_ONCE, LABEL, between, is_name, misfits, several
from studio.spec.grid import STILLS, Grid
from studio.spec.patterns import covers
from studio.spec.timing import FASTEST, SLOWEST
from studio.spec.window import Window

ROLES = ("keyframes", "holes", "interpolator", "codec", "upscaler")
"""What a clip needs: keyframes from words; frames around given ones at the keyframes' rate
(prediction, bridging); frames between those; latents to frames and back; larger frames."""
PICTURE = "picture"
"""What a codec encodes with, where that is less than it decodes with."""
VIDEOLDM = "videoldm"
"""The family of cards that name none."""
LATENTS, FRAMES = "latents", "frames"
"""Spaces in which a role may work: before the codec, or behind it."""
PASSES = 3
"""Of interpolation, at most, whatever model it is."""
LARGEST = 65_536
"""Pixels of a side."""
STRENGTHS = (1.0, 1.0, 0.6, 0.4)
"""Those of `Defaults` where a card does not say."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a request takes from a card where its user says nothing.

    `guidance` by the prompt (classifier-free), 1 for none; `context_guidance` leads away from what
    would be made without the known frames, 1 for not; `context_noise`, 0..1, is the noise level of
    the copy of them that the network sees.  `strengths` are shares of the steps, as in image to
    image: of prediction, between given keyframes, and of each pass of interpolation.  `sampler` is
    a name of `studio.engine.schedulers`, "" for the one that lies beside the weights.  `options` are
    numbers that mean something to the card's family alone.
    """

    steps: int
    guidance: float
    context_guidance: float = 1.0
    context_noise: float = 0.0
    strengths: tuple[float, ...] = STRENGTHS
    sampler: str = ""
    options: tuple[tuple[str, float], ...] = ()

    def denoising_steps(self, pass_index: int, *, between: bool = True) -> int:
        """Steps that are done where frames are known: in pass `pass_index` of interpolation, 1 and
        up, or at the keyframes' rate, 0, `between` known ones or beyond them.
        """
        at = min(pass_index + 1, len(self.strengths) - 1) if between else 0
        return min(self.steps, round(self.steps * self.strengths[at]))


@dataclass(frozen=True, slots=True)
class Part:
    """A model that fills `roles` of a clip.

    `model` is its card's id; `weights` pair each component with the hash of its file, and `uses`
    says by role which of them decide its result, () as in `studio.spec.components`.  `fills` names
    the patterns of known frames that it fills, () for all.  `factor`, `space` and the most `passes`
    are those of an interpolator, `context` of a codec, in latents on either side (None: what its
    components ask for), `scale` of an upscaler.  `sampling` are its own numbers, None for the
    request's.  `holes_space` is that in which it fills holes.  `fps` of the keyframes that it makes and its `window` are None in requests of older
    versions; sides of its frames are multiples of `size_multiple` up to `largest`.  `network` is what adapters must
    have been trained for ("SD 1.x"), "" where nobody knows.
    """

    model: str
    roles: tuple[str, ...]
    weights: tuple[tuple[str, str], ...]
    family: str = VIDEOLDM
    uses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fills: tuple[str, ...] = ()
    grid: Grid = STILLS
    latent_space: str = ""
    factor: int = 4
    space: str = LATENTS
    context: int | None = None
    scale: int = 4
    sampling: Defaults | None = None
    passes: int = PASSES
    holes_space: str = LATENTS
    fps: Fraction | None = None
    window: Window | None = None
    size_multiple: int = 1
    largest: int = LARGEST
    network: str = ""

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no card says."""
        yield from misfits(
            self, model=is_name, roles=several(ROLES.__contains__, most=len(ROLES), fewest=1),
            weights=several(lambda pair: LABEL(pair[0]) and LABEL(pair[1]), most=100),
            family=is_name, factor=between(2, AT_ONCE), space=(LATENTS, FRAMES).__contains__,
            context=between(0, AT_ONCE), scale=between(1, 64), latent_space=LABEL,
            holes_space=(LATENTS, FRAMES).__contains__, passes=between(0, PASSES), fps=between(SLOWEST, FASTEST),
            size_multiple=between(1, LARGEST), largest=between(1, LARGEST), network=LABEL,
        )  # fmt: skip
        if next(self._unknown(), None) is not None:
            yield "weights"

    def can_fill(self, known: tuple[bool, ...]) -> bool:
        """Whether one of its patterns covers these known frames."""
        return not self.fills or any(covers(pattern, known) for pattern in self.fills)

    def named(self, role: str) -> list[tuple[str, str]]:
        """The hashes of the files that decide what it does in a role, as a key spells them.

        ValueError for a component that no role uses, whose weights would be in no key, and for a
        role in which nothing is used.
        """
        if strange := sorted(self._unknown()):
            raise ValueError(f"weights that no role uses: {', '.join(strange)}")
        uses = self._uses()
        if role not in self.roles or not (used := uses.get(role)):
            raise ValueError(f"{self.model} fills no role “{role}”")
        used = (*used, components.SETTINGS)
        return self._family() + [pair for pair in self.weights if pair[0] in used]

    def encoding(self) -> list[tuple[str, str]]:
        """`named` of what the codec encodes with."""
        found = self.named("codec")
        decodes_only = set(self._uses()["codec"]) - set(
            self._uses().get(PICTURE, self._uses()["codec"])
        )
        return [pair for pair in found if pair[0] not in decodes_only]

    def _uses(self) -> dict[str, tuple[str, ...]]:
        return dict(self.uses or components.USES.items())

    def _unknown(self) -> Iterator[str]:
        known = {name for used in self._uses().values() for name in used}
        return (name for name, _ in self.weights if name not in {*known, components.SETTINGS})

    @property
    def networks(self) -> tuple[str, ...]:
        """What LoRAs that go on it were made for: its own network, and its motion module."""
        return (self.network, MOTION) if self.family == "animatediff" else (self.network,)

    def _family(self) -> list[tuple[str, str]]:
        """What computes with the weights; the first release knew of one family alone."""
        return [] if self.family == VIDEOLDM else [("family", self.family)]
