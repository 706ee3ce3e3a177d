"""The queue on disk: every job there is, in its order, safe from crashes.  No Qt."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from studio.jobs import queries
from studio.jobs.database import Database
from studio.jobs.job import FINISHED, LANES, UNFINISHED, UNREADABLE, Job, State
from studio.jobs.mending import alone, mended
from studio.jobs.run import Outcome
from studio.project.lock import Lock
from studio.spec.refusal import Refusal

MERGED = "merged"
"""Said of a queue whose last runner crashed or left a job running, once its log is in the file."""


class JobStore:
    """Jobs by id.  Threads and processes may use it at once; only one process runs its jobs."""

    def __init__(self, path: Path, *, mend: bool = False) -> None:
        """Open or make the database.  Opening changes nothing: see `begin`.

        With `mend` a damaged file is set aside, unless another process runs its jobs; then the
        queue begins empty, and `damage` says so in a sentence.
        """
        self._runner: Lock | None = None
        self._path = path
        self._database, self.damage = mended(path) if mend else (Database(path), "")

    def begin(self) -> bool:
        """Become the one process that runs jobs; False while another does.

        After an unclean exit every lane with something left to do is paused, the job that was
        running is set aside, and `notice` says so.
        """
        self._runner = alone(self._path)
        if self._runner is None:
            return False
        with self._database.writing() as db:
            if queries.fact(db, "running"):
                queries.recover(db)
            queries.set_fact(db, "running", "yes")
        self._database.merged()  # so that the file itself says so
        return True

    def close(self) -> None:
        """End cleanly, unless a job is still running: then the next start finds out."""
        try:
            with self._database.reading() as db:
                running = queries.fact(db, "running")
            if self._runner is not None:
                with self._database.writing() as db:
                    runs = queries.ids(db, "state = ?", State.RUNNING)
                    queries.set_fact(db, "running", MERGED if runs else "")
            elif running == "yes" and (lock := alone(self._path)):  # whoever ran them crashed
                lock.close()
                with self._database.writing() as db:
                    queries.set_fact(db, "running", MERGED)
        finally:
            if self._runner is not None:
                self._runner.close()
                self._runner = None
            self._database.close()

    @property
    def notice(self) -> str:
        """What was running when the studio last ended uncleanly, until something is resumed."""
        with self._database.reading() as db:
            return queries.fact(db, "notice")

    def changes(self) -> int:
        """Grows when another thread or process wrote."""
        return self._database.changes()

    def add(
        self,
        kind: str,
        title: str,
        payload: Mapping[str, object] | None = None,
        *,
        lane: str = "engine",
        short: bool = False,
    ) -> int:
        """A new job at the end of its lane; gives its id.  `payload` is plain JSON data."""
        if lane not in LANES:
            raise ValueError(f"there is no lane {lane}")
        row = (kind, title, json.dumps(payload or {}, allow_nan=False), lane, short)
        with self._database.writing() as db:
            return queries.insert(db, row)

    def job(self, id: int) -> Job:
        """The job with that id; KeyError where there is none."""
        with self._database.reading() as db:
            return queries.job(db, id)

    def jobs(self) -> tuple[Job, ...]:
        """Unfinished jobs: those running first, then short ones, then in their order."""
        with self._database.reading() as db:
            found = db.execute(
                f"SELECT * FROM job WHERE {queries.among(UNFINISHED)}"
                " ORDER BY state != 'running', short DESC, position",
                UNFINISHED,
            )
            jobs = tuple(queries.from_row(row) for row in found)
            return tuple(job for job in jobs if job.kind != UNREADABLE)

    def unreadable(self) -> tuple[Job, ...]:
        """Unfinished jobs of which nothing can be read: none is ever done, each can be removed."""
        others = f"NOT ifnull({queries.among(FINISHED)}, 0)"
        with self._database.reading() as db:
            found = db.execute(f"SELECT * FROM job WHERE {others} ORDER BY id", FINISHED)
            jobs = [queries.from_row(row) for row in found]
            return tuple(job for job in jobs if job.kind == UNREADABLE)

    def history(self, limit: int = 200) -> tuple[Job, ...]:
        """Jobs that cannot be read, then finished ones, the last to end first."""
        with self._database.reading() as db:
            found = db.execute(
                f"SELECT * FROM job WHERE {queries.among(FINISHED)} ORDER BY ended DESC LIMIT ?",
                (*FINISHED, limit),
            )
            return (*self.unreadable(), *(queries.from_row(row) for row in found))

    def has_short(self, lane: str) -> bool:
        """Whether a short job waits in a lane that is not paused."""
        with self._database.reading() as db:
            return queries.first(db, lane, short_only=True) is not None

    def next(self, lane: str) -> Job | None:
        """The next job of a lane, from now on running; None when it is empty or paused."""
        with self._database.reading() as db:  # most looks find nothing and write nothing
            if not queries.first(db, lane):
                return None
        with self._database.writing() as db:
            while row := queries.first(db, lane):
                if queries.job(db, row["id"]).kind != UNREADABLE:
                    return queries.moved(db, row["id"], State.RUNNING)
                queries.give_up(db, row["id"])
        return None

    def move(
        self,
        id: int,
        to: State,
        *,
        what: str = "",
        hint: str = "",
        result: object = None,
        detail: str = "",
    ) -> Job:
        """Move a job to another state; refused where `MOVES` knows no such move."""
        with self._database.writing() as db:
            return queries.moved(db, id, to, what=what, hint=hint, result=result, detail=detail)

    def cancel(self, id: int) -> bool:
        """Cancel a job that waits; False when it runs, for then its lane must stop it."""
        with self._database.writing() as db:
            if queries.job(db, id).state is State.RUNNING:
                return False
            queries.moved(db, id, State.CANCELLED)
            return True

    def end(self, id: int, outcome: Outcome) -> Job:
        """Write down how a running job ended; what it made is kept where it is plain JSON data."""
        try:
            json.dumps(outcome.result, allow_nan=False)
            result = outcome.result
        except (TypeError, ValueError):
            result = None
        reasons = {"what": outcome.what, "hint": outcome.hint, "detail": outcome.detail}
        return self.move(id, outcome.state, result=result, **reasons)

    def requeue(self, id: int) -> Job:
        """A running job back to the very front of its lane ("pause now")."""
        with self._database.writing() as db:
            job = queries.moved(db, id, State.WAITING)
            queries.renumber(db, reordered(queries.queue(db, job.lane), id, front=True))
            return job

    def retry(self, id: int) -> Job:
        """A failed, cancelled or set-aside job to the end of its lane, to be done again."""
        with self._database.writing() as db:
            job = queries.moved(db, id, State.WAITING)
            queries.renumber(db, reordered(queries.queue(db, job.lane), id))
            return job

    def duplicate(self, id: int) -> int:
        """The same job once more at the end of its lane; gives the new id."""
        with self._database.writing() as db:
            queries.job(db, id)
            same = db.execute("SELECT kind, title, payload, lane, short FROM job WHERE id=?", (id,))
            return queries.insert(db, tuple(same.fetchone()))

    def remove(self, id: int) -> None:
        """Forget a job that is not running.  What it made stays."""
        with self._database.writing() as db:
            if queries.job(db, id).state is State.RUNNING:
                raise Refusal("A running job cannot be removed.", "Cancel it first.")
            db.execute("DELETE FROM job WHERE id = ?", (id,))

    def forget(self, is_meant: Callable[[sqlite3.Row], bool]) -> None:
        """Remove the rows for which `is_meant`, so that none of their bytes stays in the file."""
        with self._database.writing() as db:
            rows = db.execute("SELECT * FROM job").fetchall()
            gone = [(row["id"],) for row in rows if is_meant(row)]
            db.executemany("DELETE FROM job WHERE id = ?", gone)
        self._database.compact()

    def clear(self) -> None:
        """Forget all jobs that are over.  What they made stays."""
        with self._database.writing() as db:
            db.execute(f"DELETE FROM job WHERE {queries.among(FINISHED)}", FINISHED)

    def reorder(self, id: int, *, before: int | None = None, after: int | None = None) -> None:
        """Put a waiting job before or after another of its lane, or at the end."""
        with self._database.writing() as db:
            queue = queries.queue(db, queries.job(db, id).lane)
            queries.renumber(db, reordered(queue, id, before=before, after=after))

    def pause(self, lane: str = "") -> None:
        """No further job of that lane (of any, by default) starts; running ones go on."""
        with self._database.writing() as db:
            for name in [lane] if lane else LANES:
                db.execute("INSERT OR IGNORE INTO paused_lane VALUES (?)", (name,))

    def resume(self, lane: str = "") -> None:
        """Jobs of that lane (of all, by default) start again."""
        with self._database.writing() as db:
            for name in [lane] if lane else LANES:
                db.execute("DELETE FROM paused_lane WHERE name = ?", (name,))
            queries.set_fact(db, "notice", "")

    def paused(self) -> frozenset[str]:
        """The lanes that are paused."""
        with self._database.reading() as db:
            names = frozenset(row["name"] for row in db.execute("SELECT name FROM paused_lane"))
            return names & LANES.keys()


def reordered(
    ids: Sequence[int],
    id: int,
    *,
    before: int | None = None,
    after: int | None = None,
    front: bool = False,
) -> list[int]:
    """`ids` with `id` at the front, beside another, or at the end; the others keep their order.

    Refused where either is not among them.
    """
    if not {id, before, after} - {None} <= set(ids):
        raise Refusal("That job waits no longer.", "Only jobs that wait can be moved.")
    if id in (before, after):
        return list(ids)
    rest = [other for other in ids if other != id]
    if before is not None:
        place = rest.index(before)
    elif after is not None:
        place = rest.index(after) + 1
    else:
        place = 0 if front else len(rest)
    return [*rest[:place], id, *rest[place:]]
