"""The bin of the project: shots, takes and files that were deleted, and how long they still wait."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.project import edits
from studio.project.bin import days_left, today
from studio.project.project import Project
from studio.spec.quantities import count
from studio.ui.state.document import Document
from studio.ui.widgets.controls import label, push, row, set_enabled
from studio.ui.widgets.theme import UNIT

WAITS = "What is deleted waits here for 30 days. Subjects have a bin of their own."
ID, KIND = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class ProjectBin(QDialog):
    """Lists what can be brought back; undo takes that back again."""

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self.setWindowTitle("Bin")
        self.resize(520, 400)
        self.list = QListWidget()
        self.list.setAccessibleName("Deleted shots, takes and files")
        self.empty = label("The bin is empty.", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.restore, done = push("Take out of the bin", "primary"), push("Close")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT)
        for part in (
            self.list, self.empty, label(WAITS, "small", wrap=True), row(None, done, self.restore),
        ):  # fmt: skip
            layout.addWidget(part)
        self.list.currentItemChanged.connect(lambda *_: self._reflect_button())
        self.list.itemActivated.connect(lambda _: self._restore())
        self.restore.clicked.connect(self._restore)
        done.clicked.connect(self.accept)
        document.laid_out.connect(self.reflect)
        self.reflect()

    def reflect(self) -> None:
        self.list.clear()
        for id, kind, name, days in contents(self._document.project):
            item = QListWidgetItem(f"{kind} · {name} · {count(days, 'day')} left")
            item.setData(ID, id)
            item.setData(KIND, kind)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(self.list.count()))
        self.empty.setVisible(not self.list.count())
        self._reflect_button()

    def _reflect_button(self) -> None:
        why = "" if self.list.currentItem() else "Choose something that was deleted."
        set_enabled(self.restore, why, "Put it back where it was")

    def _restore(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        id, kind = str(item.data(ID)), str(item.data(KIND))
        edit = edits.restore if kind == "Take" else edits.restore_binned
        self._document.change(lambda project: edit(project, id), f"Restore {kind.lower()}")


def contents(project: Project) -> list[tuple[str, str, str, int]]:
    """What is in the bin, the newest first: id, kind, name, days that it stays."""
    day = today()
    found = [
        (one.id, "Shot" if one.shot else "File", one.name, one.binned) for one in project.binned
    ]
    found += [
        (
            take.id,
            "Take",
            f"{take.order}: {' '.join(take.request.prompt.split())[:80]}",
            take.binned,
        )
        for take in project.renders
        if take.in_bin
    ]
    found.sort(key=lambda one: one[3], reverse=True)
    return [(id, kind, name, days_left(binned, day)) for id, kind, name, binned in found]
