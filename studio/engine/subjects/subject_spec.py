"""Settings, networks and result of a subject's training."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from studio.engine.lora.adapter_file import Label
from studio.spec.subjects import DEFAULT_STEPS


@dataclass(frozen=True, slots=True)
class SubjectSpec:
    """How a subject is trained.  `batch`, `rate` and `prior_weight` None are the model's own
    (`SubjectDefaults`).

    `steps` is the number of updates, each on `batch` photos and some prior pictures; `rank`
    and `alpha` are the LoRA's.  With `tune_text` the text encoder learns too; without it text is
    encoded once.  `mirror` is wrong for subjects that carry writing.  Photos are learned at `size`
    pixels a side; None is the model's own too.  A sample is drawn every `preview_every` steps or,
    where that would be more than `MOST_SAMPLES`, more seldom.
    """

    class_noun: str
    token: str = "sks"
    method: Literal["lora", "dreambooth"] = "lora"
    steps: int = DEFAULT_STEPS
    batch: int | None = None
    rate: float | None = None
    rank: int = 16
    alpha: float = 16.0
    tune_text: bool = True
    prior_pictures: int = 14
    prior_weight: float | None = None
    crops: int = 2
    mirror: bool = True
    preview_every: int = 60
    seed: int = 0
    checkpoint_seconds: float = 20.0
    size: int | None = None

    @property
    def prompt(self) -> str:
        return f"a {self.token} {self.class_noun}"

    def meant(self) -> dict[str, object]:
        """What decides a training, as hashes of it spell it; what is newer than these says nothing
        where it is not chosen."""
        return {k: v for k, v in asdict(self).items() if k != "size" or v is not None}


@dataclass(frozen=True, slots=True)
class TrainedSubject:
    """A finished training: the adapter file, the hash of its bytes, and what there is to say.

    `losses` holds one number per step of this call; a resumed training lists what it added.
    """

    file: Path
    identity: str
    label: Label
    losses: tuple[float, ...]
    notes: tuple[str, ...]
