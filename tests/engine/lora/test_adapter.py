"""Adapters go on, change the output, and come off without a trace."""

import json

import pytest
import torch
from diffusers import StableDiffusionPipeline
from peft import LoraConfig

from studio.engine.checkpoints import tensor_file
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.lora import adapter, adapter_file
from studio.engine.lora.adapter import adapted
from studio.engine.lora.adapter_file import Label
from studio.spec.refusal import Refusal
from tests.engine.tiny_backbone import tiny, traces

TARGETS = {"unet": ("to_q", "to_v", "to_out.0", "conv1"), "text_encoder": ("q_proj", "out_proj")}


@pytest.fixture(scope="module")
def backbone():
    return tiny()


@pytest.fixture(scope="module")
def lora(backbone, tmp_path_factory):
    """A LoRA of rank 4 and alpha 6 with random weights on every target."""
    tensors = {}
    for part, targets in TARGETS.items():
        module = getattr(tiny(), part)
        adapter.inject_lora(module, LoraConfig(r=4, lora_alpha=6, target_modules=list(targets)), 1)
        for name, p in module.named_parameters():
            if "lora_" in name:
                generator = torch.Generator().manual_seed(len(name))
                name = name.replace(f".{adapter.NAME}.", ".")
                value = 0.2 * torch.randn(p.shape, generator=generator)
                tensors[adapter_file.file_name(part, name)] = value
    label = Label("lora", 4, 6.0, "sks", "dog")
    folder = tmp_path_factory.mktemp("adapters ünï")
    return adapter_file.write_adapter(folder, tensors, label, TARGETS)[0]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """DreamBooth weights: those of another seed, whole."""
    other, tensors = tiny(seed=3), {}
    for part in adapter.PARTS:
        for name, p in getattr(other, part).named_parameters():
            tensors[adapter_file.file_name(part, name)] = p.detach()
    folder = tmp_path_factory.mktemp("tuned")
    return adapter_file.write_adapter(folder, tensors, Label("dreambooth", 0, 0.0), {})[0]


@torch.no_grad()
def picture(backbone):
    """What UNet and text encoder make of one fixed input."""
    generator = torch.Generator().manual_seed(9)
    x = torch.randn(2, 4, 8, 8, generator=generator)
    text = backbone.text_encoder(torch.arange(16).repeat(2, 1))[0]
    return backbone.unet(x, 500, text).sample


@pytest.mark.parametrize("kind", ["lora", "tuned"])
def test_goes_on_and_off_without_a_trace(backbone, kind, request):
    file, before = request.getfixturevalue(kind), picture(backbone)
    trace = traces(backbone.unet, backbone.text_encoder)
    random = torch.get_rng_state()
    with adapted(backbone, file) as worn:
        assert not torch.allclose(picture(backbone), before, atol=1e-2)
    assert worn.matched == worn.layers > 10
    assert traces(backbone.unet, backbone.text_encoder) == trace
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.equal(picture(backbone), before)


@pytest.mark.parametrize("kind", ["lora", "tuned"])
def test_comes_off_after_an_error(backbone, kind, request):
    trace = traces(backbone.unet, backbone.text_encoder)
    with pytest.raises(KeyboardInterrupt), adapted(backbone, request.getfixturevalue(kind)):
        raise KeyboardInterrupt
    assert traces(backbone.unet, backbone.text_encoder) == trace


@pytest.mark.parametrize("kind", ["lora", "tuned"])
def test_strength_scales_and_zero_touches_nothing(backbone, kind, request):
    file, before = request.getfixturevalue(kind), picture(backbone)
    with adapted(backbone, file, 0.0) as worn:
        assert torch.equal(picture(backbone), before)
        assert worn.matched
    away = []
    for strength in (0.1, 0.5, 1.0):
        with adapted(backbone, file, strength):
            away.append(float((picture(backbone) - before).square().mean()))
    assert away == sorted(away)
    assert len(set(away)) == 3


def test_lora_adds_alpha_over_rank_times_its_product(backbone, lora):
    tensors = adapter_file.read_adapter(lora).tensors
    name = next(k for k in tensors if k.startswith("unet.") and "to_q.lora_A" in k)
    a, b = tensors[name], tensors[name.replace("lora_A", "lora_B")]
    path = name.removeprefix("unet.").removesuffix(".lora_A.weight")
    x = torch.randn(3, a.shape[1])
    plain = backbone.unet.get_submodule(path)(x)
    with adapted(backbone, lora, 0.5):
        worn = backbone.unet.get_submodule(path)(x)
    torch.testing.assert_close(worn, plain + 0.5 * 6 / 4 * x @ a.T @ b.T)


def test_tuned_weights_at_full_strength_are_the_other_network(backbone, tuned):
    expected = picture(tiny(seed=3))
    with adapted(backbone, tuned):
        assert torch.equal(picture(backbone), expected)


