"""Make the guide's pictures anew, with the starter: python assets/guide/render.py [NAME …]"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image  # noqa: E402
from PySide6.QtCore import QRect, QSignalBlocker, QSize, Qt  # noqa: E402
from PySide6.QtGui import QImage, QPixmap  # noqa: E402
from PySide6.QtWidgets import QDialog, QLabel  # noqa: E402

from studio.app import build, start_application  # noqa: E402
from studio.jobs.handlers import JobHandlers  # noqa: E402
from studio.project.folders import Folders  # noqa: E402
from studio.ui.shell.studio_window import StudioWindow  # noqa: E402
from studio.ui.takes.export import ExportDialog  # noqa: E402
from tests.gui.screenshots import PATIENCE, seen, spin  # noqa: E402

SAMPLES = HERE.parent / "samples"
SIZE = QSize(1280, 720)
WIDE = 760
"""Pixels of a picture in the guide."""
GAP = 20
"""Frames between the first two clips, to be filled."""
SHOTS = (
    ("a red ball moving left over grass", 7),
    ("a blue star rising in the night sky", 11),
    ("a pink heart moving right on sand", 5),
)


def main() -> None:
    wanted = sys.argv[1:]
    start_application()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        folders = Folders(Path(root) / "data").make()
        handlers = JobHandlers(folders)
        more = {"model_folders": handlers.model_folders, "planner": handlers.planner}
        studio = build(Path(root) / "Summer", folders, handlers.by_kind(), **more)
        studio.open()
        studio.window.resize(SIZE)
        spin(PATIENCE, lambda: bool(studio.model_list.found.models))
        try:
            for name, picture in scenes(studio):
                if not wanted or name in wanted:
                    save(name, picture())
        finally:
            studio.close()


def scenes(studio: StudioWindow):
    """Bring the window from state to state: a name and what takes its picture, one after the other."""
    spin(2.0)
    yield "first", lambda: seen(studio)
    yield from subject(studio)
    for number, (words, seed) in enumerate(SHOTS):
        if number:
            studio.shot.new_shot()
        studio.shot.prompt.setPlainText(words)
        studio.shot.seed.number.changed.emit(seed)
        if not number:
            yield from keyframes(studio)
        studio.render_actions.render()
        settle(studio)
        edits, take = studio.timeline_edits, studio.document.project.takes[0].id
        edits.add_take(take, start=edits.timeline.length + GAP if number == 1 else None)
    yield from timeline(studio)
    studio.actions["export"].trigger()
    spin(0.5)
    (export,) = studio.window.findChildren(ExportDialog)
    export.what.setCurrentIndex(export.what.findText("Timeline", Qt.MatchFlag.MatchContains))
    lines = export.findChildren(QLabel)
    spin(60.0, lambda: any("Size: about" in line.text() for line in lines))
    yield "export", lambda: without_folder(export)
    close_dialogs(studio)


def subject(studio: StudioWindow):
    studio.subjects.begin(sorted(SAMPLES.glob("*.png")))
    form = studio.subjects.form
    form.who.name.setText("pip")
    form.who.noun.setText("toy")
    spin(PATIENCE, lambda: form.train.isEnabled() and "reading" not in form.wall.total.text())
    spin(1.0)
    yield "subject", lambda: studio.window.docks["Subjects"].grab()
    form.give_up.click()


def keyframes(studio: StudioWindow):
    studio.render_actions.preview()
    settle(studio)
    studio.player_state.set_speed(0)
    studio.keyframes.view.choice.set(frozenset({2}))
    studio.keyframes.view.show_keyframe(2)
    spin(1.0)
    yield "keyframes", lambda: seen(studio).copy(QRect(0, 0, SIZE.width(), 580))
    studio.actions["variations"].trigger()
    spin(0.5)
    settle(studio)
    yield "variations", lambda: dialog(studio)
    close_dialogs(studio)


def timeline(studio: StudioWindow):
    studio.timeline.view.axis.fit()
    spin(3.0)
    yield "timeline", lambda: studio.window.docks["Timeline"].grab()
    studio.timeline.gestures["fill_all"].act()
    spin(3.0)
    yield "fill", lambda: dialog(studio)
    close_dialogs(studio)


def settle(studio: StudioWindow) -> None:
    """Wait until nothing runs any more."""
    spin(PATIENCE, lambda: bool(studio.queue.jobs()) or bool(studio.job_monitor.over))
    spin(PATIENCE, lambda: not studio.queue.jobs())
    spin(1.0)


def dialog(studio: StudioWindow) -> QPixmap:
    return next(d for d in studio.window.findChildren(QDialog) if d.isVisible()).grab()


def without_folder(export: ExportDialog) -> QPixmap:
    """As it is, but for the name of whose computer it is."""
    blocker = QSignalBlocker(export.folder)
    export.folder.setText("~/Films")
    blocker.unblock()
    return export.grab()


def close_dialogs(studio: StudioWindow) -> None:
    for each in studio.window.findChildren(QDialog):
        each.close()
    spin(0.5)


def save(name: str, picture: QPixmap) -> None:
    image = picture.toImage()
    if image.width() > WIDE:
        image = image.scaledToWidth(WIDE, Qt.TransformationMode.SmoothTransformation)
    image.convertToFormat(QImage.Format.Format_RGB888).save(str(HERE / f"{name}.png"))
    with Image.open(
        HERE / f"{name}.png"
    ) as whole:  # a palette of its own colours: a third as large
        small = whole.quantize(256, Image.Quantize.MAXCOVERAGE, 4, dither=Image.Dither.NONE)
    small.save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
