"""Rows of the queue's database and jobs: every statement inside one transaction of the caller."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache

from studio.jobs.job import FINISHED, LANES, MOVES, UNFINISHED, UNREADABLE, Job, State
from studio.jobs.payloads import typed
from studio.project.plain import from_plain, parsed
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest

QUEUED = (State.WAITING, State.PAUSED)
_STATE_WORDS = {state: state.value.replace("_", " ") for state in State}


def recover(db: sqlite3.Connection) -> None:
    """Set aside what was running, pause the lanes with something left, say so in a notice."""
    running = [job(db, id) for id in ids(db, "state = ?", State.RUNNING)]
    titles = [now.title for now in running]
    for now in running:
        if now.kind == UNREADABLE:
            give_up(db, now.id)
        else:
            moved(db, now.id, State.SET_ASIDE)
    lanes = db.execute(f"SELECT DISTINCT lane FROM job WHERE {among(UNFINISHED)}", UNFINISHED)
    names = [row["lane"] for row in lanes]
    db.executemany("INSERT OR IGNORE INTO paused_lane VALUES (?)", [(name,) for name in names])
    if names:
        set_fact(db, "notice", _notice(titles))


def _notice(titles: Sequence[str]) -> str:
    if not titles:
        return "The studio ended unexpectedly. The queue is paused until you resume it."
    named = " and ".join(f"“{title}”" for title in titles)
    was, it_is = ("was", "It is") if len(titles) == 1 else ("were", "They are")
    return (
        f"The studio ended unexpectedly while {named} {was} running. "
        f"{it_is} set aside, and the queue is paused until you resume it."
    )


def insert(db: sqlite3.Connection, row: tuple) -> int:
    """A waiting job at the end, from (kind, title, payload, lane, short); gives its id."""
    cursor = db.execute(
        "INSERT INTO job (kind, title, payload, lane, short, state, position)"
        " VALUES (?, ?, ?, ?, ?, 'waiting', (SELECT ifnull(max(position), 0) + 1 FROM job))",
        row,
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def first(db: sqlite3.Connection, lane: str, short_only: bool = False) -> sqlite3.Row | None:
    """The row that a lane would start next, short ones first; None when empty or paused."""
    return db.execute(
        "SELECT id FROM job WHERE lane = ? AND state = 'waiting' AND short >= ?"
        " AND lane NOT IN (SELECT name FROM paused_lane)"
        " ORDER BY short DESC, position LIMIT 1",
        (lane, short_only),
    ).fetchone()


def moved(
    db: sqlite3.Connection,
    id: int,
    to: State,
    *,
    what: str = "",
    hint: str = "",
    result: object = None,
    detail: str = "",
) -> Job:
    """The job in its new state; refused where `MOVES` knows no such move."""
    now = job(db, id)
    if now.kind == UNREADABLE:
        raise Refusal(f"{now.what} It can only be removed.", now.hint)
    if to not in MOVES[now.state]:
        raise Refusal(
            f"“{now.title}” is {_STATE_WORDS[now.state]}; it cannot become {_STATE_WORDS[to]}."
        )
    ended = "(SELECT max(ended) + 1 FROM job)" if to in FINISHED else "0"
    db.execute(
        f"UPDATE job SET state=?, what=?, hint=?, result=?, detail=?, ended={ended} WHERE id=?",
        (to, what, hint, json.dumps(result, allow_nan=False), detail, id),
    )
    return job(db, id)


def give_up(db: sqlite3.Connection, id: int) -> None:
    """Take a job that cannot be read out of the way of the others; its row keeps what it held."""
    ended = "(SELECT max(ended) + 1 FROM job)"
    db.execute(f"UPDATE job SET state = 'failed', ended = {ended} WHERE id = ?", (id,))


def queue(db: sqlite3.Connection, lane: str) -> list[int]:
    """Ids of the waiting and paused jobs of a lane, in their order."""
    return ids(db, f"lane = ? AND {among(QUEUED)}", lane, *QUEUED)


def ids(db: sqlite3.Connection, where: str, *values: str) -> list[int]:
    """Ids of the jobs for which `where` holds, in their order."""
    rows = db.execute(f"SELECT id FROM job WHERE {where} ORDER BY position", values)
    return [row["id"] for row in rows]


def renumber(db: sqlite3.Connection, ids: list[int]) -> None:
    """Bring these jobs into this order among the places that they hold together."""
    marks = ",".join("?" * len(ids))
    rows = db.execute(f"SELECT position FROM job WHERE id IN ({marks}) ORDER BY position", ids)
    places = [row["position"] for row in rows]
    db.executemany("UPDATE job SET position=? WHERE id=?", zip(places, ids, strict=True))


def among(states: Sequence[State]) -> str:
    """The condition of being in one of `states`, to be bound to them."""
    return f"state IN ({','.join('?' * len(states))})"


def fact(db: sqlite3.Connection, name: str) -> str:
    """A remembered word, or ""."""
    row = db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return row["value"] if row and isinstance(row["value"], str) else ""


def set_fact(db: sqlite3.Connection, name: str, value: str) -> None:
    """Remember a word."""
    db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def job(db: sqlite3.Connection, id: int) -> Job:
    """The job with that id; KeyError where there is none."""
    row = db.execute("SELECT * FROM job WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise KeyError(id)
    return from_row(row)


def from_row(row: sqlite3.Row) -> Job:
    """A job from its row; one of kind `UNREADABLE` where what is stored is no job."""
    try:
        return _read(row)
    except (ValueError, TypeError):
        return Job(
            id=row["id"],
            kind=UNREADABLE,
            title="A job that cannot be read",
            state=State.FAILED,
            what="What the queue holds of this job is damaged.",
            hint="Remove it and order it again.",
        )


def _read(row: sqlite3.Row) -> Job:
    texts = ("kind", "title", "lane", "what", "hint", "detail", "payload", "result")
    fields = {name: row[name] for name in texts}
    if not all(isinstance(text, str) for text in fields.values()) or fields["lane"] not in LANES:
        raise ValueError("no job")
    fields["result"] = parsed(fields["result"])
    fields["payload"], fields["typed"] = _payload(fields["kind"], fields["payload"])
    return Job(id=row["id"], short=bool(int(row["short"])), state=State(row["state"]), **fields)


@lru_cache(512)
def _payload(kind: str, text: str) -> tuple[Mapping[str, object], object]:
    """What a job is to do, plain and typed; a request in it holds together.  Nobody changes it: it
    is shared."""
    payload = parsed(text)
    if not text.isascii() or not isinstance(payload, dict):  # it is written in ASCII
        raise ValueError("no payload")
    if "request" in payload:
        from_plain(ClipRequest, payload["request"])
    return payload, typed(kind, payload)
