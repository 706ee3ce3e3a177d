"""A subject deleted for good in the window: gone from undo, queue and files; a bin for the rest."""

from dataclasses import replace

from PySide6.QtWidgets import QDialog

from studio.project import edits
from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.ui.subjects.bin import ForgetDialog
from studio.ui.takes.bin import ProjectBin
from tests.searching import left

NAME = "Quirlibert"


def test_deleted_for_good_is_gone_everywhere(studio, until, photos, tmp_path):
    studio.document._subject_store.adopt(Subject(NAME, "dog"), photos[:3])
    studio.document.read_subjects()
    until(lambda: NAME in studio.subjects.cards)
    studio.shot.prompt.setPlainText(f"{NAME} runs")
    studio.render_actions.render()
    until(lambda: studio.takes.chosen and studio.document.is_saved)
    studio.document.change_shot(replace(studio.document.shot, prompt="a ball"), "Other words")
    studio.selection.select_subject(NAME)
    studio.subjects.details.remove_it.click()
    until(lambda: NAME not in studio.subjects.cards and NAME in studio.subjects.bin.cards)
    studio.subjects.show_bin.setChecked(True)
    studio.subjects.bin.forget_it.click()
    (dialog,) = studio.subjects.bin.findChildren(ForgetDialog)
    dialog.forget.click()
    until(lambda: "is gone for good" in studio.queue_bar.words.full_text)
    until(lambda: studio.document.is_saved)
    assert left(tmp_path / "data", [NAME.encode(), *(path.read_bytes() for path in photos)]) == []
    assert NAME not in repr(replace(studio.document.project, renders=()))
    while studio.document.undo_label:
        studio.document.undo()
        assert NAME not in repr(studio.document.project.shots)


def test_what_was_deleted_is_listed_and_comes_back(studio, until):
    studio.document.change(lambda p: edits.add_shot(p, Shot("9" * 12, "a red ball")), "New shot")
    studio.shot.remove_shot()
    studio.actions["bin"].trigger()
    (dialog,) = [d for d in studio.window.findChildren(QDialog) if isinstance(d, ProjectBin)]
    assert dialog.list.item(0).text() == "Shot · a red ball · 30 days left"
    dialog.restore.click()
    assert studio.document.shot.prompt == "a red ball"
    assert not dialog.list.isVisible()
    assert dialog.empty.isVisible()
    assert not dialog.restore.isEnabled()
