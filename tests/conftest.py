"""What all tests share: nothing may be left running, and few may be skipped."""

import gc
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from studio.engine.memory import heap
from tests.commands import Ran

# before anything makes a QApplication or computes
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["HF_HUB_CACHE"] = str(Path(__file__).with_name("no cache"))  # not the user's own
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no pool that outlives its test
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small networks: a second thread mostly waits

# the same examples every time, on a slow machine too, and no database left in the clone
settings.register_profile("studio", database=None, deadline=None, derandomize=True)
settings.load_profile("studio")

PATIENCE = 60.0
"""Seconds that threads and programs may take to end after a test."""


heap.keep_freed()  # as every command does
gc.disable()  # while everything is imported: nothing of it is garbage


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What has been imported stays to the end: no collection of garbage walks through it again.

    It is half a million objects, and models that are let go are collected on the spot; that was a
    quarter of what the tests took.
    """
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files of the longest tests come first and those of the shortest last: no process is left
    with a long one at the end."""
    items.sort(key=lambda item: _turn(item.path.relative_to(Path(__file__).parent).parts))


def _turn(parts: tuple[str, ...]) -> int:
    """Those beside this file, then folders by name, and of these `spec` as the last."""
    return 0 if len(parts) == 1 else 1 + (parts[0] == "spec")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--most-skipped", type=int, default=None, help="fail when more tests are skipped"
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    most = session.config.getoption("--most-skipped")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if most is not None and skipped > most and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{skipped} tests were skipped; at most {most} may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """No test leaves a thread that would keep the program from ending, or a running program."""
    before = set(threading.enumerate())
    programs = _programs()
    yield
    until = time.monotonic() + PATIENCE
    while (left := _threads(before) + sorted(_programs() - programs)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not left, f"left running: {left}"


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the model "tiny" and nothing else.  Do not write into it."""
    from tests import tiny_starter

    home = tmp_path_factory.mktemp("tiny") / "data"
    tiny_starter.make(home / "models" / "tiny")
    return home


@pytest.fixture(scope="session")
def dense_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the model "dense", which also fills around given frames.

    Do not write into it.
    """
    from tests import tiny_starter

    home = tmp_path_factory.mktemp("dense") / "data"
    tiny_starter.make(home / "models" / "dense", plain=False)
    return home


SHORT = ("--model", "tiny", "--steps", "2", "--keyframes", "3")
"""A clip whose plan is in `found_out`."""


@pytest.fixture(scope="session")
def found_out(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the studio keeps what the stages of a `SHORT` clip take.

    To find it out takes a second: tests that plan such clips put the file into their data folder.
    """
    from studio.cli import main

    data = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("planned") / "data"))
    assert main(["generate", "a ball", *SHORT, "--plan", "--data-dir", str(data)]) == 0
    return data / "knowledge.json"


@pytest.fixture
def home(tiny_home: Path, tmp_path: Path) -> Path:
    """A data folder of one's own, with the model "tiny"."""
    return Path(shutil.copytree(tiny_home, tmp_path / "data"))


def _threads(before: set[threading.Thread]) -> list[str]:
    """Threads begun since: those that are no daemons, and those that listen to ffmpeg."""
    new = [t for t in threading.enumerate() if t not in before]
    return [t.name for t in new if not t.daemon or t.name.startswith("ffmpeg")]


def _programs() -> set[str]:
    """Running children of this process by name, where the system tells (Linux)."""
    found = set()
    for children in Path("/proc/self/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                name = Path(f"/proc/{child}/comm").read_text().strip()
                if "ffmpeg" in name:
                    found.add(f"{name} {child}")
        except OSError:  # ended meanwhile
            continue
    return found


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, run on a data folder of one's own."""
    from studio.cli import main

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main([*words, "--data-dir", str(home)])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def listening() -> Iterator[None]:
    """As a terminal starts programs: one that was started in the background ignores interrupts."""
    from studio.terminal.interrupt import SIGNALS

    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
