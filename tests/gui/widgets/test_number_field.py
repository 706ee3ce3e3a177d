"""Number fields take what is typed, and say what they make of it."""

from fractions import Fraction

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QSpinBox

from studio.spec.numbers import possible
from studio.ui.widgets.number_field import NumberField, number_row


@pytest.fixture
def number(qtbot):
    made = NumberField(" px")
    row = number_row("Width", made)
    qtbot.addWidget(row)
    made.allow(possible(8, 512, 8))
    made.reflect(256)
    made.heard = []
    made.changed.connect(made.heard.append)
    row.show()
    made.setFocus()
    made.row = row
    return made


def write(number, text):
    number.selectAll()
    QTest.keyClick(number, Qt.Key.Key_Delete)
    QTest.keyClicks(number, text)


def leave(number):
    QTest.keyClick(number, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("typed", "value", "said"),
    [
        ("128", 128, ""),
        ("128 px", 128, ""),
        ("4096", 512, "The nearest possible to 4096 is 512 px."),
        ("300", 304, "The nearest possible to 300 is 304 px."),
        ("0", 8, "The nearest possible to 0 is 8 px."),
        ("-64", 8, "The nearest possible to -64 is 8 px."),
        ("100,5", 104, "The nearest possible to 100.5 is 104 px."),
        ("", 256, "There is no number. It stays 256 px."),
        ("wide", 256, "“wide” is not a number. It stays 256 px."),
        ("1e5", 512, "The nearest possible to 100000 is 512 px."),
        ("1e99999", 256, "“1e99999” is not a number. It stays 256 px."),
        ("1.024,5", 256, "“1.024,5” is not a number. It stays 256 px."),
    ],
)
def test_what_is_typed_is_taken_and_then_said(number, typed, value, said):
    write(number, typed)
    assert number.text() == typed, "nothing is swallowed"
    leave(number)
    assert number.value() == value
    assert number.text() == f"{value} px"
    assert number.note.text() == said
    assert number.note.isVisible() == bool(said)
    write(number, "64")
    assert not number.note.isVisible()


def test_it_is_changed_as_it_is_typed_so_that_no_button_finds_an_older_number(number):
    write(number, "512")
    assert number.value() == 512
    write(number, "4096")
    assert (number.text(), number.value()) == ("4096", 512)
    assert number.note.text() == "The nearest possible to 4096 is 512 px."


def test_what_is_left_untouched_changes_nothing(number):
    number.reflect(Fraction(30000, 1001))
    number.setFocus()
    number.clearFocus()
    leave(number)
    assert number.heard == []
    assert number.value() == Fraction(30000, 1001)
    assert number.text() == "29.97 px"
    assert not number.note.isVisible()


