"""`bench window`: how long the window's event loop is away while the engine works."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from studio.lab.commands.gaps import Gap, Verdict, judged, table
from studio.project.folders import Folders
from studio.spec.progress import Progress
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from PySide6.QtCore import Qt, QTimer

    from studio.ui.shell.studio_window import StudioWindow

SAMPLES = Path(__file__).resolve().parents[3] / "assets" / "samples"
PROMPT, TYPED = "a red ball moving left over grass", ", slowly, in the night sky"
QUIET, FIRST_IMPORT, LOADING = "nothing happens", "first import", "loading"
RENDERING, TRAINING, TYPING = "rendering", "training", "typing and playing"
PHASES = (QUIET, FIRST_IMPORT, LOADING, RENDERING, TRAINING, TYPING)
TICK_MS = 1
"""Milliseconds between two looks at the clock; part of every gap."""
KEY = 60
"""Milliseconds between two keys, as a quick typist presses them."""
BUSY = 0.5
"""Load before anything is measured, per core, from which on gaps may be other programs'."""
PATIENCE = 900.0
"""Seconds that a phase may take."""


def window(args: Namespace, session: Session) -> Answer:
    """Work in the real window, with the real engine, and measure each phase.

    Exit code 2 when a limit does not hold on a computer that was free.  Everything is made in a folder that is thrown away.
    """
    if args.steps < 1:
        raise Refusal(f"{args.steps} steps train nothing.", "Use 1 or more; 120 by default.")
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    session.if_stopped(NOT_KEPT)
    session.interrupt.obey()  # from now on a signal is looked for, never raised inside Qt
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    handlers = session.handlers()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        folders = Folders(Path(data)).make()
        session.voice.remark("Leave the computer alone until the table appears.")
        verdicts = measured(args.app, folders, handlers.model_folders, session, steps=args.steps)
    cores = os.cpu_count() or 1
    is_busy = load is not None and load > BUSY * cores
    if is_busy:
        session.voice.remark(
            f"Other programs kept this computer busy (load {load:.1f} on {count(cores, 'core')}): "
            "gaps may be theirs. Measure again when they are done."
        )
    words = f"{table(verdicts)}\n{count(cores, 'core')}" + (
        "" if load is None else f", load {load:.1f}"
    )
    holds = all(verdict.holds for verdict in verdicts)
    facts = {
        "holds": holds,
        "phases": [asdict(v) | {"holds": v.holds} for v in verdicts],
        "cores": cores,
        "load": load,
        "busy": is_busy,
    }
    return Answer(words, facts, 0 if holds or is_busy else 2)


def measured(
    app, folders: Folders, model_folders: Iterable[Path], session: Session, *, steps: int
) -> list[Verdict]:
    """Drive a window of `app` (the module `studio.app`) through every phase; one verdict each."""
    from studio.jobs.handlers import JobHandlers

    app.start_application()
    handlers = JobHandlers(folders, session.device or None)
    handlers.model_folders = model_folders
    studio = app.build(folders.scratch, folders, handlers.by_kind(), model_folders=model_folders)
    try:
        play = Play(studio, session, steps)
        play.all(
            lambda: studio.first_idle(app.IDLE_MS, app.import_engine, play.noted(app.rehearse))
        )
        return [
            judged(phase, play.meter.gaps[phase], first_import=phase == FIRST_IMPORT)
            for phase in PHASES
        ]
    finally:
        studio.close()


