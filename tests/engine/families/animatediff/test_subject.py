"""A subject on AnimateDiff: adapters made for the image model alone."""

from typing import Any

import pytest
import torch
from diffusers import AnimateDiffPipeline
from peft import LoraConfig

from studio.engine.lora import adapter, adapter_file
from studio.engine.lora.adapter_file import Label
from studio.engine.noise import clip_noise
from studio.engine.roles import FillSpec, Words
from studio.engine.subjects.subject import train_subject
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.request import SubjectUse
from tests.engine.families.animatediff import tiny
from tests.engine.tiny_backbone import photos, traces
from tests.engine.tiny_backbone import tiny as tiny_backbone

TARGETS = {"unet": ("to_q", "to_v", "to_out.0", "conv1"), "text_encoder": ("q_proj", "out_proj")}
SPEC = FillSpec("keyframes", (0, 1, 2), 7, 2, 2.0)


@pytest.fixture(scope="module")
def subject(tmp_path_factory) -> tuple:
    """A LoRA for image UNet and text encoder: its file, and how a request names it."""
    tensors = {}
    for part, net in (("unet", tiny.unet()), ("text_encoder", tiny_backbone().text_encoder)):
        targets = list(TARGETS[part])
        adapter.inject_lora(net, LoraConfig(r=4, lora_alpha=6, target_modules=targets), 1)
        for name, p in net.named_parameters():
            if "lora_" in name:
                drawn = torch.randn(p.shape, generator=torch.Generator().manual_seed(len(name)))
                file_name = adapter_file.file_name(part, name.replace(f".{adapter.NAME}.", "."))
                tensors[file_name] = 0.2 * drawn
    folder = tmp_path_factory.mktemp("subject")
    file, identity = adapter_file.write_adapter(
        folder, tensors, Label("lora", 4, 6.0, "sks", "dog"), TARGETS
    )
    return file, SubjectUse("rex", identity, "sks", "dog")


def made(model, words: Words, file=None) -> torch.Tensor:
    with model.prompt(words, file) as prompt:
        return model.fill(torch.zeros(3, 4, 4, 4), (False,) * 3, prompt, SPEC, silent)


# diffusers guesses short names of layers from the file, which the motion module has too, unadapted
@pytest.mark.filterwarnings("ignore:While injecting the PEFT adapters:RuntimeWarning")
def test_as_in_the_stock_pipeline_that_wears_it(model, subject):
    file, use = subject
    found = made(model, Words("a dog", subject=use), file)
    backbone = model.backbone
    backbone.tokenizer.model_max_length = 16
    stock = AnimateDiffPipeline(
        vae=backbone.vae,
        text_encoder=tiny_backbone().text_encoder,
        tokenizer=backbone.tokenizer,
        unet=tiny.unet(),
        motion_adapter=tiny.motion("v3"),
        scheduler=backbone.scheduler,
    )
    stock.set_progress_bar_config(disable=True)
    stock.load_lora_weights(str(file.parent), weight_name=file.name)
    start = clip_noise(7, "keyframes", (0, 1, 2), (4, 4, 4))
    expected = stock(
        "a sks dog",
        num_frames=3,
        height=tiny.SIDE,
        width=tiny.SIDE,
        num_inference_steps=2,
        guidance_scale=2.0,
        latents=start.transpose(0, 1)[None],
        output_type="latent",
    ).frames[0].transpose(0, 1)  # fmt: skip
    assert (found - expected).abs().max() < 1e-4 * expected.std()
    assert (found - made(model, Words("a sks dog"))).abs().max() > 0.1


def test_it_comes_off_without_a_trace(model, subject):
    file, use = subject
    before = traces(model.unet, model.backbone.text_encoder)
    plain = made(model, Words("a dog"))
    made(model, Words("a dog", subject=use), file)
    with pytest.raises(KeyboardInterrupt), model.prompt(Words("a dog", subject=use), file):
        raise KeyboardInterrupt
    assert traces(model.unet, model.backbone.text_encoder) == before
    assert torch.equal(made(model, Words("a dog")), plain)


def test_another_file_than_was_asked_for_is_refused(model, subject, tmp_path):
    file, use = subject
    other = tmp_path / file.name
    other.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(Refusal):
        made(model, Words("a dog", subject=use), other)


@torch.no_grad()
def test_its_student_is_the_image_model_and_learns_for_both(model, tmp_path):
    """By the image model's own noise levels, without the motion module."""
    student, before = model.student, traces(model.unet)
    x, text = torch.randn(1, 4, 4, 4), torch.randn(1, 16, 32)
    image: Any = student.networks["unet"]
    expected = tiny.unet()(x, 321, text).sample
    torch.testing.assert_close(image(x, 321, text).sample, expected, atol=1e-5, rtol=1e-5)
    schedules = [b.scheduler.config.beta_schedule for b in (student.backbone, model.backbone)]
    assert schedules == ["scaled_linear", "linear"]
    spec = SubjectSpec("dog", steps=1, batch=1, rank=2, prior_pictures=1, crops=0, preview_every=9)
    with torch.enable_grad():
        made = train_subject(student, photos(), spec, tmp_path)
    assert traces(model.unet) == before
    with adapter.adapted(model.backbone, made.file) as match:
        assert match.matched == match.layers
