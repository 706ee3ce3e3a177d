"""What follows a training's stage is told with it, by what trainings took here before."""

from studio.jobs.handlers import JobHandlers
from studio.jobs.training_time import TrainingTime
from studio.project.folders import Folders
from studio.spec.progress import Progress
from studio.spec.subjects import ENCODING, LEARNING, PREPARING, PRIOR, READING

KNOWN = {READING: 1.0, ENCODING: 20.0, PRIOR: 10.0, "": 0.5}


def later(spent: TrainingTime, stage: str) -> float | None:
    return spent.with_later(Progress(stage, 1, 4)).later


def test_each_report_tells_how_long_what_follows_it_takes():
    spent = TrainingTime(KNOWN.get, 40)
    assert later(spent, READING) == 20 + 10 + 40 * 0.5
    assert later(spent, "loading the model") == 20 + 10 + 40 * 0.5
    assert later(spent, ENCODING) == 10 + 40 * 0.5
    assert later(spent, PRIOR) == 40 * 0.5
    assert later(spent, LEARNING) == 0
    assert spent.stages.keys() == set(PREPARING)
    assert all(seconds >= 0 for seconds in spent.stages.values())


def test_what_nobody_timed_is_not_made_up():
    spent = TrainingTime({**KNOWN, "": None}.get, 40)
    assert later(spent, ENCODING) is None
    assert later(spent, LEARNING) == 0
    assert later(TrainingTime({**KNOWN, ENCODING: None}.get, 40), PRIOR) == 20


def test_what_was_timed_is_known_to_the_next_start(tmp_path):
    def planner():
        return JobHandlers(Folders(tmp_path).make(), "cpu", None).planner

    planner().here(find_out=True)
    assert planner().training_took("starter", "lora") is None
    planner().trained("starter", "lora", 0.25, {ENCODING: 12.0})
    assert planner().training_took("starter", "lora") == 0.25
    assert planner().training_took("starter", "lora", ENCODING) == 12
    assert planner().training_took("starter", "lora", PRIOR) is None
    assert planner().training_took("starter", "dreambooth") is None
