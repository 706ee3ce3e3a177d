"""The queue on disk: order, history, crashes, foreign and full files."""

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.jobs import database
from studio.jobs.job import State
from studio.jobs.job_store import JobStore, reordered
from studio.jobs.run import Outcome
from studio.spec.refusal import Refusal

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def job_store(tmp_path):
    job_store = JobStore(tmp_path / "queue.db")
    yield job_store
    job_store.close()


def order(job_store):
    return [job.id for job in job_store.jobs()]


def test_jobs_come_in_their_order_short_ones_first(job_store):
    a, b = job_store.add("k", "a"), job_store.add("k", "b")
    other = job_store.add("k", "elsewhere", lane="disk")
    short = job_store.add("k", "short", short=True)
    assert job_store.has_short("engine")
    assert job_store.next("engine").id == short
    assert not job_store.has_short("engine")
    assert [job_store.next("engine").id, job_store.next("engine").id] == [a, b]
    assert job_store.next("engine") is None
    assert job_store.next("disk").id == other


def test_a_job_keeps_all_it_was_given(job_store):
    id = job_store.add("render", "“Ölbild” 🎈", {"prompt": "ein Ball", "seed": 7}, lane="encode")
    job = job_store.job(id)
    assert (job.kind, job.title, job.lane) == ("render", "“Ölbild” 🎈", "encode")
    assert job.payload == {"prompt": "ein Ball", "seed": 7}
    with pytest.raises(ValueError, match="lane"):
        job_store.add("k", "t", lane="nowhere")
    with pytest.raises(KeyError):
        job_store.job(999)


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=12, unique=True),
    st.data(),
)
def test_reordering_moves_one_job_and_keeps_the_others_in_their_order(ids, data):
    id, other = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    for new in (
        reordered(ids, id),
        reordered(ids, id, front=True),
        reordered(ids, id, before=other),
        reordered(ids, id, after=other),
    ):
        assert sorted(new) == sorted(ids)
        assert [i for i in new if i != id] == [i for i in ids if i != id]
    if id != other:
        assert reordered(ids, id, before=other).index(id) + 1 == (
            reordered(ids, id, before=other).index(other)
        )
        after = reordered(ids, id, after=other)
        assert after.index(id) == after.index(other) + 1
    assert reordered(ids, id, front=True)[0] == reordered(ids, id)[-1] == id
    with pytest.raises(Refusal):
        reordered(ids, 1000)
    with pytest.raises(Refusal):
        reordered(ids, id, before=1000)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["before", "after", "end", "next", "requeue", "add"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=MOVES)
def test_the_job_store_orders_as_a_plain_list_would(tmp_path, moves):
    (tmp_path / "queue.db").unlink(missing_ok=True)
    job_store = JobStore(tmp_path / "queue.db")
    waiting = [job_store.add("k", "t") for _ in range(3)]
    foreign = [job_store.add("k", "t", lane="disk") for _ in range(2)]
    running: list[int] = []
    for move, i, j in moves:
        _both(job_store, waiting, running, move, i, j)
    assert [j.id for j in job_store.jobs() if j.state is State.WAITING and j.lane == "engine"] == (
        waiting
    )
    assert [j.id for j in job_store.jobs() if j.lane == "disk"] == foreign
    job_store.close()
    for rest in tmp_path.iterdir():
        rest.unlink()


def _both(job_store, waiting, running, move, i, j):
    """One change, to the job store and to the list that says what it should hold."""
    if move == "add":
        waiting.append(job_store.add("k", "t"))
    elif move == "next":
        job = job_store.next("engine")
        assert (job.id if job else None) == (waiting[0] if waiting else None)
        running += [waiting.pop(0)] if waiting else []
    elif move == "requeue" and running:
        waiting.insert(0, running[i % len(running)])
        running.remove(waiting[0])
        job_store.requeue(waiting[0])
    elif waiting and move in ("before", "after", "end"):
        id, other = waiting[i % len(waiting)], waiting[j % len(waiting)]
        where = {"before": {"before": other}, "after": {"after": other}}
        job_store.reorder(id, **where.get(move, {}))
        waiting[:] = reordered(waiting, id, **where.get(move, {}))


