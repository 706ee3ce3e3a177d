"""The row of stages tells the truth: while a job runs, after an edit, and before a model is found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.jobs.take_store import take_store
from studio.project.plain import from_plain
from studio.spec.forecast import MADE, TO_MAKE
from studio.spec.progress import Progress
from studio.spec.request import ClipRequest
from studio.spec.spans import spans
from tests.gui.handlers import DENSE, LARGER

BALL = "a red ball moving left over grass"


@pytest.fixture
def studio(open_studio, until):
    opened = open_studio(models=(LARGER,))
    opened.shot.prompt.setPlainText(BALL)
    until(lambda: opened.render_forecast.forecast is not None)
    return opened


def said(studio, name):
    cell = studio.stages.cells[name]
    return cell.state.text(), cell.work.text()


@pytest.fixture
def decoding(studio, handlers, until):
    """A render that has made keyframes and what is between, and stands in the middle of decoding."""

    def render(job, tick):
        request = studio.present.state.checked()
        half = [s for s in spans(request) if s.stage != "decode"]
        half += [s for s in spans(request) if s.stage == "decode"][:3]
        handlers.put(job, request, half)
        for step in range(5):
            tick(Progress("decode", 40 + step, 113))
        while not handlers.gate.wait(0.02):
            tick(Progress("decode", 45, 113))
        return {"made": []}

    handlers.gate.clear()
    handlers.own = render
    studio.shot.seed.reflect(5, True)
    studio.render_actions.render()
    until(lambda: said(studio, "decoded")[0].endswith("%"))
    return studio


def test_what_is_done_is_said_to_be_made_while_the_next_stage_runs(decoding, until):
    until(lambda: said(decoding, "interpolated") == (MADE, "105 frames"))
    assert said(decoding, "keyframes") == (MADE, "8 keys")
    until(lambda: said(decoding, "decoded")[0] == "40 %")
    assert said(decoding, "upsampled")[0] == TO_MAKE


def test_keyframes_show_in_the_strip_as_soon_as_their_part_is_decoded(decoding, until):
    until(lambda: decoding.render_forecast.picture(0) is not None)
    assert decoding.keyframes.view.picture(0) is not None
    assert decoding.render_forecast.picture(7) is None


def test_after_an_edit_the_old_job_stands_beside_nothing(decoding, until):
    decoding.shot.prompt.setPlainText("a blue star over sand")
    until(lambda: said(decoding, "decoded")[0] == TO_MAKE)
    decoding.stages.reflect()
    assert [said(decoding, name)[0] for name in ("keyframes", "interpolated")] == [TO_MAKE] * 2
    decoding.document.undo()
    until(lambda: said(decoding, "decoded")[0] == "40 %")


def test_the_time_left_is_that_of_the_whole_job(decoding, until):
    job = decoding.queue_bar.running().id
    job_monitor = decoding.job_monitor
    job_monitor.expect(job, {"decode": 9.0, "upsample": 100.0})
    seen = job_monitor.progress(job)
    seen.began, seen.first = seen.began - 10, 0
    assert job_monitor.all_left(job) > 100
    assert job_monitor.all_left(job) == pytest.approx(job_monitor.seconds_left(job) + 100, abs=0.5)
    job_monitor.expect(job, {"decode": 9.0, "upsample": None})
    assert job_monitor.all_left(job) is None
    decoding.queue_bar.reflect()
    assert "left of this stage" in decoding.queue_bar.far.full_text
    job_monitor.expect(job, {})
    seen.last = replace(seen.last, later=50.0)  # as a training says what follows
    assert job_monitor.all_left(job) == pytest.approx(job_monitor.seconds_left(job) + 50, abs=0.5)
    assert job_monitor.left(job).endswith(" left")
    seen.last = replace(seen.last, later=None)
    assert job_monitor.left(job).endswith(" left of this stage")


def test_reasons_go_when_the_model_is_found(open_studio, until):
    studio = open_studio(models=())
    until(lambda: "No model was found" in studio.stages.cells["keyframes"].run.toolTip())
    studio.shot.prompt.setPlainText(BALL)
    studio.model_list.offer((DENSE,))
    until(lambda: studio.stages.cells["keyframes"].run.isEnabled())
    studio.shot.prompt.setPlainText("")
    until(lambda: not studio.stages.cells["keyframes"].run.isEnabled())
    first = studio.stages.cells["keyframes"].run.toolTip()
    studio.shot.prompt.setPlainText("word " * 2000)
    until(lambda: studio.stages.cells["keyframes"].run.toolTip() != first)


def test_each_keyframe_of_a_long_strip_has_its_own_picture(open_studio, handlers, until):
    """A decoder that sees time reads frames before its part: they are none of the part's pictures."""
    model = replace(DENSE, weights=(*DENSE.weights, ("decoder", "5" * 32)))

    def preview(job, tick):
        request = from_plain(ClipRequest, job.payload["request"])
        takes = take_store(Path(str(job.payload["project"])) / "takes")
        for span in spans(request):
            if span.stage == "decode":
                frames = [np.full((64, 64, 3), 10 * k + 5, np.uint8) for k in span.makes]
                takes.put(span.key, {"frames": np.stack(frames)})
            else:
                takes.put(span.key, {"latents": np.zeros((len(span.makes), 4, 8, 8), np.float32)})
        return {"made": []}

    handlers.own = preview
    studio = open_studio(models=(model,))
    studio.shot.prompt.setPlainText(BALL)
    until(lambda: studio.render_forecast.forecast is not None)
    studio.edits.extend(6)
    studio.render_actions.preview()
    until(lambda: studio.render_forecast.picture(13) is not None)
    seen = [studio.render_forecast.picture(k).pixelColor(5, 5).red() for k in range(14)]
    assert seen == [10 * k + 5 for k in range(14)]
