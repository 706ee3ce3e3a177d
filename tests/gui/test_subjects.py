"""Photos become a subject: dropped, named, consented to, trained, watched, ready."""

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel

from studio.ui.desk import Desk
from studio.ui.subjects import SubjectsPanel


def drop(panel, files):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, left, none)
    panel.dragEnterEvent(enter)
    assert enter.isAccepted()
    panel.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))


def fill(studio, photos, until, name="rex", noun="dog"):
    drop(studio.subjects, photos)
    form = studio.subjects.form
    until(lambda: len(form.wall.good) == len(photos))
    form.name.setText(name)
    form.noun.setText(noun)
    return form


def test_with_no_subjects_the_next_step_is_said(studio):
    labels = [text.text() for text in studio.subjects.zone.findChildren(QLabel)]
    assert "Drop 3 to 30 photos here to make a new subject" in labels
    assert not studio.shot.subject.isEnabled()
    assert "drop photos" in studio.shot.subject.toolTip()


def test_a_folder_of_photos_can_be_dropped(studio, photos, until):
    drop(studio.subjects, [photos[0].parent])
    until(lambda: len(studio.subjects.form.wall.good) == 4)
    assert studio.subjects.form.wall.total.text() == "4 photos"


def test_what_is_no_photo_is_named_and_the_rest_counts(studio, photos, tmp_path, until):
    fake = tmp_path / "letter.jpg"
    fake.write_text("Dear Sir or Madam")
    drop(studio.subjects, [*photos, fake])
    wall = studio.subjects.form.wall
    until(lambda: len(wall.good) == 4 and wall.refused.text())
    assert "letter.jpg" in wall.refused.text()


def test_the_form_says_what_is_missing(studio, photos, until):
    form = fill(studio, photos, until, name="")
    assert "no name" in form.why_not.text()
    form.name.setText("../rex")
    assert "/" in form.why_not.text()
    form.name.setText("rex")
    assert form.train.isEnabled()
    form.noun.setText("")
    assert form.train.toolTip() == form.why_not.text() != ""
    form.noun.setText("labradoodle")
    assert "starts from “thing”" in form.noun_note.text()


def test_too_few_photos_are_refused(studio, photos, until):
    form = fill(studio, photos[:2], until)
    assert "3 to 30" in form.train.toolTip()


def test_delete_takes_a_photo_out(studio, photos, until, qtbot):
    form = fill(studio, photos, until)
    form.wall.list.setCurrentRow(0)
    qtbot.keyClick(form.wall.list, Qt.Key.Key_Delete)
    assert len(form.wall.good) == 3


def test_a_person_needs_consent_first(studio, photos, until):
    form = fill(studio, photos, until, noun="woman")
    assert form.consent.isVisible()
    assert not form.train.isEnabled()
    assert "consent" in form.train.toolTip()
    form.consent.tick.setChecked(True)
    assert form.train.isEnabled()
    subject = form.subject()
    assert subject.is_person
    assert subject.consent
    form.noun.setText("dog")
    assert not form.consent.isVisible()
    form.person.setChecked(True)
    assert form.consent.isVisible()


def test_training_is_seen_and_ends_in_a_subject(studio, works, photos, until):
    works.gate.clear()
    works.pace = 0.004
    form = fill(studio, photos, until)
    form.train.click()
    panel = studio.subjects
    until(lambda: panel.training and panel.training.moving._frames)
    until(lambda: studio.queue.jobs() and "step 160 of 240" in panel.cards["rex"].status.whole)
    assert "left" in panel.cards["rex"].status.whole
    until(lambda: panel.training.curve._plot and panel.training.curve._plot.isVisible())
    assert panel.training.said.text() == "The first photo is kept for measuring."
    steps, _ = panel.training.curve._values.getData()
    assert len(steps) > 10
    works.gate.set()
    until(lambda: panel.cards["rex"].status.whole == "ready · 240 steps")
    assert panel.training is None
    assert studio.shot.subject.isEnabled()
    studio.shot.subject.activated.emit(studio.shot.subject.findData("rex"))
    assert studio.document.shot.subject == "rex"
    studio.shot.strength.slider.setValue(10)
    assert studio.document.shot.strength == 0.5


def test_a_view_made_anew_shows_the_same(studio, works, photos, until, qtbot):
    works.gate.clear()
    works.pace = 0.002
    fill(studio, photos, until).train.click()
    until(lambda: len(studio.watch.seen(1).losses) > 5 and studio.watch.seen(1).moving)
    desk = Desk()
    again = SubjectsPanel(
        studio.document, studio.queue, desk, studio.orders, studio.watch, studio._pictures,
        studio.background, studio.subjects._icons,
    )  # fmt: skip
    assert again.training is not None
    assert again.training.bar.value() == studio.subjects.training.bar.value()
    assert len(again.training.moving._frames) == 8
    again.deleteLater()


def test_the_same_name_twice_is_refused(studio, works, photos, until):
    fill(studio, photos, until).train.click()
    until(lambda: "rex" in studio.subjects.cards)
    form = fill(studio, photos, until, name="Rex")
    assert "already" in form.why_not.text()
    form.give_up.click()
    assert studio.subjects.pages.currentWidget() is studio.subjects.list_page


def test_cards_are_chosen_by_key(studio, works, photos, until, qtbot):
    for name in ("rex", "tux"):
        fill(studio, photos, until, name=name).train.click()
        until(lambda name=name: name in studio.subjects.cards)
    studio.desk.select_subject("tux")
    card = studio.subjects.cards["rex"]
    qtbot.keyClick(card, Qt.Key.Key_Space)
    assert studio.desk.subject == "rex"
    assert "rex" in card.accessibleName()
    until(lambda: not studio.queue.jobs())


def test_a_removed_subject_can_be_brought_back(studio, works, photos, until):
    fill(studio, photos, until).train.click()
    until(lambda: "rex" in studio.subjects.cards and not studio.queue.jobs())
    until(lambda: studio.subjects.remove_it.isVisible())
    studio.subjects.remove_it.click()
    until(lambda: "rex" not in studio.subjects.cards)
    assert "rex" in studio.banner.words.text()
    studio.banner.act.click()
    until(lambda: "rex" in studio.subjects.cards)