def test_history_retry_duplicate_remove(job_store):
    a, b, c = (job_store.add("k", name, {"n": name}) for name in "abc")
    job_store.next("engine"), job_store.next("engine")
    job_store.end(b, Outcome(State.DONE, result={"path": "x.mp4"}))
    job_store.end(a, Outcome(State.FAILED, "It broke.", "Mend it."))
    assert [job.id for job in job_store.history()] == [a, b]
    assert (job_store.job(a).what, job_store.job(a).hint) == ("It broke.", "Mend it.")
    assert job_store.job(b).result == {"path": "x.mp4"}
    job_store.retry(a)
    assert order(job_store) == [c, a]
    assert job_store.job(a).what == ""
    with pytest.raises(Refusal):
        job_store.retry(b)
    again = job_store.duplicate(b)
    assert job_store.job(again).payload == {"n": "b"}
    assert order(job_store) == [c, a, again]
    job_store.remove(b)
    assert job_store.history() == ()
    job_store.next("engine")
    with pytest.raises(Refusal, match="running"):
        job_store.remove(c)


def test_a_result_that_is_no_plain_data_is_not_written_down(job_store):
    id = job_store.add("k", "t")
    job_store.next("engine")
    job_store.end(id, Outcome(State.DONE, result=object()))
    assert job_store.job(id).state is State.DONE
    assert job_store.job(id).result is None


def test_a_paused_lane_starts_nothing_also_for_another_process(job_store, tmp_path):
    job_store.add("k", "t")
    terminal = JobStore(tmp_path / "queue.db")
    before = job_store.changes()
    terminal.pause()
    assert job_store.changes() != before
    assert job_store.next("engine") is None
    assert job_store.paused() == {"engine", "encode", "disk", "network"}
    terminal.resume("disk")
    assert job_store.next("engine") is None
    terminal.resume()
    terminal.close()
    assert job_store.next("engine") is not None


def test_only_one_process_runs_the_jobs(tmp_path):
    first, second = JobStore(tmp_path / "q.db"), JobStore(tmp_path / "q.db")
    assert first.begin()
    first.add("k", "t")
    first.next("engine")
    assert not second.begin()
    assert [job.state for job in second.jobs()] == [State.RUNNING]  # nothing was set aside
    second.close()
    first.close()


def test_after_a_clean_end_nothing_is_paused(tmp_path):
    job_store = JobStore(tmp_path / "q.db")
    assert job_store.begin()
    id = job_store.add("k", "t")
    job_store.close()
    job_store = JobStore(tmp_path / "q.db")
    assert job_store.begin()
    assert job_store.notice == ""
    assert job_store.next("engine").id == id
    job_store.close()


CHILD = """
import random, sys
from pathlib import Path
from studio.jobs.job import State
from studio.jobs.job_store import JobStore
from studio.jobs.run import Outcome
job_store = JobStore(Path(sys.argv[1]))
assert job_store.begin()
dice = random.Random(int(sys.argv[2]))
job_store.resume()
print("begun", flush=True)
while True:
    waiting = [j for j in job_store.jobs() if j.state is State.WAITING]
    running = [j for j in job_store.jobs() if j.state is State.RUNNING]
    deed = dice.choice(["add", "front", "next", "end", "requeue"])
    if deed == "add" and len(waiting) < 20:
        print("added", job_store.add("k", f"job {dice.random()}"), flush=True)
    elif deed == "front" and waiting:
        job_store.reorder(dice.choice(waiting).id, before=waiting[0].id)
    elif deed == "next" and not running:
        job_store.next("engine")
    elif deed == "requeue" and running:
        job_store.requeue(running[0].id)
    elif deed == "end" and running:
        job_store.end(running[0].id, Outcome(State.DONE))
        print("ended", running[0].id, flush=True)
"""