def test_the_wheel_passes_over_a_field_that_is_not_in_use(number):
    number.clearFocus()
    at = QPointF(5, 5)
    turn = QWheelEvent(
        at, at, QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(number, turn)
    assert number.heard == []
    assert not turn.isAccepted()


def test_arrows_step_and_stop_at_the_ends(number):
    QTest.keyClick(number, Qt.Key.Key_Up)
    assert number.heard == [264]
    write(number, "512")
    QTest.keyClick(number, Qt.Key.Key_Up)
    assert number.value() == 512
    assert not number.stepEnabled() & NumberField.StepEnabledFlag.StepUpEnabled


@pytest.mark.parametrize("locale", ["C", "de_DE", "en_US", "fr_FR", "ar_EG", "de_CH", "hi_IN"])
@pytest.mark.parametrize("typed", ["23.976", "23,976"])
def test_a_comma_and_a_point_mean_the_same_in_every_country(qtbot, locale, typed):
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        rate = NumberField(" fps")
        qtbot.addWidget(rate)
        rate.setLocale(QLocale(locale))
        rate.allow(possible("0.1", 240, 0))
        rate.show()
        write(rate, typed)
        leave(rate)
        assert rate.value() == Fraction(23976, 1000)
        assert rate.text() == "23.976 fps"
        seed = NumberField()
        qtbot.addWidget(seed)
        seed.allow(possible(0, 2**63 - 1))
        seed.enter("1482007")
        assert seed.text() == "1482007", "no groups of digits"
    finally:
        QLocale.setDefault(before)


def test_it_is_as_wide_as_its_widest_number(number):
    text = number.fontMetrics().horizontalAdvance("512 px")
    assert number.minimumSizeHint().width() >= text + 28


def test_a_single_one_is_called_so(qtbot):
    frames = NumberField(" frames", " frame")
    qtbot.addWidget(frames)
    frames.allow(possible(1, 16))
    frames.enter("1")
    assert frames.text() == "1 frame"
    frames.enter("1 frame")
    frames.enter("2 frames")
    assert frames.value() == 2


def test_no_other_kind_of_number_field_is_used(studio, qtbot):
    studio.subjects.begin([])
    assert studio.window.findChildren(QSpinBox) == []
    assert studio.window.findChildren(QDoubleSpinBox) == []


def test_the_rate_of_keyframes_may_be_a_fraction(studio):
    rate = studio.shot.settings.numbers["fps"]
    rate.enter("1,5")
    assert studio.document.shot.fps == Fraction(3, 2)
    assert rate.text() == "1.5 per second"
    rate.stepBy(1)
    rate.stepBy(-1)
    assert studio.document.shot.fps == Fraction(3, 2)


def test_sixty_keyframes_become_the_most_there_can_be_and_it_is_said(studio):
    keyframes = studio.shot.settings.numbers["keyframes"]
    keyframes.setFocus()
    write(keyframes, "60")
    most = studio.model_list.found.models[0].card.window.most
    assert studio.document.shot.keyframes == most
    leave(keyframes)
    assert f"The nearest possible to 60 is {most} frames." == keyframes.note.text()


def test_strength_can_be_typed(studio):
    studio.shot.strength.reflect(1.0, "")
    studio.shot.strength.number.enter("0,83")
    assert studio.document.shot.strength == 0.83
    assert studio.shot.strength.slider.value() == 17
    studio.shot.strength.slider.setValue(10)
    assert studio.shot.strength.number.text() == "0.5 ×"


def test_the_same_seed_typed_again_locks_it(studio, qtbot):
    seed = studio.shot.seed.number
    seed.reflect(7)
    studio.document.change_shot(studio.document.shot, "Seed")
    seed.setFocus()
    write(seed, "0")
    assert studio.document.shot.seed_locked


def test_every_number_can_be_read(studio, until):
    """The text has the room it needs, inside the frame too, with arrows and without."""
    studio.shot.fold.head.click()
    studio.window.resize(1280, 800)
    studio.shot.seed.number.enter("6027721")
    until(lambda: studio.shot.settings.isVisible())
    for number in studio.window.findChildren(NumberField):
        if number.isVisible():
            line = number.lineEdit()
            room = line.width() - line.textMargins().left()
            assert room >= line.fontMetrics().horizontalAdvance(line.text()), number.text()
            assert number.rect().contains(line.geometry()), number.text()


def test_an_order_by_key_uses_the_number_that_is_being_typed_and_says_so(studio, handlers):
    handlers.gate.clear()
    studio.window.activateWindow()
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.shot.fold.head.click()
    keyframes = studio.shot.settings.numbers["keyframes"]
    keyframes.setFocus()
    write(keyframes, "0")
    assert keyframes.text() == "0"
    held = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(studio.window.windowHandle(), Qt.Key.Key_Return, held)
    (job,) = studio.queue.jobs()
    assert job.payload["request"]["keyframes"] == 1
    assert keyframes.text() == "1 frame"
    assert keyframes.note.text() == "The nearest possible to 0 is 1 frame."


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_that_is_none_is_shown_and_can_be_typed_over(number, value):
    number.reflect(value)
    assert number.text() == f"{value} px"
    write(number, "64")
    leave(number)
    assert number.text() == "64 px"
