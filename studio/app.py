"""The window's composition root: makes every long-lived object once, wires, runs, closes."""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from studio.jobs import linking
from studio.jobs.device_info import DeviceInfo, processor
from studio.project.folders import Folders
from studio.project.store import ProjectStore
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.ui.shell.studio_window import StudioWindow
from studio.ui.shell.window import Window
from studio.ui.widgets import theme
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.motion import motion

if TYPE_CHECKING:
    from studio.jobs.job import Handler
    from studio.jobs.planner import Planner
    from studio.spec.request import ClipRequest

ASSETS = Path(__file__).resolve().parents[1] / "assets"
ENGINE = (
    "studio.engine.film",
    "studio.engine.families.videoldm",
    "studio.media.video",
    "studio.media.photo",
    "studio.engine.subjects.subject",
    "studio.engine.families.videoldm.student",
    "pyqtgraph",
)
FIRST_USE = ("numpy.ctypeslib", "peft.utils.transformers_weight_conversion", "torch.profiler")
"""What the libraries import when they are first used, if the installed ones have it."""
IDLE_MS = 1500
"""The engine is imported once nobody has typed or held the mouse for this long, or for a job."""


def open_window(
    project: Path | None,
    folders: Folders,
    handlers: Mapping[str, Handler],
    *,
    model_folders: Iterable[Path] = (),
    device_info: Callable[[], DeviceInfo] | None = None,
    recipe: Callable[[ClipRequest], dict] | None = None,
    planner: Planner | None = None,
    warm_up: Callable[[], object] | None = None,
    quit_after_first_paint: bool = False,
) -> int:
    """Open the studio on a project folder (the scratch project by default) until it is closed.

    `handlers` do the jobs; `model_folders` are scanned for models; `recipe` is what files say of how
    they were made; `planner` says what jobs take; `warm_up` runs in the engine's lane
    when the window has been idle, by default it imports the engine and loads the starter once.
    Returns the exit code.
    """
    app = start_application()
    wanted: Path | None = project or folders.scratch
    code = 0
    while wanted is not None:
        studio = build(
            wanted,
            folders.make(),
            handlers,
            model_folders=model_folders,
            device_info=device_info,
            recipe=recipe,
            planner=planner,
        )
        studio.window.first_painted.connect(motion.follow_system)
        if quit_after_first_paint:
            studio.window.first_painted.connect(studio.window.close)
        else:
            steps = (warm_up,) if warm_up else (import_engine, rehearse)
            studio.first_idle(IDLE_MS, *steps)
        studio.open()
        code = app.exec()
        wanted = studio.next_project
        studio.close()
        if studio.trouble is not None:
            raise studio.trouble
    return code


def close_windows() -> bool:
    """Close the window as its button does, as soon as the loop comes round; False without one.

    For signals: Python hears them while Qt's loop runs because the queue looks around in Python
    twice a second.  One that is closing already goes on with that.
    """
    there = any(isinstance(widget, Window) for widget in QApplication.topLevelWidgets())
    if there:
        QTimer.singleShot(0, QApplication.closeAllWindows)
    return there


def start_application() -> QApplication:
    """The one QApplication, dressed in the studio's theme."""
    # a small interval lets the window in while a worker thread runs Python
    sys.setswitchinterval(0.002)
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))
    linking.install()
    app = QApplication.instance() or QApplication(["studio"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Studio")
    look = theme.load_theme(ASSETS, high=theme.wants_high())
    theme.apply(look, app)
    app.setWindowIcon(Icons(look)("studio", "text", 64))
    return app


def build(
    project: Path,
    folders: Folders,
    handlers: Mapping[str, Handler],
    *,
    model_folders: Iterable[Path] = (),
    device_info: Callable[[], DeviceInfo] | None = None,
    recipe: Callable[[ClipRequest], dict] | None = None,
    planner: Planner | None = None,
) -> StudioWindow:
    """One open project; all that is behind its window is made once that is painted, or asked for."""
    store = ProjectStore(project, anew=project == folders.scratch)

    def parts() -> dict[str, Any]:
        own = {"device_info": device_info, "recipe": recipe, "planner": planner}
        return _parts(store, folders, handlers, model_folders) | {k: v for k, v in own.items() if v}

    def look() -> Any:
        from studio.library.models import scan

        return scan(model_folders)

    def shelve() -> Any:
        from studio.library.answers import Answers
        from studio.library.known_shelf import known_shelf

        answers = Answers(folders.lora_answers)
        return known_shelf(model_folders, folders.wildcards, folders.models_index, answers)

    return StudioWindow(
        store=store,
        scan=look,
        shelve=shelve,
        memory=folders.data / "window.ini",
        icons=_icons(),
        parts=parts,
    )


def _parts(
    store: ProjectStore,
    folders: Folders,
    handlers: Mapping[str, Handler],
    model_folders: Iterable[Path],
) -> dict[str, Any]:
    """What stands behind the rooms, by name; none of it is imported before the first paint."""
    from studio.jobs.job_store import JobStore
    from studio.jobs.queue import Queue
    from studio.jobs.take_store import take_store
    from studio.project.recipe import recipe
    from studio.project.remembered import Remembered
    from studio.project.subjects import SubjectStore
    from studio.ui.state.downloads import Downloads
    from studio.ui.state.keymap import Keymap
    from studio.ui.state.library import Library

    return {
        "subjects": SubjectStore(folders.subjects),
        "span_results": take_store(store.takes),
        "queue": Queue(JobStore(folders.queue, mend=True), handlers),
        "remembered": Remembered(folders.remembered),
        "keymap": Keymap(folders.data / "keys.json"),
        "library": Library(folders, model_folders),
        "downloads": Downloads(folders),
        "stacks": folders.stacks,
        "device_info": device,
        "can_free": "free_memory" in handlers,
        "recipe": recipe,
    }


@functools.cache
def _icons() -> Icons:
    """Each icon is drawn once, whatever is opened."""
    return Icons(theme.load_theme(ASSETS, high=theme.wants_high()))


def device(name: str | None = None) -> DeviceInfo:
    """What computes: the processor until the engine has been imported and may know better."""
    known = sys.modules.get("studio.engine.device")
    is_there = known is not None and not getattr(known.__spec__, "_initializing", False)
    chosen = known.choose(name) if known and is_there else None  # not while it is imported
    if chosen is None or chosen.name == "cpu":
        return processor()
    return DeviceInfo(chosen.described, has_gpu=True)


def import_engine() -> None:
    """Fetch torch, the networks and what the first jobs need, so that these begin at once."""
    from PIL import Image

    from studio.jobs.engine_imports import fetch

    for name in ENGINE:
        fetch(name)
    for name in FIRST_USE:
        with suppress(ImportError):
            fetch(name)
    Image.init()
    gc.freeze()  # all this stays for good: no later collection has to look at it again


def rehearse() -> None:
    """Load the starter once: patterns are compiled and plug-ins found now, and not while somebody
    waits for a first clip with the mouse in hand."""
    from studio.jobs.handlers import BUILT_IN
    from studio.jobs.model_cache import ModelCache
    from studio.library.models import find

    with suppress(Refusal):  # whoever uses a damaged starter is told then
        ModelCache(None).part(find("starter", (BUILT_IN,)), "keyframes", silent)