def test_a_killed_queue_is_whole_and_says_what_was_running(tmp_path):
    """SIGKILL at seeded moments, over and over on the same file: nothing acknowledged is lost."""
    path, dice = tmp_path / "queue.db", random.Random(5)
    added, ended, saw_notice, round = set(), set(), 0, 0
    # a kill need not find a job running
    while round < 8 or (round < 60 and (saw_notice < 2 or not ended)):
        round += 1
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(round)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        lines = [child.stdout.readline().rstrip("\n") for _ in range(dice.randint(0, 6))]
        child.kill()  # somewhere in the deeds that follow
        lines += child.stdout.read().split("\n")[:-1]  # the last one may be cut short
        for line in lines:
            word, _, id = line.partition(" ")
            (added if word == "added" else ended).add(int(id))
        child.stdout.close()
        child.wait()
        saw_notice += _consistent_after_the_kill(path, added, ended)
    assert len(added) > 8
    assert ended
    assert saw_notice >= 2


def _consistent_after_the_kill(path, added, ended):
    job_store = JobStore(path)
    interrupted = [job for job in job_store.jobs() if job.state is State.RUNNING]
    left = job_store.jobs()
    assert job_store.begin()
    states = {job.id: job.state for job in (*job_store.jobs(), *job_store.history(10**6))}
    assert added <= states.keys()
    assert all(states[id] is State.DONE for id in ended)
    assert State.RUNNING not in states.values()
    assert job_store.paused() == ({"engine"} if left else set())
    assert job_store.next("engine") is None
    for job in interrupted:
        assert states[job.id] is State.SET_ASIDE
        assert f"“{job.title}” was running" in job_store.notice
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()
    job_store.close()
    return len(interrupted)


