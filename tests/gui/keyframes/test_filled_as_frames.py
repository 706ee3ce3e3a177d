"""Keyframes that were filled behind the codec: made by the real handlers, seen on the strip, locked."""

from dataclasses import replace

import numpy as np
import pytest

from studio.app import build
from studio.jobs.handlers import JobHandlers
from studio.jobs.take_store import take_store
from studio.project.stored_frames import stored_frames
from studio.spec.part import FRAMES
from studio.ui.state.model_list import LOOKING
from tests import tiny_families

SMALL = {"keyframes": 3, "extend": 2, "interpolate": 0, "steps": 1, "width": 32, "height": 32}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tiny_families.make(tmp_path_factory.mktemp("models"))


@pytest.fixture
def studio(qapp, tmp_path, folders, models, until):
    handlers = JobHandlers(folders, "cpu")
    handlers.model_folders = (models,)
    studio = build(tmp_path / "Frames", folders, handlers.by_kind(), model_folders=(models,))
    studio.open()
    until(lambda: studio.model_list.found.empty_reason != LOOKING)
    document = studio.document
    shot = replace(document.shot, prompt="a red ball", model="motion", seed=7, seed_locked=True)
    shot = replace(shot, parts=(("holes", "between"),), **SMALL)
    document.change_shot(shot, "Shot")
    yield studio
    studio.close()
    handlers.models.free()


def test_all_keyframes_are_seen_on_the_strip_and_one_can_be_locked(studio, until):
    studio.render_actions.preview()
    forecast = studio.render_forecast
    until(lambda: forecast.forecast and all(forecast.forecast.made))
    until(lambda: all(forecast.picture(number) for number in range(5)))
    assert [key.space == FRAMES for key in forecast.forecast.keyframes] == [False] * 3 + [True] * 2
    studio.render_actions.render()
    until(lambda: len(studio.document.project.takes) == 1)
    before = frames_of(studio)
    studio.edits.toggle_lock({4})
    assert studio.document.shot.strip.sources[-1].space == FRAMES
    studio.document.change_shot(replace(studio.document.shot, prompt="on grass"), "Prompt")
    studio.render_actions.render()
    until(lambda: len(studio.document.project.takes) == 2)
    after = frames_of(studio)
    assert np.array_equal(after[4], before[4])
    assert not np.array_equal(after[0], before[0])


def frames_of(studio) -> np.ndarray:
    take = studio.document.project.takes[0]
    store = take_store(studio.document.folder / "takes")
    return np.stack(list(stored_frames(store, take.spans)))
