"""What a job would take on this computer: found out once by shapes, timed by runs, kept in a file."""

import json
from collections import Counter
from dataclasses import replace

import pytest

import studio.engine.film  # noqa: F401 - as wherever something was computed before
from studio.jobs.handlers import BUILT_IN, JobHandlers
from studio.jobs.once import run_once
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.spec.amounts import amount, kind_of_work
from studio.spec.forecast import forecast
from studio.spec.plan.steps import FUSED
from studio.spec.spans import spans
from studio.spec.subjects import ENCODING
from tests import tiny_starter


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    tiny_starter.make(home / "tiny", plain=False)
    return home


def works_on(folder, home, budget=None):
    handlers = JobHandlers(Folders(home).make(), "cpu", budget)
    handlers.model_folders = (folder,)
    return handlers


def asked(folder, **more):
    model = library.find("tiny", [folder])
    chosen = {"keyframes": 2, "interpolate": 0, "steps": 1, "width": 32, "height": 32}
    return model.card.request("a red ball", 7, model.weights, **chosen | more)


def test_a_trainings_pace_says_nothing_of_a_render(folder, tmp_path):
    handlers, walk = works_on(folder, tmp_path), spans(asked(folder))
    handlers.planner.plan(walk, find_out=True)
    handlers.planner.trained("tiny", "lora", 0.4, {"encoding photos": 20.0})
    assert handlers.planner.plan(walk).seconds is None


def render(handlers, request, project):
    payload = {"project": str(project), "request": to_plain(request)}
    return run_once(handlers.by_kind(), "render", payload)


def test_a_plan_is_found_out_once_and_timed_by_what_runs_took(folder, tmp_path, monkeypatch):
    request = asked(folder)
    walk, handlers = spans(request), works_on(folder, tmp_path)
    unknown = handlers.planner.plan(walk)
    assert unknown.peak is None
    known = handlers.planner.plan(walk, tmp_path, find_out=True)
    assert known.peak > 0
    assert known.seconds is None
    assert known.free_disk > known.disk > 0
    render(handlers, request, tmp_path / "one")  # loads: no pace
    render(handlers, request, tmp_path / "two")
    again = works_on(folder, tmp_path)  # another process
    monkeypatch.setattr("studio.jobs.planner._Finder.found", None)  # nothing is to be found out
    timed = again.planner.plan(walk, find_out=True)
    assert timed.peak == known.peak
    assert 0 < timed.seconds < 600
    assert not timed.about
    other = [replace(span, part=replace(span.part, model="other")) for span in walk]
    assert again.planner._knowledge.rate(again.planner.here().computer, other[0])[1] is False


def test_a_budget_makes_the_steps_be_taken_from_the_start(folder, tmp_path):
    request = asked(folder)
    needs = works_on(folder, tmp_path / "n").planner.plan(spans(request), find_out=True)
    handlers = works_on(
        folder, tmp_path, budget=needs.peak
    )  # not with the margin that is asked for
    render(handlers, request, tmp_path / "p")
    record = handlers.takes(tmp_path / "p").record(spans(request)[0].key)
    assert FUSED in record["facts"]["lighter"]


@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"version": 1, "needs": [], "rates": 3}', '{"version": 9}']
)
def test_what_was_learned_may_be_lost(folder, tmp_path, damage):
    handlers = works_on(folder, tmp_path)
    handlers.folders.knowledge.write_text(damage, "utf-8")
    assert handlers.planner.plan(spans(asked(folder))).peak is None


def test_the_setting_is_kept_and_the_command_line_goes_before_it(folder, tmp_path):
    handlers = works_on(folder, tmp_path)
    assert handlers.planner.budget is None
    handlers.planner.set_budget(6)
    assert json.loads(handlers.folders.budget.read_text("utf-8"))["gigabytes"] == 6
    assert works_on(folder, tmp_path).planner.budget == 6 * 2**30
    assert works_on(folder, tmp_path, 2**30).planner.budget == 2**30
    handlers.planner.set_budget(None)
    assert works_on(folder, tmp_path).planner.budget is None


def test_a_training_is_timed_with_what_comes_before_its_steps(folder, tmp_path):
    planner, model = works_on(folder, tmp_path).planner, library.find("tiny", [folder])
    known = planner.plan_training(model, "lora", 90, find_out=False)
    assert known.peak is known.seconds is None  # nothing is found out by a look
    planner.trained("tiny", "lora", 2.0, {ENCODING: 30.0})
    assert planner.plan_training(model, "lora", 90).seconds == 210
    assert planner.plan_training(model, "lora", 90, find_out=False).peak > 0


def test_what_a_size_took_promises_what_another_takes(tmp_path):
    """A clip of the starter at its size, by what one of half of it took: within half as much again,
    where operations are the clock."""
    handlers, model = (
        JobHandlers(Folders(tmp_path).make(), "cpu"),
        library.find("starter", [BUILT_IN]),
    )
    size, chosen = model.card.size[0], {"keyframes": 2, "interpolate": 1, "steps": 2}
    asked, larger = (
        model.card.request("a ball", 7, model.weights, width=side, height=side, **chosen)
        for side in (size // 2, size)
    )
    took, there = operations(handlers, asked), Counter[str]()
    for span in spans(asked):
        there[kind_of_work(span)] += amount(span)
    pace = {kind: took[kind] / there[kind] for kind in there}
    promised = forecast(larger, lambda _: False, pace).work.seconds
    assert promised is not None
    assert 1 / 1.5 < promised / operations(handlers, larger).total() < 1.5


def operations(handlers, request) -> Counter[str]:
    """By kind of work."""
    found = Counter[str]()
    for piece in handlers.planner.plan(spans(request), find_out=True).pieces:
        found[f"{piece.stage}|{piece.model}"] += piece.need.flops * piece.count
    return found