def test_a_newer_queue_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "queue.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE future (x)")
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(Refusal, match="newer studio"):
        JobStore(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "queue.db"
    path.write_bytes(b"not a database, but the user's letter " * 100)
    before = path.read_bytes()
    with pytest.raises(Refusal, match="could not be used"):
        JobStore(path)
    assert path.read_bytes() == before


def torn(path):
    """A queue with a job, in which a page in the middle holds nonsense."""
    job_store = JobStore(path)
    for n in range(40):
        job_store.add("k", f"job {n}", {"long": "x" * 900})
    job_store.close()
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"?" * (len(data) - len(data) // 2)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", ["letter", "torn"])
def test_a_damaged_queue_is_set_aside_whole_and_a_new_one_begins(tmp_path, damage):
    path = tmp_path / "queue.db"
    if damage == "torn":
        torn(path)
    else:
        path.write_bytes(b"not a database, but the user's letter " * 100)
        (tmp_path / "queue.db-wal").write_bytes(b"its log")
    (tmp_path / "queue.damaged-1.db").write_bytes(b"an older one")
    before = path.read_bytes()
    job_store = JobStore(path, mend=True)
    kept = tmp_path / "queue.damaged-2.db"
    assert kept.read_bytes() == before
    assert str(kept) in job_store.damage
    assert (tmp_path / "queue.damaged-1.db").read_bytes() == b"an older one"
    if damage == "letter":
        assert (tmp_path / "queue.damaged-2.db-wal").read_bytes() == b"its log"
    assert job_store.jobs() == job_store.history() == ()
    assert job_store.begin()
    id = job_store.add("k", "t")
    job_store.close()
    again = JobStore(path, mend=True)
    assert (again.damage, order(again)) == ("", [id])
    again.close()


def test_a_damaged_queue_stays_while_another_process_runs_its_jobs(tmp_path):
    path = tmp_path / "queue.db"
    runner = JobStore(path)
    assert runner.begin()
    runner._database.close()
    before = b"something wrote over it " * 100
    path.write_bytes(before)
    with pytest.raises(Refusal, match="could not be used"):
        JobStore(path, mend=True)
    assert path.read_bytes() == before
    runner._runner.close()


def test_nobody_waits_for_the_disk_and_closing_does(tmp_path, monkeypatch):
    """What is written is there for everyone at once; the disk may take its time."""
    job_store = JobStore(tmp_path / "queue.db")
    disk_is_ready, synced = threading.Event(), []

    def slow_disk(path):
        assert disk_is_ready.wait(20)
        synced.append(path.name)

    monkeypatch.setattr(database, "sync_file", slow_disk)
    other = JobStore(tmp_path / "queue.db")
    ids = [job_store.add("k", str(n)) for n in range(3)]
    assert order(other) == ids
    assert synced == []
    disk_is_ready.set()
    job_store.close()
    assert synced
    assert set(synced) == {"queue.db-wal"}
    other.close()


def test_the_first_release_opens(tmp_path):
    """A database as version 1 wrote it; never change the fixture."""
    shutil.copy(FIXTURES / "queue-1.db", tmp_path / "queue.db")
    job_store = JobStore(tmp_path / "queue.db")
    assert [(j.title, j.state) for j in job_store.jobs()] == [
        ("Preview", State.WAITING),
        ("Train rex", State.WAITING),
        ("Export", State.PAUSED),
    ]
    assert [(j.title, j.what) for j in job_store.history()] == [("Render", "The disk is full.")]
    assert job_store.paused() == {"engine"}
    assert job_store.job(1).payload == {"subject": "rex", "steps": 300}
    assert {job.detail for job in (*job_store.jobs(), *job_store.history())} == {""}
    job_store.close()


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal, match="cannot be kept"):
        JobStore(tmp_path / "file" / "queue.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(Refusal, match="could not be used"):
        JobStore(tmp_path / "folder.db")


def test_a_queue_that_cannot_be_written_is_refused_and_stays(tmp_path):
    path = tmp_path / "queue.db"
    job_store = JobStore(path)
    job_store.add("k", "t")
    with job_store._database.reading() as db:
        db.execute("PRAGMA query_only = 1")
    with pytest.raises(Refusal, match="could not be used"):
        job_store.add("k", "another")
    assert [job.title for job in job_store.jobs()] == ["t"]
    job_store.close()


def test_a_full_disk_is_refused_and_changes_nothing(job_store):
    id = job_store.add("k", "t")
    with job_store._database.writing() as db:
        db.execute("PRAGMA max_page_count = 1")  # SQLite's own way to say that there is no room
    with pytest.raises(Refusal, match="full"):
        job_store.add("k", "t" * 500_000)
    assert job_store.job(id).title == "t"
    assert job_store.next("engine").id == id


ORDER = {"prompt": "a ball", "seed": 7}
UNREADABLE = "A job that cannot be read"


@pytest.mark.parametrize(
    ("column", "value"),
    [("payload", b"\xff\xfe{}"), ("payload", "{"), ("payload", "[]"), ("payload", "7"),
     ("payload", '{"seed": NaN}'), ("payload", '{"request": {"prompt": 3}}'), ("payload", b"{}"),
     ("payload", "[" * 100_000), ("state", "vaiting"), ("state", b"waiting"), ("lane", "nowhere"),
     ("lane", 3.5), ("title", b"\x00\xff"), ("result", "nul"), ("short", "x")],
    ids=str,
)  # fmt: skip
def test_a_job_that_cannot_be_read_is_shown_and_stops_nothing(tmp_path, column, value):
    """Text that is no text, JSON that is none, unknown words: the others run on around it."""
    path = tmp_path / "queue.db"
    job_store = JobStore(path)
    ids = [job_store.add("render", str(n), ORDER) for n in range(3)]
    job_store.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE job SET {column} = CAST(? AS TEXT) WHERE id = ?", (value, ids[0]))
        if type(value) in (float, bytes):
            db.execute(f"UPDATE job SET {column} = ? WHERE id = ?", (value, ids[0]))
        db.commit()
    job_store = JobStore(path, mend=True)
    assert (job_store.damage, job_store.begin()) == ("", True)
    assert order(job_store) == ids[1:]
    assert [(job.id, job.title) for job in job_store.history()] == [(ids[0], UNREADABLE)]
    assert job_store.next("engine").id == ids[1]
    with pytest.raises(Refusal, match="only be removed"):
        job_store.retry(ids[0])
    job_store.end(ids[1], Outcome(State.DONE))
    assert {job.id for job in job_store.history()} == set(ids[:2])
    job_store.remove(ids[0])
    assert [job.id for job in job_store.history()] == ids[1:2]
    job_store.close()


def test_a_running_job_that_cannot_be_read_does_not_keep_the_queue_from_beginning(tmp_path):
    path = tmp_path / "queue.db"
    job_store = JobStore(path)
    assert job_store.begin()
    id = job_store.add("render", "one", ORDER)
    assert job_store.next("engine").id == id
    job_store.close()  # with a job running: as after a crash
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE job SET payload = '{'")
        db.commit()
    job_store = JobStore(path, mend=True)
    assert job_store.begin()
    assert (job_store.jobs(), job_store.notice) == ((), "")
    assert [job.title for job in job_store.history()] == [UNREADABLE]
    job_store.close()


@pytest.mark.parametrize("seed", range(3))
def test_one_flipped_byte_in_the_queue_is_the_same_a_sentence_or_a_new_queue(tmp_path, seed):
    path, dice = tmp_path / "queue.db", random.Random(seed)
    job_store = JobStore(path)
    for n in range(6):
        job_store.add("render", f"job {n}", ORDER | {"n": "x" * 200 * n})
    job_store.move(1, State.RUNNING)
    job_store.move(1, State.FAILED, what="because", hint="so")
    job_store.close()
    whole, mended = path.read_bytes(), 0
    for _ in range(50):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 1, 8))):
            data[dice.choice((dice.randrange(len(data)), dice.randrange(120)))] = dice.randrange(
                256
            )
        for old in tmp_path.glob("queue*"):
            old.unlink()
        path.write_bytes(data)
        try:
            job_store = JobStore(path, mend=True)
        except Refusal:  # of a newer studio, as it reads
            continue
        try:
            mended += bool(job_store.damage)
            assert job_store.begin()
            job_store.paused()
            job_store.history()
            while job := job_store.next("engine"):
                job_store.end(job.id, Outcome(State.DONE))
            job_store.add("render", "new", ORDER)
        except Refusal:
            pass
        finally:
            with contextlib.suppress(Refusal):
                job_store.close()
    assert mended < 50


