"""Takes: newest first, starred, thrown away and brought back, out of the window as files."""

import os
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from studio.media.provenance import is_marked, read_recipe
from studio.project import edits
from studio.project.shot import Shot
from studio.project.store import reading
from studio.ui.takes.model import DIFFERENCE, HEADING, NAME, PICTURE, RENDER
from tests.gui.handlers import MODEL


@pytest.fixture
def filled(studio, until):
    """A studio with three takes."""
    for words in ("a red ball moving left", "a big star rising", "a green ring on snow"):
        studio.shot.prompt.setPlainText(words)
        studio.render_actions.render()
    until(lambda: len(studio.document.project.takes) == 3)
    studio.window.show_panel("Takes")
    return studio


def rows(studio):
    model = studio.takes.model
    return [model.index(k).data() for k in range(model.rowCount())]


def choose(studio, row):
    studio.takes.list.setCurrentIndex(studio.takes.model.index(row))
    return studio.takes.chosen


def test_empty_says_the_next_step(studio):
    takes = studio.takes
    assert takes.pages.currentWidget() is takes.empty
    assert "press Render" in takes.empty.hint.text()
    for control in (takes.star_it, takes.recipe, takes.export, takes.reveal_it, takes.throw):
        assert not control.isEnabled()
        assert control.toolTip().endswith(": Choose a take first.")


def test_newest_first_with_pictures(filled, until):
    assert rows(filled) == ["a green ring on snow", "a big star rising", "a red ball moving left"]
    until(lambda: all(filled.takes.model.index(k).data(PICTURE) for k in range(3)))


def test_choosing_a_take_plays_it(filled, until):
    take = choose(filled, 2)
    until(lambda: filled.player_state.shown and filled.player_state.shown.take == take.id)
    assert filled.player_state.speed == 1


def test_star_and_unstar_by_key(filled, qtbot):
    take = choose(filled, 1)
    qtbot.keyClick(filled.takes.list, Qt.Key.Key_S)
    assert filled.document.project.render(take.id).starred
    assert filled.takes.star_it.accessibleName() == "Remove the star"
    filled.takes.star_it.click()
    assert not filled.document.project.render(take.id).starred


def test_delete_goes_to_a_bin_and_undo_brings_it_back(filled, qtbot):
    take = choose(filled, 0)
    qtbot.keyClick(filled.takes.list, Qt.Key.Key_Delete)
    assert take.id not in [r.id for r in filled.document.project.takes]
    assert "Ctrl+Z" in filled.queue_bar.words.full_text
    assert filled.takes.show_bin.text() == "Bin (1)"
    filled.document.undo()
    assert len(rows(filled)) == 3
    choose(filled, 0)
    filled.takes.throw.click()
    filled.takes.show_bin.setChecked(True)
    assert rows(filled) == ["a green ring on snow"]
    choose(filled, 0)
    assert filled.takes.throw.accessibleName() == "Take out of the bin"
    filled.takes.throw.click()
    filled.takes.show_bin.setChecked(False)
    assert len(rows(filled)) == 3


def test_undo_never_takes_a_finished_clip_away(filled):
    while filled.document.undo_label:
        filled.document.undo()
    assert len(filled.document.project.takes) == 3


def test_space_in_the_list_plays(filled, qtbot, until):
    choose(filled, 0)
    until(lambda: filled.player_state.speed == 1)
    qtbot.keyClick(filled.takes.list, Qt.Key.Key_Space)
    assert filled.player_state.speed == 0


def test_the_recipe_tells_all_and_can_be_used_again(filled):
    take = choose(filled, 2)
    filled.takes.recipe.click()
    (dialog,) = filled.window.findChildren(QDialog)
    dialog.copy.click()
    assert '"prompt": "a red ball moving left"' in QApplication.clipboard().text()
    dialog.use.click()
    shot = filled.document.shot
    assert (shot.prompt, shot.seed, shot.seed_locked) == (
        "a red ball moving left", take.request.seed, True,
    )  # fmt: skip
    assert filled.present.state.request == take.request


