"""How subjects are taught to a model where nobody says otherwise: what its card says, as data."""

from dataclasses import dataclass
from pathlib import Path

from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS
from studio.spec.vocabulary import Vocabulary

METHODS = ("lora", "dreambooth")


@dataclass(frozen=True, slots=True)
class PathAugmentation:
    """Photos shrunk and put along the paths that a model's words speak of, on grounds of its own.

    Of motions `across` the picture, up or down it (`upright`) and those without a way (`in_place`)
    each has a phrase; `places` have one, and a row each of the picture `grounds`, which holds square
    pictures side by side.  Each pair of a motion and a place, or one of them, stands in `per_prompt`
    times, every time with a photo put elsewhere; so is a `share` of the photos in a batch.

    `sizes` are a photo's sides as parts of the picture's; a middle lies up to `along` from the
    picture's on a path, and up to `aside` beside it, in halves of its side; `rim` is how much of a
    photo's half side fades into the ground.  With `cut_out` the subject is cut out of its photos
    where that can be done, and stands on the ground alone.
    """

    across: tuple[str, ...]
    upright: tuple[str, ...]
    in_place: tuple[str, ...]
    places: tuple[str, ...]
    grounds: Path
    share: float = 2 / 3
    per_prompt: int = 3
    sizes: tuple[float, float] = (0.45, 0.8)
    along: float = 0.6
    aside: float = 0.15
    rim: float = 0.35
    cut_out: bool = False

    @property
    def motions(self) -> tuple[str, ...]:
        """The phrases of all motions."""
        return self.across + self.upright + self.in_place


@dataclass(frozen=True, slots=True)
class SubjectDefaults:
    """Learning rates by method, photos in a batch, the weight of the prior pictures' loss, the words
    that the model knows (None: any), and how photos are augmented beside crops (None: not).

    `prior_batch` are prior pictures in a batch, None for as many as photos; `rank` is a LoRA's, `steps`
    the number of updates, `prior_pictures` are drawn by the model itself, and `size` is pixels of a
    side, None for what its network was trained at.  `methods` are those by which it learns, none where
    it learns no subject.
    """

    lora_rate: float = 1e-4
    dreambooth_rate: float = 1e-6
    batch: int = 3
    prior_batch: int | None = None
    prior_weight: float = 0.5
    words: Vocabulary | None = None
    paths: PathAugmentation | None = None
    rank: int = 16
    steps: int = DEFAULT_STEPS
    prior_pictures: int = 14
    size: int | None = None
    methods: tuple[str, ...] = METHODS

    def check(self, model: str, method: str) -> None:
        """Refuse a method by which the model of that name does not learn."""
        if not self.methods:
            raise Refusal(
                f"{model} learns no subjects.",
                "Choose an image model (SD 1.x, 2.x, XL), the starter, or a Wan from words alone.",
            )
        if method in METHODS and method not in self.methods:
            raise Refusal(f"{model} is not trained by DreamBooth here.", "Train it by LoRA.")

    def rate(self, method: str) -> float:
        """The learning rate of "lora" or "dreambooth" (1e-6: Video LDM)."""
        return self.lora_rate if method == "lora" else self.dreambooth_rate


ANY_MODEL = SubjectDefaults()
"""Of cards that say nothing about subjects."""
