"""Lanes and the window's queue with fake work: order, stopping, cutting in, failing, closing."""

import contextlib
import gc
import logging
import threading
import time
import weakref

import pytest
from PySide6.QtCore import QThread

from studio.jobs.database import Database
from studio.jobs.job import State
from studio.jobs.job_store import JobStore
from studio.jobs.once import run_once
from studio.jobs.queue import Queue
from studio.spec.progress import Cancelled, Preview, Progress
from studio.spec.refusal import Refusal

STEP = Progress("work", 1, 2)


class Stage:
    """A queue on fake work that tests hold and let go.  Heard signals are kept in order."""

    def __init__(self, folder):
        self.folder = folder
        self.go: dict[str, threading.Event] = {}
        self.log: list[str] = []
        self.heard: list[tuple] = []
        self.off_thread = 0
        self.ticks = 0
        handlers = {
            "hold": self._hold,
            "quick": self._quick,
            "break": self._break,
            "own": self._own,
        }
        self.own = lambda job, tick: None
        self.queue = Queue(JobStore(folder / "queue.db"), handlers)
        self.queue.finished.connect(lambda id, result: self._hear("finished", id, result))
        self.queue.failed.connect(lambda id, what, hint: self._hear("failed", id, what, hint))
        self.queue.cancelled.connect(lambda id: self._hear("cancelled", id))
        self.queue.progressed.connect(lambda id, progress: self._hear("progressed", id, progress))

    def _hear(self, *what):
        self.off_thread += QThread.currentThread() is not self.queue.thread()
        self.heard.append(what)

    def _hold(self, job, tick):
        """Ticks until it is let go."""
        self.log.append(f"+{job.title}")
        try:
            while not self.go.setdefault(job.title, threading.Event()).wait(0.002):
                self.ticks += 1
                tick(STEP)
        finally:
            self.log.append(f"-{job.title}")
        return {"made": job.title}

    def _quick(self, job, tick):
        tick(STEP)
        self.log.append(job.title)
        return {"made": job.title}

    def _break(self, job, tick):
        raise Refusal("There is no photo.", "Add one.")

    def _own(self, job, tick):
        return self.own(job, tick)

    def let_go(self, title):
        self.go.setdefault(title, threading.Event()).set()

    def ends(self):
        return [entry for entry in self.heard if entry[0] != "progressed"]


@pytest.fixture
def stage(qtbot, tmp_path):
    stage = Stage(tmp_path)
    yield stage
    for event in stage.go.values():
        event.set()
    assert stage.queue.close(5.0)
    assert stage.off_thread == 0
    lanes = ("engine-", "encode-", "disk-", "network-")
    assert not [t for t in threading.enumerate() if t.name.startswith(lanes)]


def wait(qtbot, condition):
    """Generous: a busy machine may leave a thread without its turn for seconds."""
    qtbot.waitUntil(lambda: bool(condition()), timeout=60_000)


def state(stage, id):
    return stage.queue.job(id).state


def test_jobs_of_a_lane_come_one_after_another(qtbot, stage):
    ids = [stage.queue.add("quick", name) for name in "abc"]
    stage.queue.start()
    wait(qtbot, lambda: len(stage.ends()) == 3)
    assert stage.log == ["a", "b", "c"]
    assert stage.ends() == [
        ("finished", id, {"made": name}) for id, name in zip(ids, "abc", strict=True)
    ]
    assert [job.title for job in stage.queue.history()] == ["c", "b", "a"]


def test_lanes_run_side_by_side_each_to_its_width(qtbot, stage):
    for lane in ("engine", "encode", "disk", "network"):
        for n in range(5):
            stage.queue.add("hold", f"{lane}{n}", lane=lane)
    stage.queue.start()
    wait(qtbot, lambda: len(stage.log) == 9)  # every thread holds one: no further one can start
    running = [job.lane for job in stage.queue.jobs() if job.state is State.RUNNING]
    assert {lane: running.count(lane) for lane in running} == {
        "engine": 1, "encode": 2, "disk": 2, "network": 4,
    }  # fmt: skip


def test_cancel_stops_at_the_next_tick_and_is_no_failure(qtbot, stage):
    stage.queue.start()
    long, waiting = stage.queue.add("hold", "long"), stage.queue.add("hold", "waiting")
    wait(qtbot, lambda: stage.log == ["+long"])
    stage.queue.cancel(waiting)
    stage.queue.cancel(long)
    wait(qtbot, lambda: stage.ends())
    assert stage.ends() == [("cancelled", long)]
    assert state(stage, long) is state(stage, waiting) is State.CANCELLED
    assert stage.log == ["+long", "-long"]


