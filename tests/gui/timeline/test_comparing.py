"""Takes of any size seen as they are exported, and two to four of them seen together."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage

from studio.app import ASSETS
from studio.jobs.job import Job
from studio.project import edits
from studio.project.take_names import TakeNames
from studio.spec.spans import last_keys, spans
from studio.ui.player.comparison import cells, paint_wipe
from studio.ui.player.take_comparison import ChooseTakes
from studio.ui.state.frames import Loaded
from studio.ui.state.frames_at_rate import together
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import load_theme
from tests.gui.handlers import DENSE
from tests.gui.timeline.pixels import array, exported


def larger_take(studio, handlers) -> str:
    """A take of the first shot, of another size and shape."""
    request = replace(DENSE.card.request("a red ball", 3, DENSE.weights), width=64, height=32)
    job = SimpleNamespace(payload={"project": str(studio.document.folder)})
    handlers.put(cast(Job, job), request, spans(request))
    keys, shot = last_keys(spans(request)), f"{'a0'}{0:010x}"
    studio.document.keep(lambda p: edits.add_render(p, shot, request, keys, id="f" * 12))
    return "f" * 12


def test_a_take_of_another_size_is_seen_as_it_is_exported(film, handlers, until):
    take = larger_take(film, handlers)
    clip = film.timeline_edits.add_take(take)
    timeline = film.document.project.timeline
    until(lambda: film.project.timeline_look.take(take))
    for frame in (timeline.start(clip), timeline.start(clip) + 50, 20):
        film.project.timeline_player.go(frame)
        wanted = exported(film, frame)
        until(lambda w=wanted: np.array_equal(array(film.player.canvas.picture), w))
        assert wanted.shape == (64, 64, 3)
    high = exported(film, timeline.start(clip))
    assert not high[:16].any(), "black above"
    assert high[16:48].any(2).all()
    part = film.player_state.shown.frames.read(timeline.start(clip), 2)
    assert np.array_equal(array(part[1]), exported(film, timeline.start(clip) + 1))


def grey(count: int) -> Loaded:
    pictures = []
    for number in range(count):
        picture = QImage(2, 2, QImage.Format.Format_RGB888)
        picture.fill(Qt.GlobalColor.black)
        picture.setPixelColor(0, 0, number)
        pictures.append(picture)
    return Loaded(pictures)


def test_clips_of_other_rates_show_the_same_time():
    (slow, fast), rate = together([(grey(5), Fraction(12)), (grey(17), Fraction(24))])
    assert (rate, len(slow), len(fast)) == (24, 17, 17)
    assert [slow._number(n) for n in range(10)] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    assert [fast._number(n) for n in range(17)] == list(range(17))
    assert slow.at(17) is None


def test_places_of_pictures_seen_together_do_not_overlap():
    for count in (2, 3, 4):
        found = cells(count, 400, 300)
        assert len(found) == count
        for number, cell in enumerate(found):
            assert cell.right() <= 400.01
            assert not any(cell.intersects(other) for other in found[number + 1 :])


def test_takes_are_chosen_seen_together_and_wiped(film, handlers, until, qtbot):
    larger_take(film, handlers)
    film.actions["compare"].trigger()
    (dialog,) = film.window.findChildren(ChooseTakes)
    first = dialog.list.item(0).text()
    assert first.startswith(TakeNames(film.document.project).name(dialog._takes[0]) + " · ")
    for number in range(3):
        dialog.list.item(number).setCheckState(Qt.CheckState.Checked)
    dialog.compare.click()
    state, canvas = film.player_state, film.player.canvas
    until(lambda: state.shown and state.shown.kind == "compare")
    assert len(canvas._together) == 3
    state.seek(40)
    until(lambda: state.is_there(40))
    frames = state.shown.beside
    assert all(" · shot " in name for name in state.shown.names)
    assert canvas._together == tuple(each.at(40) for each in frames)
    assert film.keyframes.isHidden(), "those of the present shot are of none of these"
    assert "Esc" in film.keyframes.gestures["reroll"].disabled_reason()
    film.player.main_view.setFocus()
    qtbot.keyClick(film.player.main_view, Qt.Key.Key_Escape)
    assert state.shown is None or state.shown.kind != "compare"
    assert film.keyframes.isHidden() is (film.keyframes.view.strip is None)
    film.comparison.compare(list(film.document.project.takes[:2]))
    until(lambda: state.shown and state.shown.kind == "compare")
    qtbot.keyClick(film.player.main_view, Qt.Key.Key_C)
    assert state.compare
    until(lambda: not canvas._before.isNull())
    assert not canvas._together
    assert not state.actual


@pytest.mark.parametrize("wipe", [0.1, 0.5, 0.9])
def test_both_sides_of_a_wipe_are_named_on_the_picture_or_beside_it(qapp, wipe):
    look, names = load_theme(ASSETS), ("Take 1 · shot 1", "Take 2 · shot 2")
    canvas = QImage(600, 120, QImage.Format.Format_RGB32)
    canvas.fill(Qt.GlobalColor.white)
    with painting(canvas) as painter:
        paint_wipe(painter, QRectF(250, 10, 100, 100), wipe, look, names)
    sides = [canvas.copy(0, 0, 250, 120), canvas.copy(350, 0, 250, 120)]
    dark = look.colour("panel")
    named = [any(side.pixelColor(x, 95) == dark for x in range(side.width())) for side in sides]
    assert named == [True, True]
