"""Labels that are cut where they do not fit, and controls that are disabled with a reason."""

import pytest
from PySide6.QtCore import QEvent, QObject

from studio.ui.widgets.controls import ElidedLabel, push, set_enabled


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
