"""Exporting a take: format, rate, recipe, place."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from studio.media.formats import check_export
from studio.media.naming import replaced
from studio.media.places import is_folder, place
from studio.project.project import Render
from studio.spec.numbers import possible
from studio.spec.quantities import clip_length, count
from studio.spec.refusal import Refusal
from studio.spec.timing import frame_rate, retimed
from studio.ui.takes.drag_export import fresh_name
from studio.ui.widgets.adaptive import ComboBox, field
from studio.ui.widgets.controls import label, push, row, set_enabled
from studio.ui.widgets.number_field import NumberField, number_row
from studio.ui.widgets.theme import UNIT

FORMATS = (
    ("MP4: plays everywhere", ".mp4", 240.0),
    ("GIF: loops in chats and pages", ".gif", 50.0),
    ("WebM: small, for the web", ".webm", 240.0),
    ("PNG: every frame as a picture", "_%04d.png", 240.0),
)
SLOWEST = "0.1"
MARK = "Every file says that it was made with AI."


class ExportDialog(QDialog):
    """Path, format and rate of a file; `ordered` carries path, frames per second, recipe switch."""

    ordered = Signal(object, object, bool)  # Path, Fraction, bool

    def __init__(self, render: Render, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._render = render
        self.setWindowTitle(f"Export take {render.order}")
        self.setMinimumWidth(520)
        self._build(folder)
        self.format.currentIndexChanged.connect(self._format_chosen)
        self.fps.changed.connect(self.reflect)
        self.folder.textChanged.connect(self.reflect)
        self.name.textChanged.connect(self.reflect)
        self.choose.clicked.connect(self._choose)
        self.export.clicked.connect(self._order)
        self.reflect()

    @property
    def path(self) -> Path:
        return place(self.folder.text().strip()) / self.name.text().strip()

    @property
    def _suffix(self) -> str:
        return f".{FORMATS[self.format.currentIndex()][1].rpartition('.')[2]}"

    def reflect(self) -> None:
        request = self._render.request
        fps = frame_rate(self.fps.value())
        frames = len(retimed(request.frames, request.rate, fps))
        self.facts.setText(
            f"{count(frames, 'frame')} · {clip_length(frames, fps)} · "
            f"{request.size[0]} × {request.size[1]} px. The rate does not change the speed."
        )
        disabled_reason = self._disabled_reason()
        set_enabled(self.export, disabled_reason, "Place this export in the queue")
        self.reason.setText(disabled_reason)
        self.reason.setVisible(bool(disabled_reason))
        older = "" if disabled_reason else replaced(self.path)
        self.replaces.setText(f"This replaces {older}.")
        self.replaces.setVisible(bool(older))
        self._grow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def _grow(self) -> None:
        """As high as a sentence that wraps needs it: Qt squeezes the fields instead."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.setMinimumHeight(max(0, layout.totalHeightForWidth(self.width())))

    def _disabled_reason(self) -> str:
        if not self.folder.text().strip() or not self.name.text().strip():
            return "Choose where to put the file."
        if not self.path.is_absolute():
            return "Give the whole path, starting at the top folder."
        if not is_folder(self.path.parent):
            return f"There is no folder {self.path.parent}. Choose one that exists."
        if self.path.suffix.lower() != self._suffix:
            return f"The name should end with {self._suffix}."
        if is_folder(self.path):
            return "There is a folder with this name. Choose another name."
        try:
            rate = frame_rate(self.fps.value())
            check_export(self.path, size=self._render.request.size, fps=rate)
            replaced(self.path)
        except Refusal as refusal:
            return str(refusal)
        return ""

    def _build(self, folder: Path) -> None:
        self.format = ComboBox()
        self.fps = NumberField(" fps", in_document=False)
        for name, suffix, _ in FORMATS:
            self.format.addItem(name, suffix)
        self.fps.allow(possible(SLOWEST, FORMATS[0][2], 0), 1)
        self.fps.reflect(self._render.request.rate)
        self.recipe = QCheckBox("Write the recipe into the file (prompt, seed, models)")
        self.recipe.setChecked(True)
        self.folder = QLineEdit(str(folder))
        self.name = QLineEdit(fresh_name(folder, self._render, FORMATS[0][1]))
        self.choose = push("Choose …")
        self.facts, self.replaces = (
            label("", "small", wrap=True),
            label("", "attention", wrap=True),
        )
        self.reason = label("", "attention", wrap=True)
        self.export, cancel = push("Export", "primary"), push("Cancel")
        self.export.setDefault(True)
        cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT + UNIT // 2)
        where = row(field("Folder", self.folder), self.choose)
        where.layout().setStretch(0, 1)  # type: ignore[union-attr]
        for part in (
            field("Format", self.format),
            number_row("Rate", self.fps),
            where,
            field("Name", self.name),
            self.recipe,
            self.facts,
            label(MARK, "small"),
            self.reason,
            self.replaces,
            row(None, cancel, self.export),
        ):
            layout.addWidget(part)

    def _format_chosen(self, index: int) -> None:
        _, suffix, fastest = FORMATS[index]
        self.fps.allow(possible(SLOWEST, fastest, 0), 1)
        self.fps.fit()
        self.name.setText(fresh_name(self.path.parent, self._render, suffix))
        self.reflect()

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export to", str(self.path), f"*{self._suffix}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if chosen:
            self.folder.setText(str(Path(chosen).parent))
            self.name.setText(Path(chosen).name)

    def _order(self) -> None:
        fps = frame_rate(self.fps.value())
        self.ordered.emit(self.path, fps, self.recipe.isChecked())
        self.accept()