def test_a_chosen_take_is_ready_to_be_dragged_as_a_file(filled, qtbot, until):
    """With the recipe that exports have, the licences of downloaded models in it."""
    plain = filled._drag_export._recipe
    filled._drag_export._recipe = lambda request: {**plain(request), "licences": ["MIT"]}
    take = filled.takes.model.index(1).data(RENDER)
    place = filled.takes.list.visualRect(filled.takes.model.index(1)).center()
    qtbot.mouseClick(filled.takes.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    until(lambda: filled._drag_export.file(take))
    file = filled._drag_export.file(take)
    assert file.name == f"a-big-star-rising-{take.request.seed}-take-{take.order}.mp4"
    assert is_marked(file)
    assert read_recipe(file)["licences"] == ["MIT"]


def test_dropped_frames_are_said_to_be_gone(filled, until):
    take = choose(filled, 1)
    until(lambda: filled.player_state.shown and filled.player_state.shown.take == take.id)
    filled.project.pictures._span_results.remove(take.spans)
    choose(filled, 0)
    choose(filled, 1)
    until(lambda: "Render it again" in filled.queue_bar.words.full_text)
    filled.status.post("")
    filled.takes.reveal()
    until(lambda: "no longer stored" in filled._drag_export.disabled_reason(take))
    filled.takes.reveal()
    assert "no longer stored" in filled.queue_bar.words.full_text


def quietly(studio, until):
    """A look at the space as soon as the queue has nothing to do."""
    until(lambda: not studio.queue.jobs())
    before = studio.project.disk_usage.usage
    studio.project.disk_usage._quiet.start(0)
    until(lambda: studio.project.disk_usage.usage != before)


def test_the_space_of_the_frames_is_shown_with_its_bound(filled, until):
    assert not filled.takes.used.isVisible()
    quietly(filled, until)
    assert filled.takes.used.isVisible()
    assert filled.takes.used.text() == "Frames: under 1 MB of 20 GB"
    assert "oldest are dropped" in filled.takes.used.toolTip()


def test_the_oldest_frames_over_the_bound_are_dropped_after_a_job(filled, until):
    store = filled.project.pictures._span_results
    quietly(filled, until)
    newest, middle, oldest = filled.document.project.takes
    for age, take in enumerate((oldest, middle, newest)):
        for key in take.spans:
            os.utime(store._path(key) / "record.json", (1e9 + age, 1e9 + age))
    choose(filled, 2)
    filled.project.disk_usage.limit = filled.project.disk_usage.usage.derived - 1
    quietly(filled, until)
    assert all(store.has(key) for key in (*oldest.spans, *newest.spans)), "what is shown stays"
    assert not all(store.has(key) for key in middle.spans)
    assert len(filled.document.project.takes) == 3


def test_nothing_is_dropped_while_another_has_the_project_open(filled, until):
    store = filled.project.pictures._span_results
    quietly(filled, until)
    filled.project.disk_usage.limit = 0
    with reading(filled.document.folder):
        choose(filled, 0)
        filled.project.disk_usage.usage = None
        quietly(filled, until)
        assert all(store.has(k) for take in filled.document.project.takes for k in take.spans)
    quietly(filled, until)
    kept = [take for take in filled.document.project.takes if store.has(take.spans[0])]
    assert kept == [filled.takes.chosen]


def test_nothing_is_looked_at_while_a_job_runs(studio, handlers, until, qtbot):
    handlers.gate.clear()
    studio.shot.prompt.setPlainText("a red ball moving left")
    studio.render_actions.render()
    until(studio.queue_bar.running)
    quiet = studio.project.disk_usage._quiet
    with qtbot.waitSignal(quiet.timeout, timeout=60_000):
        quiet.start(0)
    assert studio.project.disk_usage.usage is None
    handlers.gate.set()
    until(lambda: studio.project.disk_usage.usage is not None)  # its end is followed by a look


def _second_shot(studio, until):
    studio.document.change(lambda p: edits.add_shot(p, Shot("f" * 12, "a blue star")), "New shot")
    for seed in (12, 31):
        studio.document.change(
            lambda p, seed=seed: edits.replace_shot(
                p, replace(p.shot("f" * 12), model=MODEL.card.id, seed=seed, seed_locked=True)
            ),
            "Seed",
        )
        studio.render_actions.render()
        many = 4 if seed == 12 else 5
        until(lambda many=many: len(studio.document.project.takes) == many)


def test_takes_lie_by_shot_and_say_what_differs_from_the_one_before(filled, until):
    _second_shot(filled, until)
    model = filled.takes.model
    told = [
        [model.index(row).data(role) for role in (HEADING, NAME, DIFFERENCE)] for row in range(5)
    ]
    assert told[0] == ["Shot 2", "Take 5 · shot 2", "seed 12 → 31"]
    assert told[1] == ["", "Take 4 · shot 2", ""]
    assert told[2][:2] == ["Shot 1", "Take 3 · shot 1"]
    assert told[2][2].startswith("other words")
    high = [filled.takes.list.visualRect(model.index(row)).height() for row in range(5)]
    assert high == [high[0], high[1], high[0], high[1], high[1]]
    assert high[0] > high[1]


def test_takes_are_found_by_words_star_and_shot(filled, until):
    _second_shot(filled, until)
    takes, find = filled.takes, filled.takes.filter
    takes.list.setCurrentIndex(takes.model.index(0))
    takes.star()
    find.starred.setChecked(True)
    assert len(rows(filled)) == 1
    find.starred.setChecked(False)
    find.of_shot.setChecked(True)
    assert rows(filled) == ["a blue star"] * 2
    filled.document.change(lambda p: edits.select(p, p.shots[0].id), "Choose shot")
    assert len(rows(filled)) == 3
    find.words.setText("STAR big")
    assert rows(filled) == ["a big star rising"]
    find.words.setText("nothing is like this")
    assert takes.pages.currentWidget() is takes.no_match
    find.clear()
    assert len(rows(filled)) == 5


def test_typing_words_of_a_shot_lists_no_takes_anew(filled, monkeypatch):
    listed = []
    monkeypatch.setattr(filled.takes.model, "show", lambda *_: listed.append(1))
    for words in ("a", "a b", "a bl"):
        filled.shot.prompt.setPlainText(words)
    assert filled.document.shot.prompt == "a bl"
    assert listed == []


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_does_all_that_can_be_done_with_a_take(filled, qtbot, until):
    takes, document = filled.takes, filled.document
    place = takes.list.visualRect(takes.model.index(0)).center()
    qtbot.mouseClick(takes.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    takes.list.customContextMenuRequested.emit(place)
    lines = {
        action.text().replace("&", "").split("\t")[0]: action for action in takes.menu.actions()
    }
    assert [text for text, action in lines.items() if text and not action.isEnabled()] == []
    lines["Put on the timeline"].trigger()
    assert document.project.timeline.length
    lines["Star, or no star"].trigger()
    assert takes.chosen.starred
    filled.shot.prompt.setPlainText("other words")
    lines["Use its seed"].trigger()
    assert (document.shot.seed, document.shot.seed_locked) == (takes.chosen.request.seed, True)
    assert document.shot.prompt == "other words"
    lines["Use its prompt"].trigger()
    assert document.shot.prompt == takes.chosen.request.prompt
    lines["Compare with the one before"].trigger()
    until(lambda: filled.player_state.shown and filled.player_state.shown.kind == "compare")
    takes.menu.close()
    choose(filled, 2)
    assert takes.gestures["compare"].disabled_reason() == "It is the first take of its shot."
