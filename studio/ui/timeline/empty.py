"""What stands in the place of an empty timeline: the next step, and room to drop takes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.state.selection import TAKE_MIME
from studio.ui.widgets.controls import label
from studio.ui.widgets.dropping import dropped_files
from studio.ui.widgets.theme import UNIT

HINT = "Render a shot and add its take, or drag takes, videos and sounds here: they play in a row."


class Empty(QWidget):
    """What stands in the place of an empty timeline, as low as it can be; takes and
    files can be dropped on it."""

    take_dropped = Signal(str)
    files_dropped = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.title = label("Nothing is on the timeline yet", "title", wrap=True)
        self.hint = label(HINT, "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, 0, 2 * UNIT, UNIT)
        layout.setSpacing(UNIT // 2)
        layout.addStretch(1)
        for text in (self.title, self.hint):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(text)
        layout.addStretch(1)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(TAKE_MIME) or event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        if not event.mimeData().hasFormat(TAKE_MIME):
            self.files_dropped.emit(dropped_files(event.mimeData()))
            return
        take = bytes(event.mimeData().data(TAKE_MIME).data()).decode("ascii", "replace")
        self.take_dropped.emit(take)
