"""Words of the user's are words wherever they appear, also where Qt would read them as markup."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QAction, QTextDocument
from PySide6.QtGui import Qt as Text
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QWidget

import studio.ui
from studio.ui.widgets.controls import as_tip

BOLD = "a <b>bold</b> red ball"
PICTURE = "<img src='x.png'> moving left"


def read_by_qt(text: str) -> str:
    """What a person sees of a text in a tooltip."""
    if not Text.mightBeRichText(text):
        return text
    page = QTextDocument()
    page.setHtml(text)
    return page.toPlainText()


@pytest.mark.parametrize(
    "text", [BOLD, PICTURE, "<script>x</script>", "a < b", "&lt;b&gt;", "a\nb"]
)
def test_a_tip_shows_what_was_written(text):
    assert read_by_qt(as_tip(text)).replace("\u2028", "\n") == text


def roles(model: QAbstractItemModel):
    for k in range(model.rowCount()):
        index = model.index(k, 0)
        for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.StatusTipRole):
            if said := model.data(index, role):
                yield str(said)


@pytest.fixture
def marked(studio, tmp_path, until, handlers):
    """Markup in every text that a user can give."""
    from PIL import Image

    photos = []
    for k in range(4):
        path = tmp_path / f"{k} <b>bold<b> <img src=x>.png"
        Image.new("RGB", (80, 60), (40 * k, 90, 120)).save(path)
        photos.append(path)
    studio.shot.prompt.setPlainText(f"{BOLD} {PICTURE}")
    studio.shot.negative.setText(BOLD)
    studio.shot.negative.textEdited.emit(BOLD)
    studio.document.change_shot(studio.document.shot, "nothing")
    from studio.project import edits

    studio.document.change(lambda p: edits.rename(p, BOLD), "Rename project")
    studio.render_actions.render()
    until(lambda: studio.document.project.takes and not studio.queue.jobs())
    studio.subjects.begin(photos)
    until(lambda: len(studio.subjects.form.wall.good) == 4)
    studio.subjects.form.who.noun.setText("<b>dog</b>")
    studio.subjects.form.who.name.setText("<b>rex")
    studio.queue_bar.open.setChecked(True)
    studio.banner.show_message(BOLD)
    studio.status.post(BOLD)
    handlers.gate.clear()
    studio.render_actions.render()
    until(lambda: studio.queue_panel.rows)
    return studio


def test_no_word_of_the_user_is_read_as_markup(marked):
    window = marked.window
    window.resize(960, 600)
    found = [w.toolTip() for w in window.findChildren(QWidget)]
    found += [a.toolTip() for a in window.findChildren(QAction)]
    boxes = [*window.findChildren(QComboBox), *window.findChildren(QListWidget)]
    models = [w.model() for w in boxes]
    models.append(marked.takes.model)
    found += [said for model in models for said in roles(model)]
    shown = [text for text in found if "<" in text]
    assert any("bold" in text for text in shown), "the test saw what it is about"
    for text in shown:
        assert "<" in read_by_qt(text), text
        assert "\ufffc" not in read_by_qt(text), text
    for label in window.findChildren(QLabel):
        if "<" in label.text():
            assert label.textFormat() is Qt.TextFormat.PlainText, label.text()


def test_every_tip_of_the_window_is_made_by_one_function():
    modules = list(Path(studio.ui.__file__).parent.rglob("*.py"))
    assert len(modules) > 50
    for file in modules:
        code = file.read_text(encoding="utf-8")
        for line in re.findall(r".*\.setToolTip\(.*", code):
            assert "as_tip(" in line, f"{file.name}: {line.strip()}"
        if "ToolTipRole" in code.replace("`ToolTipRole`", ""):
            assert "as_tip(" in code, file.name
        assert "QMessageBox" not in code or "PlainText" in code, file.name
        assert "QInputDialog" not in code, file.name
