"""The library in the window: what is there, why a file is none, adding, and putting one to use."""

import json
import threading
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QDialog, QLineEdit

from studio.app import build
from studio.jobs.handlers import JobHandlers as RealHandlers
from studio.library import models
from studio.library.added_folders import AddedFolders, ModelFolders
from studio.ui.library.folders import FoldersDialog
from studio.ui.library.rows import LINE
from studio.ui.state.model_list import LOOKING
from studio.ui.widgets.details_dialog import DetailsDialog
from tests import tiny_parts
from tests.gui.layouts import cut, overlapping
from tests.library.headers import BAD, SMALL, WAN, motion
from tests.library.weight_builder import safetensors

LONG = "a fine-tune that was merged from eleven others and called by all of their names " * 2
TITLE = "Of <b>many</b> others"


@pytest.fixture
def theirs(tmp_path) -> Path:
    """A folder as people have it: a file of every small kind, some of Wan's, five that are none."""
    folder = tmp_path / "models ünï of mine"
    (folder / "deep").mkdir(parents=True)
    for number, shapes in enumerate(SMALL.values()):
        safetensors(folder / "deep" / f"model {number}.safetensors", shapes)
    for name, (shapes, _) in WAN.items():
        safetensors(folder / f"{name}.safetensors", shapes)
    shapes = SMALL["SDXL checkpoint"]
    safetensors(folder / f"{LONG}.safetensors", shapes, notes={"modelspec.title": TITLE})
    for name in sorted(BAD)[:5]:
        (folder / f"bad {name}").write_bytes(BAD[name][0])
    return folder


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Path:
    """Tiny models with cards."""
    return tiny_parts.make(tmp_path_factory.mktemp("models"))


@pytest.fixture
def open_room(qapp, tmp_path, folders, ours, until):
    """The real window with the library in front, once it has looked."""
    opened = []

    def open_it():
        handlers = RealHandlers(folders, "cpu")
        handlers.model_folders = where = ModelFolders((ours, folders.models), folders.library)
        studio = build(tmp_path / "Mine", folders, handlers.by_kind(), model_folders=where)
        opened.append(studio)
        studio.open()
        until(lambda: studio.model_list.found.empty_reason != LOOKING)
        studio.actions["library"].trigger()
        until(lambda: done(studio))
        return studio

    yield open_it
    for studio in opened:
        if not studio.is_closed:
            studio.close()


@pytest.fixture
def room(open_room):
    return open_room()


def done(studio) -> bool:
    return studio.library_state.has_looked and not studio.library_state.is_reading


def lines(studio) -> dict:
    """By id, the models that are listed; by name what is none."""
    rows = studio.library.rows
    found = (rows.index(k).data(LINE) for k in range(rows.rowCount()))
    return {line.id or line.name: line for line in found if line}


def headings(studio) -> list[str]:
    rows = studio.library.rows
    return [
        rows.index(k).data() for k in range(rows.rowCount()) if rows.index(k).data(LINE) is None
    ]


def choose(studio, id: str) -> None:
    rows = studio.library.rows
    at = rows.row_of(lines(studio)[id])
    studio.library.list.setCurrentIndex(rows.index(at))


