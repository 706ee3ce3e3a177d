"""A real studio window for the tests, and a watch over what they leave behind."""

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication

from studio.app import build, start_application
from studio.project.folders import Folders
from studio.ui.shell.studio_window import StudioWindow
from studio.ui.state.model_list import LOOKING
from tests.gui.handlers import MODEL, JobHandlers

OPEN_LIMIT_MS = 60_000
PATIENCE = 60.0
"""Seconds that threads may take to end after a test."""
Opened = Callable[..., StudioWindow]


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return start_application()


@pytest.fixture(autouse=True)
def _nothing_left(qapp: QApplication) -> Iterator[None]:
    """No window, timer or thread of ours may outlive its test."""
    before = set(threading.enumerate())
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    assert [w for w in qapp.topLevelWidgets() if w.isVisible()] == []
    running = [t for t in qapp.findChildren(QTimer) if t.isActive()]
    assert running == []
    until = time.monotonic() + PATIENCE
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == set()


@pytest.fixture(autouse=True)
def _the_same_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are drawn are the same in every test, so that most frames were stored before: each
    takes the start of a program otherwise (`tests.gui.handlers.FILES`)."""
    monkeypatch.setattr(secrets, "randbelow", random.Random(0).randrange)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "data").make()


@pytest.fixture
def handlers(folders: Folders) -> JobHandlers:
    return JobHandlers(folders)


@pytest.fixture
def open_studio(qapp, qtbot, tmp_path, folders, handlers) -> Iterator[Opened]:
    """Opens the real window on a project; closes whatever is still open."""
    opened: list[StudioWindow] = []

    def open_it(project: str = "Summer", *, models=(MODEL,), shown: bool = True) -> StudioWindow:
        studio = build(tmp_path / project, folders, handlers.by_kind())
        studio.scan = lambda: (tuple(models), ())
        opened.append(studio)
        if shown:
            with qtbot.waitSignal(studio.window.first_painted, timeout=OPEN_LIMIT_MS):
                studio.open()
            qtbot.waitUntil(
                lambda: studio.model_list.found.empty_reason != LOOKING, timeout=OPEN_LIMIT_MS
            )
        return studio

    yield open_it
    handlers.gate.set()
    for studio in opened:
        if not studio.is_closed:
            studio.close()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def studio(open_studio: Opened) -> StudioWindow:
    return open_studio()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Four small photos and nothing else."""
    from PIL import Image

    folder = tmp_path / "photos of rex"
    folder.mkdir()
    for k in range(4):
        Image.new("RGB", (80, 60), (40 * k, 90, 120)).save(folder / f"{k}.png")
    return sorted(folder.iterdir())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # the offscreen platform says so of every window with a smallest size
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


@pytest.fixture
def until(qtbot) -> Callable[[Callable[[], object]], None]:
    """Wait for something; generous, because other work may share the two cores."""
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=60_000)