def test_pause_now_requeues_to_the_front_and_resume_goes_on(qtbot, stage):
    stage.queue.start()
    long, after = stage.queue.add("hold", "long"), stage.queue.add("quick", "after")
    wait(qtbot, lambda: stage.log == ["+long"])
    stage.queue.pause("engine")
    wait(qtbot, lambda: state(stage, long) is State.WAITING)
    assert stage.queue.paused("engine")
    assert not stage.queue.paused("disk")
    assert [job.id for job in stage.queue.jobs()] == [long, after]
    stage.let_go("long")
    stage.queue.resume("engine")
    wait(qtbot, lambda: len(stage.ends()) == 2)
    assert stage.log == ["+long", "-long", "+long", "-long", "after"]


def test_pause_after_this_job_lets_it_finish(qtbot, stage):
    stage.queue.start()
    stage.queue.add("hold", "long")
    after = stage.queue.add("quick", "after")
    wait(qtbot, lambda: stage.log == ["+long"])
    stage.queue.pause(now=False)
    stage.let_go("long")
    wait(qtbot, lambda: stage.ends())
    assert stage.queue._job_store.next("engine") is None  # what the lane asks next
    assert state(stage, after) is State.WAITING
    stage.queue.resume()
    wait(qtbot, lambda: len(stage.ends()) == 2)


def test_a_held_job_is_passed_over(qtbot, stage):
    held, other = stage.queue.add("quick", "held"), stage.queue.add("quick", "other")
    stage.queue.hold(held)
    stage.queue.start()
    wait(qtbot, lambda: stage.log == ["other"])
    assert state(stage, held) is State.PAUSED
    stage.queue.release(held)
    wait(qtbot, lambda: stage.log == ["other", "held"])
    wait(qtbot, lambda: state(stage, other) is state(stage, held) is State.DONE)


def test_the_terminal_pauses_the_window(qtbot, stage):
    stage.queue.start()
    long = stage.queue.add("hold", "long")
    wait(qtbot, lambda: stage.log == ["+long"])
    terminal = JobStore(stage.folder / "queue.db")
    terminal.pause()
    wait(qtbot, lambda: state(stage, long) is State.WAITING)
    assert stage.queue.paused("engine")
    stage.let_go("long")
    terminal.resume()
    terminal.close()
    wait(qtbot, lambda: stage.ends() == [("finished", long, {"made": "long"})])


def test_a_short_job_stops_the_long_one_as_a_pause_does_and_it_goes_on_afterwards(qtbot, stage):
    threads = {}

    def own(job, tick):
        stage.log.append(job.title)
        return threads.setdefault(job.title, threading.current_thread().name)

    stage.own = own
    stage.queue.start()
    long = stage.queue.add("hold", "long")
    behind = stage.queue.add("quick", "behind")
    wait(qtbot, lambda: stage.log == ["+long"])
    short = stage.queue.add("own", "short", short=True)
    wait(qtbot, lambda: stage.ends() == [("finished", short, "engine-0")])
    assert threads == {"short": "engine-0"}
    wait(qtbot, lambda: stage.log[-1] == "+long")
    assert stage.log == ["+long", "-long", "short", "+long"]  # never one inside the other
    assert state(stage, behind) is State.WAITING
    assert not stage.queue.paused("engine")
    stage.let_go("long")
    wait(qtbot, lambda: len(stage.ends()) == 3)
    assert stage.log[4:] == ["-long", "behind"]
    assert state(stage, long) is State.DONE


def test_a_short_job_waits_for_a_thread_that_is_free_before_it_stops_another(qtbot, stage):
    stage.queue.start()
    stage.queue.add("hold", "long", lane="disk")
    wait(qtbot, lambda: stage.log == ["+long"])
    short = stage.queue.add("quick", "short", lane="disk", short=True)
    wait(qtbot, lambda: stage.ends() == [("finished", short, {"made": "short"})])
    assert stage.log == ["+long", "short"]


