"""The states of a job and the moves between them."""

import itertools

import pytest

from studio.jobs.job import FINISHED, MOVES, UNFINISHED, State
from studio.jobs.job_store import JobStore
from studio.spec.refusal import Refusal

W, P, R, D, F, C, A = (
    State.WAITING, State.PAUSED, State.RUNNING, State.DONE, State.FAILED, State.CANCELLED,
    State.SET_ASIDE,
)  # fmt: skip
ALLOWED = {
    (W, R), (W, P), (W, C), (P, W), (P, C), (R, D), (R, F), (R, C), (R, W), (R, A), (A, W), (A, C),
    (F, W), (C, W),
}  # fmt: skip
WAYS = {W: [], P: [P], R: [R], D: [R, D], F: [R, F], C: [C], A: [R, A]}


def test_every_state_is_either_finished_or_not():
    assert set(FINISHED) | set(UNFINISHED) == set(State) == set(MOVES)
    assert not set(FINISHED) & set(UNFINISHED)


@pytest.mark.parametrize(("start", "to"), list(itertools.product(State, State)))
def test_the_job_store_makes_the_moves_of_the_table_and_no_other(tmp_path, start, to):
    job_store = JobStore(tmp_path / "queue.db")
    id = job_store.add("kind", "title")
    for state in WAYS[start]:
        job_store.move(id, state)
    if (start, to) in ALLOWED:
        assert job_store.move(id, to).state is to
    else:
        with pytest.raises(Refusal):
            job_store.move(id, to)
        assert job_store.job(id).state is start
    job_store.close()
