"""LoRAs and embeddings of other people, as a request uses them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from studio.spec.bounds import LABEL, between, is_name, misfits

MOTION = "AnimateDiff"
"""The network of LoRAs on a motion module."""
EXPERTS = ("", "high", "low")
MAX_STRENGTH = 10.0
"""Of a LoRA, on either side of 0."""
MAX_LORAS = 16
"""In one request."""


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA at a strength, less than 0 to lead away from it; `identity` is the hash of its tensors and
    of what decides their scale.  `network` is what it was trained for ("SD 1.x", "SDXL"…), "" where
    nothing tells: it goes on the parts that say the same of themselves (`Part.network`).  `expert` is
    the one of two transformers that it goes on ("high" or "low" noise), "" for both.  `like` is the
    published name that its user gave it, who knows what it was made for ("LCM 4 steps"); no key holds
    it."""

    name: str
    identity: str
    strength: float = 1.0
    network: str = ""
    expert: str = ""
    like: str = field(default="", compare=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no file says of itself, and nobody asks for."""
        yield from misfits(
            self, name=is_name, identity=LABEL, network=LABEL, like=LABEL,
            expert=EXPERTS.__contains__, strength=between(-MAX_STRENGTH, MAX_STRENGTH),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EmbeddingUse:
    """A word of the prompt that stands for the vectors of a file (textual inversion, Gal et al. 2022);
    `identity` and `network` as of a LoRA."""

    word: str
    identity: str
    network: str = ""

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no file says of itself."""
        yield from misfits(self, word=is_name, identity=LABEL, network=LABEL)
