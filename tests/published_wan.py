"""Wan's networks, small and random, as single files in the spellings in which people have them: of its
authors, bare or under ComfyUI's prefix; the text encoder with its words inside; GGUF."""

import re
import struct
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    UMT5Config,
    UMT5EncoderModel,
)

from tests.engine.families.wan.tiny import awake
from tests.random_weights import undrawn

State = dict[str, Tensor]
CHANNELS = {"t2v": 16, "i2v": 36, "ti2v": 48, "vace": 16, "i2v21": 36, "flf2v": 36}
COMFY = "model.diffusion_model."
TEXT, EYES = 16, 160
"""Widths of the text and of what CLIP sees."""
TRANSFORMER = {
    "condition_embedder.time_embedder.linear_1": "time_embedding.0",
    "condition_embedder.time_embedder.linear_2": "time_embedding.2",
    "condition_embedder.text_embedder.linear_1": "text_embedding.0",
    "condition_embedder.text_embedder.linear_2": "text_embedding.2",
    "condition_embedder.time_proj": "time_projection.1",
    "condition_embedder.image_embedder.norm1": "img_emb.proj.0",
    "condition_embedder.image_embedder.ff.net.0.proj": "img_emb.proj.1",
    "condition_embedder.image_embedder.ff.net.2": "img_emb.proj.3",
    "condition_embedder.image_embedder.norm2": "img_emb.proj.4",
    "condition_embedder.image_embedder.pos_embed": "img_emb.emb_pos",
    "scale_shift_table": "head.modulation",
    "proj_out": "head.head",
    "patch_embedding": "patch_embedding",
    "vace_patch_embedding": "vace_patch_embedding",
}
IN_BLOCK = {
    "norm2": "norm3", "scale_shift_table": "modulation", "ffn.net.0.proj": "ffn.0",
    "ffn.net.2": "ffn.2", "proj_in": "before_proj", "proj_out": "after_proj",
}  # fmt: skip
IN_ATTENTION = {
    "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "o", "add_k_proj": "k_img",
    "add_v_proj": "v_img", "norm_added_k": "norm_k_img",
}  # fmt: skip
IN_VAE = {
    "norm1": "residual.0", "conv1": "residual.2", "norm2": "residual.3", "conv2": "residual.6",
    "conv_shortcut": "shortcut",
}  # fmt: skip


@undrawn()
def transformer(kind: str, seed: int = 1, *, width: int = 1536) -> Any:
    """One block; by its width a file says what it is."""
    sees = kind in ("i2v21", "flf2v")
    config: dict[str, Any] = {
        "num_attention_heads": width // 128,
        "in_channels": CHANNELS[kind],
        "out_channels": 48 if kind == "ti2v" else 16,
        "text_dim": TEXT,
        "freq_dim": 32,
        "ffn_dim": 32,
        "num_layers": 1,
        "image_dim": EYES if sees else None,
        "added_kv_proj_dim": width if sees else None,
        "pos_embed_seq_len": 2 * 5 if kind == "flf2v" else None,
    }
    if kind == "vace":
        config |= {"vace_layers": [0], "vace_in_channels": 96}
    torch.manual_seed(seed)
    net: Any = (WanVACETransformer3DModel if kind == "vace" else WanTransformer3DModel)(**config)
    return awake(net, seed)


def transformer_name(name: str) -> str:
    """What Wan's authors call a tensor of a transformer."""
    if found := re.match(r"((?:vace_)?blocks\.\d+)\.(.*)", name):
        block, rest = found.groups()
        if attention := re.match(r"attn(\d)\.(.*)\.(weight|bias)$", rest):
            which, what, end = attention.groups()
            where = "self_attn" if which == "1" else "cross_attn"
            return f"{block}.{where}.{IN_ATTENTION.get(what, what)}.{end}"
        return f"{block}.{_of(rest, IN_BLOCK)}"
    return _of(name, TRANSFORMER)


def _of(name: str, table: dict[str, str]) -> str:
    for new, old in table.items():
        if name == new or name.startswith(new + "."):
            return old + name[len(new) :]
    return name


@undrawn()
def vae(kind: str) -> Any:
    """2.1's, or that of the 5B model; as wide as they come in level, and narrow."""
    config: dict[str, Any] = {"base_dim": 4, "z_dim": 16}
    if kind == "ti2v":
        config = {
            "base_dim": 4, "decoder_base_dim": 8, "z_dim": 48, "is_residual": True,
            "patch_size": 2, "in_channels": 12, "out_channels": 12, "scale_factor_spatial": 16,
            "latents_mean": [0.0] * 48, "latents_std": [1.0] * 48,
        }  # fmt: skip
    torch.manual_seed(5)
    return awake(AutoencoderKLWan(**config), 5, 1.0)


