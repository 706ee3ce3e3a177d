"""What hands do at the keyframe desk."""

from PySide6.QtCore import Qt

Held, Left = Qt.KeyboardModifier, Qt.MouseButton.LeftButton
BALL = "a red ball moving left over grass"


def settled(studio) -> bool:
    return not studio.queue.jobs() and not studio.render_forecast._later.isActive()


def edited(studio):
    return studio.document.shot.strip


def click(view, qtbot, number, held=Held.NoModifier):
    qtbot.mouseClick(view, Left, held, view.place(number).center())


def press(studio, qtbot, key, held=Held.NoModifier):
    studio.keyframes.view.setFocus()
    qtbot.keyClick(studio.keyframes.view, key, held)