def drop(studio, *places: Path) -> None:
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile(str(place)) for place in places])
    event = QDropEvent(
        QPointF(40, 200), Qt.DropAction.CopyAction, held, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    studio.library.dropEvent(event)


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def test_what_comes_with_the_studio_is_listed_and_the_next_step_said(room):
    assert {"one", "two", "large", "steady", "taesd"} <= set(lines(room))
    assert "Video models" in headings(room)[0]
    assert "Add the folder" in room.library.words.text()
    assert not room.library.details.isVisible()


def test_a_dropped_folder_is_counted_looked_into_and_left_as_it_was(room, theirs, until, folders):
    before = files_of(theirs)
    drop(room, theirs)
    until(lambda: done(room))
    assert AddedFolders(folders.library).all() == (theirs,)
    assert files_of(theirs) == before
    said = room.library.words.text()
    assert said.startswith("Found 9 video models, 5 LoRAs, 3 text encoders, ")
    assert said.endswith("5 unknown.")
    assert "wan2.2_ti2v_5B" in lines(room)
    assert TITLE in [line.name for line in lines(room).values()]
    line = lines(room)["wan2.2_ti2v_5B"]
    assert (line.family, line.role, line.path.parent) == ("Wan 2.2 TI2V 5B", "video model", theirs)
    room.library.details.click()
    (dialog,) = room.window.findChildren(DetailsDialog)
    reasons = dialog.text.toPlainText()
    assert "git lfs pull" in reasons
    assert sum(str(theirs) in row for row in reasons.splitlines()) == 5
    dialog.close()


def test_a_dropped_file_is_a_model_without_its_neighbours(room, theirs, until, folders):
    drop(room, theirs / "wan2.1_t2v_14B.safetensors")
    until(lambda: done(room))
    assert room.library.words.text() == (
        "wan2.1_t2v_14B is a Wan 2.1 or 2.2 T2V 14B video model, for Wan 14B; it stays where it is."
    )
    assert "wan2.1_t2v_14B" in lines(room)
    assert "wan2.2_ti2v_5B" not in lines(room)
    assert models.scan(AddedFolders(folders.library).all()) == ((), ())
    drop(room, theirs / "wan2.1_t2v_14B.safetensors")  # once more: nothing to refuse
    until(lambda: done(room))
    assert len(AddedFolders(folders.library).all()) == 1
    assert room.banner.isHidden()


def test_what_is_no_model_is_refused_in_a_sentence_and_nothing_is_added(
    room, tmp_path, until, folders
):
    note = tmp_path / "note.txt"
    note.write_text("hello")
    drop(room, note, tmp_path)
    until(lambda: done(room))
    assert "note.txt is no folder." in room.banner.words.text()
    assert AddedFolders(folders.library).all() == ()


def test_the_search_finds_by_name_kind_and_folder_and_says_when_nothing_matches(
    room, theirs, until
):
    room.library_state.add([theirs])
    until(lambda: done(room))
    room.library.search.setText("ti2v wan")
    assert list(lines(room)) == ["wan2.2_ti2v_5B"]
    room.library.search.setText("DEEP lora")
    assert headings(room) == ["LoRAs · 5"]
    choose(room, next(iter(lines(room))))
    assert room.library.about.isVisible()
    room.library.search.setText("no such thing")
    assert room.library.pages.currentWidget() is room.library.nothing
    assert not room.library.about.isVisible()


def test_what_is_no_model_says_why_and_cannot_be_used(room, theirs, until):
    room.library_state.add([theirs])
    until(lambda: done(room))
    for name in sorted(BAD)[:5]:
        line = lines(room)[f"bad {name}"]
        assert line.role == "unknown"
        choose(room, line.name)
        assert BAD[name][1] in room.library.facts.text()
        assert not room.library.use_it.isEnabled()
        assert room.library.use_it.toolTip()


def test_the_library_is_used_with_keys_alone(room, qtbot, until):
    view = room.library.list
    assert view.hasFocus()
    document = room.document
    for _ in range(room.library.rows.rowCount()):
        if view.currentIndex().data(LINE) != lines(room)["two"]:
            qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert document.shot.model == "two"
    assert "Used in shot 1." in room.library.facts.text()
    assert "in this shot" in view.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    document.undo()
    assert document.shot.model == ""


def test_a_part_takes_its_role_and_the_shot_keeps_its_model(room):
    choose(room, "one")
    room.library.use_it.click()
    choose(room, "taesd")
    room.library.use_it.click()
    assert (room.document.shot.model, room.document.shot.parts) == ("one", (("codec", "taesd"),))
    assert room.present.state.refusal.what.startswith("The prompt is empty")


def test_weights_that_were_never_read_are_read_first_off_the_windows_thread(
    room, tmp_path, until, monkeypatch
):
    from tests import published_models

    place = tmp_path / "checkpoints"
    place.mkdir()
    published_models.checkpoint(place / "dream.safetensors")
    room.library_state.add([place])
    until(lambda: done(room))
    until(lambda: "dream" in lines(room))
    threads = []
    find = models.find
    monkeypatch.setattr(
        models, "find", lambda *given: threads.append(threading.current_thread()) or find(*given)
    )
    assert room.model_list.found.part("dream") is None
    choose(room, "dream")
    room.library.use_it.click()
    assert not room.library.use_it.isEnabled()
    until(lambda: room.document.shot.model == "dream")
    assert threads
    assert threading.main_thread() not in threads
    assert room.present.state.model.card.id == "dream"


def test_a_removed_folder_is_looked_into_no_more_and_nothing_in_it_is_touched(
    room, theirs, until, folders
):
    room.library_state.add([theirs])
    until(lambda: done(room))
    before = files_of(theirs)
    room.library.folders.click()
    (dialog,) = room.window.findChildren(FoldersDialog)
    assert not dialog.remove.isEnabled()
    for k in range(dialog.list.count()):
        dialog.list.setCurrentRow(k)
        added = dialog.list.item(k).text().startswith(str(theirs))
        assert dialog.remove.isEnabled() == added
    dialog.list.setCurrentRow(dialog.list.count() - 1)
    dialog.remove.click()
    until(lambda: done(room) and "wan2.2_ti2v_5B" not in lines(room))
    assert AddedFolders(folders.library).all() == ()
    assert files_of(theirs) == before
    assert all(str(theirs) not in dialog.list.item(k).text() for k in range(dialog.list.count()))
    dialog.close()


def test_missing_files_stay_listed_as_missing(room, theirs, until):
    room.library_state.add([theirs])
    until(lambda: done(room))
    (theirs / "wan2.2_ti2v_5B.safetensors").unlink()
    room.library.again.click()
    until(lambda: done(room))
    line = lines(room)["wan2.2_ti2v_5B.safetensors"]
    assert line.role == "missing"
    assert headings(room)[-1] == "Missing · 1"
    assert "not where it was" in line.why


def test_a_folder_that_is_gone_and_a_damaged_list_are_said_so(room, theirs, until, folders):
    gone = theirs.with_name("gone")
    AddedFolders(folders.library).add(gone)
    room.library.again.click()
    until(lambda: done(room))
    assert lines(room)["gone"].why == "It is not there now."
    folders.library.write_text("{", "utf-8")
    room.library.again.click()
    until(lambda: done(room))
    assert "cannot be read" in room.library.words.text()
    assert folders.library.read_text("utf-8") == "{"


def test_what_was_scanned_before_is_there_before_anything_is_looked_at(
    open_room, theirs, until, monkeypatch
):
    first = open_room()
    first.library_state.add([theirs])
    until(lambda: done(first))
    known = {line.path for line in lines(first).values() if line.path.is_relative_to(theirs)}
    first.close()
    from studio.ui.state import library as state

    gate, scan = threading.Event(), state.scan
    monkeypatch.setattr(state, "scan", lambda *given: gate.wait(60) and scan(*given))
    monkeypatch.setattr("tests.gui.library.test_room.done", lambda _: True)
    again = open_room()
    until(lambda: lines(again))
    assert {line.path for line in lines(again).values()} == known
    assert again.library_state.is_reading
    gate.set()
    until(lambda: not again.library_state.is_reading)
    assert "one" in lines(again)


def test_closing_the_window_ends_a_scan_at_once(open_room, theirs, until):
    studio = open_room()
    for number in range(300):
        safetensors(theirs / f"more {number}.safetensors", SMALL["SDXL checkpoint"])
    studio.library_state.add([theirs])
    studio.close()
    assert studio.library_state._stopped.is_set()


def test_the_starters_notice_leads_here(studio, until):
    assert studio.shot.library.isVisible()
    studio.shot.library.click()
    dock = studio.window.docks["Library"]
    assert not dock.visibleRegion().isEmpty()
    until(lambda: done(studio))


@pytest.mark.parametrize("width", [240, 296, 480])
def test_nothing_is_cut_or_overlaps_and_all_has_a_name(room, theirs, until, qtbot, width):
    room.library_state.add([theirs])
    until(lambda: done(room))
    choose(room, next(id for id, line in lines(room).items() if line.name == TITLE))
    panel = room.library
    panel.setParent(None)
    qtbot.addWidget(panel)
    panel.resize(width, 560)
    panel.show()

    def is_whole() -> None:
        assert panel.width() == width, panel.minimumSizeHint()
        assert cut(panel) == []
        assert overlapping(panel) == []

    qtbot.waitUntil(is_whole, timeout=60_000)  # layouts settle in some turns of the loop
    for button in panel.findChildren(QAbstractButton):
        inside = isinstance(button.parent(), QLineEdit)  # Qt's own
        assert inside or button.accessibleName() or button.text()
    assert all(d.isHidden() for d in panel.findChildren(QDialog))


def test_an_arrangement_kept_by_an_earlier_version_shows_the_library_beside_the_takes(
    open_room, folders, until
):
    """It knew no such panel."""
    kept = Path(__file__).with_name("window before the library.ini").read_bytes()
    (folders.data / "window.ini").write_bytes(kept)
    studio = open_room()
    dock = studio.window.docks["Library"]
    assert studio.window.docks["Takes"] in studio.window.tabifiedDockWidgets(dock)


def test_what_was_found_again_is_shown_as_it_stood(room, theirs, until):
    """Rows, the chosen one and the search stay; nothing is laid out anew for words on the way."""
    room.library_state.add([theirs])
    until(lambda: done(room))
    choose(room, "wan2.2_ti2v_5B")
    resets = []
    room.library.rows.modelReset.connect(lambda: resets.append(1))
    before = room.library_state.sight.lines
    room.library.again.click()
    until(lambda: done(room))
    assert room.library_state.sight.lines is before
    assert resets == []
    assert room.library.shown.id == "wan2.2_ti2v_5B"


def test_stored_folders_stay_plain(room, theirs, until, folders):
    room.library_state.add([theirs])
    until(lambda: done(room))
    stored = json.loads(folders.library.read_text("utf-8"))
    assert stored == {"version": 1, "folders": [str(theirs)]}


def test_a_file_dropped_anywhere_is_named_chosen_and_stays(room, tmp_path, until, folders):
    room.actions["subjects"].trigger()
    file = motion(tmp_path / "theirs" / "v3_mm.safetensors")
    before = files_of(file.parent)
    room.drops.take_all([file])
    until(lambda: AddedFolders(folders.library).all() == (file,) and done(room))
    assert room.library.isVisible()
    assert room.library.words.text() == (
        "v3_mm is an AnimateDiff v3 motion module, for SD 1.x; it stays where it is."
    )
    assert room.library.shown.path == file
    assert files_of(file.parent) == before


def test_a_folder_of_models_dropped_anywhere_is_looked_into(room, theirs, until, folders):
    room.drops.take_all([theirs])
    until(lambda: AddedFolders(folders.library).all() == (theirs,) and done(room))
    assert "wan2.2_ti2v_5B" in lines(room)


def test_a_damaged_file_dropped_says_why_in_a_sentence(room, tmp_path, until):
    file = tmp_path / "cut.safetensors"
    file.write_bytes(b"<html>")
    room.drops.take_all([file])
    until(lambda: room.library.words.text().startswith("cut.safetensors: ") and done(room))


def choose_file(studio, name: str) -> None:
    rows = studio.library.rows
    (found,) = [line for line in lines(studio).values() if line.path.stem == name]
    studio.library.list.setCurrentIndex(rows.index(rows.row_of(found)))


def test_the_picture_that_lies_beside_a_model_is_shown_with_it(room, theirs, until):
    Image.new("RGB", (600, 300), "red").save(theirs / "deep" / "model 0.preview.png")
    (theirs / "deep" / "model 1.png").write_bytes(b"no picture")
    drop(room, theirs)
    until(lambda: done(room) and any(line.path.stem == "model 0" for line in lines(room).values()))
    preview = room.library.preview
    choose_file(room, "model 0")
    until(preview.isVisible)
    assert (preview.pixmap().width(), preview.pixmap().height()) == (72, 36)
    assert preview.pixmap().toImage().pixelColor(9, 9).name() == "#ff0000"
    assert not cut(room.library.about)
    for name in ("model 1", "model 2"):  # one that is no picture, and none
        choose_file(room, name)
        assert not preview.isVisible()
