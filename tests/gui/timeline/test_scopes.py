"""Scopes under the timeline: on its axis, with marks that have a span made anew by a click."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.spec.timeline.playing import playing
from studio.ui.timeline.proposal import Proposal
from tests.gui.timeline.pixels import exported


def test_brightness_is_that_of_what_plays_and_a_mark_leads_to_a_retake(film, until, qtbot):
    view, scopes = film.timeline.view, film.project.timeline_scopes
    take = film.document.project.renders[0]
    key, store = take.spans[0], film.project.span_results
    frames = store.get(key)["frames"].copy()
    frames[4] //= 4
    real = scopes._read
    scopes._read = lambda wanted: frames if wanted == key else real(wanted)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_V)
    until(lambda: scopes.found is not None and not np.isnan(scopes.found.brightness).any())
    found = scopes.found
    assert len(found.brightness) == 226
    wanted = exported(film, 50).reshape(-1, 3).mean(0) @ (0.2126, 0.7152, 0.0722) / 255
    assert found.brightness[50] == pytest.approx(wanted, abs=1e-3)
    (dip,) = found.dips
    assert dip.first <= 4 < dip.end
    assert dip.clip == playing(film.document.project.timeline, 4).picture.clip.id
    until(lambda: film.timeline.scopes._plot is not None)
    marks = film.timeline.scopes._marks
    marks.sigClicked.emit(marks, marks.points(), None)
    (dialog,) = film.window.findChildren(Proposal)
    assert dialog.windowTitle() == "Make the marked range anew"
    dialog.reject()
    qtbot.keyClick(view, Qt.Key.Key_V)
    assert film.timeline.scopes.isHidden()
