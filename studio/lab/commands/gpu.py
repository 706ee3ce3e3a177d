"""`bench gpu` and `bench plan`: what a device does, and how right plans about it are."""

import time
from argparse import Namespace
from importlib import import_module

from studio.library import models as library
from studio.spec.card import FAMILIES
from studio.spec.progress import Progress, silent
from studio.spec.refusal import Refusal
from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer

MINUTES = 8.0
"""The time that all of it may take."""


def bench(args: Namespace, session: Session) -> Answer:
    """Speeds and memory of the stages, beside stock networks; with the tiny ones it is a trial of the
    measure itself."""
    session.if_stopped(NOT_KEPT)
    device = session.handlers().models.device()
    if device.name == "cpu" and args.scale != "tiny":
        raise Refusal(
            "Networks of full size take hours on a processor.", "Use --scale tiny, or a card."
        )
    from studio.lab.measures import speeds

    until = time.monotonic() + 60 * args.minutes
    scale = speeds.TINY if args.scale == "tiny" else speeds.FULL
    found = []
    for speed in speeds.speeds(device, scale, until):
        found.append(speed)
        session.tick(Progress("measuring", len(found), len(speeds.CASES), note=speed.what))
    rows = [{"what": s.what, "seconds": s.seconds, "peak": s.peak, "how": s.how} for s in found]
    table = f"{device.described}\n\n{speeds.markdown(found)}"
    return Answer(table, {"table": table, "rows": rows, "device": device.described})


def plan(args: Namespace, session: Session) -> Answer:
    """The error of plans over random jobs of a model."""
    session.if_stopped(NOT_KEPT)
    handlers = session.handlers()
    device = handlers.models.device()
    model = library.find(args.model, handlers.model_folders)
    family = import_module(FAMILIES[model.card.family])
    from studio.lab.measures import plan_error

    comparison = plan_error.Comparison(
        lambda role, on: family.load(model.folder, model.card, role, on, silent), device
    )
    found = []
    for asked in plan_error.requests(model, args.count, args.seed):
        session.tick(Progress("jobs", len(found), args.count))
        found.append(comparison.of(asked, session.tick))
    table = plan_error.markdown(found)
    errors = [round(one.error, 4) for one in found]
    return Answer(table, {"table": table, "errors": errors})