class Meter:
    """Looks at the clock whenever the loop comes round; each gap belongs to the present phase."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt

        self.phase = QUIET
        self.gaps: dict[str, list[Gap]] = {phase: [] for phase in PHASES}
        self._last, self._worked = time.perf_counter(), time.process_time()
        self._timer = timer(TICK_MS, self._beat, Qt.TimerType.PreciseTimer)

    def stop(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now, worked = time.perf_counter(), time.process_time()
        ms, busy = 1000 * (now - self._last), 1000 * (worked - self._worked)
        self.gaps[self.phase].append(Gap(ms, min(ms, busy)))  # several threads may work at once
        self._last, self._worked = now, worked


class Play:
    """What somebody does in the window, phase after phase, through its public objects."""

    def __init__(self, studio: StudioWindow, session: Session, steps: int) -> None:
        self._studio, self._session, self._steps = studio, session, steps
        self._engine_ready = False
        self._trouble = ""
        self._losses = 0
        studio.queue.progressed.connect(self._on_progress)
        studio.queue.failed.connect(self._fail)
        studio.open()
        self._until(lambda: studio.model_list.found.models, "the models")
        self._wait(1.0)  # the first paint and its layouts are no phase
        self.meter = Meter()

    def all(self, warm_up: Callable[[], None]) -> None:
        """Every phase in its order; `warm_up` has the engine imported once nobody does anything."""
        try:
            self._wait(3.0)
            self._enter(FIRST_IMPORT)
            warm_up()
            self._until(lambda: self._engine_ready, "the engine")
            self._render()
            self._train()
        finally:
            self.meter.stop()

    def noted(self, import_engine: Callable[[], None]) -> Callable[[], None]:
        """`import_engine`, remembering that it has happened."""

        def note() -> None:
            try:
                import_engine()
                self._engine_ready = True
            except Exception as error:
                self._trouble = f"The engine cannot be imported: {error}."
                raise

        return note

    def _render(self) -> None:
        studio = self._studio
        self._enter(LOADING)  # until the first step: `_hear`
        studio.shot.prompt.setPlainText(PROMPT)
        self._wait(0.1)  # whoever writes words and presses a button does so one after the other
        studio.render_actions.preview()
        self._until(lambda: not studio.queue.jobs(), "the keyframes")
        studio.render_actions.render()
        self._until(
            lambda: studio.player_state.shown and studio.player_state.shown.kind == "clip",
            "the clip",
        )
        self._wait(1.0)

    def _train(self) -> None:
        from studio.project.subject import Subject

        studio = self._studio
        photos = sorted(SAMPLES.glob("*.png"))
        if not photos:
            raise Refusal(f"The sample pictures in {SAMPLES} are missing.", "Restore the folder.")
        self._enter(TRAINING)
        studio.window.show_panel("Subjects")
        train = lambda made: studio.render_actions.train(made.name, made.method, self._steps)  # noqa: E731
        studio.document.adopt(Subject("pip", "character"), photos, train)
        self._until(studio.queue.jobs, "the subject")
        half = self._steps // 2
        self._until(lambda: self._losses >= half or not studio.queue.jobs(), "the training")
        self._enter(TYPING)
        studio.shot.prompt.setFocus()
        keys = iter(TYPED * 1000)
        typing = timer(KEY, lambda: self._press(next(keys)))
        self._until(lambda: not studio.queue.jobs(), "the training")
        typing.stop()

    def _press(self, letter: str) -> None:
        from PySide6.QtCore import QCoreApplication, QEvent, Qt
        from PySide6.QtGui import QKeyEvent

        prompt = self._studio.shot.prompt
        if len(prompt.toPlainText()) > 200:  # within what a prompt may hold
            prompt.setPlainText(PROMPT)
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            plain = Qt.KeyboardModifier.NoModifier
            QCoreApplication.postEvent(prompt, QKeyEvent(kind, 0, plain, letter))

    def _enter(self, phase: str) -> None:
        self.meter.phase = phase
        self._session.voice.say(phase)

    def _on_progress(self, _job: int, progress: Progress) -> None:
        if self.meter.phase == LOADING and progress.stage == "keyframes" and progress.step:
            self._enter(RENDERING)
        self._losses += progress.loss is not None

    def _fail(self, _job: int, what: str, hint: str) -> None:
        self._trouble = f"{what} {hint}".strip()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._until(lambda: time.monotonic() >= until, "the clock")

    def _until(self, happened: Callable[[], object], what: str) -> None:
        """Let the window live in its own loop until something has happened."""
        from PySide6.QtCore import QEventLoop

        loop = QEventLoop()
        until = time.monotonic() + PATIENCE

        def look() -> None:
            late = time.monotonic() > until
            if happened() or self._trouble or self._session.interrupt.received or late:
                loop.quit()

        looking = timer(20, look)
        loop.exec()
        looking.stop()
        self._session.interrupt.obey()
        if self._trouble:
            raise Refusal("The window could not be measured.", self._trouble)
        if not happened():
            raise Refusal(f"Waiting for {what} took too long.", "Try again on a free computer.")


def timer(interval: int, then: Callable[[], object], kind: Qt.TimerType | None = None) -> QTimer:
    """A running timer, `interval` in milliseconds."""
    from PySide6.QtCore import QTimer

    made = QTimer(interval=interval)
    if kind is not None:
        made.setTimerType(kind)
    made.timeout.connect(then)
    made.start()
    return made
