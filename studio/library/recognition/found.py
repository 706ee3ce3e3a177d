"""What a weight file is: its role, the family it belongs to, and what it can be used with."""

from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "checkpoint",  # image network, autoencoder and text encoder in one file
    "image model",
    "video model",
    "motion module",
    "motion LoRA",
    "control",  # known frames or drawings, beside a frozen network
    "autoencoder",
    "temporal autoencoder",
    "preview autoencoder",
    "text encoder",
    "image encoder",
    "upscaler",
    "image upscaler",
    "LoRA",
    "embedding",
]


@dataclass(frozen=True, slots=True)
class Found:
    """`family` is the network that it is or was made for, e.g. "SD 1.x"; `variant` tells kinds of it
    apart, e.g. "inpainting"; `spelling` is how its tensors are called; `prediction` what the network
    was taught to predict, where the file tells: "eps", "v" or "flow".

    `fits` names families that it may be used with.  `rank` is a LoRA's, of most of its layers.
    """

    role: Role
    family: str
    variant: str = ""
    spelling: str = ""
    prediction: str = ""
    fits: tuple[str, ...] = ()
    rank: int = 0

    def __str__(self) -> str:
        return " ".join(part for part in (self.family, self.variant, self.role) if part)
