"""Photos dropped on the subjects, and the form filled in."""

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent


def drop(panel, files):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, left, none)
    panel.dragEnterEvent(enter)
    assert enter.isAccepted()
    panel.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))


def fill(studio, photos, until, name="rex", noun="dog"):
    drop(studio.subjects, photos)
    form = studio.subjects.form
    until(lambda: len(form.wall.good) == len(photos))
    form.who.name.setText(name)
    form.who.noun.setText(noun)
    return form
