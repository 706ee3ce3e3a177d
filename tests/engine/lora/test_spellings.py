"""LoRAs of every spelling do what stock diffusers does with them, in full and in half precision."""

import json
import warnings
from dataclasses import replace

import pytest
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from torch import nn

from studio.engine.lora.adapter import AdapterUse, adapted, with_adapters
from studio.engine.lora.network_names import original_name
from studio.engine.lora.spellings import Places, parsed
from studio.spec.refusal import Refusal
from tests.engine.lora import lora_files
from tests.engine.lora.lora_files import drawn, write
from tests.engine.tiny_backbone import tiny, traces
from tests.library.headers import KEYS

ATTENTION = ("to_q", "to_v", "to_out.0")


@pytest.fixture(scope="module")
def backbone():
    return tiny()


def in_half(backbone, dtype):
    for part in ("unet", "text_encoder"):
        getattr(backbone, part).to(dtype)
    return backbone


@torch.no_grad()
def seen(backbone, dtype=torch.float32):
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(9)).to(dtype)
    text = backbone.text_encoder(torch.arange(16).repeat(2, 1))[0]
    return backbone.unet(x, 500, text).sample.float()


def stock(files, strengths=(1.0,), dtype=torch.float32):
    """What stock diffusers makes with the files on."""
    other = in_half(tiny(), dtype)
    nets = (other.vae, other.text_encoder, other.tokenizer, other.unet, other.scheduler)
    pipe = StableDiffusionPipeline(*nets, None, None, None, False)
    for number, file in enumerate(files):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Already found a `peft_config`")
            pipe.load_lora_weights(
                str(file.parent), weight_name=file.name, adapter_name=f"a{number}"
            )
    pipe.set_adapters([f"a{k}" for k in range(len(files))], list(strengths))
    return seen(pipe, dtype)


EQUAL = (3.0,)
"""Alphas: where they differ, diffusers 0.42 loses those of attention ("were ignored")."""
READ_BY_DIFFUSERS = {
    "kohya": (lora_files.kohya, EQUAL),
    "PEFT": (lora_files.peft, (None,)),
    "diffusers": (lora_files.diffusers_now, (None,)),
}
"""By spelling, what writes it, and the alphas in its tensors."""


@pytest.mark.parametrize("spelling", READ_BY_DIFFUSERS)
def test_does_what_stock_diffusers_does(backbone, tmp_path, spelling):
    spelled, alphas = READ_BY_DIFFUSERS[spelling]
    layers = drawn(backbone, alphas=alphas)
    file = write(tmp_path / "a.safetensors", spelled(layers, backbone))
    before, trace = seen(backbone), traces(backbone.unet, backbone.text_encoder)
    with adapted(backbone, file, 0.7) as match:
        worn = seen(backbone)
    torch.testing.assert_close(worn, stock([file], [0.7]), atol=2e-5, rtol=1e-5)
    assert float((worn - before).abs().max()) > 0.05
    assert (match.matched, match.missing) == (len(layers), ())
    assert traces(backbone.unet, backbone.text_encoder) == trace


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_does_it_in_half_precision_too(tmp_path, dtype):
    net = in_half(tiny(), dtype)
    file = write(tmp_path / "a.safetensors", lora_files.kohya(drawn(net, alphas=EQUAL), net))
    with adapted(net, file):
        worn = seen(net, dtype)
    torch.testing.assert_close(worn, stock([file], dtype=dtype), atol=0.05, rtol=0.02)
    assert float((worn - seen(net, dtype)).abs().max()) > 0.2


def test_attention_processors_of_2023(backbone, tmp_path):
    layers = {p: v for p, v in drawn(backbone, alphas=(None,)).items() if p[1].endswith(ATTENTION)}
    layers = {p: v for p, v in layers.items() if p[0] == "unet"}
    old = write(tmp_path / "old.safetensors", lora_files.diffusers_2023(layers, backbone))
    with adapted(backbone, old) as match:
        worn = seen(backbone)
    torch.testing.assert_close(worn, stock([old]), atol=2e-5, rtol=1e-5)
    assert match.matched == match.layers == len(layers)


NOT_READ_BY_DIFFUSERS = {
    "ComfyUI": lora_files.comfy,
    "kohya with Stability's names": lora_files.kohya_original,
    "DiffSynth": lora_files.diffsynth,
    "PEFT itself": lora_files.raw_peft,
}


@pytest.mark.parametrize("spelling", NOT_READ_BY_DIFFUSERS)
def test_is_the_same_in_spellings_that_diffusers_does_not_read(backbone, tmp_path, spelling):
    layers = drawn(backbone)
    known = write(tmp_path / "known.safetensors", lora_files.kohya(layers, backbone))
    file = write(tmp_path / "a.safetensors", NOT_READ_BY_DIFFUSERS[spelling](layers, backbone))
    with adapted(backbone, known):
        expected = seen(backbone)
    with adapted(backbone, file) as match:
        assert torch.equal(seen(backbone), expected)
    assert match.matched == match.layers == len(layers)


def test_alphas_and_ranks_of_diffusers_header(backbone, tmp_path):
    layers = {p: v for p, v in drawn(backbone, alphas=(None,)).items() if p[0] == "unet"}
    names = [path for _, path in layers]
    said = {
        "unet.r": 4, "unet.lora_alpha": 6, "unet.target_modules": names,
        "unet.rank_pattern": {path: 2 for (_, path), pair in layers.items() if len(pair.down) == 2},
        "unet.alpha_pattern": {"to_q": 3.0},
    }  # fmt: skip
    file = write(
        tmp_path / "a.safetensors",
        lora_files.peft(layers, backbone),
        {"lora_adapter_metadata": json.dumps(said)},
    )
    with adapted(backbone, file):
        worn = seen(backbone)
    torch.testing.assert_close(worn, stock([file]), atol=2e-5, rtol=1e-5)


