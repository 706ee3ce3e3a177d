"""A LoRA of somebody else becomes a subject: dropped or chosen, asked about, taken in."""

import json

import pytest
import torch
from safetensors.torch import save_file

from studio.app import build
from studio.jobs.handlers import JobHandlers
from studio.project.subject import Subject
from studio.ui.subjects.lora_form import NEW
from tests.gui.subjects.forms import drop

NOTES = {"ss_tag_frequency": json.dumps({"10_rex": {"ohwx dog": 12, "grass": 3}}), "ss_steps": "7"}
LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"


@pytest.fixture
def lora(tmp_path):
    """Of a layer as SD 1.x has it."""
    tensors = {
        f"{LAYER}.lora_down.weight": torch.ones(4, 768),
        f"{LAYER}.lora_up.weight": torch.ones(320, 4),
        f"{LAYER}.alpha": torch.tensor(4.0),
    }
    save_file(tensors, tmp_path / "Rex v2.safetensors", NOTES)
    return tmp_path / "Rex v2.safetensors"


@pytest.fixture
def opened(qapp, tmp_path, folders, until):
    """The window with the real handlers, and no models."""
    studio = build(tmp_path / "Summer", folders, JobHandlers(folders, "cpu").by_kind())
    studio.open()
    until(lambda: not studio.model_list.found.is_looking)
    yield studio
    if not studio.is_closed:
        studio.close()


def test_a_dropped_lora_is_asked_about_and_taken_in(opened, lora, until):
    form = opened.subjects.lora
    drop(opened.subjects, [lora])
    until(lambda: opened.subjects.pages.currentWidget() is form)
    assert form.facts.text().startswith("It was made for SD 1.x, with 7 steps.")
    assert "It was taught: ohwx dog, grass" in form.facts.text()
    assert form.subject.currentText() == NEW
    assert form.token.currentText() == "ohwx"
    assert "no name" in form.reason.text()
    form.who.name.setText("rex")
    form.who.noun.setText("man")
    assert "Confirm the consent" in form.reason.text()
    form.who.noun.setText("dog")
    form.token.setEditText("ohwx dog")
    assert "which word calls it" in form.reason.text()
    form.token.setEditText("ohwx")
    form.take.click()
    until(lambda: opened.document.subject("rex") and opened.document.subject("rex").is_trained)
    subject = opened.document.subject("rex")
    assert (subject.token, subject.class_noun, subject.trained_steps) == ("ohwx", "dog", 7)
    assert opened.subjects.pages.currentWidget() is opened.subjects.list_page
    until(lambda: opened.subjects.details.next)
    button = opened.subjects.details.train_again
    assert not button.isEnabled()
    assert "no photos" in button.toolTip()
    assert "ohwx dog" in opened.subjects.details.learned.words.text()


def test_it_becomes_a_version_of_a_subject_that_is_there(opened, lora, photos, until):
    kept = []
    opened.document.adopt(Subject("rex", "dog", "zwx"), photos, kept.append)
    until(lambda: kept)
    opened.subjects.begin_lora(lora)
    form = opened.subjects.lora
    until(lambda: opened.subjects.pages.currentWidget() is form)
    form.subject.setCurrentIndex(form.subject.findText("A version of rex"))
    form.reflect()
    assert not form.who.isVisible()
    assert form.take.isEnabled()
    form.take.click()
    until(lambda: opened.document.subject("rex").is_trained)
    subject = opened.document.subject("rex")
    assert (subject.token, len(subject.photos), len(subject.versions)) == ("zwx", 4, 1)


def test_what_is_no_lora_is_refused_and_opens_nothing(opened, tmp_path, until):
    said = []
    opened.subjects.refused.connect(lambda what, hint: said.append(what))
    (tmp_path / "page.safetensors").write_text("<!DOCTYPE html><html>")
    drop(opened.subjects, [tmp_path / "page.safetensors"])
    until(lambda: said)
    assert "page.safetensors" in said[0]
    assert opened.subjects.pages.currentWidget() is opened.subjects.list_page
