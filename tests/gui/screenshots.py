"""Pictures of the real window in its main states.

    python -m tests.gui.screenshots OUT [--data-dir DIR] [--project DIR] [--size 1280x800]
        [--prompt TEXT] [--photos DIR --name NAME --class-noun WORD] [--stand-ins]

With `--stand-ins` quick pretenders do the work, so that every state can be seen without a model.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from studio.app import build, start_application
from studio.project.folders import Folders
from studio.spec.subjects import DEFAULT_STEPS
from studio.ui.shell.studio_window import StudioWindow

PATIENCE = 600.0
PACE = 0.04
"""Seconds that a pretended step takes: the picture is made while half of them are to come."""
PROMPT = "a red ball moving left over grass"


def main() -> int:
    said = arguments()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    said.out.mkdir(parents=True, exist_ok=True)
    start_application()
    folders = Folders.find(said.data_dir or tempfile.mkdtemp()).make()
    studio = opened(said, folders)
    studio.window.resize(*(int(side) for side in said.size.split("x")))
    studio.open()
    spin(1.0)
    for name in scenes(studio, said):
        spin(0.4)
        seen(studio).save(str(said.out / f"{name}.png"))
        print(said.out / f"{name}.png", flush=True)
    studio.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pictures of the window.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--name", default="rex")
    parser.add_argument("--class-noun", default="dog")
    parser.add_argument("--stand-ins", action="store_true")
    return parser.parse_args()


def opened(said: argparse.Namespace, folders: Folders) -> StudioWindow:
    project = said.project or folders.scratch
    if said.stand_ins:
        from tests.gui.handlers import LARGER, JobHandlers

        pretenders = JobHandlers(folders)
        pretenders.pace, pretenders.training_steps = PACE, DEFAULT_STEPS
        studio = build(project, folders, pretenders.by_kind())
        studio.scan = lambda: ((LARGER,), ())
        return studio
    from studio.jobs.handlers import JobHandlers as RealHandlers

    real = RealHandlers(folders)
    more = {"model_folders": real.model_folders, "planner": real.planner}
    return build(project, folders, real.by_kind(), **more)


def scenes(studio: StudioWindow, said: argparse.Namespace) -> Iterator[str]:
    """Bring the window from state to state; each yield is one picture."""
    yield "opened"
    studio.shot.prompt.setPlainText(said.prompt)
    spin(0.1)
    studio.render_actions.preview()
    spin(PATIENCE, lambda: studio.player_state.shown and said_half(studio))
    yield "preview"
    spin(PATIENCE, lambda: not studio.queue.jobs())
    studio.render_actions.render()
    spin(PATIENCE, lambda: studio.player_state.shown and studio.player_state.shown.kind == "clip")
    studio.window.show_panel("Takes")
    spin(0.8)
    yield "playing"
    yield from larger(studio)
    yield from keyframes(studio)
    yield from dialogs(studio)
    if said.photos:
        yield from training(studio, said)
    for _ in range(3):
        studio.render_actions.render()
    studio.queue_bar.open.setChecked(True)
    yield "queue"
    for job in studio.queue.jobs():
        studio.queue.cancel(job.id)


def keyframes(studio: StudioWindow) -> Iterator[str]:
    """The desk with edits that wait for a render, and with a strip that has to be scrolled."""
    view = studio.keyframes.view
    view.setFocus()
    view.choice.set(frozenset({1}))
    studio.edits.toggle_lock({1})
    studio.edits.reroll({4})
    studio.edits.extend(3)
    spin(0.5)
    view.choice.set(frozenset({4, 5}))
    yield "edited"
    studio.edits.extend(28)
    spin(0.5)
    yield "long"
    studio.edits.start_over()
    spin(0.5)


def larger(studio: StudioWindow) -> Iterator[str]:
    """One tile, the whole clip beside what it was, and a loupe over it."""
    canvas, take = studio.player.canvas, studio.selection.take
    studio.player_state.seek(20)
    studio.player.transport.tile.click()
    spin(PATIENCE, lambda: studio.player_state.shown and studio.player_state.shown.kind == "tile")
    spin(0.5)
    yield "tile"
    studio.player.transport.tile.click()
    studio.render_actions.run("upsampled")
    spin(1.5)
    yield "upsampling"
    spin(PATIENCE, lambda: studio.player_state.shown and studio.player_state.shown.before)
    studio.player_state.set_speed(0)
    studio.player_state.set_compare(True)
    spin(0.5)
    yield "compared"
    studio.player_state.set_actual(False)
    studio.player_state.set_loupe(True)
    QTest.mouseMove(canvas, canvas.target().center().toPoint() + QPoint(40, 30))
    spin(0.5)
    yield "loupe"
    studio.player_state.set_loupe(False)
    studio.player_state.set_compare(False)
    studio.selection.select_take(take)
    spin(1.0)


def dialogs(studio: StudioWindow) -> Iterator[str]:
    for name, show in (
        ("export", lambda: studio.take_dialogs.export(studio.takes.chosen)),
        ("recipe", lambda: studio.take_dialogs.recipe(studio.takes.chosen)),
        ("keys", studio.dialogs.keys),
    ):
        show()
        yield name
        for dialog in studio.window.findChildren(QDialog):
            dialog.close()


def training(studio: StudioWindow, said: argparse.Namespace) -> Iterator[str]:
    studio.window.show_panel("Subjects")
    form = studio.subjects.form
    studio.subjects.begin([said.photos])
    form.who.name.setText(said.name)
    form.who.noun.setText(said.class_noun)
    form.who.consent.tick.setChecked(True)
    spin(PATIENCE, lambda: form.train.isEnabled() and "reading" not in form.wall.total.text())
    yield "new-subject"
    form.train.click()
    spin(PATIENCE, lambda: studio.subjects.details.training is not None)
    watched = studio.job_monitor.progress(studio.job_monitor.jobs[0].id)
    spin(PATIENCE, lambda: watched.moving is not None and len(watched.losses) > 20)
    spin(1.5)
    yield "training"
    for job in studio.queue.jobs():
        studio.queue.cancel(job.id)
    spin(PATIENCE, lambda: not studio.queue.jobs())


def said_half(studio: StudioWindow) -> bool:
    running = studio.queue_bar.running()
    return running is None or studio.job_monitor.fraction(running.id) > 0.6


def seen(studio: StudioWindow) -> QPixmap:
    """The window as it is, with an open dialog over it."""
    picture = studio.window.grab()
    painter = QPainter(picture)
    for dialog in studio.window.findChildren(QDialog):
        if dialog.isVisible():
            left = (studio.window.width() - dialog.width()) // 2
            top = (studio.window.height() - dialog.height()) // 2
            painter.drawPixmap(left, top, dialog.grab())
    painter.end()
    return picture


def spin(seconds: float, until: Callable[[], object] | None = None) -> None:
    """Let the window live for a while, or until something holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (until and until()):
        QCoreApplication.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
