"""The queue's database file: SQLite with a versioned schema, one connection per thread."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.durable import retry_while_locked, sync_file
from studio.project.files import to_refusal
from studio.spec.refusal import Refusal

VERSION = 1
BUSY = 10.0
"""Seconds to wait while another process writes."""

SCHEMA = """
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    payload TEXT NOT NULL,
    lane TEXT NOT NULL,
    short INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    position INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    what TEXT NOT NULL DEFAULT '',
    hint TEXT NOT NULL DEFAULT '',
    result TEXT NOT NULL DEFAULT 'null',
    detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX job_by_lane ON job (lane, state, position);
CREATE TABLE paused_lane (name TEXT PRIMARY KEY);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
KNOWN = {
    "job": "id, kind, title, payload, lane, short, state, position, ended, what, hint, result",
    "paused_lane": "name",
    "fact": "name, value",
}
"""Tables and columns that every queue has."""
_OF_ONE_ROW = re.compile(r"(NULL|TEXT|NUMERIC) value in job\.")
"""Faults that leave the other jobs alone."""
LATER = {"detail"}
"""Columns of `job` that files of the first release do not have."""


class Damaged(Refusal):
    """The file is no database, or no longer a whole one."""


class Database:
    """Connections to one file, with a write-ahead log.

    A commit is in the log when it returns, which any end of the studio leaves whole, and on the
    disk as soon as the disk can: another thread waits for that.  The window writes too, and a
    disk that takes in a checkpoint of gigabytes would hold it up for seconds.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file.  Refused when it is newer than this program or no database.

        A file that is refused is left exactly as it was.
        """
        self.path = path
        self._flushing = ThreadPoolExecutor(1, thread_name_prefix="queue-flush")
        self._due = self._is_whole = False
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._refused():
                self._prepare()
                self._is_whole = True
        except OSError as error:
            raise Refusal(
                f"The queue cannot be kept in {path.parent}: {error.strerror or error}.",
                "Choose another data folder.",
            ) from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from; never waits for a writer."""
        with self._refused():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the pen from its start; all of it happens or nothing."""
        with self._refused():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled it back already
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        if not self._due:
            self._due = True
            self._flushing.submit(self._flush)

    def check(self) -> None:
        """Read all of the file; `Damaged` where it does not hold together.

        What is wrong with one job alone is left to whoever reads that job.
        """
        self._is_whole = False
        with self.reading() as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            if all("index job_by_lane" in fault for fault in faults):
                connection.execute("REINDEX")  # what it says is in the table too
                faults = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            for table, columns in KNOWN.items():
                connection.execute(f"SELECT {columns} FROM {table} LIMIT 1")
        if not all(fault == "ok" or _OF_ONE_ROW.match(fault) for fault in faults):
            raise Damaged(f"The queue in {self.path} is damaged.", BROKEN)
        self._is_whole = True

    def merged(self) -> int:
        """Bring the log into the file as far as nobody reads; how many pages of it are whole."""
        with self.reading() as connection:
            return max(0, connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])

    def compact(self) -> None:
        """Write the file anew, so that what was deleted is in neither it nor its log."""
        with self.reading() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def changes(self) -> int:
        """A number that grows when anyone else has written: another thread, another process."""
        with self.reading() as connection:
            return connection.execute("PRAGMA data_version").fetchone()[0]

    def close(self) -> None:
        """Bring everything to the disk and close the connections of all threads."""
        self._flushing.shutdown()
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        found = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connected()
            with self._guard:
                self._all.append(found)
        return found

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda data: data.decode(errors="replace")
        connection.execute("PRAGMA synchronous = NORMAL")  # `_flush` does the rest
        return connection

    def _flush(self) -> None:
        self._due = False  # what is committed from now on needs another turn
        with suppress(FileNotFoundError):  # all of it is in the main file by now
            sync_file(_beside(self.path, "-wal"))

    def _prepare(self) -> None:
        connection = self._connection()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise Refusal(
                f"The queue in {self.path} was written by a newer studio (format {version}).",
                "Update the studio, or choose another data folder; nothing was changed.",
            )
        connection.execute("PRAGMA journal_mode = WAL")
        if version == VERSION:
            self._add_columns()
            return
        with self.writing():
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")

    def _add_columns(self) -> None:
        """What came after the first release; older studios pass it over."""
        with self.reading() as connection:
            if _columns(connection) >= LATER:
                return
        with self.writing() as connection:
            for name in LATER - _columns(connection):
                connection.execute(f"ALTER TABLE job ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # a bug of ours
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            hint = _HINTS.get(code)
            if code == sqlite3.SQLITE_ERROR and not self._is_whole:
                hint = BROKEN  # tables or columns that are not there
            if hint is None:
                raise
            kind = Damaged if hint == BROKEN else Refusal
            raise kind(f"The queue in {self.path} could not be used: {error}.", hint) from error


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {row["name"] for row in connection.execute("PRAGMA table_info(job)")}


def logged(path: Path) -> int | None:
    """How many pages the log of a database seems to hold, whole or not; None without a log."""
    with suppress(OSError), _beside(path, "-wal").open("rb") as log:
        header, pages = log.read(32), 0
        size, salt = int.from_bytes(header[8:12]), header[16:24]
        while (frame := log.read(24))[8:16] == salt and len(frame) == 24:
            pages += 1
            log.seek(size, os.SEEK_CUR)
        return pages
    return None


def set_aside(path: Path) -> Path:
    """Give a database that cannot be used another name, its log with it; gives that name."""
    taken = {other.name for other in path.parent.iterdir()}
    names = (f"{path.stem}.damaged-{n}{path.suffix}" for n in range(1, 10**6))
    kept = path.with_name(next(name for name in names if name not in taken))
    try:
        for ending in ("-shm", "-wal", ""):  # a log without its file would be put into the next
            with suppress(FileNotFoundError):
                retry_while_locked(lambda end=ending: _beside(path, end).rename(_beside(kept, end)))
    except OSError as error:
        raise to_refusal(error, path) from error
    return kept


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


BROKEN = (
    "Close the studio and start it again: it keeps the file under another name and begins anew."
)
_HINTS = {
    sqlite3.SQLITE_FULL: "Make room on that disk and try again.",
    sqlite3.SQLITE_IOERR: "Check that disk and try again.",
    sqlite3.SQLITE_READONLY: "Allow writing there or choose another data folder.",
    sqlite3.SQLITE_CANTOPEN: "Allow writing there or choose another data folder.",
    sqlite3.SQLITE_BUSY: "Another program holds it; try again in a moment.",
    sqlite3.SQLITE_NOTADB: BROKEN,
    sqlite3.SQLITE_CORRUPT: BROKEN,
}
