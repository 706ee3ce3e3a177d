"""The shot: words go into the document, orders come out, every no has a reason."""

from dataclasses import replace
from fractions import Fraction

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel

from studio.jobs.job import State
from studio.project.shot import Shot
from studio.project.subject import Subject, Version
from studio.spec.refusal import Refusal
from studio.ui.shot import shot_choice
from tests.gui.handlers import DENSE, MODEL

BALL = "a red ball moving left over grass"


def write(studio, words):
    studio.shot.prompt.setPlainText(words)


def made(studio):
    return studio.document.project.takes


def test_an_empty_prompt_says_what_to_do(studio):
    panel = studio.shot
    for button in (panel.preview, panel.render_it):
        assert not button.isEnabled()
        assert "prompt is empty" in button.toolTip()
        assert button.statusTip() == button.toolTip() == button.accessibleDescription()
    assert panel.render_it.toolTip().endswith(panel.reason.text())
    assert panel.reason.text().startswith("The prompt is empty.")


def test_without_a_model_the_panel_says_how_to_get_one(open_studio):
    studio = open_studio(models=())
    write(studio, BALL)
    assert "models/starter" in studio.shot.render_it.toolTip()


def test_typing_reaches_the_document_as_one_step(studio, qtbot, until):
    qtbot.keyClicks(studio.shot.prompt, BALL)
    assert studio.document.shot.prompt == BALL
    studio.document.undo()
    assert studio.document.shot.prompt == ""
    assert studio.shot.prompt.toPlainText() == ""
    studio.document.redo()
    assert studio.shot.prompt.toPlainText() == BALL


def test_words_the_starter_does_not_know_are_underlined_and_named(studio, qtbot, until):
    write(studio, "a red zeppelin moving left")
    formats = studio.shot.prompt.document().firstBlock().layout().formats()
    assert [(f.start, f.length) for f in formats] == [(6, 8)]
    assert "zeppelin" in studio.shot.words.text()
    studio.shot.vocabulary.click()
    (dialog,) = studio.shot.findChildren(QDialog)
    assert any("triangle" in text.text() for text in dialog.findChildren(QLabel))
    dialog.close()


def test_the_starter_says_what_it_is(studio):
    assert "64-pixel demonstration" in studio.shot.notice.text()


def test_preview_shows_a_strip_that_grows(studio, handlers, qtbot, until):
    handlers.gate.clear()
    write(studio, BALL)
    qtbot.keyClick(studio.shot.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: studio.player_state.shown is not None)
    assert studio.player_state.shown.kind == "preview"
    assert len(studio.player_state.shown.frames) == 16
    assert studio.keyframes.isVisible()
    (job,) = studio.queue.jobs()
    assert job.short
    handlers.gate.set()
    until(lambda: studio.player_state.shown.kind == "keyframes")
    assert len(studio.player_state.shown.frames) == 16
    assert studio.keyframes.isVisible()
    assert made(studio) == ()


def test_render_makes_a_take_and_plays_it(studio, qtbot, until):
    write(studio, BALL)
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(studio.shot.prompt, Qt.Key.Key_Return, modifiers)
    until(lambda: bool(studio.player_state.shown and studio.player_state.shown.kind == "clip"))
    (take,) = made(studio)
    assert take.request.prompt == BALL
    assert studio.player_state.shown.take == take.id
    assert studio.player_state.speed == 1


def test_render_uses_the_keyframes_that_were_previewed(studio, qtbot, until):
    write(studio, BALL)
    studio.render_actions.preview()
    seed = studio.document.shot.seed
    studio.render_actions.render()
    until(lambda: len(made(studio)) == 1)
    assert made(studio)[0].request.seed == seed
    studio.render_actions.render()
    until(lambda: len(made(studio)) == 2)
    assert made(studio)[0].request.seed != seed


