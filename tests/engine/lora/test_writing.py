"""A subject's LoRA written for other programs has the same effect there, and the published names."""

import json

import pytest
import torch

from studio.engine.lora import adapter_file
from studio.engine.lora.adapter import adapted
from studio.engine.lora.adapter_file import Label
from studio.engine.lora.writing import SPELLINGS, export
from studio.spec.refusal import Refusal
from tests.engine.lora import lora_files
from tests.engine.tiny_backbone import tiny
from tests.library.headers import KEYS


@torch.no_grad()
def seen(backbone):
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(9))
    text = backbone.text_encoder(torch.arange(16)[None])[0]
    return backbone.unet(x, 500, text).sample


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    net = tiny()
    tensors = lora_files.peft(lora_files.drawn(net, alphas=(None,), ranks=(4,)), net)
    label = Label("lora", 4, 6.0, "sks", "dog")
    return adapter_file.write_adapter(tmp_path_factory.mktemp("a"), tensors, label, {})[0]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_it_does_what_ours_does(ours, tmp_path, spelling):
    net, out = tiny(), tmp_path / "a.safetensors"
    layers = export(ours, out, spelling, "rex")
    with adapted(net, ours):
        expected = seen(net)
    with adapted(net, out) as match:
        torch.testing.assert_close(seen(net), expected, atol=1e-5, rtol=1e-5)
    assert match.matched == match.layers == layers


def test_dreambooth_is_no_lora(tmp_path):
    file = adapter_file.write_adapter(
        tmp_path, {"unet.conv_in.weight": torch.ones(2)}, Label("dreambooth", 0, 0.0), {}
    )[0]
    with pytest.raises(Refusal, match="no LoRA"):
        export(file, tmp_path / "a.safetensors", "kohya", "rex")


@pytest.mark.shared
def test_kohyas_names_are_the_published_ones(tmp_path):
    published = json.loads((KEYS / "kohya_lora_sd15_r8.json").read_text("utf-8"))["tensors"]
    peft = json.loads((KEYS / "diffusers_lora_peft_sd15_attn_r8.json").read_text("utf-8"))[
        "tensors"
    ]
    label = Label("lora", 8, 8.0, "sks", "dog")
    tensors = {name: torch.zeros(shape) for name, shape in peft.items()}
    file = adapter_file.write_adapter(tmp_path, tensors, label, {})[0]
    export(file, tmp_path / "out.safetensors", "kohya", "rex")
    written = adapter_file.read_adapter(tmp_path / "out.safetensors").tensors
    attention = {n: s for n, s in published.items() if "_attn" in n and "lora_unet" in n}
    assert {name: list(t.shape) for name, t in written.items()} == attention
