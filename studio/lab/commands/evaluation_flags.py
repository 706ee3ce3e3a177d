"""The flags of `evaluate`, group by group."""

from studio.spec.subjects import DEFAULT_STEPS
from studio.terminal.arguments import DEFAULT_MODEL
from studio.terminal.parser import Parser, number, whole_number


def add(to: Parser) -> None:
    """What can be measured, a group each."""
    to.add_argument("--model", metavar="ID", default=DEFAULT_MODEL, help="the model (starter)")
    to.add_argument("--seed", metavar="N", type=whole_number, default=1, help="(1)")
    to.add_argument(
        "--jobs", metavar="N", type=whole_number, default=1, help="processes that make clips (1)"
    )
    prompts = to.add_argument_group("on prompts kept from training (without subjects)")
    prompts.add_argument(
        "--count",
        metavar="N",
        type=whole_number,
        help="prompts (300; 24 filled or longer); clips (256 decoded; 32 upsampled)",
    )
    prompts.add_argument("--photos", metavar="DIR", help="measure the autoencoder on these")
    _evaluate_given(to)
    _evaluate_larger(to)
    _evaluate_subjects(to)


def _evaluate_given(to: Parser) -> None:
    given = to.add_argument_group("on frames that are given (instead of prompts)")
    given.add_argument(
        "--filling", action="store_true", help="how far filled frames lie from the true ones"
    )
    given.add_argument(
        "--rollout",
        metavar="PROMPT",
        action="append",
        default=[],
        help="a long clip of these words, half minute by half minute; may be given again",
    )
    given.add_argument(
        "--longer",
        action="store_true",
        help="175 frames: convolutional in time beside prediction",
    )
    given.add_argument("--minutes", metavar="X", type=number, help="how long (5)")
    given.add_argument("--sheet", metavar="FILE", help="a .png with examples")


def _evaluate_larger(to: Parser) -> None:
    decoding = to.add_argument_group("on decoders that see time (instead of prompts)")
    decoding.add_argument(
        "--decoding", action="store_true", help="what frames lose, and how they flicker"
    )
    decoding.add_argument(
        "--decoder",
        metavar="FILE",
        action="append",
        help="layers to stand beside the model's own; may be given again",
    )
    decoding.add_argument("--clips", metavar="DIR", help="real clips, for how chunks join in them")
    larger = to.add_argument_group("on upsamplers (instead of prompts)")
    larger.add_argument(
        "--upsampling", action="store_true", help="how sharp and how steady frames made larger are"
    )
    larger.add_argument(
        "--upsampler",
        metavar="DIR",
        action="append",
        help="an upsampler to stand beside the model's own; may be given again",
    )


def _evaluate_subjects(to: Parser) -> None:
    subjects = to.add_argument_group("on subjects, one photo of each kept from training")
    subjects.add_argument(
        "--subject",
        metavar="FOLDER:NOUN",
        action="append",
        default=[],
        help="photos of a subject and what it is; may be given again",
    )
    subjects.add_argument(
        "--characters", metavar="N", type=whole_number, help="subjects that the studio draws"
    )
    subjects.add_argument(
        "--individuals",
        metavar="N",
        type=whole_number,
        help="individuals of the starter's classes, measured part by part; 20 or so",
    )
    subjects.add_argument(
        "--method", choices=("lora", "dreambooth"), help="side by side when left out"
    )
    subjects.add_argument(
        "--seeds", metavar="N", type=whole_number, help="clips in each direction (8)"
    )
    subjects.add_argument(
        "--steps", metavar="N", type=whole_number, help=f"updates ({DEFAULT_STEPS})"
    )
    subjects.add_argument("--consent", action="store_true", help="it is me, or this person agreed")
    subjects.add_argument("--not-a-person", action="store_true", help="none of them is a person")
