"""LoRAs on Wan's transformers: what stock diffusers does with them, in every spelling, on both experts
or on one."""

import copy
from typing import Any

import pytest
import torch
from diffusers import WanPipeline
from safetensors.torch import save_file
from torch import nn

from studio.engine.checkpoints.packed import Packed, PackedLinear
from studio.engine.checkpoints.wan_names import original_path, transformer
from studio.engine.device import Device
from studio.engine.lora.fitting import AdapterUse
from studio.engine.roles import FillSpec, Words
from studio.library.shelf import lora_use
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.engine.families.wan import tiny
from tests.engine.lora.lora_files import random
from tests.engine.tiny_backbone import traces

FRAMES, RANK = 9, 4
SPEC = FillSpec("keyframes", tuple(range(FRAMES)), 7, 2, 2.0)
SPELLINGS = {
    "diffusers": lambda path: (f"transformer.{path}", "lora_A", "lora_B"),
    "ComfyUI": lambda path: (f"diffusion_model.{original_path(path)}", "lora_A", "lora_B"),
    "ComfyUI, older": lambda path: (
        f"diffusion_model.{original_path(path)}", "lora_down", "lora_up"
    ),
    "kohya": lambda path: (
        f"lora_unet_{original_path(path).replace('.', '_')}", "lora_down", "lora_up"
    ),
    "PEFT": lambda path: (f"base_model.model.{path}", "lora_A", "lora_B"),
    "DiffSynth": lambda path: (original_path(path), "lora_A.default", "lora_B.default"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.make(tmp_path_factory.mktemp("wan"), "t2v", experts=2)


@pytest.fixture(scope="module")
def model(folder):
    return tiny.load(folder, role="keyframes")


def paths(net: nn.Module) -> list[str]:
    ends = ("to_q", "to_v", "to_out.0", "ffn.net.0.proj", "ffn.net.2")
    return [n for n, m in net.named_modules() if isinstance(m, nn.Linear) and n.endswith(ends)]


def write(file, net, spelling: str, seed: int = 0):
    tensors = {}
    for number, path in enumerate(paths(net)):
        layer, down, up = SPELLINGS[spelling](path)
        rows, columns = net.get_submodule(path).weight.shape
        tensors[f"{layer}.{down}.weight"] = 3 * random(seed + number, RANK, columns)
        tensors[f"{layer}.{up}.weight"] = 3 * random(seed + number + 500, rows, RANK)
        if spelling == "kohya":
            tensors[f"{layer}.alpha"] = torch.tensor(float(RANK))
    save_file({n: t.contiguous() for n, t in tensors.items()}, file)
    return file


def made(model, *uses: AdapterUse) -> torch.Tensor:
    notes: list[str] = []
    words = Words("a red ball", "blurry", loras=uses, notes=notes)
    empty = torch.zeros(model.latents_shape(tiny.SIDE, tiny.SIDE, FRAMES))
    with model.prompt(words, None) as prompt:
        return model.fill(empty, (False,) * FRAMES, prompt, SPEC, silent)


def stock(model, high=None, low=None, strength: float = 1.0) -> torch.Tensor:
    """What diffusers' pipeline makes with files on its transformers, on copies of ours."""
    wan = model.model
    copies = copy.deepcopy([wan.experts.high, wan.experts.low])
    kind: Any = WanPipeline
    pipeline = kind(
        tokenizer=None, text_encoder=None, vae=wan.autoencoder.vae, scheduler=wan.scheduler,
        transformer=copies[0], transformer_2=copies[1], boundary_ratio=0.9,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    for file, second in ((high, False), (low, True)):
        if file:
            pipeline.load_lora_weights(
                str(file.parent), weight_name=file.name, adapter_name=f"a{int(second)}",
                load_into_transformer_2=second,
            )  # fmt: skip
            getattr(pipeline, "transformer_2" if second else "transformer").set_adapters(
                [f"a{int(second)}"], [strength]
            )
    with model.prompt(Words("a red ball", "blurry"), None) as prompt:
        embeds = {"prompt_embeds": prompt.cond, "negative_prompt_embeds": prompt.uncond}
    noise = wan.noise(SPEC, model.latents_shape(tiny.SIDE, tiny.SIDE, FRAMES), "start")
    found = pipeline(
        height=tiny.SIDE, width=tiny.SIDE, num_frames=FRAMES, num_inference_steps=2,
        guidance_scale=2.0, latents=noise, output_type="latent", **embeds,
    ).frames  # fmt: skip
    return found[0].transpose(0, 1)


@pytest.mark.parametrize("spelling", ["diffusers", "ComfyUI"])
def test_does_what_the_stock_pipeline_does_on_both_experts(model, tmp_path, spelling):
    file = write(tmp_path / "a.safetensors", model.model.experts.high, spelling)
    before, nets = made(model), (model.model.experts.high, model.model.experts.low)
    trace = traces(*nets)
    worn = made(model, AdapterUse(file, 0.7))
    torch.testing.assert_close(worn, stock(model, file, file, 0.7), atol=2e-4, rtol=1e-4)
    assert float((worn - before).abs().max()) > 0.05
    assert traces(*nets) == trace
    assert torch.equal(made(model), before)


def test_each_expert_has_the_file_that_its_name_says(model, tmp_path):
    high = write(tmp_path / "walk_high_noise.safetensors", model.model.experts.high, "ComfyUI", 1)
    low = write(tmp_path / "walk_low_noise.safetensors", model.model.experts.high, "ComfyUI", 9)
    uses = [
        AdapterUse(file, expert=lora_use(file.stem, "", "Wan 14B").expert) for file in (high, low)
    ]
    assert [use.expert for use in uses] == ["high", "low"]
    torch.testing.assert_close(made(model, *uses), stock(model, high, low), atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(made(model, uses[0]), stock(model, high), atol=2e-4, rtol=1e-4)
    assert lora_use("walk_high_noise", "", "Wan 1.3B").expert == ""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_is_the_same_in_every_spelling(model, tmp_path, spelling):
    net = model.model.experts.high
    first = made(model, AdapterUse(write(tmp_path / "a.safetensors", net, "diffusers")))
    words = Words("a red ball", "", loras=(AdapterUse(write(tmp_path / "b.safetensors", net, spelling)),))  # fmt: skip
    with model.prompt(words, None):
        pass
    assert words.notes == [f"b matched {len(paths(net))} of {len(paths(net))} layers."]
    assert torch.equal(made(model, *words.loras), first)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision(folder, model, tmp_path, dtype):
    half = tiny.load(folder, role="keyframes", device=Device("cpu", dtype))
    nets = half.model.experts.high, half.model.experts.low
    use = AdapterUse(write(tmp_path / "a.safetensors", nets[0], "ComfyUI"), 0.7)
    trace, bare, expected = traces(*nets), made(half), made(model, use)
    worn = made(half, use)
    away = [float((one - expected).std() / expected.std()) for one in (worn, bare)]
    assert nets[1].blocks[0].attn1.to_q.weight.dtype == dtype
    assert 0 < away[0] < (0.05 if dtype == torch.float16 else 0.15) < away[1]
    assert traces(*nets) == trace
    assert torch.equal(made(half), bare)


def test_one_for_another_network_is_refused(model, tmp_path):
    net = nn.ModuleDict({"to_q": nn.Linear(4, 4)})
    file = write(tmp_path / "a.safetensors", net, "ComfyUI")
    with pytest.raises(Refusal, match="has a place in this model"):
        made(model, AdapterUse(file))


def test_every_layer_has_its_published_name_and_back():
    net = tiny.transformer("i2v")
    names = [name.rpartition(".")[0] for name, _ in net.named_parameters() if "." in name]
    for name in names:
        assert list(transformer([f"{original_path(name)}.weight"])) == [f"{name}.weight"]


@pytest.mark.parametrize("ways", ["low rank", "whole"])
def test_on_packed_weights_a_low_rank_goes_beside_and_another_is_refused(tmp_path, ways):
    packed = torch.randn(6, 8, generator=torch.Generator().manual_seed(1)).to(torch.float8_e4m3fn)
    plain = nn.Linear(8, 6, bias=False)
    plain.weight.data = packed.float()
    value = Packed(packed.view(torch.uint8), (6, 8), dtype=torch.float8_e4m3fn)
    net = nn.ModuleDict({"to_q": PackedLinear(value, bias=False)})
    down, up = random(1, 2, 8), random(2, 6, 2)
    tensors = {"to_q.lora_A.weight": down, "to_q.lora_B.weight": up}
    if ways == "whole":
        tensors = {"to_q.diff": random(3, 6, 8)}
    save_file(tensors, file := tmp_path / "a.safetensors")
    from studio.engine.lora.adapter import with_adapters

    use, x = AdapterUse(file, 0.5), random(4, 3, 8)
    if ways == "whole":
        with pytest.raises(Refusal, match="stored packed here"), with_adapters({"transformer": net}, [use]):  # fmt: skip
            pass
        return
    with with_adapters({"transformer": net}, [use]):
        found = net["to_q"](x)
    torch.testing.assert_close(found, plain(x) + 0.5 * x @ down.T @ up.T)
    assert type(net["to_q"]) is PackedLinear
