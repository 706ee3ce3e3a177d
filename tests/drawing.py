"""Trainings whose pictures are made in one step of the sampler, for tests that do not look at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest

from studio.engine.families.videoldm import student
from studio.engine.subjects import dataset, learning
from studio.engine.subjects.student import Drawing


@wraps(Drawing)
def _once(*args: Any, **how: Any) -> Drawing:
    return Drawing(*args, **(how | {"steps": 1}))


@contextmanager
def in_one_step() -> Iterator[None]:
    """Pictures of the class, and those that show how far a training is."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (dataset, learning):
            patch.setattr(module, "Drawing", _once)
        patch.setattr(student, "STEPS", 1)
        yield
