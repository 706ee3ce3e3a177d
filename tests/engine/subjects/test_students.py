"""What is particular to each kind of model in a training: its noise, its targets, what it is told; all
that it learns loads in the stock pipelines and does the same there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, WanPipeline
from torch.nn import functional as F

from studio.engine.checkpoints.wan_names import _transformer_name, original_path
from studio.engine.device import Device
from studio.engine.families.wan import family as wan
from studio.engine.families.wan.student import WanStudent
from studio.engine.lora.adapter import with_adapters
from studio.engine.lora.fitting import AdapterUse
from studio.engine.lora.writing import SPELLINGS, export
from studio.engine.noise import noise
from studio.engine.subjects import dataset, loss, subject
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import SubjectDefaults
from tests import drawing
from tests.engine.families.wan import tiny as tiny_wan
from tests.engine.tiny_backbone import photos, tiny
from tests.engine.tiny_xl import tiny_xl

SPEC = SubjectSpec(
    "dog", steps=3, batch=1, rank=4, alpha=8, prior_pictures=1, crops=0, mirror=False,
    preview_every=3, size=32, rate=1e-2,
)  # fmt: skip
DEFAULTS = SubjectDefaults(batch=1)


@pytest.fixture(scope="module")
def wan_folder(tmp_path_factory) -> Path:
    return tiny_wan.make(tmp_path_factory.mktemp("wan"), "t2v")


@pytest.fixture(scope="module", autouse=True)
def quick():
    with drawing.in_one_step():
        yield


def wan_student(folder: Path, device: Device = tiny_wan.CPU) -> WanStudent:
    parts = wan.load(folder, tiny_wan.CARD, "keyframes", device, silent)
    return parts["keyframes"].student


def made_anew(kind: str, wan_folder: Path, device: Device = tiny_wan.CPU):
    if kind == "wan":
        return wan_student(wan_folder, device)
    backbone = {"sd": tiny, "xl": tiny_xl}[kind]()
    for net in (backbone.unet, backbone.text_encoder):
        net.to(device.dtype)
    backbone.vae.to(device.dtype)
    return ImageStudent(replace(backbone, device=device))


def with_schedule(kind: str) -> ImageStudent:
    backbone = tiny()
    scheduler: Any = backbone.scheduler
    config = {**scheduler.config, "prediction_type": kind, "rescale_betas_zero_snr": False}
    return ImageStudent(replace(backbone, scheduler=type(scheduler).from_config(config)))


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_diffusion_asks_for_what_the_model_predicts(kind):
    """x_t = a x0 + s eps, v = a eps - s x0 (Salimans & Ho 2022), with the published betas."""
    student, x0, eps = with_schedule(kind), torch.randn(3, 4, 8, 8), torch.randn(3, 4, 8, 8)
    task = student.task(x0, eps, np.array([0.1, 0.5, 0.999]))
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = (1 - betas).cumprod(0)[[100, 500, 999]].float()[:, None, None, None]
    a, s = kept.sqrt(), (1 - kept).sqrt()
    assert task.times.tolist() == [100, 500, 999]
    torch.testing.assert_close(task.noisy, a * x0 + s * eps, atol=1e-4, rtol=1e-4)
    right = eps if kind == "epsilon" else a * eps - s * x0
    torch.testing.assert_close(task.target, right, atol=1e-4, rtol=1e-4)


def test_flow_matching_asks_for_the_velocity(wan_folder):
    """x = (1 - s) x0 + s eps at levels shifted as the sampler's, velocity eps - x0."""
    student, x0, eps = wan_student(wan_folder), torch.randn(2, 16, 4, 4), torch.randn(2, 16, 4, 4)
    task = student.task(x0, eps, np.array([0.25, 0.8]))
    shift = student.model.scheduler.config.flow_shift
    level = torch.tensor([shift * u / (1 + (shift - 1) * u) for u in (0.25, 0.8)])
    torch.testing.assert_close(task.times, 1000 * level)
    level = level[:, None, None, None]
    torch.testing.assert_close(task.noisy, (1 - level) * x0 + level * eps)
    torch.testing.assert_close(task.target, eps - x0)


