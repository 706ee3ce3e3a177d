"""Wan in GGUF, fp8 and ComfyUI's scaled fp8: the output of the expanded weights, computed in fp32."""

import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from studio.engine.checkpoints.packed import PackedLinear
from studio.engine.roles import FillSpec, Words
from studio.library import models as library
from studio.library.scan import looked_at
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests import gguf_writer
from tests import published_wan as published
from tests.ggml_formulas import blocks, expanded
from tests.offline import no_network  # noqa: F401
from tests.opened import opened

EIGHT = torch.float8_e4m3fn
FP8_SCALE = {"old": "scale_weight", "new": "weight_scale"}
"""How ComfyUI's files of 2025 and of 2026 call the scale of a layer."""


def is_matrix(name: str, tensor: Tensor) -> bool:
    return tensor.ndim == 2 and name.startswith("blocks.")


def scaled(state: dict[str, Tensor], spelling: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """A file with 8-bit matrices and their scales, and what it means: weight × scale."""
    stored, meant = {}, {}
    if spelling == "old":
        stored["scaled_fp8"] = torch.zeros(2, dtype=EIGHT)
    for name, tensor in state.items():
        if not is_matrix(name, tensor):
            stored[name], meant[name] = tensor.half(), tensor.half().float()
            continue
        scale = tensor.abs().amax() / 448
        stored[name] = (tensor / scale).to(EIGHT)
        meant[name] = stored[name].float() * scale
        layer = name.removesuffix("weight")
        stored[layer + FP8_SCALE[spelling]] = (
            scale.reshape(()) if spelling == "new" else scale[None]
        )
        if spelling == "new":
            note = b'{"format": "float8_e4m3fn"}'
            stored[layer + "comfy_quant"] = torch.frombuffer(bytearray(note), dtype=torch.uint8)
        else:
            stored[layer + "scale_input"] = torch.ones(1)
    return stored, meant


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    published.vae_file(folder / "wan_2.1_vae.safetensors")
    text = published.text_encoder()
    published.put(folder / "umt5_xxl_fp16.safetensors", published.text_state(text))
    return folder


def original() -> dict[str, Tensor]:
    net = published.transformer("t2v", 3)
    return {published.transformer_name(n): t for n, t in net.state_dict().items()}


def made(filler) -> Tensor:
    spec = FillSpec("keyframes", (0,), 7, 2, 2.0)
    with filler.prompt(Words("a red ball"), None) as prompt:
        empty = torch.zeros(filler.latents_shape(32, 32, 1))
        return filler.fill(empty, (False,), prompt, spec, silent)


def expected(filler, meant: dict[str, Tensor]) -> Tensor:
    """Of the same filler with a network of plain weights in fp32."""
    net = published.transformer("t2v", 3)
    names = {published.transformer_name(n): n for n in net.state_dict()}
    net.load_state_dict({names[n]: t.float() for n, t in meant.items()})
    model = replace(filler.model, experts=replace(filler.model.experts, high=net))
    return made(replace(filler, model=model))


def check(models: Path, name: str, meant: dict[str, Tensor]) -> None:
    filler = opened(models, f"{name}+umt5_xxl_fp16+wan_2.1_vae", "keyframes")
    network = filler.model.experts.high
    assert any(isinstance(layer, PackedLinear) for layer in network.modules())
    found, should = made(filler), expected(filler, meant)
    torch.testing.assert_close(found, should, atol=1e-4, rtol=1e-4)
    assert should.std() > 0.1


@pytest.mark.parametrize("spelling", FP8_SCALE)
def test_scaled_fp8_is_what_its_scales_say(models, spelling):
    stored, meant = scaled(original(), spelling)
    name = f"wan2.1_t2v_1.3B_fp8_scaled_{spelling}"
    published.put(models / f"{name}.safetensors", stored)
    check(models, name, meant)


def test_plain_fp8_stays_as_small_as_it_is(models):
    state = {n: t.to(EIGHT) if is_matrix(n, t) else t.half() for n, t in original().items()}
    published.put(models / "wan2.1_t2v_1.3B_fp8_e4m3fn.safetensors", state)
    check(models, "wan2.1_t2v_1.3B_fp8_e4m3fn", {n: t.float() for n, t in state.items()})


def whole_numbers(data: bytes) -> Tensor:
    """Of Q8_0: each block's scale times its numbers."""
    blocks = torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(-1, 34)
    scale, numbers = blocks[:, :2].contiguous(), blocks[:, 2:].contiguous()
    return scale.view(torch.float16).float() * numbers.view(torch.int8).float()


def test_gguf_q8_0(models):
    state = original()
    stored = gguf_writer.quantised(state)
    gguf_writer.write(models / "wan2.1_t2v_1.3B-Q8_0.gguf", stored)
    meant = {
        name: whole_numbers(data).reshape(shape) if kind == "Q8_0" else state[name]
        for name, (kind, shape, data) in stored.items()
    }  # fmt: skip
    check(models, "wan2.1_t2v_1.3B-Q8_0", meant)


def test_gguf_q4_k_and_6_k_in_one_layer_each(models):
    """Any bits, in the two widest kinds of block, and fp16 elsewhere."""
    state = original()
    stored = {name: gguf_writer.plain(t, "F16") for name, t in state.items()}
    meant = {name: t.half().float() for name, t in state.items()}
    for kind, name in (("Q4_K", "blocks.0.ffn.2.weight"), ("Q6_K", "blocks.0.ffn.0.weight")):
        shape = tuple(state[name].shape)
        data = blocks(kind, shape[0] * shape[1] // 256)
        stored[name] = (kind, shape, data)
        meant[name] = expanded(kind, data).reshape(shape)
    gguf_writer.write(models / "wan2.1_t2v_1.3B-Q4_K_M.gguf", stored)
    check(models, "wan2.1_t2v_1.3B-Q4_K_M", meant)


LLAMA = {
    "shared": "token_embd", "encoder.final_layer_norm": "enc.output_norm",
    "layer.0.layer_norm": "attn_norm", "layer.1.layer_norm": "ffn_norm",
    "layer.0.SelfAttention.relative_attention_bias": "attn_rel_b",
    "layer.1.DenseReluDense.wi_0": "ffn_gate", "layer.1.DenseReluDense.wi_1": "ffn_up",
    "layer.1.DenseReluDense.wo": "ffn_down",
    **{f"layer.0.SelfAttention.{one}": f"attn_{one}" for one in "qkvo"},
}  # fmt: skip


def test_the_text_encoder_in_gguf_with_its_words(models):
    """As llama.cpp calls its tensors and keeps its tokenizer."""
    net, state = published.text_encoder(), {}
    for name, tensor in net.state_dict().items():
        if name == "encoder.embed_tokens.weight":
            continue
        block = name.removeprefix("encoder.block.0.")
        whole, _, end = block.rpartition(".")
        prefix = "enc.blk.0." if block != name else ""
        state[f"{prefix}{LLAMA[whole]}.{end}"] = tensor
    texts, scores, kinds = zip(*published.PIECES, strict=True)
    lists = {
        "tokenizer.ggml.tokens": ("s", texts), "tokenizer.ggml.scores": ("f", scores),
        "tokenizer.ggml.token_type": ("i", kinds),
    }  # fmt: skip
    stored = {n: gguf_writer.plain(t, "F16") for n, t in state.items()}
    wo = "enc.blk.0.ffn_down.weight"
    stored[wo] = ("Q8_0", tuple(state[wo].shape), gguf_writer.q8_0(state[wo]))
    gguf_writer.write(models / "umt5-Q8_0.gguf", stored, lists)
    published.transformer_file(models / "wan2.1_t2v_1.3B.safetensors", "t2v")
    assert str(looked_at(models / "umt5-Q8_0.gguf").found) == "UMT5-XXL text encoder"
    filler = opened(models, "wan2.1_t2v_1.3B+umt5-Q8_0+wan_2.1_vae", "keyframes")
    found = filler.model.texts.encoded("a red ball")[0]
    weights = {n: t.half().float() for n, t in net.state_dict().items()}
    down = "encoder.block.0.layer.1.DenseReluDense.wo.weight"
    weights[down] = expanded("Q8_0", stored[wo][2]).reshape(weights[down].shape)
    net.load_state_dict(weights)
    ids = torch.tensor([[6, 4, 5, 1]])
    torch.testing.assert_close(found[:, :4], net(ids).last_hidden_state, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "stored", "words"),
    [
        ("blocks", {"weight_scale": torch.ones(12, 12)}, "scales of a kind"),
        ("nvfp4", {"weight": torch.zeros(1536, 768, dtype=torch.uint8),
                   "weight_scale": torch.ones(1536, 96).to(EIGHT)}, "packed weights of a kind"),
    ],
)  # fmt: skip
def test_scales_of_another_kind_are_refused(models, name, stored, words):
    """Never read as if they were not there."""
    state, layer = {n: t.half() for n, t in original().items()}, "blocks.0.self_attn.q."
    state[f"{layer}weight"] = state[f"{layer}weight"].to(EIGHT)
    state |= {layer + what: tensor for what, tensor in stored.items()}
    published.put(models / f"wan2.1_t2v_1.3B_{name}.safetensors", state)
    with pytest.raises(Refusal, match=words):
        opened(models, f"wan2.1_t2v_1.3B_{name}+umt5_xxl_fp16+wan_2.1_vae", "keyframes")


def test_a_type_of_gguf_that_is_not_read_is_named(models):
    stored = {n: gguf_writer.plain(t, "F16") for n, t in original().items()}
    path = gguf_writer.write(models / "wan2.1_t2v_1.3B-IQ4.gguf", stored)
    data = path.read_bytes()
    name = b"blocks.0.self_attn.q.weight"
    at = data.index(name) + len(name) + 4 + 16
    path.write_bytes(data[:at] + (20).to_bytes(4, "little") + data[at + 4 :])
    with pytest.raises(Refusal, match="quantised as IQ4_NL"):
        opened(models, "wan2.1_t2v_1.3B-IQ4+umt5_xxl_fp16+wan_2.1_vae", "keyframes")


def test_other_families_are_not_loaded_from_gguf(tmp_path):
    from tests.library.headers import SMALL
    from tests.library.weight_builder import gguf

    gguf(tmp_path / "sdxl.gguf", SMALL["SDXL checkpoint"])
    with pytest.raises(Refusal, match="which this version does not load"):
        library.find("sdxl", [tmp_path])


def test_packed_layers_move_and_keep_their_precision():
    from studio.engine.checkpoints.packed import Packed, fill

    weights = torch.randn(4, 32)
    packed = Packed(weights.to(EIGHT).view(torch.uint8), (4, 32), dtype=EIGHT)
    with torch.device("meta"):
        net = nn.Sequential(nn.Linear(32, 4))
    state = {"0.weight": packed, "0.bias": torch.ones(4)}
    net = fill(net, state, precision={}, dtype=torch.float16)
    x = torch.randn(2, 32).half()
    assert net(x).dtype == torch.float16
    plain = nn.functional.linear(x.float(), weights.to(EIGHT).float(), torch.ones(4))
    torch.testing.assert_close(net(x).float(), plain, atol=0.02, rtol=0.02)
    assert sum(p.numel() * p.element_size() for p in net.parameters()) == 4 * 32 + 4 * 2
    held = weakref.ref(packed.data)
    del packed, state
    net.to("meta")
    assert held() is None, "a layer that is moved holds nothing where it was"
    packed = Packed(weights.to(EIGHT).view(torch.uint8), (4, 32), dtype=EIGHT)
    with torch.device("meta"):
        other = nn.Sequential(nn.Linear(32, 4))
    with pytest.raises(RuntimeError, match="missing"):
        fill(other, {"0.weight": packed}, precision={}, dtype=torch.float16)
