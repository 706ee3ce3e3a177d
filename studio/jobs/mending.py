"""Opening a queue that may be damaged: what can be kept is kept, and what is lost is reported."""

from __future__ import annotations

from pathlib import Path

from studio.jobs import queries
from studio.jobs.database import Damaged, Database, logged, set_aside
from studio.project.lock import Lock

LOST = "The queue's log was damaged or is gone: what was ordered last may be missing from it."


def alone(path: Path) -> Lock | None:
    """The lock of whoever runs the jobs of a queue; None while another process has it."""
    lock = Lock(path.with_name(path.name + ".lock"))
    if lock.alone():
        return lock
    lock.close()
    return None


def mended(path: Path) -> tuple[Database, str]:
    """The database of a queue, and a sentence about what is damaged or lost, or "".

    A damaged file is set aside and an empty one begins; refused while another process runs its
    jobs.
    """
    pages = logged(path)
    try:
        database = _checked(path)
        return database, LOST if _has_lost(database, pages) else ""
    except Damaged:
        lock = alone(path)
        if lock is None:
            raise
        try:
            kept = set_aside(path)
            report = f"The queue was damaged: it is kept as {kept}, and a new one begins."
            return Database(path), report
        finally:
            lock.close()


def _checked(path: Path) -> Database:
    database = Database(path)
    try:
        database.check()
    except BaseException:
        database.close()
        raise
    return database


def _has_lost(database: Database, pages: int | None) -> bool:
    """Whether the log, of so many pages before it was opened, lost some or all of them."""
    with database.reading() as db:
        crashed = queries.fact(db, "running") == "yes"
    if not crashed or (lock := alone(database.path)) is None:
        return False  # nothing was left in it, or somebody writes into it now
    lock.close()
    return pages is None or database.merged() < pages
