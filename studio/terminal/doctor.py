"""`doctor`: what this computer has, and whether the engine works on it."""

import shutil
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from studio.jobs.checkup import Check, checkup
from studio.jobs.device_info import processor
from studio.project.files import check_writable
from studio.project.folders import Folders
from studio.spec.refusal import Refusal
from studio.terminal.process import crashes
from studio.terminal.session import Session
from studio.terminal.voice import Answer

LITTLE = 5 * 2**30
"""Bytes; with less room a warning is given."""


def doctor(args: Namespace, session: Session) -> Answer:
    """Every check, a line each; exit code 2 when one of them fails.  With a model, that alone."""
    if args.model:
        from studio.terminal.model_doctor import examine

        return examine(args, session)
    checks = [_memory(), *_places(session.folders), *_crashes(session.folders.faults)]
    checks += checkup(session.handlers(), session.tick)
    lines = [f"{'ok  ' if c.works else 'FAIL'}  {c.name:<9}  {c.words}" for c in checks]
    well = all(check.works for check in checks)
    facts = {
        "well": well,
        "checks": [{"name": c.name, "works": c.works, "words": c.words} for c in checks],
        "data": str(session.folders.data),
    }
    return Answer("\n".join(lines), facts, 0 if well else 2)


def _crashes(log: Path) -> list[Check]:
    """What is past is no fault of now: it is listed, and the verdict stays what it is."""
    found = crashes(log)
    return [Check("crashes", True, f"{found}, described in {log}")] if found else []


def _memory() -> Check:
    device = processor()
    if not device.total:
        return Check("memory", True, f"{device.name}; the system does not say how much")
    free = f"{(device.total - device.used) / 2**30:.1f} of " if device.used else ""
    return Check(
        "memory",
        True,
        f"{device.name}, {free}{device.total / 2**30:.1f} GiB{' free' if device.used else ''}",
    )


def _places(folders: Folders) -> Iterator[Check]:
    """Every place where the studio writes: whether it can, and how much room there is."""
    yield _place("data", folders.data)
    if folders.scratch.exists():
        yield _place("takes", folders.scratch / "takes")
    try:
        yield _place("temporary", Path(tempfile.gettempdir()))
    except OSError:  # none of the places that the system knows can be written to
        yield Check("temporary", False, "There is no folder for temporary files. Set TMPDIR.")


def _place(name: str, folder: Path) -> Check:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        check_writable(there)
        free = shutil.disk_usage(there).free
    except Refusal as refusal:
        return Check(name, False, str(refusal))
    except OSError as error:
        return Check(name, False, f"{there} cannot be looked at: {error.strerror}.")
    little = "; that is little: a long clip or a training takes gigabytes" if free < LITTLE else ""
    return Check(name, True, f"{folder}, {free / 2**30:.1f} GiB free{little}")