def test_a_locked_seed_stays(studio, qtbot, until):
    write(studio, BALL)
    studio.shot.seed.number.selectAll()
    qtbot.keyClicks(studio.shot.seed.number, "7")
    assert studio.document.shot.seed_locked
    studio.render_actions.render()
    studio.render_actions.render()
    assert {job.payload["request"]["seed"] for job in studio.queue.jobs()} <= {7}
    until(lambda: not studio.queue.jobs() and made(studio))
    assert [take.request.seed for take in made(studio)] == [7]


def test_dice_roll_and_the_largest_seed_is_kept(studio, qtbot, until):
    seed = studio.shot.seed
    seed.dice.click()
    assert seed.number.text() == str(studio.document.shot.seed)
    seed.number.selectAll()
    qtbot.keyClicks(seed.number, "9999999999999999999")
    assert studio.document.shot.seed == 2**63 - 1


def test_settings_follow_the_model_until_they_are_changed(studio):
    settings = studio.shot.settings
    assert settings.numbers["keyframes"].value() == 16
    assert settings.numbers["fps"].text() == "8 per second"
    assert studio.document.shot.keyframes is None
    settings.numbers["keyframes"].enter("8")
    assert studio.document.shot.keyframes == 8
    assert studio.shot.facts.text().startswith("8 frames · 0.9 s at 8 fps · 64 × 64 px")
    settings.numbers["fps"].enter("4")
    assert studio.document.shot.fps == Fraction(4)
    settings.defaults.click()
    assert settings.numbers["keyframes"].value() == 16


def test_two_thousand_words_are_refused_in_a_sentence(studio, qtbot, until):
    write(studio, " ".join(["ball"] * 2000))
    assert "2000 words" in studio.shot.reason.text()
    assert "400" in studio.shot.reason.text()
    studio.render_actions.preview()
    assert studio.banner.words.text() == studio.shot.reason.text()
    assert studio.queue.jobs() == ()


def test_a_second_shot_keeps_the_first(studio, qtbot, until):
    write(studio, BALL)
    studio.shot.new_shot()
    assert studio.shot.prompt.toPlainText() == ""
    assert studio.shot.shots.count() == 2
    studio.shot.shots.activated.emit(0)
    assert studio.shot.prompt.toPlainText() == BALL


def test_stages_say_how_far_the_shot_is(studio, handlers, qtbot, until):
    keys = studio.stages.cells["keyframes"]
    assert keys.state.text() == "–"
    handlers.gate.clear()
    write(studio, BALL)
    until(lambda: keys.state.text().startswith("to make"))
    studio.render_actions.render()
    until(lambda: keys.state.text() == "65 %")
    handlers.gate.set()
    until(lambda: keys.state.text() == "made")


def test_a_failed_render_says_why_and_leaves_nothing(studio, handlers, qtbot, until):
    handlers.failure = Refusal("The disk is full.", "Make room and try again.")
    write(studio, BALL)
    studio.render_actions.render()
    until(lambda: bool(studio.queue.history()))
    assert studio.queue.history()[0].state is State.FAILED
    until(lambda: "The disk is full. Make room" in studio.banner.words.text())
    assert made(studio) == ()


def test_a_shot_can_be_deleted_and_the_last_one_stays(studio, until):
    panel, document = studio.shot, studio.document
    write(studio, BALL)
    assert not panel.remove.isEnabled()
    assert "no other shot" in panel.remove.toolTip()
    assert not studio.actions["remove_shot"].isEnabled()
    studio.render_actions.render()
    until(lambda: made(studio))
    panel.new_shot()
    write(studio, "a green ring on snow")
    panel.shots.activated.emit(0)
    assert studio.actions["remove_shot"].isEnabled()
    panel.remove.click()
    assert panel.prompt.toPlainText() == "a green ring on snow"
    assert panel.shots.count() == 1
    assert len(made(studio)) == 1
    panel.remove_shot()
    assert len(document.project.shots) == 1
    document.undo()
    assert panel.prompt.toPlainText() == BALL


