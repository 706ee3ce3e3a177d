"""Two families from people's files in the window: keyframes of Stable Diffusion XL, Wan between."""

from dataclasses import replace

import numpy as np
import pytest

from studio.app import build
from studio.jobs.handlers import JobHandlers
from studio.jobs.take_store import take_store
from studio.library import models as library
from studio.project.stored_frames import stored_frames
from studio.spec.spans import spans
from studio.ui.state.model_list import LOOKING
from tests import sdxl_with_wan
from tests.sdxl_with_wan import BETWEEN, KEYFRAMES

SMALL = {"keyframes": 2, "interpolate": 1, "steps": 1, "width": 32, "height": 32}


@pytest.mark.long
def test_the_parts_row_offers_wan_and_the_queue_makes_the_clip(
    qapp, tmp_path, folders, until, qtbot
):
    models = sdxl_with_wan.make(tmp_path / "models")
    for name in (KEYFRAMES, BETWEEN):  # read once, as a first use does
        library.find(name, [models])
    handlers = JobHandlers(folders, "cpu")
    handlers.model_folders = (models,)
    studio = build(tmp_path / "Mixed", folders, handlers.by_kind(), model_folders=(models,))
    try:
        studio.open()
        until(lambda: studio.model_list.found.empty_reason != LOOKING)
        document = studio.document
        shot = replace(document.shot, prompt="a red ball", model=KEYFRAMES, seed=7, **SMALL)
        document.change_shot(replace(shot, interpolate=0), "Shot")
        studio.shot.parts_fold.head.click()
        row = studio.shot.parts.rows["interpolator"]
        until(row.isVisible)
        row._activated(row.box.findData(BETWEEN))
        assert ("interpolator", BETWEEN) in document.shot.parts
        document.change_shot(replace(document.shot, interpolate=1), "Passes")
        studio.render_actions.render()
        qtbot.waitUntil(lambda: len(document.project.takes) == 1, timeout=300_000)
        (take,) = document.project.takes
        by = {span.stage: span.part.model for span in spans(take.request)}
        assert by == {"keyframes": KEYFRAMES, "decode": KEYFRAMES, "interpolation": BETWEEN}
        takes = take_store(document.folder / "takes")
        assert np.stack(list(stored_frames(takes, take.spans))).shape == (17, 32, 32, 3)
    finally:
        studio.close()
        handlers.models.free()
