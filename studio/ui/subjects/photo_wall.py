"""The photos of a subject that is being made: small pictures, and what could not be read."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.media.photo_files import found_photos
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.subjects import MOST_PHOTOS
from studio.ui.state.images import ImageLoader, thumbnail
from studio.ui.widgets.controls import label, push, row, set_enabled, tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import ask_for_photos
from studio.ui.widgets.text_fields import means_undo

if TYPE_CHECKING:
    import numpy as np

SIDE = 52
MOST_LOOKED_AT = 200
PATH = Qt.ItemDataRole.UserRole


class PhotoWall(QWidget):
    """Checks each photo elsewhere; `good` are those that can be used, in the order they came."""

    changed = Signal()

    def __init__(self, pictures: ImageLoader, icons: Icons) -> None:
        super().__init__()
        self._pictures, self._icons = pictures, icons
        self.good: list[Path] = []
        self._bad: set[Path] = set()
        self._looks: dict[Path, np.ndarray] = {}
        self._notices: list[str] = []
        self._checked: list[Path] = []
        self._taken: list[list[Path]] = []
        self.list = QListWidget()
        self.list.setViewMode(QListWidget.ViewMode.IconMode)
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setGridSize(QSize(SIDE + 6, SIDE + 6))
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setMovement(QListWidget.Movement.Static)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setTabKeyNavigation(False)
        self.list.setAccessibleName("Photos; Delete takes one out")
        self.list.setFixedHeight(2 * (SIDE + 6) + 8)
        self.list.installEventFilter(self)
        self.total = label("", "small", wrap=True)
        self.more = push("Add photos …", "link")
        self.fewer = push(f"Keep the {MOST_PHOTOS} most different", "link")
        self.out, self.back = push("Take out", "link"), push("Put back", "link")
        self.refused = label("", "attention", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        head = row(self.total, self.more)
        head.layout().setStretch(0, 1)  # type: ignore[union-attr]
        for part in (self.list, head, self.fewer, row(None, self.back, self.out), self.refused):
            layout.addWidget(part)
        self.more.clicked.connect(self._choose)
        self.fewer.clicked.connect(self._keep_different)
        self.out.clicked.connect(self._take_out)
        self.back.clicked.connect(self._put_back)
        self.list.itemSelectionChanged.connect(self._say_taken)
        self._reflect_texts()

    def add(self, places: list[Path]) -> None:
        """Photos or folders of photos; each is tried before it counts."""
        found = found_photos(places)
        self._notices = list(found.remarks)
        if len(found.photos) > MOST_LOOKED_AT:
            self._notices.append(f"Only the first {MOST_LOOKED_AT} photos were looked at.")
        for path in found.photos[:MOST_LOOKED_AT]:
            if path not in self._checked:
                self._checked.append(path)
                self._pictures.photo(
                    path,
                    self,
                    lambda picture, path=path: self._arrived(path, picture),
                    lambda error, path=path: self._failed(path, error),
                )
        self._reflect_texts()

    def clear(self) -> None:
        self.list.clear()
        self.good.clear()
        self._bad.clear()
        self._looks.clear()
        self._notices.clear()
        self._checked.clear()
        self._taken.clear()
        self._reflect_texts()

    def eventFilter(self, watched, event) -> bool:
        if watched is self.list and isinstance(event, QKeyEvent):
            is_press = event.type() == QKeyEvent.Type.KeyPress
            if means_undo(event):
                event.accept()
                if is_press:
                    self._put_back()
                return True
            if is_press and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self._take_out()
                return True
        return super().eventFilter(watched, event)

    def _arrived(self, path: Path, picture) -> None:
        if path not in self._checked:
            return
        try:
            self._looks[path] = self._look(path, picture)
        except Refusal as refusal:
            self._failed(path, refusal)
            return
        self.good.append(path)
        self.good.sort(key=self._checked.index)  # whichever was read first
        icon = QIcon(thumbnail(picture, SIDE, self.devicePixelRatioF(), square=True))
        item = QListWidgetItem(icon, "")
        tip(item, path.name)
        item.setData(PATH, path)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, path.name)
        self.list.addItem(item)
        self._reflect_texts()

    def _failed(self, path: Path, error: Exception) -> None:
        if path not in self._checked:
            return
        self._bad.add(path)
        self._notices.append(str(getattr(error, "what", f"{path.name} cannot be read.")))
        self._reflect_texts()

    def _look(self, path: Path, picture: QImage) -> "np.ndarray":
        """What a photo looks like from afar; refused where it teaches nothing, or nothing new."""
        from studio.media.choosing import check_teaches, double_of, look

        pixels = _pixels(picture)
        check_teaches(path.name, pixels)
        new, known = look(pixels), [one for one in self.good if one in self._looks]
        same = double_of(new, [self._looks[one] for one in known])
        if same is not None:
            raise Refusal(f"{path.name} shows the same as {known[same].name}; it counts once.")
        return new

    def _keep_different(self) -> None:
        """Take out all but as many as a subject can have, those that differ most."""
        from studio.media.choosing import most_different

        kept = most_different([self._looks[path] for path in self.good], MOST_PHOTOS)
        stays = {self.good[number] for number in kept}
        for item in (self.list.item(number) for number in range(self.list.count())):
            item.setSelected(item.data(PATH) not in stays)
        self._take_out()

    def _take_out(self) -> None:
        items = self.list.selectedItems()
        if items:
            self._taken.append([item.data(PATH) for item in items])
        for item in items:
            path = item.data(PATH)
            self.good.remove(path)
            self._checked.remove(path)
            self.list.takeItem(self.list.row(item))
        self._reflect_texts()

    def _put_back(self) -> None:
        """Bring back what was taken out last."""
        if self._taken:
            self.add(self._taken.pop())

    def _say_taken(self) -> None:
        chosen = bool(self.list.selectedItems())
        disabled_reason = "" if chosen else "Choose photos in the list first."
        set_enabled(self.out, disabled_reason, "Do without the chosen photos (Del)")
        self.out.setVisible(bool(self.good))
        set_enabled(self.back, "", "Bring back what was taken out last (Ctrl+Z)")
        self.back.setVisible(bool(self._taken))

    def _reflect_texts(self) -> None:
        self._say_taken()
        waiting = len(self._checked) - len(self.good) - len(self._bad)
        reading = f" · reading {waiting} more" if waiting else ""
        self.total.setText(count(len(self.good), "photo") + reading)
        self.fewer.setVisible(len(self.good) > MOST_PHOTOS)
        reasons = self._notices
        more = f" And {len(reasons) - 3} more." if len(reasons) > 3 else ""
        self.refused.setText(" ".join(reasons[:3]) + more)
        self.refused.setVisible(bool(reasons))
        self.changed.emit()

    def _choose(self) -> None:
        self.add(ask_for_photos(self, "Add photos"))


def _pixels(picture: QImage) -> "np.ndarray":
    """A picture as uint8 (H, W, 3)."""
    import numpy as np  # there by now: a photo was read

    plain = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()
