"""How long what follows a training's present stage takes, by what trainings took here before."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from studio.spec.progress import Progress
from studio.spec.subjects import LEARNING, PREPARING


@dataclass
class TrainingTime:
    """Tells of each report what follows it, and notes how long each stage before the steps takes.

    `took` gives the seconds that such a stage took last time, or one step ("" for its name); None
    where no training of the kind ran here.  `steps` are those that are still to be done.
    """

    took: Callable[[str], float | None]
    steps: int
    began: dict[str, float] = field(default_factory=dict)

    def with_later(self, progress: Progress) -> Progress:
        """The report with the seconds that the stages after its own will take, None if unknown."""
        self.began.setdefault(progress.stage, time.monotonic())
        return replace(progress, later=self._later(progress.stage))

    @property
    def stages(self) -> dict[str, float]:
        """Seconds of each stage that was gone through, up to the beginning of the next."""
        ends = pairwise(self.began.items())
        return {stage: end - begin for (stage, begin), (_, end) in ends if stage in PREPARING}

    def _later(self, stage: str) -> float | None:
        if stage == LEARNING:
            return 0.0
        reached = [n for n, each in enumerate(PREPARING) if each in self.began]
        step, follow = self.took(""), PREPARING[max(reached, default=-1) + 1 :]
        needs = [step and step * self.steps, *(self.took(each) for each in follow)]
        known = [seconds for seconds in needs if seconds is not None]
        return sum(known) if len(known) == len(needs) else None
