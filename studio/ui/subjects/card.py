"""A subject in the list: a photo of it, its class noun, its state."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.project.subject import Subject
from studio.spec.quantities import count
from studio.ui.state.images import ImageLoader, thumbnail
from studio.ui.widgets import theme
from studio.ui.widgets.controls import ElidedLabel
from studio.ui.widgets.icons import Icons

FACE = 48
METHOD = {"lora": "LoRA", "dreambooth": "DreamBooth"}


class SubjectCard(QWidget):
    """Chosen with the mouse, Enter or Space."""

    chosen = Signal(str)

    def __init__(
        self, subject: Subject, face: Path | None, pictures: ImageLoader, icons: Icons
    ) -> None:
        super().__init__()
        self._name = subject.name
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.face = QLabel()
        self.face.setFixedSize(FACE, FACE)
        self.face.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.face.setPixmap(icons("subject", "edge", 24).pixmap(24, 24))
        self.name = ElidedLabel(subject.name, "title")
        self.facts = ElidedLabel(facts(subject), "small")
        self.status = ElidedLabel("", "small")
        text = QVBoxLayout()
        text.setSpacing(2)
        for part in (self.name, self.facts, self.status):
            text.addWidget(part)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.UNIT * 2, theme.UNIT, theme.UNIT * 2, theme.UNIT)
        layout.setSpacing(theme.UNIT + theme.UNIT // 2)
        layout.addWidget(self.face, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        if face:
            pictures.photo(face, self, self._show_face)

    def reflect(self, status: str, role: str, *, chosen: bool) -> None:
        """The status line, and whether this is the subject the panel shows."""
        self.status.set_text(status)
        theme.set_role(self.status, role)
        self.setObjectName("card" if chosen else "row")
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleName(f"Subject {self._name}")
        self.setAccessibleDescription(f"{self.facts.full_text}, {status}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._name)
        else:
            super().keyPressEvent(event)

    def _show_face(self, picture) -> None:
        ratio = self.devicePixelRatioF()
        self.face.setPixmap(thumbnail(picture, FACE, ratio, square=True))


def facts(subject: Subject) -> str:
    """What a subject is, in a line; "" of one that could not be read."""
    if not subject.class_noun:
        return ""
    method = f" · {METHOD.get(subject.method, subject.method)}" if subject.is_trained else ""
    photos = count(len(subject.photos), "photo")
    return f"{subject.token} {subject.class_noun} · {photos}{method}"
