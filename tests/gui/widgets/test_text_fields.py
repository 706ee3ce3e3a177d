"""Typing in the window's fields: one undo, the document's, pressed as a person presses it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from studio.ui.widgets.input_dialogs import ask_for_words
from studio.ui.widgets.text_fields import Typing, difference, moved
from tests.cards import SUBJECTS

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
BALL = "a red ball"


def press(studio, key, held=Qt.KeyboardModifier.NoModifier):
    """A key as the system sends it: to the window, which finds the shortcut or the field."""
    QTest.keyClick(studio.window.windowHandle(), key, held)


def undo(studio):
    press(studio, Qt.Key.Key_Z, CTRL)


def write(studio, text):
    for letter in text:
        QTest.keyClick(studio.window.windowHandle(), letter)


@pytest.fixture
def typing(studio, qtbot):
    """The window with the focus in the prompt, ready for keys."""
    studio.window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None, timeout=60_000)
    studio.shot.prompt.setFocus()
    return studio


def fields(studio):
    """Every field of the shot that takes text: widget, what to type, what the document says."""
    shot, numbers = studio.shot, studio.shot.settings.numbers
    of = lambda: studio.document.shot  # noqa: E731
    found = {
        "prompt": (shot.prompt, "ball", lambda: of().prompt),
        "negative": (shot.negative, "ball", lambda: of().negative),
        "seed": (shot.seed.number, "7", lambda: of().seed),
    }
    typed = {"keyframes": "9", "fps": "3", "steps": "11", "guidance": "2,5", "width": "32"}
    for name, text in typed.items():
        found[name] = (numbers[name], text, lambda name=name: getattr(of(), name))
    return found


NAMES = ("prompt", "negative", "seed", "keyframes", "fps", "steps", "guidance", "width")


def shown(field):
    return field.toPlainText() if hasattr(field, "toPlainText") else field.text()


def choose_all(field):
    (field if hasattr(field, "selectAll") else field.lineEdit()).selectAll()


def test_undo_in_a_field_is_one_step_back_in_the_document(typing):
    typing.shot.fold.head.click()
    for name in NAMES:
        field, text, said = fields(typing)[name]
        typing.shot.variations.setFocus()
        before, was, past = said(), shown(field), len(typing.document._history.past)
        field.setFocus()
        choose_all(field)
        write(typing, text)
        after = said()
        assert after != before, name
        undo(typing)
        assert (said(), shown(field)) == (before, was), name
        assert len(typing.document._history.past) == past, name
        assert len(typing.document._history.future) == 1, name
        press(typing, Qt.Key.Key_Z, CTRL | SHIFT)
        assert said() == after, name
        press(typing, Qt.Key.Key_Backspace, ALT)
        assert said() == before, name
        press(typing, Qt.Key.Key_Y, CTRL)
        assert said() == after, name
        assert len(typing.document._history.past) == past + 1, name


def test_undo_with_nothing_left_changes_no_field(typing):
    undo(typing)
    write(typing, BALL)
    for _ in range(9):
        undo(typing)
    assert (typing.document.shot.prompt, typing.shot.prompt.toPlainText()) == ("", "")
    assert not typing.document.undo_label


def test_undo_in_a_field_takes_back_what_was_last_done_elsewhere(typing):
    write(typing, BALL)
    typing.shot.seed.dice.click()
    rolled = typing.document.shot.seed
    undo(typing)
    assert typing.document.shot.seed != rolled
    assert typing.document.shot.prompt == typing.shot.prompt.toPlainText() == BALL


def test_typing_falls_into_steps(typing):
    prompt = typing.shot.prompt
    write(typing, "a red ball, on grass")
    press(typing, Qt.Key.Key_Backspace)
    press(typing, Qt.Key.Key_Backspace)
    said = []
    while typing.document.undo_label:
        said.append(prompt.toPlainText())
        undo(typing)
    assert said == ["a red ball, on gra", "a red ball, on grass", "a red ball, "]


def test_a_visit_elsewhere_ends_a_step(typing):
    write(typing, "a red")
    press(typing, Qt.Key.Key_Tab)
    typing.shot.prompt.setFocus()
    write(typing, " ball")
    undo(typing)
    assert typing.shot.prompt.toPlainText() == "a red"


def test_the_cursor_stays_where_it_was(typing):
    prompt = typing.shot.prompt
    prompt.setPlainText("🎈 a ball on grass")
    cursor = prompt.textCursor()
    cursor.setPosition(4)
    prompt.setTextCursor(cursor)
    write(typing, " red")
    assert typing.document.shot.prompt == "🎈 a red ball on grass"
    undo(typing)
    assert prompt.toPlainText() == "🎈 a ball on grass"
    assert prompt.textCursor().position() == 4
    typing.shot.negative.setFocus()
    write(typing, "dark")
    typing.shot.negative.setCursorPosition(1)
    typing.shot.seed.dice.click()
    assert typing.shot.negative.cursorPosition() == 1


@pytest.mark.parametrize("name", ["prompt", "negative"])
def test_composed_text_is_a_step_and_undone_while_composing(typing, name):
    field, _, said = fields(typing)[name]
    field.setFocus()
    write(typing, "ab")
    for commit, preedit in (("", "に"), ("", "にほ"), ("日本", "")):
        event = QInputMethodEvent(preedit, [])
        event.setCommitString(commit)
        QApplication.sendEvent(field, event)
    assert said() == shown(field) == "ab日本"
    QApplication.sendEvent(field, QInputMethodEvent("か", []))
    undo(typing)
    assert said() == "ab"
    QApplication.sendEvent(field, QInputMethodEvent("", []))
    assert shown(field) == "ab"


@pytest.mark.qt_log_ignore("plugin does not support")
@pytest.mark.parametrize("name", ["prompt", "negative", "seed", "keyframes"])
def test_the_menu_of_a_field_has_the_windows_undo(typing, qtbot, name):
    from PySide6.QtGui import QContextMenuEvent
    from PySide6.QtWidgets import QMenu

    typing.shot.fold.head.click()
    field, _, _ = fields(typing)[name]
    at = field.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, field.mapToGlobal(at))
    field.contextMenuEvent(event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    said = {action.objectName(): action for action in menu.actions()}
    menu.close()
    assert said["undo"] is typing.actions["undo"]
    assert said["redo"] is typing.actions["redo"]
    assert not {"edit-undo", "edit-redo"} & said.keys()


def test_a_form_that_is_no_part_of_the_document_has_an_undo_of_its_own(typing, photos):
    write(typing, BALL)
    typing.actions["subjects"].trigger()
    typing.subjects.begin(photos)
    form = typing.subjects.form
    form.who.name.setFocus()
    write(typing, "rex")
    undo(typing)
    assert form.who.name.text() == ""
    undo(typing)
    assert typing.document.shot.prompt == BALL


def test_text_with_other_spaces_and_line_ends_is_not_shown_again_and_again(typing):
    typing.shot.prompt.reflect("a\u00a0red\r\nball\u2028")
    assert typing.shot.prompt.toPlainText() == "a red\nball\n"
    typing.shot.prompt.setReadOnly(True)
    changes = []
    typing.shot.prompt.document().contentsChange.connect(lambda *what: changes.append(what))
    typing.shot.prompt.reflect("a\u00a0red\r\nball\u2028")
    assert changes == []


def test_unknown_words_after_an_emoji_are_underlined_where_they_stand(typing):
    prompt = typing.shot.prompt
    prompt.underliner.vocabulary = SUBJECTS.words
    prompt.setPlainText("🎈 xyzzy")
    (look,) = prompt.document().firstBlock().layout().formats()
    assert (look.start, look.length) == (3, 5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a"),
        ("ab", "abc"),
        ("abc", "ac"),
        ("aa", "aaa"),
        ("aaa", "a"),
        ("abc", "xyz"),
        ("a", ""),
    ],
)
def test_a_difference_makes_one_text_of_the_other(old, new):
    for at in (None, *range(len(old) + 1)):
        start, end, come = difference(old, new, at)
        assert old[:start] + come + old[end:] == new
    assert all(0 <= moved(at, old, new) <= len(new) for at in range(len(old) + 1))


def test_steps_of_typing():
    typing, text = Typing(), ""
    begun = []
    for letter in "ab, c":
        begun.append(not typing.goes_on(text, text + letter))
        text += letter
    assert begun == [True, False, False, False, True]
    assert not typing.goes_on(text, f"x{text}"), "another place"
    assert not typing.goes_on(f"x{text}", f"x pasted {text}"), "a paste"


def test_every_key_of_undo_is_one_of_the_windows(typing):
    keys = {k.toString() for name in ("undo", "redo") for k in typing.actions[name].shortcuts()}
    for standard in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo):
        own = {k.toString() for k in QKeySequence.keyBindings(standard)}
        assert own & keys


def test_enter_in_a_dialogs_words_does_what_it_is_for(qtbot):
    parent, done = QWidget(), []
    qtbot.addWidget(parent)
    ask_for_words(parent, "Re-roll", "What it shows", "a ball", done.append, lines=3)
    (dialog,) = parent.findChildren(QDialog)
    field = dialog.text
    qtbot.keyClick(field, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(field, "red")
    assert not done
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert done == ["a ball\nred"]
