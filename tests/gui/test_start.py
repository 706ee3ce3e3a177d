"""The first page, new and recent projects, and recipes dropped anywhere."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog

from studio.project.recipe import recipe
from studio.project.remembered import Remembered, is_project
from studio.project.store import look_at
from studio.spec.bounds import is_file_name
from studio.ui.start.examples import EXAMPLES, is_blank, make_project
from studio.ui.start.page import PICTURE, late_frame
from studio.ui.takes.dropped import MadeWithDialog
from studio.ui.widgets import input_dialogs
from tests.media.made_files import A1111, png
from tests.spec.requests import PLAIN


def drop(studio, path):
    """On the window: what Qt hands to it when no room below the mouse takes it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, left, none.NoModifier)
    assert studio.drops.eventFilter(studio.window, enter)
    assert enter.isAccepted()
    assert studio.window.acceptDrops()
    dropped = QDropEvent(QPointF(9, 9), copy, data, left, none.NoModifier)
    assert studio.drops.eventFilter(studio.window, dropped)


def asked(studio) -> MadeWithDialog:
    (dialog,) = [d for d in studio.window.findChildren(QDialog) if isinstance(d, MadeWithDialog)]
    return dialog


def test_the_first_page_goes_at_the_first_word_and_comes_back(studio):
    assert studio.start.isVisible()
    assert [card.text() for card in studio.start.examples] == [one.name for one in EXAMPLES]
    assert studio.start.geometry() == studio.player.rect()
    studio.shot.prompt.setPlainText("a")
    assert not studio.start.isVisible()
    studio.document.undo()
    assert studio.start.isVisible()


def test_examples_show_what_they_make(studio):
    """What comes into a film late is in its picture; what the page says is in the middle."""
    heart = late_frame(EXAMPLES[2].picture)
    red, green = (
        channel(heart.pixelColor(heart.rect().center())) for channel in (QColor.red, QColor.green)
    )
    assert red > green + 60, "a pink heart, not sand"
    studio.window.resize(2400, 1200)
    QApplication.processEvents()
    first, page = studio.start.examples[0], studio.start.rect()
    assert first.mapTo(studio.start, QPoint()).x() > page.width() // 5


def test_an_example_opens_as_a_project(studio, tmp_path, monkeypatch):
    monkeypatch.setitem(input_dialogs._last, input_dialogs.DOCUMENTS, tmp_path)
    studio.start.examples[0].click()
    assert studio.next_project == tmp_path / EXAMPLES[0].name
    made = look_at(studio.next_project)
    assert made.shot(made.selected).prompt == EXAMPLES[0].prompt
    assert made.shot(made.selected).seed == EXAMPLES[0].seed
    assert not is_blank(made)
    assert make_project(tmp_path, EXAMPLES[0].name).name == f"{EXAMPLES[0].name} 2"


def test_the_words_of_examples_are_known_to_the_starter():
    from pathlib import Path

    from studio.library.models import find
    from studio.spec.vocabulary import unknown_words

    words = find("starter", (Path(__file__).parents[2] / "models",)).card.subjects.words
    for example in EXAMPLES:
        assert list(unknown_words(example.prompt, words)) == []


def test_projects_that_were_open_are_listed(studio, folders, tmp_path, until):
    until(lambda: Remembered(folders.remembered)._read() != {})
    other = make_project(tmp_path, "Winter")
    Remembered(folders.remembered).opened(other)
    studio.document.save_now()
    until(lambda: is_project(studio.document.folder))
    studio._remember()
    until(lambda: studio.start.recent)
    assert [a.text().replace("&", "") for a in studio._recent.actions()] == [str(other)]
    studio._recent.actions()[0].trigger()
    assert studio.next_project == other


@pytest.mark.parametrize(
    ("what", "prompt", "seed"), [("prompt", "a (red:1.2) ball, meadow\nover two lines", 0),
                                 ("seed", "", 4123456789)],
)  # fmt: skip
def test_a_dropped_picture_gives_a_part_of_its_recipe(studio, tmp_path, until, what, prompt, seed):
    drop(studio, png(tmp_path / "a.png", {"parameters": A1111}))
    until(lambda: [d for d in studio.window.findChildren(QDialog) if d.isVisible()])
    asked(studio).uses[what].click()
    assert (studio.document.shot.prompt, studio.document.shot.seed) == (prompt, seed)


def test_a_dropped_file_of_ours_gives_all_of_it(studio, tmp_path, until):
    import numpy as np

    from studio.media.video import write_video

    frames = [np.zeros((16, 16, 3), np.uint8)] * 2
    write_video(tmp_path / "a.gif", frames, fps=8, size=(16, 16), recipe=recipe(PLAIN))
    drop(studio, tmp_path / "a.gif")
    until(lambda: [d for d in studio.window.findChildren(QDialog) if d.isVisible()])
    asked(studio).uses["all"].click()
    shot = studio.document.shot
    assert (shot.prompt, shot.seed, shot.keyframes) == (PLAIN.prompt, 7, 8)
    studio.document.undo()
    assert studio.document.shot.prompt == ""


def test_a_dropped_project_opens(studio, tmp_path, until):
    drop(studio, make_project(tmp_path, "Winter"))
    until(lambda: studio.next_project == tmp_path / "Winter")


def test_the_page_hides_all_that_was_painted_before(studio, qapp):
    """Between its parts too: its own ground, not what happens to be in memory."""
    studio.window.resize(1280, 728)
    qapp.processEvents()
    seen = studio.window.grab().toImage()
    ground = studio.start._icons.theme.colour("ground")
    corner = studio.start.mapTo(studio.window, QPoint(4, studio.start.height() // 2))
    assert seen.pixelColor(corner * seen.devicePixelRatio()) == ground


def test_examples_are_as_high_with_a_picture_as_without(studio):
    sizes = {card.icon().actualSize(card.iconSize()) for card in studio.start.examples}
    assert sizes == {QSize(PICTURE, PICTURE)}


@pytest.mark.parametrize(
    "name", ["a/b", "..", "C:\\x", "con", "<b>", "end. ", "x" * 300, "日" * 200]
)
def test_a_project_lies_in_one_folder_whatever_it_is_called(tmp_path, name):
    made = make_project(tmp_path, name)
    assert made.parent == tmp_path
    assert is_file_name(made.name)
    assert look_at(made).name == name


def test_an_example_is_opened_by_enter(studio, tmp_path, monkeypatch, qtbot):
    monkeypatch.setitem(input_dialogs._last, input_dialogs.DOCUMENTS, tmp_path)
    studio.start.examples[1].setFocus()
    qtbot.keyClick(studio.start.examples[1], Qt.Key.Key_Return)
    assert studio.next_project == tmp_path / EXAMPLES[1].name
