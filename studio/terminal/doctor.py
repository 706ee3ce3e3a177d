"""`doctor`: what this computer has, and whether the engine works on it."""

from argparse import Namespace

from studio.jobs.checkup import Check, checkup
from studio.terminal.session import Session
from studio.terminal.voice import Answer
from studio.ui.glance import processor


def doctor(said: Namespace, session: Session) -> Answer:
    """Every check, a line each; exit code 2 when one of them fails."""
    checks = [_memory(), *checkup(session.works(), session.tick)]
    lines = [f"{'ok  ' if c.works else 'FAIL'}  {c.name:<9}  {c.words}" for c in checks]
    well = all(check.works for check in checks)
    facts = {
        "well": well,
        "checks": [{"name": c.name, "works": c.works, "words": c.words} for c in checks],
        "data": str(session.folders.data),
    }
    lines.append(f"data        {session.folders.data}")
    return Answer("\n".join(lines), facts, 0 if well else 2)


def _memory() -> Check:
    seen = processor()
    if not seen.total:
        return Check("memory", True, f"{seen.name}; the system does not say how much")
    free = f"{(seen.total - seen.used) / 2**30:.1f} of " if seen.used else ""
    return Check(
        "memory",
        True,
        f"{seen.name}, {free}{seen.total / 2**30:.1f} GiB{' free' if seen.used else ''}",
    )
