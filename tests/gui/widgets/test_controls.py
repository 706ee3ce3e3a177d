"""Labels that are cut where they do not fit, and controls that are disabled with a reason."""

import pytest
from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QVBoxLayout, QWidget

from studio.app import ASSETS
from studio.ui.widgets import theme
from studio.ui.widgets.controls import ElidedLabel, EmptyState, push, set_enabled
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import open_dialog
from studio.ui.widgets.painter import paint_frame, painting


class Events(QObject):
    """The types of events that a widget gets."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.types: list[QEvent.Type] = []
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.types.append(event.type())
        return False


def test_a_label_is_cut_by_the_font_that_it_has_now(qtbot):
    label = ElidedLabel("a red ball moving left over grass")
    qtbot.addWidget(label)
    label.resize(label.fontMetrics().horizontalAdvance(label.full_text) + 4, 20)
    label.show()
    assert label.text() == label.full_text
    larger = label.font()
    larger.setPixelSize(3 * label.fontInfo().pixelSize())
    label.setFont(larger)
    assert label.text().endswith("…")
    assert label.toolTip() == label.full_text == "a red ball moving left over grass"


@pytest.mark.parametrize("reason", ["", "Nothing is running."])
def test_a_control_that_stays_as_it_is_gets_no_events(qtbot, reason):
    button = push("Stop", tip="Cancel what runs")
    qtbot.addWidget(button)
    set_enabled(button, "another reason")
    set_enabled(button, reason)
    assert button.isEnabled() == (not reason)
    assert (
        button.toolTip()
        == button.statusTip()
        == (f"Cancel what runs: {reason}" if reason else "Cancel what runs")
    )
    events = Events(button)
    set_enabled(button, reason)
    assert events.types == []


def test_an_empty_state_keeps_its_words_in_a_low_panel(qtbot):
    state = EmptyState(
        Icons(theme.load_theme(ASSETS)), "queue", "The queue is empty", "Work waits here."
    )
    qtbot.addWidget(state)
    state.resize(600, 300)
    state.show()
    assert state.picture.isVisible()
    state.resize(600, 64)
    assert not state.picture.isVisible()
    words = [label.geometry() for label in (state.title, state.hint)]
    assert not words[0].intersects(words[1])
    assert all(state.rect().contains(each) for each in words)


@pytest.mark.parametrize("kind", ["no field", "a field"])
def test_enter_does_what_a_dialog_is_for(qtbot, kind):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = QDialog(parent)
    layout, done = QVBoxLayout(dialog), push("Do it", "primary")
    words = QLineEdit() if kind == "a field" else QListWidget()
    layout.addWidget(words)
    layout.addWidget(done)
    pressed = []
    done.clicked.connect(lambda: pressed.append(True))
    open_dialog(dialog)
    qtbot.keyClick(words, Qt.Key.Key_Return)
    assert bool(pressed) == (kind == "no field")
    dialog.reject()


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_frame_of_a_row_lies_within_it(ratio):
    picture = QPixmap(QSize(60, 40) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.black)
    area = QRect(10, 10, 40, 20)
    with painting(picture) as painter:
        paint_frame(painter, area, QColor("white"))
    shown = picture.toImage()
    lit = [(x, y) for x in range(60 * ratio) for y in range(40 * ratio)
           if shown.pixelColor(x, y).red() > 100]  # fmt: skip
    assert min(y for _, y in lit) == 10 * ratio
    assert max(y for _, y in lit) == 30 * ratio - 1
    assert min(x for x, _ in lit) == 10 * ratio
    assert max(x for x, _ in lit) == 50 * ratio - 1