def test_the_config_beside_a_file_of_peft_says_its_alpha(backbone, tmp_path):
    layers = {
        p: replace(v, alpha=None) for p, v in drawn(backbone, ranks=(4,)).items() if p[0] == "unet"
    }
    file = tmp_path / "adapter_model.safetensors"
    write(file, lora_files.raw_peft(layers, backbone))
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 4, "lora_alpha": 2}), "utf-8")
    with adapted(backbone, file):
        worn = seen(backbone)
    halved = {place: replace(pair, alpha=2.0) for place, pair in layers.items()}
    other = write(tmp_path / "b.safetensors", lora_files.kohya(halved, backbone))
    with adapted(backbone, other):
        assert torch.equal(seen(backbone), worn)


def test_several_at_once_with_strengths_of_either_sign(backbone, tmp_path):
    one = write(
        tmp_path / "one.safetensors", lora_files.kohya(drawn(backbone, alphas=EQUAL), backbone)
    )
    some = {
        p: v
        for p, v in drawn(backbone, ranks=(3,), alphas=EQUAL).items()
        if p[1].endswith(ATTENTION)
    }
    two = write(tmp_path / "two.safetensors", lora_files.kohya(some, backbone))
    trace = traces(backbone.unet, backbone.text_encoder)
    with with_adapters(backbone, (AdapterUse(one, 0.8), AdapterUse(two, -0.5))) as matches:
        worn = seen(backbone)
    assert [match.matched for match in matches] == [len(drawn(backbone)), len(some)]
    torch.testing.assert_close(worn, stock([one, two], [0.8, -0.5]), atol=3e-5, rtol=1e-5)
    assert traces(backbone.unet, backbone.text_encoder) == trace
    assert torch.equal(seen(backbone), seen(tiny()))


def test_nothing_that_matches_is_an_error_and_some_is_said_by_name(backbone, tmp_path):
    layers = lora_files.kohya(drawn(backbone), backbone)
    strange = {name.replace("lora_unet_", "lora_unet_x"): t for name, t in layers.items()}
    file = write(tmp_path / "a.safetensors", strange)
    with adapted(backbone, file) as match:
        assert 0 < match.matched < match.layers
    assert all(name.startswith("lora_unet_x") for name in match.missing)
    assert len(match.missing) == match.layers - match.matched
    none = {name: t for name, t in strange.items() if "lora_unet_x" in name}
    file = write(tmp_path / "b.safetensors", none)
    with pytest.raises(Refusal, match=r"None of the \d+ layers of b"), adapted(backbone, file):
        pass


FOREIGN = {
    "OFT": "lora_unet_a.oft_blocks",
    "IA³": "base_model.model.a.ia3_l",
    "GLoRA": "lora_unet_a.a1.weight",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_kinds_are_named(backbone, tmp_path, kind):
    file = write(tmp_path / "a.safetensors", {FOREIGN[kind]: torch.ones(2, 2)})
    with pytest.raises(Refusal, match=kind), adapted(backbone, file):
        pass


def test_a_network_is_no_lora(backbone, tmp_path):
    file = write(tmp_path / "a.safetensors", {"unet.conv_in.weight": torch.ones(2, 2)})
    with pytest.raises(Refusal, match="belong to no LoRA"), adapted(backbone, file):
        pass


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["kohya_lora_sd15_r8", "diffusers_lora_converted_sd15_attn_r8",
             "diffusers_lora_legacy_attnproc_sd15_r8", "diffusers_lora_peft_sd15_attn_r8"],
)  # fmt: skip
def test_every_published_name_has_a_place_of_its_shape(name):
    published = json.loads((KEYS / f"{name}.json").read_text("utf-8"))["tensors"]
    nets = {"unet": sd15_unet(), "text_encoder": sd15_text()}
    places = Places({part: paths(net) for part, net in nets.items()})
    found = set()
    for key, shape in published.items():
        layer, slot = parsed(key)
        part, path = places.find(layer)
        weight = nets[part].get_submodule(path).weight
        if slot == "down":
            assert tuple(shape[1:]) == tuple(weight.shape[1:])
        found.add((part, path))
    assert len(found) == len({parsed(key)[0] for key in published})


@pytest.mark.shared
def test_original_names_are_those_of_the_published_checkpoint():
    published = json.loads((KEYS / "sd15_checkpoint_ldm.json").read_text("utf-8"))["tensors"]
    prefix = "model.diffusion_model."
    theirs = {name[len(prefix) :] for name in published if name.startswith(prefix)}
    net = sd15_unet()
    modules = tuple(name for name, _ in net.named_modules())
    ours = set()
    for name, _ in net.named_parameters():
        path, _, last = name.rpartition(".")
        ours.add(f"{original_name(path, modules)}.{last}")
    assert ours == theirs


def sd15_unet() -> nn.Module:
    with torch.device("meta"):
        return UNet2DConditionModel(cross_attention_dim=768)


def sd15_text() -> nn.Module:
    from transformers import CLIPTextConfig, CLIPTextModel

    with torch.device("meta"):
        return CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072,
                                            num_attention_heads=12))  # fmt: skip


def paths(net: nn.Module) -> list[str]:
    return [n.removesuffix(".weight") for n, _ in net.named_parameters() if n.endswith(".weight")]
