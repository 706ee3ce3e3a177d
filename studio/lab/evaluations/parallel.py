"""One verb on many tasks: here, or in several processes that each hold the model."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any

from studio.jobs.model_cache import ModelCache
from studio.library.models import Model
from studio.spec.progress import PULSE, Tick, silent
from studio.spec.refusal import Refusal

MOST_PROCESSES = 61  # more cannot be waited for on Windows
POLL = 0.2
"""Seconds between two ticks while processes compute."""

Run = Callable[[Callable[..., Any], Sequence[tuple]], Iterator[Any]]
"""(verb, tasks) → verb(video model, *task) of every task, in order."""

_models = ModelCache()  # of a process that was started for the work; `_begin` sets it


@contextmanager
def running(jobs: int, model: Model, models: ModelCache, tick: Tick = silent) -> Iterator[Run]:
    """Give what runs a verb on tasks with `model`: in this process, or in `jobs` of them.

    One thread computes a task wherever it runs, so that no result depends on `jobs`.  Verbs are
    functions of a module.  Refused when a process dies.
    """
    if jobs == 1:
        video = models.video(model, tick)
        yield lambda verb, tasks: (_done(verb, video, task) for task in tasks)
        return
    before = active_children()
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (models.device().name,))

    def run(verb: Callable[..., Any], tasks: Sequence[tuple]) -> Iterator[Any]:
        return _awaited([pool.submit(_there, model, verb, task) for task in tasks], tick)

    try:
        yield run
    except BrokenProcessPool as error:
        raise Refusal(
            "One of the processes ended before its work was done.",
            "Use fewer of them: each holds the model in memory.",
        ) from error
    except BaseException:  # stopped: what they are at is wanted no more
        for process in set(active_children()).difference(before):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _awaited(futures: Sequence[Future], tick: Tick) -> Iterator[Any]:
    """The results in order; `tick` is asked meanwhile, however long a task takes."""
    for future in futures:
        while not wait((future,), POLL).done:
            tick(PULSE)
        yield future.result()


def _begin(device: str) -> None:
    global _models
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):  # they are for the process that asked
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _models = ModelCache(device)


def _end_with(parent: BaseProcess) -> None:
    """End this process as soon as `parent` has ended, however that came about."""
    parent.join()
    os._exit(1)


def _there(model: Model, verb: Callable[..., Any], task: tuple) -> Any:
    return _done(verb, _models.video(model, silent), task)


def _done(verb: Callable[..., Any], video: object, task: tuple) -> Any:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return verb(video, *task)
    finally:
        torch.set_num_threads(threads)
