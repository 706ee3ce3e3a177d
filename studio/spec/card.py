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

from studio.spec.grid import STILLS, Grid
from studio.spec.part import LATENTS, ROLES, VIDEOLDM, Defaults, Part
from studio.spec.patterns import covers
from studio.spec.request import ClipRequest, Upsampling
from studio.spec.sizes import fitting
from studio.spec.subject_defaults import ANY_MODEL, SubjectDefaults
from studio.spec.window import Window

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        name: f"studio.engine.families.{name}.family"
        for name in (
            VIDEOLDM,
            "animatediff",
            "autoencoder",
            "image_upscaler",
            "stills",
            "svd",
            "wan",
        )
    }
)
"""By family, the module whose `load` opens a role of its models (`studio.engine.roles`)."""


@dataclass(frozen=True, slots=True)
class Interpolation:
    """How frames are put between two: `factor` − 1 of them in each of up to `passes` passes, in
    `space` "latents" or "frames"."""

    passes: int
    factor: int = 4
    space: str = LATENTS


@dataclass(frozen=True, slots=True)
class Card:
    """What a model can do, known without loading it.  Sizes in pixels, `fps` in frames per second.

    `fps` is the rate at which it makes frames, of keyframes where it makes these; `sizes`
    (width, height) are those it was trained at, the usual one first; sides are multiples of
    `size_multiple` up to `largest`.  `fills` names `PATTERNS`.  `latent_space` names what its
    latents mean: parts that share latents must agree about it and about `grid`; "" is the card's
    own, like no other's.  `holes_space` is that in which it fills holes: "latents", or "frames"
    behind the codec.  `context`: latents on either side of a chunk that its codec also sees, None
    for what its components ask for; `scale`: times as large as its upscaler makes frames, a side.

    `files` are its components, each a name and the file in the model's folder; `uses` says for each
    role ("picture" for encoding alone) which components decide its result.  A component that no
    role uses is an error.  `settings` is the hash of the configs that the weights were released
    with, "" where it is not known.  `subjects` is how subjects are taught to it, and the words
    that it knows.  `licence` is an SPDX id or a name; `notice` one line for users.  `network` is what LoRAs must have
    been trained for to go on it ("SD 1.x"), "" where nobody knows.
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
    grid: Grid = STILLS
    fills: tuple[str, ...] = ("keyframes",)
    interpolation: Interpolation | None = None
    upsampling: Upsampling | None = None
    latent_space: str = ""
    holes_space: str = LATENTS
    context: int | None = None
    scale: int = 4
    files: tuple[tuple[str, str], ...] = ()
    uses: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    settings: str = ""
    subjects: SubjectDefaults = ANY_MODEL
    licence: str = ""
    notice: str = ""
    network: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its frames where nobody says otherwise."""
        return self.sizes[0]

    @property
    def passes(self) -> int:
        """Passes of interpolation that it can make."""
        return self.interpolation.passes if self.interpolation else 0

    def rate(self, passes: int) -> Fraction:
        """Frames per second after so many passes of interpolation."""
        factor = self.interpolation.factor if self.interpolation else 1
        return self.fps * factor**passes

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
        or say as None, is the card's own, or that of the part which fills the role it belongs to;
        a text of spaces says nothing.  The one way in which requests are built.
        """
        chosen = {name: value for name, value in choices.items() if _says(value)}
        parts: tuple[Part, ...] = chosen.pop("parts", ())
        by_role = {role: part for part in reversed(parts) for role in part.roles}
        itself = self.part(weights)
        keys, holes, between = (
            by_role.get(role, itself) for role in ("keyframes", "holes", "interpolator")
        )
        width, height = (fitting(side, self, parts) for side in self.size)
        own = {
            "width": width,
            "height": height,
            "keyframes": (keys.window or self.window).usual,
            "fps": keys.fps or self.fps,
            "interpolate": between.passes,
            "steps": self.defaults.steps,
            "guidance": self.defaults.guidance,
            "window": (holes.window or self.window).usual,
            "context_guidance": self.defaults.context_guidance,
            "context_noise": self.defaults.context_noise,
            "strengths": self.defaults.strengths,
            "sampler": self.defaults.sampler,
            "options": self.defaults.options,
        }
        parts += () if self._is_plain else (itself,)
        return ClipRequest(prompt, seed, self.id, weights, parts=parts, **own | chosen)

    def part(
        self,
        weights: tuple[tuple[str, str], ...],
        roles: tuple[str, ...] = (),
        sampling: Defaults | None = None,
    ) -> Part:
        """The card as a part of a clip, in some of its roles or in all of them."""
        between = self.interpolation or Interpolation(0)
        return Part(
            self.id,
            roles or self.roles,
            weights,
            family=self.family,
            uses=() if self.family == VIDEOLDM else self.uses,
            fills=self.fills,
            grid=self.grid,
            latent_space=self.latent_space or self.id,
            factor=between.factor,
            passes=between.passes,
            holes_space=self.holes_space,
            space=between.space,
            context=self.context,
            scale=self.scale,
            sampling=sampling,
            fps=self.fps,
            window=self.window,
            size_multiple=self.size_multiple,
            largest=self.largest,
            network=self.network,
        )

    @property
    def _is_plain(self) -> bool:
        """Whether a request need not say more of it than the first release's did."""
        plain = (self.interpolation or Interpolation(0)) == Interpolation(self.passes)
        usual = (self.family, self.grid.temporal, self.context, self.scale, self.holes_space)
        return plain and usual == (VIDEOLDM, 1, None, 4, LATENTS)


def _says(choice: object) -> bool:
    """Whether a choice says anything; a space in a field must not make another clip."""
    return choice is not None and not (isinstance(choice, str) and not choice.strip())
