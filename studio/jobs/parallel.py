"""One verb on many tasks: here, or in several processes that each hold the model."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

from studio.jobs.residents import Residents
from studio.library.models import Model
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal

MOST_PROCESSES = 61  # more cannot be waited for on Windows

Run = Callable[[Callable[..., Any], Sequence[tuple]], Iterator[Any]]
"""(verb, tasks) → verb(video model, *task) of every task, in order."""

_residents = Residents()  # of a process that was started for the work; `_begin` sets it


@contextmanager
def running(jobs: int, model: Model, residents: Residents, tick: Tick = silent) -> Iterator[Run]:
    """Give what runs a verb on tasks with `model`: in this process, or in `jobs` of them.

    One thread computes a task wherever it runs, so that no result depends on `jobs`.  Verbs are
    functions of a module.  Refused when a process dies.
    """
    if jobs == 1:
        video = residents.video(model, tick)
        yield lambda verb, tasks: (_done(verb, video, task) for task in tasks)
        return
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (residents.device().name,))
    try:
        yield lambda verb, tasks: pool.map(partial(_there, model, verb), tasks)
    except BrokenProcessPool as error:
        raise Refusal(
            "One of the processes ended before its work was done.",
            "Use fewer of them: each holds the model in memory.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(device: str) -> None:
    global _residents
    _residents = Residents(device)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asked


def _there(model: Model, verb: Callable[..., Any], task: tuple) -> Any:
    return _done(verb, _residents.video(model, silent), task)


def _done(verb: Callable[..., Any], video: object, task: tuple) -> Any:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return verb(video, *task)
    finally:
        torch.set_num_threads(threads)
