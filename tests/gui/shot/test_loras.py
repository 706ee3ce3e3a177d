"""LoRAs, wildcards and weights in the shot panel."""

from dataclasses import replace

import pytest
import torch
from PySide6.QtCore import Qt

from studio.library.answers import Answers
from studio.library.known_shelf import known_shelf
from studio.project.plain import from_plain, parsed
from studio.project.project import Project
from tests.engine.lora import lora_files

BALL = "a red ball"
LAYER = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def dressed(open_studio, tmp_path, until):
    """A window beside a folder with LoRAs of two kinds and a wildcard."""
    folder = tmp_path / "loras"
    folder.mkdir()
    for name, width in {"style": 32, "people's": 768}.items():
        tensors = {f"{LAYER}.lora_down.weight": torch.ones(4, width),
                   f"{LAYER}.lora_up.weight": torch.ones(64, 4)}  # fmt: skip
        lora_files.write(folder / f"{name}.safetensors", tensors)
    wildcards = tmp_path / "wildcards"
    wildcards.mkdir()
    (wildcards / "animal.txt").write_text("cat\nowl\ndog\n", "utf-8")
    studio = open_studio(shown=False)
    studio.shelve = lambda: known_shelf((folder,), wildcards, tmp_path / "index.json")
    studio.open()
    until(lambda: studio.model_list.found.models and studio.model_list.found.shelf.loras)
    studio.window.resize(1280, 1000)
    studio.shot.loras_fold.head.click()
    studio.shot.prompt.setPlainText(BALL)
    return studio


def request(studio):
    return studio.present.state.request


def test_one_that_fits_goes_on_at_a_strength_and_comes_off(dressed, until):
    loras = dressed.shot.loras
    texts = [loras.add.itemText(k) for k in range(loras.add.count())]
    assert texts[0] == "Add a LoRA…"
    assert "style" in texts
    at = next(k for k, text in enumerate(texts) if text.startswith("people's"))
    assert "made for SD 1.x; this shot's model is of another kind" in texts[at]
    assert not loras.add.model().item(at).isEnabled()
    bare = request(dressed)
    loras.add.activated.emit(texts.index("style"))
    assert dressed.document.shot.loras == (("style", 1.0),)
    until(lambda: request(dressed) is not None)  # it is read for the first time
    assert [(use.name, use.strength) for use in request(dressed).loras] == [("style", 1.0)]
    assert dressed.shot.loras_fold.head.text() == "LoRAs · 1 on"
    row = loras.rows["style"]
    row.strength.changed.emit(-0.5)
    assert request(dressed).loras[0].strength == -0.5
    row.remove.click()
    assert dressed.document.shot.loras == ()
    assert request(dressed) == bare
    dressed.document.undo()
    assert dressed.document.shot.loras == (("style", -0.5),)
    until(lambda: dressed.document.is_saved)
    stored = from_plain(Project, parsed(dressed.project.store.file.read_bytes()))
    assert stored.shots[0].loras == (("style", -0.5),)


def test_a_tag_in_the_prompt_is_the_same(dressed, until):
    dressed.shot.prompt.setPlainText(f"{BALL} <lora:style:0.8>")
    until(lambda: request(dressed) is not None)
    assert request(dressed).prompt == BALL
    assert [(use.name, use.strength) for use in request(dressed).loras] == [("style", 0.8)]
    assert dressed.shot.made_of.text() == f"Made of: {BALL}"
    dressed.shot.prompt.setPlainText(f"{BALL} <lora:nobody>")
    assert "There is no LoRA called “nobody”." in dressed.shot.reason.text()
    dressed.shot.prompt.setPlainText(f"{BALL} <lora:people's>")
    until(lambda: "was made for SD 1.x" in dressed.shot.reason.text())


def test_wildcards_show_what_will_be_made_and_follow_the_seed(dressed, until):
    dressed.shot.prompt.setPlainText("a {red|blue} __animal__")
    found = set()
    for seed in range(12):
        dressed.shot.seed.changed.emit(seed, True)
        made = request(dressed).prompt
        assert dressed.shot.made_of.text() == f"Made of: {made}"
        found.add(made)
    assert len(found) > 2
    for seed in (21, 22):
        dressed.shot.seed.changed.emit(seed, True)
        dressed.render_actions.render()
    until(lambda: len(dressed.document.project.renders) == 2)
    for render in dressed.document.project.renders:
        assert render.request == dressed.present.with_seed(render.request.seed)
    dressed.shot.prompt.setPlainText("a __dragon__")
    assert "There is no wildcard file “dragon”." in dressed.shot.reason.text()
    dressed.shot.prompt.setPlainText(BALL)
    assert not dressed.shot.made_of.isVisible()


def test_ctrl_up_weighs_the_word_under_the_cursor(dressed, qtbot):
    prompt = dressed.shot.prompt
    prompt.setFocus()
    cursor = prompt.textCursor()
    cursor.setPosition(3)
    prompt.setTextCursor(cursor)
    qtbot.keyClick(prompt, Qt.Key.Key_Up, CONTROL)
    assert prompt.toPlainText() == "a (red:1.05) ball"
    assert dressed.document.shot.prompt == "a (red:1.05) ball"
    qtbot.keyClick(prompt, Qt.Key.Key_Up, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert prompt.toPlainText() == "a (red:1.15) ball"
    for _ in range(3):
        qtbot.keyClick(prompt, Qt.Key.Key_Down, CONTROL)
    assert prompt.toPlainText() == BALL
    assert prompt.textCursor().selectedText() == "red"


def test_one_whose_name_says_nothing_is_asked_about_and_the_answer_is_kept(
    dressed, until, tmp_path
):
    answers = Answers(tmp_path / "answers.json")
    folder = tmp_path / "loras"
    for name in ("speedy", "lcm-lora-sdv1-5"):
        (folder / f"{name}.safetensors").write_bytes((folder / "people's.safetensors").read_bytes())
    dressed.shelve = lambda: known_shelf(
        (folder,), tmp_path / "w", tmp_path / "index.json", answers
    )
    dressed.model_list.look(dressed.scan, dressed.background, dressed.shelve)
    until(lambda: len(dressed.model_list.found.shelf.loras) == 4)
    dressed.document.change_shot(
        replace(dressed.document.shot, loras=(("speedy", 1.0), ("lcm-lora-sdv1-5", 1.0))), "LoRA"
    )
    rows = dressed.shot.loras.rows
    assert not rows["speedy"].like.isHidden()
    assert rows["lcm-lora-sdv1-5"].like.isHidden()  # its name says it
    like = rows["speedy"].like
    like.activated.emit(like.findData("LCM 4 steps"))
    likes = {one.name: one.like for one in known_shelf((folder,), tmp_path / "w", tmp_path / "i", answers).loras}  # fmt: skip
    assert likes["speedy"] == "LCM 4 steps"
    assert like.currentText() == "Made for few steps, as LCM 4 steps"
    until(lambda: "speedy" in {use.name for use in dressed.model_list.found.shelf.distilled()})
    like.activated.emit(0)
    assert "speedy" not in {use.name for use in dressed.model_list.found.shelf.distilled()}
