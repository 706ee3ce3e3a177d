"""How much memory this process has used at most, and what the stages take at full size."""

from __future__ import annotations

import sys
from argparse import Namespace

from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer


def peak_megabytes() -> int | None:
    """The largest resident size so far in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(largest / (1e6 if sys.platform == "darwin" else 1e3))


def bench(said: Namespace, session: Session) -> Answer:
    """`bench memory`: what the stages take with the layouts of public networks."""
    from studio.jobs.memory import memory_table

    session.if_stopped(NOT_KEPT)
    session.works()  # refuses a device that is not there
    table = memory_table(said.width, said.height, measure=said.measure, device=said.device)
    return Answer(table, {"table": table, "width": said.width, "height": said.height})
