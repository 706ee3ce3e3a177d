"""Where memory is short: every step of the ladder, in the real queue, with what it makes."""

import shutil
from contextlib import ExitStack

import numpy as np
import pytest
import torch

from studio.engine.memory import streaming
from studio.engine.roles import FillSpec, Words
from studio.engine.untouched import mark, networks
from studio.jobs.handlers import JobHandlers
from studio.jobs.job_store import JobStore
from studio.jobs.model_cache import ModelCache
from studio.jobs.once import run_once
from studio.jobs.queue import Queue
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.spec.plan.steps import FUSED, MAKING, STREAMED
from studio.spec.progress import silent
from studio.spec.spans import spans
from tests import tiny_parts
from tests.short_of_memory import Short

CARD = MAKING
"""All steps: on the processor they can be taken in turn whatever they would mean there."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_parts.make(tmp_path_factory.mktemp("models"))


def works_on(folder, home):
    handlers = JobHandlers(Folders(home).make(), "cpu")
    handlers.model_folders = (folder,)
    return handlers


def asked(folder, **more):
    model = library.find("large", [folder])
    chosen = {"keyframes": 3, "extend": 1, "interpolate": 1, "steps": 2, "window": 6, "width": 32}
    return model.card.request(
        "a red ball moving left", 7, model.weights, **chosen | {"height": 32} | more
    )


def render(handlers, request, project, tick=silent, until=""):
    payload = {"project": str(project), "request": to_plain(request), "until": until}
    run_once(handlers.by_kind(), "render", payload, tick=tick)
    takes = handlers.takes(project)
    return {
        span.key: (span, takes.get(span.key), takes.record(span.key)) for span in spans(request)
    }


@pytest.fixture(scope="module")
def unlimited(folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("unlimited")
    return render(works_on(folder, home), asked(folder), home / "p")


def psnr(made, expected):
    wide = 255.0 if expected.dtype == np.uint8 else float(np.ptp(expected)) or 1.0
    error = np.square(made.astype(float) - expected.astype(float)).mean()
    return 99.0 if not error else 10 * np.log10(wide**2 / error)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(k, id=step, marks=() if k in (1, len(CARD)) else pytest.mark.long)
        for k, step in enumerate(CARD, 1)
    ],
)
def test_every_step_makes_the_same_clip_and_is_recorded(
    folder, tmp_path, monkeypatch, unlimited, steps
):
    """Memory is short as often as there are steps to be taken, and then no longer."""
    handlers, short, notes = works_on(folder, tmp_path), [steps], []
    monkeypatch.setattr(ModelCache, "ladder", lambda self: CARD)
    whole = handlers.models.part

    def part(model, role, tick):
        if short[0]:
            short[0] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(model, role, tick)

    monkeypatch.setattr(handlers.models, "part", part)
    found = render(handlers, asked(folder), tmp_path / "p", lambda p: notes.append(p.note))
    said = [note for note in notes if note.startswith("Memory is short")]
    assert [any(step in note for note in said) for step in CARD] == [k < steps for k in range(4)]
    assert found.keys() == unlimited.keys()
    for key, (span, arrays, record) in found.items():
        for name, array in arrays.items():
            assert psnr(array, unlimited[key][1][name]) >= 35, (span.stage, CARD[:steps])
        if span.role:
            assert record["facts"]["lighter"] == list(CARD[:steps])
            assert "lighter" not in unlimited[key][2]["facts"]


def test_a_processor_that_is_short_attends_in_one_kernel(folder, tmp_path):
    """A real limit: plain attention keeps its scores, which are larger than all else."""
    wide = shutil.copytree(folder, tmp_path / "models") / "large" / "model.toml"
    wide.write_text(wide.read_text("utf-8").replace("largest = 128", "largest = 256"), "utf-8")
    folder = tmp_path / "models"
    request = asked(folder, width=256, height=256, keyframes=2, steps=1)
    model = library.find("large", [folder])
    needs = []
    for steps in (0, 1):
        handlers = works_on(folder, tmp_path / str(steps))
        handlers.models.take_steps("large", "keyframes", steps)
        handlers.models.part(
            model, "keyframes", silent
        )  # what is loaded takes more than it works with
        with Short(2**40) as counted:
            render(handlers, request, tmp_path / f"free {steps}", until="keyframes")
        needs.append(counted.peak)
    assert needs[1] < 0.8 * needs[0]
    handlers = works_on(folder, tmp_path)
    handlers.models.part(model, "keyframes", silent)
    span = spans(request)[0]
    short = Short((needs[0] + needs[1]) // 2)
    with short, pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers.models, "lighten", lifting(handlers.models, short, folder))
        found = render(handlers, request, tmp_path / "p", until="keyframes")
    assert short.refused == 1
    assert found[span.key][2]["facts"]["lighter"] == [FUSED]


def lifting(models, short, folder):
    """`lighten`, which loads again, and what is loaded is not what is limited here."""

    def lighten(model, role):
        found, most, short.most = ModelCache.lighten(models, model, role), short.most, 2**40
        models.part(library.find("large", [folder]), role, silent)
        short.most = short.now + most
        return found

    return lighten


def test_where_nothing_is_light_enough_the_job_says_so_and_keeps_what_is_made(
    folder, tmp_path, qtbot
):
    """In the real queue: finished spans stay, the networks are gone, the next job is done."""
    handlers, failed = works_on(folder, tmp_path), []

    def limited(job, tick):
        with ExitStack() as stack:

            def until_decoding(progress):
                if progress.stage == "decode" and job.title == "short" and not stack.closed:
                    stack.enter_context(Short(0))
                    stack.closed = True
                tick(progress)

            stack.closed = False
            return handlers.by_kind()["render"](job, until_decoding)

    request = asked(folder, interpolate=0)
    payload = {"project": str(tmp_path / "p"), "request": to_plain(request)}
    queue = Queue(JobStore(tmp_path / "queue.db"), {"render": limited})
    queue.failed.connect(lambda id, what, hint: failed.append(what))
    try:
        queue.add("render", "short", payload)
        queue.start()
        qtbot.waitUntil(lambda: bool(failed), timeout=120_000)
        assert [("not enough memory" in what) for what in failed] == [True]
        assert handlers.models.held == ()
        there = [handlers.takes(tmp_path / "p").has(span.key) for span in spans(request)]
        assert there[0]
        assert not all(there)
        queue.add("render", "with enough", payload)
        qtbot.waitUntil(lambda: not queue.jobs(), timeout=120_000)
        assert len(failed) == 1
    finally:
        assert queue.close(60)


def test_streamed_weights_are_nowhere_but_where_they_compute(folder, monkeypatch):
    """Away from the device they are nothing here: what is computed with them before they are brought
    would be no number."""
    model = library.find("large", [folder])
    cache = ModelCache("cpu")
    kept = {}

    def brought(tensor, device):
        return kept[tensor.data_ptr()]

    monkeypatch.setattr(streaming, "_brought", brought)
    monkeypatch.setattr(ModelCache, "ladder", lambda self: (STREAMED,))
    cache.take_steps("large", "keyframes", 1)
    filler = cache.part(model, "keyframes", silent)
    for net in networks(filler):
        for tensor in (*net.parameters(), *net.buffers()):
            if tensor.data_ptr() not in kept:
                kept[tensor.data_ptr()] = tensor.data.clone()
                if tensor.is_floating_point():
                    tensor.data.fill_(float("nan"))
    before = mark(filler)
    clip = torch.zeros(filler.latents_shape(32, 32, 3))
    with filler.prompt(Words("a red ball"), None) as prompt:
        spec = FillSpec("keyframes", (0, 1, 2), 7, 2, 3.0, fps=4.0)
        made = filler.fill(clip, (False,) * 3, prompt, spec, silent)
    assert made.isfinite().all()
    assert mark(filler) == before
