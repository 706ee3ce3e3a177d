"""Tiny AnimateDiff models, made once."""

import pytest

from studio.engine.families.animatediff.fill import AnimateDiff
from tests.engine.families.animatediff import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """A model folder with a motion module v3 and SparseCtrl, in the original layout."""
    return tiny.make(tmp_path_factory.mktemp("animatediff"))


@pytest.fixture(scope="module")
def model(folder) -> AnimateDiff:
    return tiny.load(folder)
