"""The window on small, large, far and absent screens; docks that get their width back."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from studio.ui.shell.window_geometry import (
    TITLE_BAR,
    around,
    brought_back,
    first_place,
    grown,
    is_pushed,
    normal_place,
)
from tests.gui.layouts import cut, overlapping
from tests.gui.subjects.forms import fill

LAPTOP = QRect(0, 0, 1366, 768)
SCALED = QRect(0, 0, 1280, 720)  # 2560 × 1440 at scale 2
LARGE = QRect(0, 32, 2560, 1408)


@pytest.mark.parametrize("screen", [LAPTOP, SCALED, LARGE, QRect(1366, 24, 1920, 1056)])
def test_a_first_window_fits_the_screen_with_its_frame(screen):
    place = first_place(screen)
    assert screen.contains(place.adjusted(0, -TITLE_BAR, 0, 0))
    assert place.width() >= min(1280, screen.width())
    assert place.width() >= 0.75 * screen.width(), "most of the screen"
    assert place.height() >= 0.75 * (screen.height() - TITLE_BAR)


def test_what_qt_keeps_of_a_window_says_where_it_was(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(43, 20, 900, 600)
    window.show()
    assert normal_place(bytes(window.saveGeometry().data())) == window.geometry()
    assert normal_place(b"") is None
    assert normal_place(bytes(100)) is None


def test_a_window_that_its_frame_pushed_down_is_known():
    left, frame = QRect(43, 40, 1280, 728), QRect(42, 40, 1282, 753)
    assert is_pushed(left, left.translated(0, 20), frame)
    assert not is_pushed(left, left, frame.translated(0, -20))
    far = left.translated(200, 90)
    assert not is_pushed(left, far, far.adjusted(-1, -20, 1, 5)), "its owner moved it"


@pytest.mark.parametrize("screen", [LAPTOP, SCALED, LARGE])
def test_a_first_window_lies_on_the_screen_with_the_frame_it_got(screen):
    asked = first_place(screen)
    frame = asked.adjusted(-1, 0, 1, 25)  # the system puts the frame where the window was to be
    window = frame.adjusted(1, 20, -1, -5)
    place = first_place(screen, around(window, frame))
    assert screen.contains(place.adjusted(-1, -20, 1, 5))
    assert place.width() >= min(1278, screen.width() - 2)


@pytest.mark.parametrize(
    "left",
    [
        QRect(100, 100, 1000, 600),
        QRect(-200, 60, 1000, 640),
        QRect(3000, 100, 1280, 800),
        QRect(0, 0, 5000, 3000),
        QRect(-5000, -5000, 1280, 800),
        QRect(100, 760, 1000, 600),
    ],
)
def test_a_window_comes_back_onto_a_screen(left):
    place = brought_back(left, [LAPTOP])
    if left in (QRect(100, 100, 1000, 600), QRect(-200, 60, 1000, 640)):
        assert place == left, "it can be reached: it stays"
    else:
        assert LAPTOP.contains(place.adjusted(0, -TITLE_BAR, 0, 0))
    assert brought_back(place, [LAPTOP]) == place


def test_of_two_screens_the_one_it_was_on():
    second = QRect(1366, 0, 1920, 1080)
    place = brought_back(QRect(1500, -300, 1280, 800), [LAPTOP, second])
    assert second.contains(place)
    assert brought_back(place, []) == place


def test_docks_share_the_room_there_is():
    wished = {"Subjects": 296, "Shot": 352}
    assert grown({"Subjects": 208, "Shot": 338}, wished, 1000) == wished
    assert grown({"Subjects": 208, "Shot": 338}, wished, 51) == {"Subjects": 252, "Shot": 345}
    assert grown({"Subjects": 400, "Shot": 338}, wished, 0) == {"Subjects": 400, "Shot": 338}
    assert grown({"Subjects": 400, "Shot": 352}, wished, 99) == {"Subjects": 400, "Shot": 352}


def settle():
    """Lay out all that is still to be laid out: one layout asks for the next."""
    for _ in range(20):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def widths(studio):
    return [studio.window.docks[name].width() for name in ("Subjects", "Shot")]


def test_docks_get_their_width_back_when_there_is_room(open_studio, until):
    studio = open_studio()
    window = studio.window
    window.resize(1280, 800)
    until(lambda: widths(studio) == [296, 352])
    window.resize(960, 600)
    until(lambda: widths(studio) != [296, 352])
    for panel in (studio.shot, studio.subjects, studio.player):
        at = panel.mapTo(window, panel.rect().bottomLeft()) + QPoint(3, -3)
        QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=at)
    window.resize(1280, 800)
    until(lambda: widths(studio) == [296, 352])
    window.resize(960, 600)
    studio.close()
    again = open_studio()
    again.window.resize(1600, 900)
    until(lambda: widths(again) == [296, 352])


def test_the_width_that_the_user_gave_a_dock_is_the_one_that_comes_back(open_studio, qtbot, until):
    studio = open_studio()
    window = studio.window
    window.resize(1600, 900)
    until(lambda: widths(studio) == [296, 352])
    handle, y = window.windowHandle(), studio.player.y() + 200
    line = studio.player.mapTo(window, studio.player.rect().topRight())
    at = QPoint(line.x() + 3, y)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(handle, at - QPoint(60, 0))
    QTest.mouseMove(handle, at - QPoint(88, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=at - QPoint(88, 0))
    until(lambda: widths(studio)[1] > 400)
    wished = widths(studio)[1]
    window.resize(960, 600)
    until(lambda: widths(studio)[1] < 400)
    window.resize(1600, 900)
    until(lambda: widths(studio)[1] == wished)
    studio.close()
    again = open_studio()
    again.window.resize(1600, 900)
    until(lambda: widths(again)[1] == wished)
    again.actions["arrange"].trigger()
    until(lambda: widths(again) == [296, 352])


SIZES = ((1280, 720), (960, 600), (1024, 700), (2560, 1400), (1366, 728))


@pytest.mark.parametrize("state", ["empty", "shown", "trained"])
def test_nothing_overlaps_or_is_cut(studio, qtbot, until, photos, state):
    window = studio.window
    if state == "trained":
        window.show_panel("Subjects")
        fill(studio, photos, until).train.click()
        until(lambda: any(subject.is_trained for subject in studio.document.subjects))
        until(studio.subjects.details.train_again.isVisible)
        studio.subjects.details.start_anew.setVisible(True)  # as after a real training
    window.resize(*SIZES[0])
    if state == "shown":
        studio.shot.fold.head.click()
        studio.shot.prompt.setPlainText("a red ball moving left")
        studio.document.change_shot(studio.document.shot, "nothing")
        studio.render_actions.preview()
        until(lambda: studio.player_state.shown and not studio.queue.jobs())
        studio.queue_bar.open.setChecked(True)
    panels = (studio.top, studio.player, studio.shot, studio.subjects, studio.queue_bar)

    def is_whole() -> None:
        assert (window.width(), window.height()) == size
        for panel in panels:
            assert cut(panel) == [], panel
            assert overlapping(panel) == [], panel

    for size in SIZES:
        window.resize(*size)
        qtbot.waitUntil(is_whole, timeout=60_000)  # layouts settle in some turns of the loop
        assert overlapping(window) == [], size
        for dock in window.docks.values():
            if dock.isVisible():
                assert dock.width() >= dock.minimumSizeHint().width(), size


def test_a_banner_covers_nothing_to_click_and_moves_nothing(studio, until):
    studio.window.resize(1280, 800)
    until(lambda: widths(studio) == [296, 352])
    settle()
    places = lambda: [  # noqa: E731
        w.geometry() for w in (studio.player, studio.shot, studio.queue_bar, studio.keyframes)
    ]
    before = places()
    studio.banner.show_message(
        "The clip could not be saved: the disk is full. " * 3, "Try again", print
    )
    settle()
    assert places() == before
    banner = studio.banner
    assert banner.isVisible()
    place = QRect(banner.mapTo(studio.window, banner.rect().topLeft()), banner.size())
    assert place.height() >= banner.heightForWidth(place.width())
    assert studio.player.geometry().contains(place)
    from PySide6.QtWidgets import QAbstractButton, QLineEdit, QPlainTextEdit, QSlider

    for kind in (QAbstractButton, QLineEdit, QPlainTextEdit, QSlider):
        for w in studio.window.findChildren(kind):
            if w.isVisible() and not banner.isAncestorOf(w):
                covered = QRect(w.mapTo(studio.window, w.rect().topLeft()), w.size())
                assert not covered.intersects(place), w.accessibleName()
    studio.window.show_panel("Takes")
    studio.player.raise_()
    assert not banner.visibleRegion().isEmpty()
    assert studio.window.childAt(place.center()) in (banner, *banner.findChildren(QWidget))
    banner.close_it.click()
    assert not banner.isVisible()


def test_a_new_subject_from_photos_comes_to_the_front(studio, photos, qtbot):
    studio.window.show_panel("Takes")
    studio._begin_subject(photos)
    assert not studio.subjects.form.train.visibleRegion().isEmpty()
    assert studio.subjects.form.who.name.hasFocus()


def test_reasons_of_stages_go_with_what_stood_in_their_way(open_studio, until):
    studio = open_studio(shown=False)
    run = studio.stages.cells["keyframes"].run
    studio.open()
    studio.shot.prompt.setPlainText("a red ball moving left")
    until(lambda: studio.model_list.found.models)
    until(run.isEnabled)
    assert "looked for" not in run.toolTip()
    studio.shot.prompt.setPlainText("")
    until(lambda: "prompt is empty" in run.toolTip())
    assert QGuiApplication.primaryScreen() is not None
