"""`bench memory`: how much memory the stages take at full size, predicted and measured."""

import sys
from argparse import Namespace

from studio.spec.progress import Progress
from studio.spec.refusal import Refusal
from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer

MULTIPLE = 64
"""Pixels that a side must be a multiple of: the networks halve it so often."""


def bench(args: Namespace, session: Session) -> Answer:
    """What the stages take with the layouts of public networks."""
    session.if_stopped(NOT_KEPT)
    session.handlers()  # refuses a device that is not there
    if args.must_fit:
        return _must_fit(session)
    table = memory_table(args.width, args.height, measure=args.measure, device=args.device)
    return Answer(table, {"table": table, "width": args.width, "height": args.height})


def memory_table(
    width: int, height: int, *, measure: bool = False, device: str | None = None
) -> str:
    """The table in Markdown, for small frames of `width` × `height` pixels."""
    for side in (width, height):
        if side < MULTIPLE or side % MULTIPLE:
            raise Refusal(f"Frames of {width} × {height} fit no network.", "Use multiples of 64.")
    import torch

    from studio.engine.device import choose
    from studio.lab.measures import memory

    columns = {"predicted, half": memory.predicted(width, height, torch.float16)}
    if measure:
        on = choose(device)
        if on.name not in ("cuda", "cpu") or (on.name == "cpu" and sys.platform != "linux"):
            raise Refusal("This system does not say what memory was used.", "Leave --measure out.")
        if on.dtype != torch.float16:
            columns["predicted, full"] = memory.predicted(width, height, on.dtype)
        columns[f"measured, {on.described}"] = memory.measured(width, height, on)
    return memory.markdown(columns)


def _must_fit(session: Session) -> Answer:
    """What has to fit into which card, and in what way it does, by shapes alone."""
    from studio.lab.measures import fitting

    found = []
    for name in fitting.CASES:
        session.tick(Progress("working out", len(found), len(fitting.CASES), note=name))
        found += fitting.rows([name])
    rows = [
        {"what": row.what, "card": row.card, "fits": row.fits, "steps": list(row.steps),
         "device": row.need.device, "host": row.need.host}
        for row in found
    ]  # fmt: skip
    table = fitting.markdown(found)
    return Answer(table, {"table": table, "rows": rows}, 0 if all(r.fits for r in found) else 2)