CRASHED = """
import os, sys
from pathlib import Path
from studio.jobs.job_store import JobStore
job_store = JobStore(Path(sys.argv[1]))
assert job_store.begin()
for n in range(4):
    job_store.add("render", str(n), {"n": "x" * 5000})
os._exit(9)
"""


@pytest.mark.parametrize("damage", ["none", "gone", "flipped", "cut header", "merged before"])
def test_jobs_that_went_with_the_log_are_told_of(tmp_path, damage):
    path, log = tmp_path / "queue.db", tmp_path / "queue.db-wal"
    JobStore(path).close()
    subprocess.run([sys.executable, "-c", CRASHED, str(path)], check=False)
    assert log.stat().st_size > 32
    data = bytearray(log.read_bytes())
    if damage == "gone":
        log.unlink()
    elif damage in ("flipped", "cut header"):
        data[len(data) // 2 if damage == "flipped" else 24] ^= 1
        log.write_bytes(data)
    elif damage == "merged before":  # by the terminal, which opens the queue and closes it
        JobStore(path, mend=True).close()
        assert not log.exists()
    job_store = JobStore(path, mend=True)
    whole = damage in ("none", "merged before")
    assert bool(job_store.damage) is not whole
    assert whole == (len(job_store.jobs()) == 4)
    assert job_store.begin()
    assert "unexpectedly" in job_store.notice or not job_store.jobs()
    assert job_store.next("engine") is None
    job_store.resume()
    running = job_store.next("engine")
    job_store.close()  # while that job runs
    job_store = JobStore(path, mend=True)
    assert job_store.damage == ""
    assert job_store.begin()
    assert not running or job_store.job(running.id).state is State.SET_ASIDE
    job_store.close()
