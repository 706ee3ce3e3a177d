"""A tiny Wan image-to-video model, made once."""

import pytest

from studio.engine.families.wan.parts import AroundFrames
from tests.engine.families.wan import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """Wan 2.2's image to video with its two experts."""
    return tiny.make(tmp_path_factory.mktemp("wan"), experts=2)


@pytest.fixture(scope="module")
def model(folder) -> AroundFrames:
    return tiny.load(folder)
