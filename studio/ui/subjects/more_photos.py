"""The form for more photos of a subject that there is: the same checks as for a new one."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.project.subject import Subject, check_room
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.state.status import Status
from studio.ui.subjects.photo_wall import PhotoWall
from studio.ui.widgets.adaptive import above_foot
from studio.ui.widgets.controls import column, label, line, push, row, set_enabled
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

NEXT = "Its next training learns from all of them; versions that there are stay as they are."


class MorePhotos(QWidget):
    """Photos are checked before they are added; nothing is trained here."""

    over = Signal()

    def __init__(
        self, document: Document, status: Status, pictures: ImageLoader, icons: Icons
    ) -> None:
        super().__init__()
        self._document, self._status = document, status
        self._subject = Subject("", "")
        self.wall = PhotoWall(pictures, icons)
        self.title = label("", "title", wrap=True)
        self.reason = label("", "small", wrap=True)
        self.give_up, self.add = push("Cancel"), push("Add", "primary")
        self._lay_out()
        self.wall.changed.connect(self.reflect)
        self.give_up.clicked.connect(self._stop)
        self.add.clicked.connect(self._add)

    def begin(self, subject: Subject) -> None:
        """Ask for photos of `subject`."""
        self._subject = subject
        self.title.setText(f"More photos of {subject.name}")
        self.wall.clear()
        self.wall.more.setFocus()
        self.reflect()

    def reflect(self) -> None:
        new, disabled_reason = len(self.wall.good), ""
        try:
            check_room(self._subject, new)
        except Refusal as refusal:
            disabled_reason = str(refusal)
        set_enabled(
            self.add, disabled_reason or "" if new else "Choose or drop photos first.", NEXT
        )
        self.reason.setText(disabled_reason or NEXT)

    def _add(self) -> None:
        before, photos = len(self._subject.photos), list[Path](self.wall.good)

        def added(name: str) -> None:
            subject = self._document.subject(name)
            new = len(subject.photos) - before if subject else 0
            there = len(photos) - new
            known = f"; {count(there, 'photo')} of these it had already" if there else ""
            self._status.post(f"“{name}” has {count(before + new, 'photo')} now{known}.")
            self._stop()

        self._document.add_photos(self._subject.name, photos, added)

    def _stop(self) -> None:
        self.wall.clear()
        self.over.emit()

    def _lay_out(self) -> None:
        fields = column(self.title, self.wall, gap=UNIT, margin=2 * UNIT)
        foot = column(line(), self.reason, row(self.give_up, None, self.add))
        foot.setContentsMargins(2 * UNIT, 0, 2 * UNIT, UNIT)
        above_foot(self, fields, foot)