def test_what_the_subject_was_taught_is_known(studio):
    studio.document.subjects = (Subject("rex", "gnu", "sks"),)
    shot = replace(studio.document.shot, prompt="a sks gnu and a wombat", subject="rex")
    studio.document.change_shot(shot, "Prompt")
    assert studio.shot.words.text() == "wombat is a word the model does not know."


def test_a_subjects_word_without_the_subject_is_said_and_mended_with_one_button(studio):
    taught = Version("v.safetensors", "1" * 64)
    rex, pip = (
        Subject(name, "dog", "sks", versions=(taught,), used=(taught.file,))
        for name in ("rex", "pip")
    )
    studio.document.subjects = (rex, Subject("new", "cat", "sks"))
    hint = studio.shot.taught
    write(studio, "a sksy dog")
    assert hint.isHidden()
    write(studio, "an SKS, dog")
    assert not hint.isHidden()
    assert hint.words.text() == "“sks” stands for rex, but nobody is chosen."
    hint.choose.click()
    assert studio.document.shot.subject == "rex"
    assert hint.isHidden()
    studio.document.undo()
    studio.document.subjects = (rex, pip)
    write(studio, "an sks dog")
    assert hint.words.text() == "“sks” stands for rex or pip, but nobody is chosen."
    assert hint.choose.text() == "Choose …"


def roles(studio):
    return [
        button.property("role") or "" for button in (studio.shot.preview, studio.shot.render_it)
    ]


def test_the_accent_is_on_the_next_action_alone(open_studio, until):
    studio = open_studio(models=(DENSE,))
    write(studio, BALL)
    assert roles(studio) == ["primary", ""]
    studio.render_actions.preview()
    until(lambda: roles(studio) == ["", "primary"])
    studio.render_actions.render()
    until(lambda: roles(studio) == ["", ""])
    assert not studio.render_forecast.forecast.work.missing
    write(studio, "a blue star")
    until(lambda: roles(studio) == ["primary", ""])


def test_a_seed_that_is_not_kept_says_so_and_can_be_used_again(studio, qtbot, until):
    seed = studio.shot.seed
    assert not seed.random.isHidden()
    was = studio.document.shot.seed
    seed.again.click()
    assert (studio.document.shot.seed, studio.document.shot.seed_locked) == (was, True)
    assert seed.random.isHidden()
    seed.lock.click()
    assert not seed.random.isHidden()


def test_words_that_something_was_made_with_come_back_by_key(studio, qtbot, until):
    prompt, alt = studio.shot.prompt, Qt.KeyboardModifier.AltModifier
    for words in ("a red ball", "a blue star"):
        prompt.setPlainText(words)
        studio.render_actions.preview()
    prompt.setPlainText("a new")
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(prompt, key, alt)
        seen.append(prompt.toPlainText())
    assert seen == ["a blue star", "a red ball", "a red ball", "a blue star", "a new"]
    assert studio.document.shot.prompt == "a new"
    qtbot.keyClick(prompt, Qt.Key.Key_Up, alt)
    assert studio.document.shot.prompt == "a blue star"
    studio.document.undo()
    assert prompt.toPlainText() == "a new"
    until(lambda: not studio.queue.jobs())


def test_a_key_names_one_shot_anew_however_many_there_are(studio, monkeypatch):
    shots = tuple(Shot(f"{k:012x}", f"a ball {k}", model=MODEL.card.id) for k in range(200))
    studio.document.change(lambda p: replace(p, shots=(*p.shots, *shots)), "Many")
    assert studio.shot.shots.count() == 201
    named, kept = [], []
    monkeypatch.setattr(shot_choice, "named", lambda k, shot: named.append(k) or shot.prompt)
    monkeypatch.setattr(studio._shot_follower, "_kept", lambda: kept.append(1))
    studio.shot.prompt.setPlainText("a star")
    assert studio.document.shot.prompt == "a star"
    assert named == [1 + studio.document.project.shots.index(studio.document.shot)]
    assert kept == [], "no take came or went"
    assert studio.shot.shots.currentText() == "a star"