def test_stock_diffusers_reads_the_file_alike(backbone, lora):
    other = tiny()
    pipe = StableDiffusionPipeline(
        other.vae,
        other.text_encoder,
        other.tokenizer,
        other.unet,
        other.scheduler,
        None,
        None,
        None,
        False,
    )
    pipe.load_lora_weights(str(lora.parent), weight_name=lora.name)
    with adapted(backbone, lora):
        torch.testing.assert_close(picture(backbone), picture(pipe), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["lora", "tuned"])
@torch.no_grad()
def test_the_video_network_wears_it_too(backbone, kind, request):
    """The walk over an adapted image UNet; temporal layers keep their weights."""
    torch.manual_seed(2)
    video = VideoUNet(backbone.unet, TemporalLayers(backbone.unet, TemporalConfig())).eval()
    trace = traces(video)
    x, text = torch.randn(3, 4, 8, 8), torch.randn(1, 16, 32)
    before = video(x, torch.tensor(500), text, frames=3)
    with adapted(backbone, request.getfixturevalue(kind)):
        worn = video(x, torch.tensor(500), text, frames=3)
        shut = video(x, torch.tensor(500), text, frames=3, image_only=True)
        assert torch.equal(shut, backbone.unet(x, 500, text.expand(3, -1, -1)).sample)
    assert not torch.allclose(worn, before, atol=1e-2)
    assert torch.equal(video(x, torch.tensor(500), text, frames=3), before)
    assert traces(video) == trace


def test_one_at_a_time(backbone, lora):
    trace = traces(backbone.unet, backbone.text_encoder)
    with pytest.raises(RuntimeError, match="on already"), adapted(backbone, lora):  # noqa: SIM117
        with adapted(backbone, lora):
            pass
    assert traces(backbone.unet, backbone.text_encoder) == trace


def test_equal_contents_are_equal_bytes(lora, tmp_path):
    read = adapter_file.read_adapter(lora)
    for folder in ("a", "b", "c", "d"):
        again = adapter_file.write_adapter(tmp_path / folder, read.tensors, read.label, TARGETS)[0]
        assert again.read_bytes() == lora.read_bytes()
        assert again.name == lora.name
        assert list(again.parent.iterdir()) == [again]


def test_label_survives(lora):
    assert adapter_file.read_adapter(lora).label == Label("lora", 4, 6.0, "sks", "dog")


def test_a_file_without_our_label_takes_rank_and_alpha_from_diffusers(lora, tmp_path):
    read = adapter_file.read_adapter(lora)
    config = {"lora_adapter_metadata": json.dumps({"unet.r": 4, "unet.lora_alpha": 2})}
    tensor_file.save_whole(tmp_path / "theirs.safetensors", read.tensors, config)
    assert adapter_file.read_adapter(tmp_path / "theirs.safetensors").label == Label("lora", 4, 2.0)


def test_missing_file(backbone, tmp_path):
    with pytest.raises(Refusal, match="missing"), adapted(backbone, tmp_path / "no.safetensors"):
        pass


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_truncated_file(backbone, lora, tmp_path, part):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(lora.read_bytes()[: int(part * lora.stat().st_size)])
    with pytest.raises(Refusal, match="damaged"), adapted(backbone, broken):
        pass


def test_half_a_lora_is_a_broken_file(lora, tmp_path):
    read = adapter_file.read_adapter(lora)
    half = {k: t for k, t in read.tensors.items() if "lora_B" not in k}
    tensor_file.save_whole(tmp_path / "half.safetensors", half, {"format": "pt"})
    with pytest.raises(Refusal, match="damaged"):
        adapter_file.read_adapter(tmp_path / "half.safetensors")


def test_no_layer_matches(backbone, lora, tmp_path):
    read = adapter_file.read_adapter(lora)
    strange = {
        k.replace("blocks", "floors").replace("layers", "l"): t for k, t in read.tensors.items()
    }
    strange = {k: t for k, t in strange.items() if "mid_block" not in k}
    file = adapter_file.write_adapter(tmp_path, strange, read.label, {})[0]
    with pytest.raises(Refusal, match="None of the"), adapted(backbone, file):
        pass


def test_some_layers_match_and_it_says_how_many(backbone, lora, tmp_path):
    read = adapter_file.read_adapter(lora)
    part = {k.replace("mid_block", "attic"): t for k, t in read.tensors.items()}
    file = adapter_file.write_adapter(tmp_path, part, read.label, {})[0]
    with adapted(backbone, file) as worn:
        assert 0 < worn.matched < worn.layers == len(read.tensors) // 2


@pytest.mark.parametrize("kind", ["lora", "tuned"])
def test_another_shape_is_refused(kind, request):
    other = tiny(widths=(64, 64))
    trace = traces(other.unet, other.text_encoder)
    with (
        pytest.raises(Refusal, match="another model"),
        adapted(other, request.getfixturevalue(kind)),
    ):
        pass
    assert traces(other.unet, other.text_encoder) == trace


def test_strength_must_be_a_number(backbone, lora):
    with pytest.raises(Refusal, match="strength"), adapted(backbone, lora, float("nan")):
        pass
