"""The folders that are looked into, and letting one go."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.ui.state.library import Library, Place
from studio.ui.widgets.controls import label, push, row, set_enabled, tip
from studio.ui.widgets.theme import UNIT

PLACE = Qt.ItemDataRole.UserRole


class FoldersDialog(QDialog):
    """A line for each; those that the user added can be removed, and nothing in them is touched."""

    def __init__(self, library: Library, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Folders of models")
        self.setMinimumSize(480, 240)
        self.resize(640, 320)
        self._library = library
        self.list = QListWidget()
        self.list.setAccessibleName("Folders that are looked into")
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.remove, close = push("Remove"), push("Close")
        self.remove.clicked.connect(self._remove)
        close.clicked.connect(self.accept)
        self.list.currentItemChanged.connect(self._reflect_remove)
        library.changed.connect(self.reflect)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(UNIT + UNIT // 2)
        words = "Models are read where they lie; nothing is moved, renamed or deleted."
        layout.addWidget(label(words, wrap=True))
        layout.addWidget(self.list, 1)
        layout.addWidget(row(self.remove, None, close))
        self.reflect()

    def reflect(self) -> None:
        """Show the folders as they are; left alone where they are there already."""
        places = self._library.sight.places
        there = [self.list.item(k).data(PLACE) for k in range(self.list.count())]
        if there != list(places):
            self.list.clear()
            for place in places:
                item = QListWidgetItem(f"{place.path} · {place.of}")
                item.setData(PLACE, place)
                tip(item, str(place.path))
                self.list.addItem(item)
        self._reflect_remove()

    def _chosen(self) -> Place | None:
        item = self.list.currentItem()
        return item.data(PLACE) if item else None

    def _reflect_remove(self, *_: object) -> None:
        place = self._chosen()
        if place is None:
            why = "Choose a folder first."
        else:
            why = "" if place.added else "It was not added here."
        set_enabled(self.remove, why, "Look into it no more; its files stay as they are")

    def _remove(self) -> None:
        if place := self._chosen():
            self._library.remove(place.path)