def test_a_short_job_does_not_start_in_a_paused_lane(qtbot, stage):
    stage.queue.start()
    long = stage.queue.add("hold", "long")
    wait(qtbot, lambda: stage.log == ["+long"])
    stage.queue.pause("engine", now=False)
    short = stage.queue.add("quick", "short", short=True)
    before = stage.ticks
    wait(qtbot, lambda: stage.ticks > before + 5)
    assert (state(stage, long), state(stage, short)) == (State.RUNNING, State.WAITING)
    assert stage.log == ["+long"]


@pytest.mark.parametrize("kind", ["break", "hold"])
def test_a_short_job_that_fails_or_is_cancelled_leaves_the_long_one_alone(qtbot, stage, kind):
    stage.queue.start()
    long = stage.queue.add("hold", "long")
    wait(qtbot, lambda: stage.log == ["+long"])
    short = stage.queue.add(kind, "short", short=True)
    if kind == "hold":
        wait(qtbot, lambda: stage.log[-1] == "+short")
        stage.queue.cancel(short)
    wait(qtbot, lambda: stage.ends())
    assert state(stage, short) is (State.CANCELLED if kind == "hold" else State.FAILED)
    wait(qtbot, lambda: state(stage, long) is State.RUNNING)
    stage.let_go("long")
    wait(qtbot, lambda: stage.ends()[-1] == ("finished", long, {"made": "long"}))


def test_cancelling_the_long_one_while_a_short_one_runs(qtbot, stage):
    stage.queue.start()
    long = stage.queue.add("hold", "long")
    wait(qtbot, lambda: stage.log == ["+long"])
    short = stage.queue.add("hold", "short", short=True)
    wait(qtbot, lambda: stage.log[-1] == "+short")
    stage.queue.cancel(long)
    stage.let_go("short")
    wait(qtbot, lambda: stage.ends() and not stage.queue.jobs())
    assert stage.ends() == [("finished", short, {"made": "short"})]
    assert state(stage, long) is State.CANCELLED


def test_preparation_comes_before_the_first_job_on_its_thread_and_never_beside_one(qtbot, stage):
    def step(name):
        return lambda: stage.log.append((name, threading.current_thread().name))

    stage.queue.preparation.keep(step("import"), step("rehearse"))
    stage.queue.start()
    first = stage.queue.add("quick", "first")
    stage.queue.preparation.ask()
    wait(qtbot, lambda: len(stage.ends()) == 1)
    stage.queue.add("quick", "second")
    wait(qtbot, lambda: len(stage.ends()) == 2)
    done = [entry for entry in stage.log if entry != ("rehearse", "engine-0")]
    assert done == [("import", "engine-0"), "first", "second"]
    assert state(stage, first) is State.DONE


def test_preparation_is_done_whole_when_asked_for_and_its_failure_is_only_logged(
    qtbot, stage, caplog
):
    caplog.set_level(logging.CRITICAL)
    told = []
    stage.queue.preparation.began.connect(lambda: told.append("began"))
    stage.queue.preparation.ended.connect(lambda: told.append("ended"))

    def broken():
        raise ImportError("no engine here")

    stage.queue.preparation.keep(broken, lambda: stage.log.append("rehearsed"))
    stage.queue.start()
    stage.queue.preparation.ask()
    wait(qtbot, lambda: told == ["began", "ended"])
    assert stage.log == ["rehearsed"]
    stage.queue.add("quick", "after")
    wait(qtbot, lambda: stage.log == ["rehearsed", "after"])


def test_a_failure_carries_what_and_hint_and_the_next_job_starts(qtbot, stage):
    broken, fine = stage.queue.add("break", "broken"), stage.queue.add("quick", "fine")
    strange = stage.queue.add("nobody knows", "strange")
    stage.queue.start()
    wait(qtbot, lambda: len(stage.ends()) == 3)
    assert stage.ends()[0] == ("failed", broken, "There is no photo.", "Add one.")
    assert stage.ends()[1] == ("finished", fine, {"made": "fine"})
    assert stage.ends()[2][:2] == ("failed", strange)
    assert stage.queue.job(broken).what == "There is no photo."
    stage.queue.retry(broken)
    wait(qtbot, lambda: len(stage.ends()) == 4)
    stage.queue.duplicate(fine)
    wait(qtbot, lambda: len(stage.ends()) == 5)
    assert stage.ends()[-1] == ("finished", stage.queue.history(1)[0].id, {"made": "fine"})


