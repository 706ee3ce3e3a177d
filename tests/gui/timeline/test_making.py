"""What is made for the timeline: proposed with its pieces and time, queued, and put on its clip."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt

from studio.jobs.job import Job
from studio.project import edits
from studio.project.timeline_edits import shot_of
from studio.spec.spans import last_keys, spans
from studio.spec.timeline.states import CHANGED, MADE
from studio.ui.timeline.proposal import Proposal
from tests.gui.handlers import DENSE
from tests.gui.timeline.conftest import clip_ids
from tests.gui.timeline.mouse import drag, frames, place

Key = Qt.Key


def timeline(studio):
    return studio.document.project.timeline


def film_track(studio):
    return next(t for t in timeline(studio).tracks if t.kind == "video")


@pytest.fixture
def agree(film, until):
    """Waits until the open proposal is counted, agrees to it, and gives what it listed."""

    def agreed() -> list[str]:
        (dialog,) = film.window.findChildren(Proposal)
        until(dialog.make.isEnabled)
        lines = dialog.lines
        dialog.make.click()
        return lines

    return agreed


@pytest.fixture
def made(film, until):
    """Waits until nothing is queued and every clip of a shot is as its shot says."""

    def done():
        until(lambda: not film.queue.jobs())
        until(
            lambda: (
                set(film.project.timeline_look.plan.states) == set(clip_ids(film.document.project))
            )
        )
        until(lambda: set(film.project.timeline_look.plan.states.values()) <= {MADE})

    return done


def test_a_gap_is_filled_from_the_frames_beside_it_and_lands_on_its_clip(
    film, handlers, agree, made, until
):
    first, second = clip_ids(film.document.project)
    film.timeline_edits.move([second], 31, {})
    film.project.timeline_player.go(120)
    handlers.gate.clear()
    film.timeline.gestures["fill"].act()
    lines = agree()
    assert lines[0].startswith("2 keyframes held")
    assert any(line.startswith("Keyframes") for line in lines)
    assert any(line.startswith("Pictures") for line in lines)
    _, filling, _ = clip_ids(film.document.project)
    assert timeline(film).clip(filling).length == 31
    assert timeline(film).clip(filling).footage.take == ""
    until(lambda: film.project.timeline_look.words(filling).startswith("to make"))
    film.timeline_edits.split([first], 50)
    film.timeline_edits.delete([first], ripple=True)
    handlers.gate.set()
    until(lambda: timeline(film).clip(filling).footage.take)
    made()
    assert timeline(film).start(filling) == 63, "it lies where it was moved to meanwhile"
    take = film.document.project.render(timeline(film).clip(filling).footage.take)
    assert take.shot == timeline(film).clip(filling).footage.shot
    for _ in range(3):
        film.document.undo()
    assert filling not in timeline(film)
    assert take.id in {t.id for t in film.document.project.takes}, "what was made stays"
    film.document.redo()
    assert timeline(film).clip(filling).footage.take == take.id


def test_several_gaps_are_filled_in_one_go_as_one_step(film, handlers, agree, made):
    first, second = clip_ids(film.document.project)
    film.timeline_edits.split([second], 150)
    third = clip_ids(film.document.project)[2]
    film.timeline_edits.move([third], 20, {})
    film.timeline_edits.move([second, third], 31, {})
    starts = [timeline(film).start(clip) for clip in (first, second, third)]
    before = timeline(film)
    film.timeline.gestures["fill_all"].act()
    handlers.gate.clear()
    lines = agree()
    assert film.document.undo_label == "Fill 2 gaps"
    film.document.undo()
    assert timeline(film) == before
    film.document.redo()
    handlers.gate.set()
    assert [line.split(":")[0] for line in lines] == ["Gap at 0", "Gap at 0"]
    clips = clip_ids(film.document.project)
    assert [clips[0], clips[2], clips[4]] == [first, second, third]
    assert [timeline(film).clip(clip).length for clip in (clips[1], clips[3])] == [31, 20]
    assert [timeline(film).start(clip) for clip in (first, second, third)] == starts
    made()
    assert all(timeline(film).clip(clip).footage.take for clip in clips)
    film.timeline.view.choice.one(first)
    assert film.timeline.gestures["fill_all"].disabled_reason().startswith("There is no gap")


def test_nothing_is_changed_or_queued_before_it_is_agreed_to(film, until):
    before = film.document.project
    film.timeline.view.choice.one(clip_ids(before)[0])
    film.timeline.gestures["bridge"].act()
    (dialog,) = film.window.findChildren(Proposal)
    until(dialog.make.isEnabled)
    dialog.words.setPlainText("")
    assert not dialog.make.isEnabled()
    until(lambda: "The prompt is empty" in " ".join(dialog.lines))
    assert not dialog.make.isEnabled()
    dialog.words.setPlainText("a red ball becomes a star")
    until(dialog.make.isEnabled)
    dialog.cancel.click()
    assert film.document.project == before
    assert film.queue.jobs() == ()


def test_an_end_drawn_past_its_take_proposes_the_rest(film, agree, made):
    view, second = film.timeline.view, clip_ids(film.document.project)[1]
    edge = QPoint(view.place(second).right() - 3, place(view, second).y())
    drag(view, edge, frames(view, edge, 3))
    assert timeline(film).clip(second).length == 113, "nobody goes past the end of a take unawares"
    edge = QPoint(view.place(second).right() - 3, place(view, second).y())
    drag(view, edge, frames(view, edge, 40), let_go=False)
    assert view.pointer.drop.ghosts[0].to_make > 0
    view.pointer.give_up()
    before = last_keys(spans(film.document.project.takes[0].request))
    drag(view, edge, frames(view, edge, 40))
    lines = agree()
    assert lines[0].startswith("8 keyframes held")
    assert any(line.startswith("Keyframes that go on: 3 to make") for line in lines)
    made()
    clip = timeline(film).clip(second)
    assert clip.length == pytest.approx(153, abs=2)
    after = film.document.project.render(clip.footage.take).spans
    assert after[: len(before) - 1] == before[:-1], "what was there is the same, file for file"


def test_a_marked_range_is_made_anew_and_the_rest_is_the_same(film, agree, made, qtbot):
    first = clip_ids(film.document.project)[0]
    take = timeline(film).clip(first).footage.take
    view = film.timeline.view
    view.setFocus()
    qtbot.keyClick(view, Key.Key_R)
    assert "Mark a part of one clip" in film.queue_bar.words.full_text
    film.project.timeline_player.go(32)
    qtbot.keyClick(view, Key.Key_I)
    film.project.timeline_player.go(79)
    qtbot.keyClick(view, Key.Key_O)
    qtbot.keyClick(view, Key.Key_R)
    agree()
    made()
    clips = film_track(film).clips
    assert [clip.length for clip in clips] == [32, 48, 33, 113]
    assert [clip.footage.take == take for clip in clips] == [True, False, True, False]
    assert clips[2].footage.begin == 80, "after the range it plays what it played"


def test_two_clips_that_touch_are_bridged_and_a_clip_is_closed_to_a_loop(film, agree, made):
    first, second = clip_ids(film.document.project)
    film.timeline.view.choice.set({first, second}, first)
    film.timeline.gestures["bridge"].act()
    agree()
    made()
    assert [clip.length for clip in film_track(film).clips] == [113, 79, 113]
    film.timeline.view.choice.one(second)
    film.timeline.gestures["loop"].act()
    agree()
    made()
    assert [clip.length for clip in film_track(film).clips] == [113, 79, 113, 79]
    loop = film_track(film).clips[3]
    request = film.document.project.render(loop.footage.take).request
    ends = [
        request.strip.sources[key.source] for key in (request.strip.keys[0], request.strip.keys[-1])
    ]
    assert all(source.take for source in ends), "both ends are frames that are there"


def test_what_changed_says_so_and_is_rendered_onto_its_clips(film, agree, made, until):
    first, _ = clip_ids(film.document.project)
    film.timeline_edits.work_on(first)
    old = timeline(film).clip(first).footage.take
    film.shot.prompt.setPlainText("a green ball")
    until(lambda: film.project.timeline_look.state(first) == CHANGED)
    assert film.project.timeline_look.words(first).startswith("out of date · ")
    assert "1 out of date" in film.timeline.facts.full_text
    assert film.timeline.render_it.text().startswith("Render · ")
    film.timeline.render_it.click()
    agree()
    made()
    assert not film.timeline.render_it.isVisible()
    new = timeline(film).clip(first).footage.take
    assert film.document.project.render(new).request.prompt == "a green ball"
    assert (
        film.timeline.gestures["render"].disabled_reason() == "Everything on the timeline is made."
    )
    film.document.undo()
    assert (
        film.document.project.shot(film.document.project.render(old).shot).prompt != "a green ball"
    )
    assert timeline(film).clip(first).footage.take == old, "with its words its take comes back"


def test_a_take_has_one_name_in_all_of_history(film, until):
    film.shot.prompt.setPlainText("a yellow ball")
    film.render_actions.render()
    until(lambda: len(film.document.project.takes) == 3)
    newest = film.document.project.takes[0].id
    film.document.undo()
    assert film.document.project.takes[0].id == newest


def test_drafts_are_made_fast_and_promoted_to_what_was_wished(film, agree, made, until, qtbot):
    first, second = clip_ids(film.document.project)
    view, look = film.timeline.view, film.project.timeline_look
    shot = film.document.project.shots[-1]
    film.document.change_shot(replace(shot, prompt="a green star", steps=20), "Words")
    until(lambda: look.state(second) == CHANGED)
    view.setFocus()
    qtbot.keyClick(view, Key.Key_H)
    assert film.timeline.buttons["draft"].isChecked()
    film.timeline.gestures["render"].act()
    agree()
    until(lambda: film.document.project.renders[-1].request.steps == 8)
    until(lambda: look.is_draft(second))
    assert look.words(second).startswith("draft")
    assert not look.is_draft(first)
    said = []
    film.status.posted.connect(said.append)
    film.timeline.gestures["render"].act()
    assert "promote" in said[-1]
    qtbot.keyClick(view, Key.Key_H)
    film.timeline.gestures["render"].act()
    agree()
    made()
    assert film.document.project.renders[-1].request.steps == 20
    assert timeline(film).clip(second).footage.take == film.document.project.renders[-1].id


def test_a_slow_clip_gets_frames_in_between_and_keeps_those_that_were_made(
    film, handlers, agree, made, until
):
    coarse = replace(DENSE.card.request("a red ball", 3, DENSE.weights), interpolate=1)
    job = SimpleNamespace(payload={"project": str(film.document.folder)})
    handlers.put(cast(Job, job), coarse, spans(coarse))
    keys, shot, take = last_keys(spans(coarse)), f"{'a0'}{9:010x}", "c" * 12
    film.document.keep(lambda p: edits.add_shot(p, shot_of(coarse, shot)))
    film.document.keep(lambda p: edits.add_render(p, shot, coarse, keys, id=take))
    clip = film.timeline_edits.add_take(take)
    gesture, renders = film.timeline.gestures["between"], film.project.timeline_renders
    film.timeline_edits.set_speed(clip, Fraction(4))
    refused = []
    renders.refused.connect(lambda what, _: refused.append(what))
    film.timeline.view.choice.one(clip)
    gesture.act()
    assert refused == ["This clip shows no frame twice."]
    film.timeline_edits.set_speed(clip, Fraction(1, 2))
    before = timeline(film).clip(clip)
    gesture.act()
    lines = agree()
    assert lines[0] == "8 keyframes held: exact frames that are there already"
    until(lambda: timeline(film).clip(clip).footage.take not in ("", take))
    made()
    after = timeline(film).clip(clip)
    asked = film.document.project.render(after.footage.take).request
    assert (asked.interpolate, after.footage.speed, after.footage.rate) == (2, Fraction(1, 2), 24)
    assert before.length - 4 < after.length <= before.length
    kept = {span.key for span in spans(coarse) if span.stage not in ("decode", "show")}
    assert kept <= {span.key for span in spans(asked)}
    shows = [footage_of.frame(n, Fraction(24)) for footage_of in (after.footage,) for n in range(8)]
    assert shows == [0, 1, 1, 2, 2, 3, 3, 4], "four times as many as before"
    film.timeline.view.choice.one(clip)
    gesture.act()
    assert refused[-1].startswith("No more frames can be put between these.")
