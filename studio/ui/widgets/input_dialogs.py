"""Asking for files, folders and words, in the user's own folders and the studio's own look."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.media import suffixes
from studio.media.places import is_folder
from studio.ui.widgets.controls import label, push, row
from studio.ui.widgets.text_fields import Lines
from studio.ui.widgets.theme import UNIT

FILTER = f"Photos ({' '.join(f'*{suffix}' for suffix in suffixes.PICTURES)});;All files (*)"
ALL = (*suffixes.MOVING, *suffixes.PICTURES, *suffixes.SOUNDS)
MEDIA = f"Videos, pictures, sounds ({' '.join(f'*{s}' for s in ALL)})"
PICTURES = QStandardPaths.StandardLocation.PicturesLocation
VIDEOS = QStandardPaths.StandardLocation.MoviesLocation
HOME = QStandardPaths.StandardLocation.HomeLocation
DOCUMENTS = QStandardPaths.StandardLocation.DocumentsLocation
_last: dict[QStandardPaths.StandardLocation, Path] = {}


def folder_of(kind: QStandardPaths.StandardLocation) -> Path:
    """Where the user last was for something of this kind; at first, where the system keeps it.

    Never the current folder: that is wherever the studio was started from.
    """
    usual = QStandardPaths.writableLocation(kind)
    for folder in (_last.get(kind), Path(usual) if usual else None):
        if folder and is_folder(folder):
            return folder
    return Path.home()


def remember(kind: QStandardPaths.StandardLocation, folder: Path) -> None:
    """The next question of this kind begins here."""
    _last[kind] = folder


def ask_for_photos(parent: QWidget, title: str) -> list[Path]:
    """Photos the user chooses; none where the question is closed."""
    begin = str(folder_of(PICTURES))
    files, _ = QFileDialog.getOpenFileNames(parent, title, begin, FILTER)
    if files:
        remember(PICTURES, Path(files[0]).parent)
    return [Path(file) for file in files]


def ask_for_picture(parent: QWidget, then: Callable[[str], object]) -> None:
    """One picture, without waiting for the answer."""
    dialog = QFileDialog(parent, "Choose a picture", str(folder_of(PICTURES)), FILTER)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)

    def chosen(file: str) -> None:
        remember(PICTURES, Path(file).parent)
        then(file)

    dialog.fileSelected.connect(chosen)
    open_dialog(dialog)


def ask_for_media(parent: QWidget, then: Callable[[list[Path]], object]) -> None:
    """Videos, pictures and sounds, without waiting for the answer."""
    dialog = QFileDialog(parent, "Add files to the timeline", str(folder_of(VIDEOS)))
    dialog.setNameFilters([MEDIA, "All files (*)"])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def chosen(files: list[str]) -> None:
        remember(VIDEOS, Path(files[0]).parent)
        then([Path(file) for file in files])

    dialog.filesSelected.connect(chosen)
    open_dialog(dialog)


def ask_for_timeline(parent: QWidget, suffix: str, then: Callable[[Path], object]) -> None:
    """A file of another program's timeline, without waiting for the answer."""
    dialog = QFileDialog(parent, "Open a timeline", str(folder_of(VIDEOS)))
    dialog.setNameFilters([f"OpenTimelineIO (*{suffix})", "All files (*)"])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _then_one(dialog, then)


def ask_for_weights(parent: QWidget, title: str, then: Callable[[Path], object]) -> None:
    """A file of weights, without waiting for the answer."""
    dialog = QFileDialog(parent, title, str(folder_of(HOME)))
    dialog.setNameFilters(["LoRAs (*.safetensors *.sft)", "All files (*)"])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _then_one(dialog, then, HOME)


def ask_where_to_write(
    parent: QWidget, title: str, kind: str, name: str, then: Callable[[Path], object]
) -> None:
    """Where a file goes, without waiting for the answer."""
    dialog = QFileDialog(parent, title, str(folder_of(VIDEOS)), kind)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(name)
    _then_one(dialog, then)


def _then_one(
    dialog: QFileDialog,
    then: Callable[[Path], object],
    kind: QStandardPaths.StandardLocation = VIDEOS,
) -> None:
    def chosen(file: str) -> None:
        remember(kind, Path(file).parent)
        then(Path(file))

    dialog.fileSelected.connect(chosen)
    open_dialog(dialog)


def ask_for_project(parent: QWidget) -> Path | None:
    """The folder of a project."""
    title, begin = "Open or make a project folder", str(folder_of(DOCUMENTS))
    folder = QFileDialog.getExistingDirectory(parent, title, begin)
    if not folder:
        return None
    remember(DOCUMENTS, Path(folder).parent)
    return Path(folder)


def ask_for_folder(parent: QWidget, title: str, then: Callable[[Path], object]) -> None:
    """A folder of the user's, without waiting for the answer."""
    dialog = QFileDialog(parent, title, str(folder_of(HOME)))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)

    def chosen(folder: str) -> None:
        remember(HOME, Path(folder).parent)
        then(Path(folder))

    dialog.fileSelected.connect(chosen)
    open_dialog(dialog)


class Words(QDialog):
    """Asks for words: one line of them, or as many as `lines`; the whole text can be seen."""

    def __init__(
        self, parent: QWidget, title: str, name: str, text: str, lines: int = 1, note: str = ""
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(480)
        self.text = QLineEdit(text) if lines == 1 else Lines(text, lines)
        self.text.setAccessibleName(name)
        self.text.selectAll()
        self.done_, cancel = push("OK", "primary"), push("Cancel")
        self.done_.setDefault(True)
        self.done_.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT)
        for part in (label(name, "small"), self.text, row(None, cancel, self.done_)):
            layout.addWidget(part)
        if note:
            layout.insertWidget(2, label(note, "small", wrap=True))

    @property
    def answer(self) -> str:
        """The words as they are now, without spaces around them."""
        field = self.text
        return (field.text() if isinstance(field, QLineEdit) else field.toPlainText()).strip()


def ask_for_words(
    parent: QWidget,
    title: str,
    name: str,
    text: str,
    then: Callable[[str], object],
    lines: int = 1,
    note: str = "",
) -> None:
    """Open the question; `then` gets the answer, unless it is empty or the question is closed.

    `note` stands below the field.
    """
    dialog = Words(parent, title, name, text, lines, note)
    dialog.accepted.connect(lambda: dialog.answer and then(dialog.answer))
    open_dialog(dialog)


def open_dialog(dialog: QDialog) -> None:
    """Open it over its window; it is gone for good once it is closed.

    Enter does what it is for, where nothing else is named and no text is typed.
    """
    buttons = dialog.findChildren(QPushButton)
    meant = [button for button in buttons if button.property("role") == "primary"]
    named = any(button.isDefault() for button in buttons)
    if len(meant) == 1 and not named and not dialog.findChildren(QLineEdit):
        meant[0].setDefault(True)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