def test_a_still_is_the_first_frame_of_wans_clip(wan_folder):
    student, picture = wan_student(wan_folder), torch.rand(1, 3, 32, 32) * 2 - 1
    vae: Any = student.model.autoencoder.vae
    mean = vae.encode(picture[:, :, None]).latent_dist.mode()
    shape = (1, -1, 1, 1, 1)
    of = torch.tensor(vae.config.latents_mean).reshape(shape)
    scaled = (mean - of) / torch.tensor(vae.config.latents_std).reshape(shape)
    torch.testing.assert_close(student.encode(picture), scaled[:, :, 0], atol=1e-5, rtol=1e-4)
    assert student.decode(scaled[:, :, 0]).shape == (1, 32, 32, 3)


def test_the_loss_is_that_of_dreambooth_written_out():
    """Mean squared error on the photo, and on pictures of the class, weighted."""
    student = with_schedule("v_prediction")
    data = dataset.prepare(student, photos(), SPEC.prompt, ["a dog"], seed=3)
    defaults = SubjectDefaults(batch=1, prior_batch=2, prior_weight=0.25)
    (found,) = loss.losses(student, {"unet": student.backbone.unet}, data, SPEC, defaults)(4)
    rng = np.random.default_rng((SPEC.seed, 4, 2))
    photo = data.photos[rng.integers(len(data.photos), size=1)]
    rng.integers(1, size=2)
    x0 = torch.cat([photo, data.prior, data.prior])
    eps = noise(SPEC.seed, "subject", 0, tuple(x0.shape), step=4, purpose="training")
    task = student.task(x0, eps, loss._levels(rng, 1, 2))
    words = torch.cat([data.photo_texts["text"], *2 * [data.prior_texts["text"]]])
    out = student.backbone.unet(task.noisy, task.times, words).sample
    mine, prior = (F.mse_loss(out[part], task.target[part]) for part in ([0], [1, 2]))
    torch.testing.assert_close(found, mine + 0.25 * prior, atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_xl_is_told_what_diffusers_script_tells_it():
    """As train_dreambooth_lora_sdxl.py: both encoders' states before the last side by side, the second
    one's text as a whole, and time ids of original size, crop and target size."""
    student = ImageStudent(tiny_xl())
    backbone = student.backbone
    prompts, states = ["a sks dog"], []
    for tokenizer, encoder in (
        (backbone.tokenizer, backbone.text_encoder),
        (backbone.second.tokenizer, backbone.second.encoder),
    ):
        ids = tokenizer(
            prompts, padding="max_length", max_length=16, truncation=True, return_tensors="pt"
        ).input_ids
        prompt_embeds = encoder(ids, output_hidden_states=True)
        pooled_prompt_embeds = prompt_embeds[0]
        states.append(prompt_embeds.hidden_states[-2])
    original_size = target_size = (32, 32)
    crops_coords_top_left = (0, 0)
    add_time_ids = torch.tensor([list(original_size + crops_coords_top_left + target_size)])
    noisy, t = torch.randn(1, 4, 8, 8), torch.tensor([321])
    expected = backbone.unet(
        noisy,
        t,
        torch.concat(states, dim=-1),
        added_cond_kwargs={"time_ids": add_time_ids, "text_embeds": pooled_prompt_embeds},
    ).sample
    found = student.predict({"unet": backbone.unet}, noisy, t, student.texts(prompts))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def trained(student, folder: Path, tick=silent, **changed):
    spec = replace(SPEC, **changed)
    return subject.train_subject(student, photos(), spec, folder, tick, defaults=DEFAULTS)


def stock_of(student) -> Any:
    """The stock pipeline of the same networks."""
    if isinstance(student, WanStudent):
        model = student.model
        return WanPipeline(
            tokenizer=None,
            text_encoder=None,
            vae=model.autoencoder.vae,
            scheduler=model.scheduler,
            transformer=model.experts.high,
        )
    backbone = student.backbone
    parts = {name: getattr(backbone, name) for name in ("vae", "text_encoder", "tokenizer", "unet")}
    if backbone.second is not None:
        parts |= {
            "text_encoder_2": backbone.second.encoder,
            "tokenizer_2": backbone.second.tokenizer,
        }
        return StableDiffusionXLPipeline(**parts, scheduler=backbone.scheduler)
    return StableDiffusionPipeline(
        **parts, scheduler=backbone.scheduler, safety_checker=None, feature_extractor=None
    )


def put_on(student, file: Path):
    return with_adapters(student.networks, [AdapterUse(file)])


@torch.no_grad()
def seen(student) -> torch.Tensor:
    """What the networks say of a noisy still under the subject's prompt."""
    shape = (1, *student.blank(1, SPEC.size)[0].shape[1:])
    noisy = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    return student.predict(
        student.networks, noisy, torch.tensor([321]), student.texts([SPEC.prompt])
    )


@pytest.mark.filterwarnings("ignore:While injecting the PEFT adapters:RuntimeWarning")
@pytest.mark.parametrize("kind", ["sd", "xl", "wan"])
def test_what_is_learned_does_the_same_in_the_stock_pipeline(wan_folder, tmp_path, kind):
    mine, told = made_anew(kind, wan_folder), []
    before = seen(mine)
    file = trained(mine, tmp_path, told.append).file
    assert torch.equal(seen(mine), before)
    shown = [p.preview for p in told if p.preview and p.loss is not None]
    assert [len(picture.rgb) for picture in shown] == [3 * SPEC.size**2]
    with put_on(mine, file) as (match,):
        expected = seen(mine)
    assert match.matched == match.layers > 0
    assert (expected - before).abs().max() > 1e-3 * before.std()
    theirs = made_anew(kind, wan_folder)
    stock_of(theirs).load_lora_weights(str(file.parent), weight_name=file.name)
    torch.testing.assert_close(seen(theirs), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["xl", "wan"])
def test_stopped_and_gone_on_with_equals_unbroken(wan_folder, tmp_path, kind):
    student = made_anew(kind, wan_folder)

    def stopping(progress):
        if progress.loss is not None and progress.step == 1:
            raise Cancelled

    whole = trained(student, tmp_path / "whole")
    with pytest.raises(Cancelled):
        trained(student, tmp_path / "cut", stopping)
    again = trained(student, tmp_path / "cut")
    assert again.losses == whole.losses[1:]
    assert again.file.read_bytes() == whole.file.read_bytes()


@pytest.mark.parametrize(
    ("kind", "dtype"), [("wan", torch.bfloat16), ("xl", torch.float16), ("sd", torch.float16)]
)
def test_in_half_precision(wan_folder, tmp_path, kind, dtype):
    student = made_anew(kind, wan_folder, Device("cpu", dtype))
    made = trained(student, tmp_path)
    assert np.isfinite(made.losses).all()
    network: Any = next(iter(student.networks.values()))
    assert network.dtype == dtype
    with put_on(student, made.file) as (match,):
        assert match.matched == match.layers


@pytest.mark.parametrize("kind", ["xl", "wan"])
def test_by_dreambooth_alone_where_that_is_offered(wan_folder, tmp_path, kind):
    with pytest.raises(Refusal, match="not trained by DreamBooth"):
        trained(made_anew(kind, wan_folder), tmp_path, method="dreambooth")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_wans_loras_in_every_spelling_do_the_same(wan_folder, tmp_path, spelling):
    student = wan_student(wan_folder)
    file, out = trained(student, tmp_path).file, tmp_path / "out.safetensors"
    layers = export(file, out, spelling, "rex")
    with put_on(student, file):
        expected = seen(student)
    with put_on(student, out) as (match,):
        torch.testing.assert_close(seen(student), expected, atol=1e-5, rtol=1e-5)
    assert match.matched == match.layers == layers
    if spelling in ("comfyui", "peft"):
        theirs = wan_student(wan_folder)
        stock_of(theirs).load_lora_weights(str(tmp_path), weight_name=out.name)
        torch.testing.assert_close(seen(theirs), expected, atol=1e-4, rtol=1e-4)


def test_wans_names_are_the_published_ones(wan_folder):
    network: Any = wan_student(wan_folder).model.experts.high
    linear = [n for n, m in network.named_modules() if isinstance(m, torch.nn.Linear)]
    for path in linear:
        assert _transformer_name(f"{original_path(path)}.weight") == f"{path}.weight"