def vae_name(name: str) -> str:
    """What Wan's authors call a tensor of an autoencoder, of 2.1 or of the 5B model."""
    for new, old in (("post_quant_conv", "conv2"), ("quant_conv", "conv1"), (".conv_in.", ".conv1."),
                     (".norm_out.", ".head.0."), (".conv_out.", ".head.2."),
                     (".mid_block.attentions.0.", ".middle.1.")):  # fmt: skip
        name = name.replace(new, old)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"middle.{2 * int(m[1])}", name)
    for new, old in IN_VAE.items():
        name = re.sub(rf"((?:blocks|resnets|middle)\.\d+)\.{new}\.", rf"\1.{old}.", name)
    name = re.sub(r"encoder\.down_blocks\.(\d)\.resnets\.(\d)", r"encoder.downsamples.\1.downsamples.\2",
                  name)  # fmt: skip
    name = re.sub(
        r"(\w+)\.down_blocks\.(\d)\.downsampler", r"\1.downsamples.\2.downsamples.2", name
    )
    name = re.sub(r"encoder\.down_blocks\.(\d+)", r"encoder.downsamples.\1", name)
    return _decoder_name(name)


def _decoder_name(name: str) -> str:
    name = re.sub(
        r"decoder\.up_blocks\.(\d)\.upsampler\.", r"decoder.upsamples.\1.upsamples.3.", name
    )
    if found := re.match(r"decoder\.up_blocks\.(\d)\.upsamplers\.0\.(.*)", name):
        return f"decoder.upsamples.{4 * int(found[1]) + 3}.{found[2]}"
    return name


def vae_names(state: State, kind: str) -> State:
    found = {}
    for name, tensor in state.items():
        new = vae_name(name)
        if resnet := re.match(r"decoder\.up_blocks\.(\d)\.resnets\.(\d)\.(.*)", new):
            level, part, rest = int(resnet[1]), int(resnet[2]), resnet[3]
            is_five = kind == "ti2v"
            place = f"{level}.upsamples.{part}" if is_five else str(4 * level + part)
            new = f"decoder.upsamples.{place}.{rest}"
        found[new] = tensor.contiguous()
    return found


def put(path: Path, state: State) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path


def transformer_file(
    path: Path, kind: str, seed: int = 1, *, prefix: str = "", dtype: torch.dtype = torch.float16
) -> Any:
    """As its authors call the tensors, bare or under ComfyUI's prefix; in `dtype`."""
    net = transformer(kind, seed)
    state = {prefix + transformer_name(n): t.to(dtype) for n, t in net.state_dict().items()}
    put(path, state)
    return net


def vae_file(path: Path, kind: str = "t2v") -> Any:
    net = vae(kind)
    put(path, vae_names(net.state_dict(), kind))
    return net


PIECES = (
    ("<pad>", 0.0, 3), ("</s>", 0.0, 3), ("<unk>", 0.0, 2), ("▁", -3.0, 1), ("▁red", -4.0, 1),
    ("▁ball", -5.0, 1), ("▁a", -3.5, 1), *((letter, -9.0, 1) for letter in "abcdefghijklmnopqrstuvwxyz"),
)  # fmt: skip
"""Text, score and kind: 1 of words, 2 the unknown, 3 marks."""


def spiece_model() -> bytes:
    """A SentencePiece model: in field 1 a piece each, in 3 that nothing is rewritten first."""
    pieces = b""
    for text, score, kind in PIECES:
        inside = _bytes(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind])
        pieces += _bytes(1, inside)
    return pieces + _bytes(2, b"\x18\x01") + _bytes(3, _bytes(1, b"identity"))


def _bytes(field: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([field << 3 | 2, len(data)]) + data


@undrawn()
def text_encoder() -> UMT5EncoderModel:
    """With as many words as UMT5, by which it is known, and little besides."""
    config = UMT5Config(
        vocab_size=256384, d_model=TEXT, d_kv=8, d_ff=64, num_layers=1, num_heads=4
    )  # fmt: skip
    torch.manual_seed(6)
    net = UMT5EncoderModel(config).eval().requires_grad_(False)
    awake(net, 6, 1.0)
    return net


def text_state(net: UMT5EncoderModel, dtype: torch.dtype = torch.float16) -> State:
    """As ComfyUI's files have it: the table of words once, and the tokenizer as bytes."""
    state = {
        n: t.to(dtype) for n, t in net.state_dict().items() if n != "encoder.embed_tokens.weight"
    }
    words = torch.frombuffer(bytearray(spiece_model()), dtype=torch.uint8)
    return state | {"spiece_model": words}


def text_file(path: Path) -> UMT5EncoderModel:
    net = text_encoder()
    put(path, text_state(net))
    return net


def vision() -> CLIPVisionModelWithProjection:
    """Five tokens a picture: four patches and the whole."""
    config = CLIPVisionConfig(
        hidden_size=EYES, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        image_size=28, patch_size=14, hidden_act="gelu", projection_dim=8,
    )  # fmt: skip
    torch.manual_seed(7)
    return CLIPVisionModelWithProjection(config).eval().requires_grad_(False)


def vision_file(path: Path) -> CLIPVisionModelWithProjection:
    net = vision()
    state = net.state_dict()
    put(path, {n: t.to(torch.float16) for n, t in state.items() if "position_ids" not in n})
    return net
