"""Photos become a subject: dropped, named, consented to, trained, watched, ready."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from studio.project import trainings
from studio.project.subject import Subject
from studio.spec.progress import Preview, Progress
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS
from studio.ui.state.selection import Selection
from studio.ui.subjects.panel import SubjectsPanel
from tests.gui.subjects.forms import drop, fill


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
    assert wall.good == photos  # in their order, whichever was read first


def test_the_form_says_what_is_missing(studio, photos, until):
    form = fill(studio, photos, until, name="")
    assert "no name" in form.reason.text()
    form.who.name.setText("../rex")
    assert "/" in form.reason.text()
    form.who.name.setText("rex")
    assert form.train.isEnabled()
    form.who.noun.setText("")
    assert form.reason.text()
    assert form.train.toolTip().endswith(f": {form.reason.text()}")
    form.who.noun.setText("labradoodle")
    assert "starts from “thing”" in form.who.noun_note.text()


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
    assert form.who.consent.isVisible()
    assert not form.train.isEnabled()
    assert "consent" in form.train.toolTip()
    form.who.consent.tick.setChecked(True)
    assert form.train.isEnabled()
    subject = form.subject()
    assert subject.is_person
    assert subject.consent
    form.who.noun.setText("dog")
    assert not form.who.consent.isVisible()
    form.who.person.setChecked(True)
    assert form.who.consent.isVisible()


def test_a_word_that_nobody_knows_has_to_be_answered_for(studio, photos, until):
    form = fill(studio, photos, until, noun="Pikachu")
    assert not form.train.isEnabled()
    assert "whether this is a person" in form.reason.text()
    form.who.no_person.setChecked(True)
    assert form.train.isEnabled()
    assert not form.subject().is_person
    form.who.person.setChecked(True)
    assert not form.who.no_person.isChecked()
    assert form.who.consent.isVisible()
    form.who.no_person.setChecked(True)
    form.who.noun.setText("Anna")  # the answer was for another word
    assert not form.train.isEnabled()
    form.who.noun.setText("teapot")
    assert form.train.isEnabled()
    assert not form.who.no_person.isVisible()


def test_what_is_left_out_is_said_and_earlier_notices_vanish(studio, photos, until, tmp_path):
    wall = fill(studio, photos, until).wall
    empty = tmp_path / "empty"
    empty.mkdir()
    wall.add([empty])
    assert "holds no photos" in wall.refused.text()
    (tmp_path / "1.CR2").write_bytes(b"")
    wall.add([tmp_path / "1.CR2"])
    assert wall.refused.text() == "1.CR2 is not a photo: a raw file."
    wall.add([Path("https:/example.org/a.jpg")])
    assert "web address" in wall.refused.text()
    with Image.open(photos[0]) as picture:
        picture.save(tmp_path / "again.bmp")
    Image.new("RGB", (1, 1)).save(tmp_path / "speck.png")
    wall.add([tmp_path / "again.bmp", tmp_path / "speck.png"])
    until(lambda: "again.bmp shows the same as" in wall.refused.text())
    until(lambda: "speck.png is too small" in wall.refused.text())
    assert len(wall.good) == len(photos)


def test_of_too_many_photos_the_most_different_are_kept(studio, photos, until, tmp_path):
    form = fill(studio, photos, until)
    for number in range(32):
        Image.effect_noise((4, 4), 250).resize((64, 64)).save(tmp_path / f"{number}.png")
    form.wall.add([tmp_path])
    until(lambda: len(form.wall.good) > 30 and "reading" not in form.wall.total.text())
    assert not form.train.isEnabled()
    form.wall.fewer.click()
    assert len(form.wall.good) == 30
    assert form.train.isEnabled()
    assert not form.wall.fewer.isVisible()


def test_training_is_seen_and_ends_in_a_subject(studio, handlers, photos, until):
    handlers.gate.clear()
    handlers.pace = 0.004
    form = fill(studio, photos, until)
    form.train.click()
    panel = studio.subjects
    until(lambda: panel.details.training and panel.details.training.moving._frames)
    far = f"160 of {DEFAULT_STEPS}"
    until(lambda: studio.queue.jobs() and far in panel.cards["rex"].status.full_text)
    said = panel.cards["rex"].status
    assert "left" in said.full_text
    assert "left" in said.text(), "the time left is not what a narrow card cuts off"
    until(
        lambda: (
            panel.details.training.curve._plot and panel.details.training.curve._plot.isVisible()
        )
    )
    assert panel.details.training.note.text() == "The first photo is kept for measuring."
    steps, _ = panel.details.training.curve._values.getData()
    heard = [
        step for step, _ in studio.job_monitor.progress(1).losses
    ]  # a busy machine hears of fewer
    assert list(steps) == heard[: len(steps)]
    assert len(steps) > 3
    handlers.gate.set()
    until(lambda: panel.cards["rex"].status.full_text == f"ready · {DEFAULT_STEPS} steps")
    assert panel.details.training is None
    assert studio.shot.subject.isEnabled()
    studio.shot.subject.activated.emit(studio.shot.subject.findData("rex"))
    assert studio.document.shot.subject == "rex"
    studio.shot.strength.slider.setValue(10)
    assert studio.document.shot.strength == 0.5


def test_a_view_made_anew_shows_the_same(studio, handlers, photos, until, qtbot):
    handlers.gate.clear()
    handlers.pace = 0.002
    fill(studio, photos, until).train.click()
    until(
        lambda: (
            len(studio.job_monitor.progress(1).losses) > 5 and studio.job_monitor.progress(1).moving
        )
    )
    selection = Selection()
    again = SubjectsPanel(
        studio.document, studio.queue, selection, studio.status, studio.render_actions,
        studio.job_monitor, studio.present, studio.project.training_plans,
        studio.project.pictures, studio.background, studio.subjects._icons,
    )  # fmt: skip
    assert again.details.training is not None
    assert again.details.training.bar.value() == studio.subjects.details.training.bar.value()
    assert len(again.details.training.moving._frames) == 8
    again.deleteLater()


def test_the_curve_outlives_the_window(open_studio, handlers, photos, until):
    handlers.gate.clear()
    handlers.pace = 0.004
    first = open_studio()
    fill(first, photos, until).train.click()
    until(lambda: len(first.job_monitor.progress(1).losses) > 10)
    first.queue.pause()
    until(lambda: not first.queue_bar.running())
    heard = list(first.job_monitor.progress(1).losses)
    first.close()
    second = open_studio()
    until(lambda: second.subjects.details.training and second.job_monitor.progress(1).losses)
    assert [step for step, _ in second.job_monitor.progress(1).losses] == [
        step for step, _ in heard
    ]
    curve = second.subjects.details.training.curve
    until(lambda: curve._plot and curve._plot.isVisible())
    assert len(curve._values.getData()[0]) > 10


def test_a_training_that_goes_back_draws_over_what_it_does_again(studio):
    hear = lambda step, loss: studio.job_monitor._on_progress(5, Progress("t", step, 9, loss=loss))  # noqa: E731
    for step in (4, 5, 6, 7):
        hear(step, 0.1)
    hear(6, 0.2)
    studio.job_monitor.recall(5, [(1, 0.5), (3, 0.4), (4, 0.9)])
    assert studio.job_monitor.progress(5).losses == [
        (1, 0.5),
        (3, 0.4),
        (4, 0.1),
        (5, 0.1),
        (6, 0.2),
    ]


def test_the_same_name_twice_is_refused(studio, handlers, photos, until):
    fill(studio, photos, until).train.click()
    until(lambda: "rex" in studio.subjects.cards)
    form = fill(studio, photos, until, name="Rex")
    assert "already" in form.reason.text()
    assert form.steps.value() == DEFAULT_STEPS
    form.steps.reflect(3)
    form.give_up.click()
    assert studio.subjects.pages.currentWidget() is studio.subjects.list_page
    assert form.steps.value() == DEFAULT_STEPS, (
        "what was said of one subject is not said of the next"
    )


def test_cards_are_chosen_by_key(studio, handlers, photos, until, qtbot):
    for name in ("rex", "tux"):
        fill(studio, photos, until, name=name).train.click()
        until(lambda name=name: name in studio.subjects.cards)
    studio.selection.select_subject("tux")
    card = studio.subjects.cards["rex"]
    qtbot.keyClick(card, Qt.Key.Key_Space)
    assert studio.selection.subject == "rex"
    assert "rex" in card.accessibleName()
    until(lambda: not studio.queue.jobs())


@pytest.fixture
def pair(studio, photos, until):
    """A studio with the untrained subjects rex and tux."""
    store = studio.document._subject_store
    for name in ("rex", "tux"):
        store.adopt(Subject(name, "dog"), photos)
    studio.document.read_subjects()
    until(lambda: list(studio.subjects.cards) == ["rex", "tux"])
    return studio


def remove(studio, name, until):
    studio.selection.select_subject(name)
    studio.subjects.details.remove_it.click()
    until(lambda: name not in studio.subjects.cards and studio.banner.isVisible())


def test_a_removed_subject_can_be_brought_back_at_once(pair, photos, until):
    subjects = pair.subjects
    remove(pair, "rex", until)
    pair.banner.close_it.click()
    pair.document._subject_store.adopt(Subject("rex", "cat"), photos)
    pair.document.read_subjects()
    until(lambda: "rex" in subjects.cards)
    remove(pair, "rex", until)
    assert list(subjects.bin.cards) == ["rex", "rex (2)"]
    pair.banner.act.click()  # the one that was just removed, not the first of that name
    until(lambda: "rex (2)" in subjects.cards)
    assert pair.document.subject("rex (2)").class_noun == "cat"


def test_the_bin_is_there_when_something_lies_in_it(pair, until):
    subjects = pair.subjects
    assert not subjects.show_bin.isVisible()
    remove(pair, "tux", until)
    assert subjects.show_bin.text() == "Bin (1)"
    subjects.show_bin.setChecked(True)
    assert subjects.pages.currentWidget() is subjects.bin
    assert subjects.bin.cards["tux"].status.full_text == "in the bin · 30 days left"
    assert "4 photos" in subjects.bin.cards["tux"].facts.full_text
    subjects.bin.restore_it.click()
    until(lambda: list(subjects.cards) == ["rex", "tux"])
    assert "“tux” is back." in pair.queue_bar.words.full_text
    assert pair.selection.subject == "tux"
    assert subjects.bin.pages.currentIndex() == 1
    words = [text.text() for text in subjects.bin.pages.currentWidget().findChildren(QLabel)]
    assert "The bin is empty" in words
    subjects.show_bin.setChecked(False)
    assert subjects.pages.currentWidget() is subjects.list_page
    assert not subjects.show_bin.isVisible()


def test_the_bin_can_be_used_by_key_alone(pair, qtbot, until):
    for name in ("rex", "tux"):
        remove(pair, name, until)
    pair.window.activateWindow()
    subjects = pair.subjects
    subjects.show_bin.setFocus()
    qtbot.keyClick(subjects.show_bin, Qt.Key.Key_Space)
    reached = []
    for _ in range(60):
        focused = QApplication.focusWidget()
        if focused in reached:
            break
        reached.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    tux = subjects.bin.cards["tux"]
    assert {tux, subjects.bin.cards["rex"], subjects.bin.restore_it} <= set(reached)
    assert subjects.bin.chosen == "rex"
    qtbot.keyClick(tux, Qt.Key.Key_Return)
    assert subjects.bin.chosen == "tux"
    subjects.bin.restore_it.setFocus()
    qtbot.keyClick(subjects.bin.restore_it, Qt.Key.Key_Space)
    until(lambda: "tux" in subjects.cards)
    assert subjects.bin.chosen == "rex"
    assert QApplication.focusWidget() is subjects.bin.restore_it
    qtbot.keyClick(subjects.bin.restore_it, Qt.Key.Key_Space)
    until(lambda: "rex" in subjects.cards)
    assert QApplication.focusWidget() is not None


def test_a_name_that_is_taken_by_now_is_told(pair, photos, until):
    remove(pair, "rex", until)
    pair.document._subject_store.adopt(Subject("Rex", "cat"), photos)
    pair.banner.act.click()
    until(lambda: "rex (2)" in pair.subjects.cards)
    assert "is back as “rex (2)”" in pair.queue_bar.words.full_text


def test_photos_dropped_on_the_bin_begin_a_subject(pair, photos, until):
    remove(pair, "rex", until)
    pair.subjects.show_bin.setChecked(True)
    drop(pair.subjects, photos)
    assert pair.subjects.pages.currentWidget() is pair.subjects.form_page
    assert not pair.subjects.show_bin.isVisible()
    pair.subjects.form.give_up.click()
    assert pair.subjects.pages.currentWidget() is pair.subjects.list_page
    assert pair.subjects.show_bin.isVisible()


@pytest.fixture
def trained(pair, tmp_path, until):
    """Rex, trained twice by 400 steps, and chosen."""
    store, panel = pair.document._subject_store, pair.subjects
    file = tmp_path / "adapter.safetensors"
    for steps in (400, 800):
        file.write_bytes(b"%d" % steps)
        store.add_adapter("rex", file, method="lora", trained_steps=steps)
    store.keep_losses("rex", [(k, 1 / k) for k in range(1, 801)])
    store.keep_samples("rex", {"still": Preview(1, 4, 4, bytes(48))})
    model = pair.model_list.found.models[0]
    begun = trainings.wanted(store.get("rex"), "lora", 800, "", "", model.weights)
    folder = store.training_folder("rex") / "lora"
    trainings.write(folder, replace(begun, identity="ab", pace=0.3))
    pair.selection.select_subject("rex")
    pair.document.read_subjects()
    until(lambda: panel.details.next and panel.details.next.words == "Train further")
    return pair


def test_a_trained_subject_keeps_its_curve_its_samples_and_its_versions(
    trained, until, monkeypatch
):
    store, panel = trained.document._subject_store, trained.subjects
    pair, model = trained, trained.model_list.found.models[0]
    assert panel.details.plan.text() == (
        "400 steps more, to 1200 · about 2 min. The version in use is kept."
    )
    until(
        lambda: panel.details.learned.curve._plot and panel.details.learned.curve._plot.isVisible()
    )
    assert len(panel.details.learned.curve._values.getData()[0]) == 800
    assert panel.details.learned.versions.text() == "2 versions"
    newest, oldest = panel.details.learned.versions.menu().actions()
    assert (newest.isChecked(), oldest.isChecked()) == (True, False)
    assert "400 steps · LoRA" in oldest.text()
    oldest.trigger()
    until(lambda: panel.cards["rex"].status.full_text == "ready · 400 steps")
    assert store.get("rex").trained_steps == 400
    ordered = []
    monkeypatch.setattr(pair.queue, "add", lambda *a, **k: ordered.append(a[2]) or 1)
    until(lambda: panel.details.next)
    panel.details.train_again.click()
    panel.details.start_anew.click()
    assert [(p["steps"], bool(p["anew"])) for p in ordered] == [(1200, False), (400, True)]
    assert ordered[0]["model"] == model.card.id
    assert ordered[0]["weights"] == [list(w) for w in model.weights if w[0] in ("image", "text")]


def test_a_subject_is_trained_further_by_as_many_steps_as_wished(trained, monkeypatch):
    details, ordered = trained.subjects.details, []
    monkeypatch.setattr(trained.queue, "add", lambda *a, **k: ordered.append(a[2]) or 1)
    assert details.length.isVisible()
    assert details.steps.value() == 400
    details.steps.selectAll()
    QTest.keyClicks(details.steps, "150")
    assert details.plan.text() == (
        "150 steps more, to 950 · about 45 s. The version in use is kept."
    )
    details.train_again.click()
    assert ordered[0]["steps"] == 950
    trained.selection.select_subject("tux")
    trained.selection.select_subject("rex")
    assert details._length is None, "another subject begins with the usual number"


@pytest.mark.parametrize("name", ["rex", "tux"])
def test_what_is_known_of_a_subject_stands_under_its_own_card(pair, until, name):
    panel = pair.subjects
    pair.selection.select_subject(name)
    until(lambda: panel.details.next)
    rows = lambda: sorted([*panel.cards.values(), panel.details], key=lambda w: w.y())  # noqa: E731
    until(lambda: rows().index(panel.details) == rows().index(panel.cards[name]) + 1)
    before = panel.cards[name]
    pair.document.read_subjects()
    until(lambda: panel.cards[name] is not before)
    until(lambda: rows().index(panel.details) == rows().index(panel.cards[name]) + 1)


def pictures(folder: Path, number: int) -> list[Path]:
    folder.mkdir()
    for k in range(number):
        shade = 255 * k // number
        Image.new("RGB", (80, 60), (shade, 255 - shade, 30)).save(folder / f"{k}.png")
    return sorted(folder.iterdir())


def test_photos_are_added_to_a_subject_that_there_is(pair, photos, tmp_path, until):
    panel, store = pair.subjects, pair.document._subject_store
    had = len(store.get("rex").photos)
    pair.selection.select_subject("rex")
    until(lambda: panel.details.learned and panel.details.next)
    panel.details.learned.more_photos.click()
    form = panel.more
    assert panel.pages.currentWidget() is form
    assert form.title.text() == "More photos of rex"
    assert not form.add.isEnabled()
    fake = tmp_path / "letter.jpg"
    fake.write_text("Dear Sir or Madam")
    new = pictures(tmp_path / "more", 2)
    drop(panel, [*new, fake])  # the same checks, wherever it is dropped
    until(lambda: len(form.wall.good) == 2 and form.wall.refused.text())
    assert "letter.jpg" in form.wall.refused.text()
    form.add.click()
    until(lambda: panel.pages.currentWidget() is panel.list_page)
    assert [photo.name for photo in store.get("rex").photos[had:]] == ["0.png", "1.png"]
    assert f"{had + 2} photos" in panel.cards["rex"].facts.full_text
    asked = trainings.wanted(pair.document.subject("rex"), "lora", 0, "", "", ())
    assert len(asked.photos) == had + 2  # what is trained next learns from all


def test_more_photos_than_a_subject_has_are_refused(pair, tmp_path, until):
    panel = pair.subjects
    pair.selection.select_subject("rex")
    until(lambda: panel.details.learned and panel.details.next)
    panel.details.learned.more_photos.click()
    drop(panel, pictures(tmp_path / "more", 29))
    until(lambda: len(panel.more.wall.good) == 29)
    assert not panel.more.add.isEnabled()
    assert "would have" in panel.more.reason.text()
    panel.more.give_up.click()
    assert panel.pages.currentWidget() is panel.list_page


def test_a_stopped_training_goes_on_with_its_own_numbers(pair, until):
    store, panel = pair.document._subject_store, pair.subjects
    folder = store.training_folder("tux") / "lora"
    weights = pair.model_list.found.models[0].weights
    trainings.write(folder, trainings.wanted(store.get("tux"), "lora", 300, "", "", weights))
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "latest.json").write_text('{"step": 120}')
    pair.selection.select_subject("tux")
    pair.document.read_subjects()
    until(lambda: panel.details.next and panel.details.next.words == "Go on")
    assert panel.details.plan.text() == "120 of 300 steps learned."
    assert panel.details.next.steps == 300
    assert not panel.details.learned.more_photos.isEnabled()
    assert "go on with that first" in panel.details.learned.more_photos.toolTip()
    assert panel.details.start_anew.isVisible()


def test_a_subject_that_is_damaged_is_shown_and_can_be_removed(pair, until):
    store, panel = pair.document._subject_store, pair.subjects
    (store.folder / "rex" / "subject.json").write_bytes(b"?")
    pair.document.read_subjects()
    until(lambda: "rex" in panel.cards and panel.cards["rex"].status.full_text == "cannot be read")
    remove(pair, "rex", until)
    assert store.names() == ("tux",)


def test_a_subject_trained_for_another_model_is_refused_when_it_is_ordered(pair, tmp_path, until):
    store = pair.document._subject_store
    file = tmp_path / "adapter.safetensors"
    file.write_bytes(b"weights")
    other = {"model": "other", "model_name": "Other", "weights": (("image", "x"), ("text", "x"))}
    store.add_adapter("rex", file, method="lora", trained_steps=3, **other)
    pair.document.read_subjects()
    until(lambda: pair.document.subject("rex").is_trained)
    pair.document.change_shot(
        replace(pair.document.shot, prompt="a sks dog", subject="rex"), "Subject"
    )
    with pytest.raises(Refusal, match=r"trained for Other\. Train it for Starter first"):
        pair.present.state.checked()
