"""Payloads of jobs as typed data, beside the plain."""

from dataclasses import fields

import pytest

from studio.jobs.job_store import JobStore
from studio.jobs.payloads import (
    KINDS,
    ExportPayload,
    ImportPayload,
    LikenessPayload,
    RenderPayload,
    TilePayload,
    TimelinePayload,
    TrainingPayload,
    typed,
)
from studio.project.plain import to_plain
from studio.project.project import Render
from studio.spec.timeline.timeline import Timeline
from tests.cards import card

REQUEST = card().request("a red ball", 7, ())
TYPED = {
    RenderPayload: RenderPayload("/p", REQUEST, "decoded", "shot"),
    TilePayload: TilePayload("/p", REQUEST, 3, (0.5, 0.25), "take"),
    ExportPayload: ExportPayload("/p", REQUEST, ("0" * 32,), "/clip.mp4", "24"),
    TimelinePayload: TimelinePayload(
        "/p", Timeline(), (Render("1" * 12, "2" * 12, 1, REQUEST),), "/clip.mp4", 0, 9, (64, 64)
    ),
    TrainingPayload: TrainingPayload("rex", steps=3),
    ImportPayload: ImportPayload("rex", "/rex.safetensors", "dog", "sks"),
    LikenessPayload: LikenessPayload("/p", "rex", ("0" * 32,)),
}


@pytest.fixture
def job_store(tmp_path):
    made = JobStore(tmp_path / "queue.db")
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_of_the_queue_is_told_what_was_ordered(job_store, kind):
    ordered = TYPED[KINDS[kind]]
    job = job_store.job(job_store.add(kind, "title", to_plain(ordered)))
    assert job.typed == ordered
    assert job.payload == to_plain(ordered)


@pytest.mark.parametrize("kind", KINDS)
def test_a_payload_that_does_not_fit_gives_no_typed_data(job_store, kind):
    """A number where a word belongs, or nothing at all: what reads it in the window goes on."""
    wrong = to_plain(TYPED[KINDS[kind]]) | {f.name: {} for f in fields(KINDS[kind])[1:2]}
    for name in ("request", "takes"):
        wrong.pop(name, None)
    assert job_store.job(job_store.add(kind, "title", wrong)).typed is None
    assert job_store.job(job_store.add(kind, "title")).typed is None


def test_a_kind_that_has_no_payload():
    assert typed("free_memory", {}) is None
