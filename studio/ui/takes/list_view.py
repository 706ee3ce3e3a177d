"""The list of takes: rows that can be dragged out of the window as files, or onto the timeline."""

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QListView

from studio.ui.state.player_state import PlayerState
from studio.ui.state.selection import TAKE_MIME, Selection
from studio.ui.state.status import Status
from studio.ui.takes.drag_export import DragExport
from studio.ui.takes.model import PICTURE, RENDER


class TakesList(QListView):
    """Rows that can be dragged out of the window as files; letters and Space go to the player."""

    def __init__(
        self,
        drag_export: DragExport,
        selection: Selection,
        player_state: PlayerState,
        status: Status,
    ) -> None:
        super().__init__()
        self._drag_export, self._status = drag_export, status
        self._selection, self._player_state = selection, player_state
        self.setAccessibleName("Takes, newest first")
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)

    def startDrag(self, actions: Qt.DropAction) -> None:
        render = self.currentIndex().data(RENDER)
        if render is None:
            return
        drag, data = QDrag(self), QMimeData()
        data.setData(TAKE_MIME, render.id.encode())  # to the timeline, file or not
        if file := self._drag_export.file(render):
            data.setUrls([QUrl.fromLocalFile(str(file))])
        drag.setMimeData(data)
        picture = self.currentIndex().data(PICTURE)
        if picture:
            drag.setPixmap(picture)
        dropped = drag.exec(Qt.DropAction.CopyAction)
        if file is None and dropped == Qt.DropAction.IgnoreAction:
            self._status.post(self._drag_export.disabled_reason(render))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        render = self.currentIndex().data(RENDER)
        if render:
            if render.id == self._selection.take:
                self._player_state.back()
            self._drag_export.prepare(render)  # ready by the time the drag has left the window

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        if event.key() in moves:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._player_state.back()
        else:
            event.ignore()
