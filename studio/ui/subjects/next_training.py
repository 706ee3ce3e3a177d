"""The next training of a subject for a model: what its button does, and the steps it takes."""

from dataclasses import dataclass

from studio.library.models import Model
from studio.project.subject import Subject
from studio.project.subjects import Learning
from studio.spec.meaning import adapted
from studio.spec.quantities import count, duration
from studio.spec.subjects import DEFAULT_STEPS

MOST_AT_ONCE = 100_000
"""Steps of one training that can be asked for here."""


@dataclass(frozen=True, slots=True)
class NextTraining:
    """What the button does: `words` on it, `plan` beside it, up to `steps` in all, of which `ahead`
    are to come.

    `length` is the same where the user may say so, or 0; `anew` forgets what was learned, and
    `may_forget` tells that this is offered too.
    """

    words: str
    plan: str
    steps: int
    ahead: int
    length: int = 0
    anew: bool = False
    may_forget: bool = False


def what_next(
    subject: Subject,
    learning: Learning,
    model: Model | None,
    length: int | None = None,
    *,
    timed: bool = False,
) -> NextTraining:
    """The next training of a subject; of `length` steps where that can be chosen.  Where it is not
    `timed`, its pace so far says how long it may take."""
    lasts = (lambda _: "") if timed else (lambda steps: _lasts(steps, learning))
    earlier, usual = learning.training, length or subject.steps or usual_steps(model)
    name = model.card.name if model else "the model"
    if earlier is None:
        kept = " The version in use is kept." if subject.is_trained else ""
        words = "Train again" if subject.is_trained else "Train"
        return NextTraining(
            words, f"{count(usual, 'step')} from the start.{kept}", usual, usual, usual
        )
    for_it = not earlier.weights or model is None or earlier.weights == adapted(model.weights)
    if not earlier.is_finished:
        far = f"{learning.step} of {count(earlier.steps, 'step')} learned"
        if for_it:
            ahead = max(1, earlier.steps - learning.step)
            left = lasts(ahead)
            plan = f"{far}{left and left + ' to go'}."
            return NextTraining("Go on", plan, earlier.steps, ahead, may_forget=True)
        plan = f"A training for {earlier.model_name} has {far}: choose that model to go on with it."
        return NextTraining(f"Start anew for {name}", plan, usual, usual, usual, anew=True)
    if not for_it:
        plan = f"{count(usual, 'step')}{lasts(usual)}. What it learned for "
        return NextTraining(
            f"Train for {name}", f"{plan}{earlier.model_name} is kept.", usual, usual, usual
        )
    more = length or usual_steps(model)
    plan = f"{count(more, 'step')} more, to {earlier.steps + more}"
    plan += f"{lasts(more)}. The version in use is kept."
    return NextTraining("Train further", plan, earlier.steps + more, more, more, may_forget=True)


def usual_steps(model: Model | None) -> int:
    """Of a training for a model where nobody says: as its card has it."""
    return model.card.subjects.steps if model else DEFAULT_STEPS


def _lasts(steps: int, learning: Learning) -> str:
    pace = learning.training.pace if learning.training else 0.0
    return f" · about {duration(steps * pace)}" if pace else ""