def test_what_cannot_be_written_is_told_and_raises_nothing(qtbot, stage):
    waiting = stage.queue.add("quick", "waiting")
    stage.queue.retry(waiting)
    assert stage.ends() == [("failed", 0, "“waiting” is waiting; it cannot become waiting.", "")]
    stage.queue.move_after(waiting, 99)
    assert stage.ends()[1][:3] == ("failed", 0, "That job waits no longer.")


class Tensor:
    """Something heavy."""


@pytest.mark.parametrize("error", [ValueError("bad"), Refusal("No."), SystemExit(3), None])
def test_memory_of_a_failed_job_is_freed_and_the_lane_lives(qtbot, stage, caplog, error):
    seen = []

    def heavy(job, tick):
        tensor = Tensor()
        seen.append(weakref.ref(tensor))
        try:
            if error is None:
                raise Cancelled
            raise error
        except ValueError as first:
            raise RuntimeError("second") from first

    stage.own = heavy
    caplog.set_level(logging.CRITICAL)
    stage.queue.start()
    stage.queue.add("own", "heavy")
    wait(qtbot, lambda: stage.ends())
    gc.collect()
    assert seen[0]() is None
    stage.queue.add("quick", "next")
    wait(qtbot, lambda: stage.log == ["next"])


def test_a_fault_is_one_sentence_and_its_technical_part_is_kept_beside_it(qtbot, stage, caplog):
    def broken(job, tick):
        raise KeyError("meta tensor")

    stage.own = broken
    caplog.set_level(logging.CRITICAL)
    stage.queue.start()
    id = stage.queue.add("own", "Render: a ball")
    wait(qtbot, lambda: stage.ends())
    job = stage.queue.job(id)
    assert job.what == "Render: a ball stopped because of a fault in the studio."
    assert "KeyError: 'meta tensor'" in job.detail
    assert "in broken" in job.detail
    stage.queue.retry(id)
    wait(qtbot, lambda: len(stage.ends()) == 2)


def test_progress_is_throttled_and_the_last_comes_before_the_end(qtbot, stage):
    def chatty(job, tick):
        begun, n = time.monotonic(), 0
        while n < 1000 or time.monotonic() < begun + 0.5:
            n += 1
            preview = Preview(1, 1, 1, b"abc") if n == 3 else None
            tick(Progress("work", n, 10**6, preview=preview))
        return n, time.monotonic() - begun

    stage.own = chatty
    stage.queue.start()
    id = stage.queue.add("own", "chatty")
    wait(qtbot, lambda: stage.ends())
    spoken = [entry[2] for entry in stage.heard if entry[0] == "progressed"]
    last, seconds = stage.ends()[0][2]
    assert 1 <= len(spoken) <= 4 + seconds / 0.045
    assert len(spoken) < last / 10
    assert spoken[-1].step == last
    assert stage.heard[-1][0] == "finished"
    assert [p.preview for p in spoken if p.preview] == [Preview(1, 1, 1, b"abc")]
    assert stage.queue.progress(id) is None


def test_what_was_said_last_arrives_although_nothing_follows(qtbot, stage):
    def falls_silent(job, tick):
        tick(Progress("work", 1, 2))
        tick(Progress("work", 2, 2))
        stage.go.setdefault("silent", threading.Event()).wait(60)

    stage.own = falls_silent
    stage.queue.start()
    id = stage.queue.add("own", "silent")
    wait(qtbot, lambda: (p := stage.queue.progress(id)) is not None and p.step == 2)
    assert not stage.ends()
    stage.let_go("silent")
    wait(qtbot, lambda: stage.ends())


def test_closing_puts_the_running_job_back_and_the_next_start_does_it(qtbot, tmp_path):
    first = Stage(tmp_path)
    first.queue.start()
    id = first.queue.add("hold", "long")
    wait(qtbot, lambda: first.log == ["+long"])
    assert first.queue.close(5.0)
    second = Stage(tmp_path)
    assert second.queue.notice == ""
    assert state(second, id) is State.WAITING
    second.let_go("long")
    second.queue.start()
    wait(qtbot, lambda: second.ends() == [("finished", id, {"made": "long"})])
    assert second.queue.close(5.0)


