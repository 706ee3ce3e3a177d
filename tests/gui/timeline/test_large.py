"""A timeline of thousands of clips: what is painted depends on what is seen, not on what there is."""

import sys
from collections import Counter

import pytest
from PySide6.QtCore import QPoint

from studio.ui.timeline.layout import HEADING, Scale
from studio.ui.timeline.settling import STRIP
from tests.gui.handlers import DENSE
from tests.gui.timeline.large import TRACKS, laid


@pytest.fixture
def huge(open_studio, handlers, until):
    """2 000 clips with 20 000 keyframes, looked up, as large as on a screen of 1920 pixels."""
    studio = open_studio(models=(DENSE,))
    studio.window.resize(1920, 1080)
    laid(studio, handlers, 2000)
    until(lambda: len(studio.project.timeline_look.plan.states) == 2000)
    return studio


def calls(work) -> int:
    """How many functions a piece of work calls: it is the same on every computer."""
    counted = Counter()

    def count(_frame, event, _arg):
        counted[event.endswith("call")] += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted[True]


def painted(studio) -> int:
    """What painting all that is seen costs, once everything is known that can be."""
    view = studio.timeline.view
    view.grab()
    return calls(view.grab)


def zoomed(studio, pixels: float, left: float) -> None:
    """As many pixels for each clip."""
    axis = studio.timeline.view.axis
    axis.scale = Scale(pixels / 147, left, axis.scale.width)
    axis.scroll(0)
    settled(studio)


def settled(studio) -> None:
    """As it is a moment after the last step of a zoom."""
    view = studio.timeline.view
    view._settling.begin()
    for _ in range(100):  # strips, each painted before the next
        if view._settling.is_done:
            return
        view.grab()
        view._settling._next.stop()
        view._settling._go_on()
    raise AssertionError("it never settles")


def test_painting_costs_what_is_seen_whatever_there_is(huge, handlers):
    zoomed(huge, 200, 0)
    many = painted(huge)
    zoomed(huge, 200, 147 * 120)
    middle = painted(huge)
    zoomed(huge, 30, 0)
    full = painted(huge)
    huge.timeline.view.axis.fit()
    settled(huge)
    assert painted(huge) < full, "the whole of it costs no more than a screen full of clips"
    laid(huge, handlers, 16 * TRACKS)
    zoomed(huge, 200, 0)
    few = painted(huge)
    assert many < 1.5 * few
    assert middle < 1.5 * few


def test_a_zoom_that_goes_on_paints_no_more_than_can_be_followed(huge, until):
    view, axis = huge.timeline.view, huge.timeline.view.axis
    huge.timeline.taller.emit(330)
    until(lambda: view.height() > 400)
    zoomed(huge, 40, 0)
    whole = painted(huge)
    axis.zoom(0.1, 900)  # the first step as any other
    view._settling._later.stop()
    assert painted(huge) < whole / 3
    paint, inside = [], type(view).paintEvent

    def watch(event):
        count = calls(lambda: inside(view, event))
        if event.rect().width() <= STRIP:  # not one of a picture that has come meanwhile
            paint.append(count)

    view.paintEvent = watch
    view._settling.begin()
    until(lambda: view._settling.is_done)
    assert max(paint, default=1) < whole / 2, "what a zoom leaves out comes strip by strip"
    del view.paintEvent
    assert painted(huge) > whole / 1.2
    zoomed(huge, 1000, 0)
    near = painted(huge)
    axis.zoom(0.01, 900)
    assert painted(huge) > near / 1.2, "where few are in sight all is painted at once"


def test_the_playhead_paints_two_strips_and_a_scroll_what_comes_into_sight(huge, until):
    view = huge.timeline.view
    zoomed(huge, 200, 400)
    view.grab()
    huge.project.timeline_player.go(900)
    inside, paint = type(view).paintEvent, []

    def watch(event):
        paint.append(event.region())
        inside(view, event)

    view.paintEvent = watch

    def painted_after(deed) -> list:
        """The widths that it paints; all of it too where something was looked up meanwhile."""
        paint.clear()
        deed()
        until(lambda: paint)
        return [part.width() for region in paint for part in region]

    def step() -> list:
        return painted_after(lambda: huge.project.timeline_player.step(1))

    def scroll() -> list:
        return painted_after(lambda: view.axis.scroll(40))

    until(lambda: max(step()) < 60)
    until(lambda: max(scroll()) < view.width() / 2)
    assert view.childAt(QPoint(HEADING, 5)) is None
