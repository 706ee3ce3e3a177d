"""`bench memory`: how much memory the stages take at full size."""

from argparse import Namespace

from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer


def bench(said: Namespace, session: Session) -> Answer:
    """`bench memory`: what the stages take with the layouts of public networks."""
    from studio.lab.evaluations.memory import memory_table

    session.if_stopped(NOT_KEPT)
    session.works()  # refuses a device that is not there
    table = memory_table(said.width, said.height, measure=said.measure, device=said.device)
    return Answer(table, {"table": table, "width": said.width, "height": said.height})