def test_closing_keeps_to_its_limit_and_the_next_start_sets_aside(qtbot, tmp_path):
    stuck, release, released = Stage(tmp_path), threading.Event(), []
    stuck.own = lambda job, tick: released.append(release.wait(600))  # never ticks
    stuck.queue.start()
    id = stuck.queue.add("own", "stubborn")
    wait(qtbot, lambda: state(stuck, id) is State.RUNNING)
    assert not stuck.queue.close(0.1)
    assert released == []  # it did not wait for the job
    copy = tmp_path / "copy"  # what a process that ended now would leave
    copy.mkdir()
    for file in tmp_path.glob("queue.db*"):
        (copy / file.name).write_bytes(file.read_bytes())
    after = Stage(copy)
    assert "“stubborn” was running" in after.queue.notice
    assert state(after, id) is State.SET_ASIDE
    assert after.queue.close()
    release.set()
    assert stuck.queue.close(5.0)


def test_a_second_window_lists_but_does_not_run(qtbot, stage):
    other = Queue(JobStore(stage.folder / "queue.db"), {})
    other.start()
    assert not other.runs_jobs
    id = other.add("quick", "from the other window")
    stage.queue.start()
    wait(qtbot, lambda: stage.ends() == [("finished", id, {"made": "from the other window"})])
    with qtbot.waitSignal(other.changed, timeout=60_000):
        stage.queue.add("quick", "mine")
    assert other.close()


def test_one_job_in_the_terminal():
    said = []
    handlers = {"double": lambda job, tick: tick(STEP) or job.payload["n"] * 2}
    assert run_once(handlers, "double", {"n": 21}, tick=said.append) == 42
    assert said == [STEP]

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_once(handlers, "double", {"n": 1}, tick=stop)


def test_a_job_removed_before_its_end_is_told_of_is_still_known(qtbot, stage):
    known = []
    stage.queue.finished.connect(lambda id, _: known.append(stage.queue.job(id).title))
    id = stage.queue.add("quick", "soon gone")
    stage.queue.start()
    until = time.monotonic() + 60
    while state(stage, id) is not State.DONE and time.monotonic() < until:
        time.sleep(0.002)  # nothing is delivered meanwhile
    stage.queue.remove(id)
    wait(qtbot, lambda: stage.ends())
    assert known == ["soon gone"]
    assert stage.queue.history() == ()


def test_a_job_removed_before_its_last_progress_is_told_is_still_known(qtbot, stage):
    known = []
    stage.queue.progressed.connect(lambda id, _: known.append(stage.queue.job(id).title))
    id = stage.queue.add("quick", "soon gone")
    stage.queue.start()
    until = time.monotonic() + 60
    while state(stage, id) is not State.DONE and time.monotonic() < until:
        time.sleep(0.002)  # nothing is delivered meanwhile
    stage.queue.remove(id)
    stage.queue._deliver()
    assert known == ["soon gone"]
    wait(qtbot, lambda: stage.ends())
    with pytest.raises(KeyError):
        stage.queue.job(id)


@contextlib.contextmanager
def no_room(job_store, monkeypatch):
    """SQLite's own way to say that the disk is full, to every thread."""
    database, connected = job_store._database, Database._connected
    full = "PRAGMA max_page_count = 1"

    def without_room(self):
        connection = connected(self)
        connection.execute(full)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_connected", without_room)
        for connection in database._all:
            connection.execute(full)
        yield
    for connection in database._all:
        connection.execute("PRAGMA max_page_count = 1000000")


def test_how_a_job_ended_is_written_down_as_soon_as_the_disk_has_room(qtbot, stage, monkeypatch):
    result = {"made": "x" * 200_000}
    stage.own = lambda job, tick: (stage.go["begin"].wait(60), result)[1]
    stage.go["begin"] = threading.Event()
    stage.queue.start()
    id = stage.queue.add("own", "large")
    wait(qtbot, lambda: stage.queue.job(id).state is State.RUNNING)
    with no_room(stage.queue._job_store, monkeypatch):
        stage.let_go("begin")
        wait(qtbot, lambda: any(e[0] == "finished" for e in stage.ends()))
        assert ("finished", id, result) in stage.ends()  # what was made is made
        wait(
            qtbot,
            lambda: any(end[:2] == ("failed", 0) and "full" in end[2] for end in stage.ends()),
        )
        with pytest.raises(Refusal, match="full"):
            stage.queue.add("quick", "y" * 200_000)
        assert stage.queue.job(id).state is State.RUNNING
    stage.queue.add("quick", "after")
    wait(qtbot, lambda: stage.log == ["after"])
    assert (stage.queue.job(id).state, stage.queue.job(id).result) == (State.DONE, result)
