"""The computer stays awake while jobs run, by a program that ends with the studio's."""

import sys

import pytest

from studio.ui.shell import away


@pytest.fixture
def program(monkeypatch, tmp_path):
    """A program that writes down that it runs, and that it ended once its input was closed."""
    noted = tmp_path / "noted"
    code = (
        "import pathlib, signal, sys; noted = pathlib.Path(sys.argv[1]);"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "noted.write_text('held'); sys.stdin.read(); noted.write_text('let go')"
    )
    monkeypatch.setattr(away, "keeper", lambda: (sys.executable, "-c", code, str(noted)))
    return noted


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked, no program")
def test_it_is_kept_awake_as_long_as_something_runs(program, studio, handlers, until):
    studio.away._later.setInterval(0)
    handlers.gate.clear()
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.render_actions.render()
    until(lambda: program.exists() and program.read_text() == "held")
    assert studio.away.awake.is_held
    handlers.gate.set()
    until(lambda: not studio.queue.jobs() and not studio.away.awake.is_held)
    assert program.read_text() == "let go"


def test_a_short_job_keeps_nothing_awake(studio, until, monkeypatch):
    held = []
    monkeypatch.setattr(studio.away.awake, "hold", lambda: held.append(1))
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.render_actions.preview()
    until(lambda: not studio.queue.jobs() and not studio.away._later.isActive())
    assert not held


@pytest.mark.parametrize(("seconds", "told"), [(60.0, True), (3.0, False)])
def test_the_end_of_long_work_is_told_where_nobody_looks(studio, until, monkeypatch, seconds, told):
    marked = []
    monkeypatch.setattr(away.QApplication, "alert", lambda window: marked.append(window))
    inactive = away.Qt.ApplicationState.ApplicationInactive
    monkeypatch.setattr(away.QGuiApplication, "applicationState", lambda: inactive)
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.render_actions.preview()
    until(lambda: studio.job_monitor.over)
    marked.clear()
    job = studio.job_monitor.over[0].id
    known = studio.job_monitor.progress(job)
    assert known.ended >= known.started > 0
    known.started = known.ended - seconds
    studio.queue.finished.emit(job, None)
    assert marked == [studio.window] * told
