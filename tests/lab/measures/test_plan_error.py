"""The error of plans, on tiny models."""

from importlib import import_module

import pytest

from studio.engine.device import PROCESSOR
from studio.lab.measures import plan_error
from studio.library import models as library
from studio.spec.card import FAMILIES
from studio.spec.progress import silent
from tests import tiny_starter


def test_a_random_job_takes_what_is_planned(tmp_path):
    model = library.read(tiny_starter.make(tmp_path / "tiny", plain=False))
    family = import_module(FAMILIES[model.card.family])
    asked = list(plan_error.requests(model, 4, 0))
    assert asked == list(plan_error.requests(model, 4, 0))
    assert len({(one.width, one.height, one.keyframes) for one in asked}) > 2
    smallest = min(asked, key=lambda one: one.width * one.height * one.frames)
    comparison = plan_error.Comparison(
        lambda role, on: family.load(model.folder, model.card, role, on, silent), PROCESSOR
    )
    found = comparison.of(smallest, silent)
    assert abs(found.error) <= 0.1
    assert f"{found.error:+.1%}" in plan_error.markdown([found])
    assert plan_error.Found("", 110, 100).error == pytest.approx(0.1)
