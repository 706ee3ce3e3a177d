"""Scopes under the timeline: on its axis, with marks that have a span made anew by a click."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.jobs.handlers import BUILT_IN
from studio.jobs.job import Job
from studio.media.scopes import AROUND
from studio.project.folders import Folders
from studio.project.subject import Subject
from studio.spec.request import SubjectUse
from studio.spec.spans import last_keys, spans
from studio.spec.timeline.playing import playing
from studio.ui.timeline.proposal import Proposal
from studio.ui.timeline.scopes import HEARD, HIGHER
from tests.gui.handlers import JobHandlers
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


def test_likeness_to_the_subject_is_measured_by_a_job_once_and_marked_where_it_falls(
    rendered, photos, until, qtbot
):
    document, scopes = rendered.document, rendered.project.timeline_scopes
    document._subject_store.adopt(Subject("Rex", "ball"), photos)
    document.read_subjects()
    until(lambda: document.subjects)
    use = SubjectUse("Rex", "1" * 32, "sks", "ball")
    first = document.project.renders[0]
    changed = replace(first, request=replace(first.request, subject=use))
    walk = spans(changed.request)
    job = cast(Job, SimpleNamespace(payload={"project": str(document.folder)}))
    rendered_by = JobHandlers(Folders(document.folder.parent / "data"))
    rendered_by.put(job, changed.request, walk)
    changed = replace(changed, spans=last_keys(walk))
    others = document.project.renders[1:]
    document.keep(lambda project: replace(project, renders=(changed, *others)))
    rendered.timeline_edits.lay_out()
    rendered.timeline.view.setFocus()
    qtbot.keyClick(rendered.timeline.view, Qt.Key.Key_V)
    until(lambda: scopes.found is not None and any(dip.unlike for dip in scopes.found.dips))
    found = scopes.found
    known = ~np.isnan(found.likeness)
    assert found.subjects == ("Rex",)
    assert known[:113].all()
    assert not known[113:].any(), "the other take shows nobody"
    (dip,) = [dip for dip in found.dips if dip.unlike]
    assert np.flatnonzero(found.likeness < 0.3).tolist()[0] == dip.first + AROUND
    until(lambda: not rendered.job_monitor.jobs)
    assert all(job.kind != "measure_likeness" for job in rendered.job_monitor.over)
    until(lambda: rendered.timeline.scopes._plot is not None)
    assert "Rex" in rendered.timeline.scopes.toolTip()
    assert rendered.timeline.scopes.height() == HIGHER
    kept = [file.stat().st_mtime_ns for file in (document.folder / "files").rglob("*.npy")]
    qtbot.keyClick(rendered.timeline.view, Qt.Key.Key_V)
    scopes._alike.clear()
    qtbot.keyClick(rendered.timeline.view, Qt.Key.Key_V)
    until(lambda: scopes._alike)
    assert [f.stat().st_mtime_ns for f in (document.folder / "files").rglob("*.npy")] == kept


def test_the_tip_says_how_far_the_network_is_right_on_photos():
    with (BUILT_IN / "starter" / "likeness.safetensors").open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    right = json.loads(header["__metadata__"]["likeness"])["photo_roc"]
    assert f"{100 * right:.0f} of 100" in HEARD
