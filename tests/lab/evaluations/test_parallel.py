"""One verb on many tasks: the same results here and in processes."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from studio.jobs.model_cache import ModelCache
from studio.lab.evaluations.parallel import running
from studio.library import models as library
from studio.spec.refusal import Refusal


def threads_and_noise(video, seed: int) -> tuple[int, float]:
    """A verb: how many threads compute, and what the network makes of some noise."""
    x = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
    text = torch.zeros(1, 24, 128)
    with torch.no_grad():
        made = video.net(x, torch.tensor(500).expand(2), text, text, frames=2)
    return torch.get_num_threads(), float(made.abs().sum())


def end(video, code: int) -> None:
    """A verb that takes its process with it."""
    os._exit(code)


@pytest.fixture
def model(tiny_home: Path) -> library.Model:
    return library.find("tiny", [tiny_home / "models"])


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.long
@pytest.mark.usefixtures("three_threads")
def test_processes_give_what_one_process_gives_in_order(model):
    tasks = [(seed,) for seed in range(4)]
    with running(1, model, ModelCache()) as run:
        here = list(run(threads_and_noise, tasks))
    assert torch.get_num_threads() == 3
    with running(2, model, ModelCache()) as run:
        assert list(run(threads_and_noise, tasks)) == here
    assert {threads for threads, _ in here} == {1}
    assert len({noise for _, noise in here}) == 4


def test_a_process_that_dies_is_a_refusal(model):
    with (
        pytest.raises(Refusal, match="ended before its work was done"),
        running(2, model, ModelCache()) as run,
    ):
        list(run(end, [(3,)]))


def test_a_refusal_passes_between_processes():
    refusal = pickle.loads(pickle.dumps(Refusal("No.", "Do this.")))
    assert (refusal.what, refusal.hint) == ("No.", "Do this.")
