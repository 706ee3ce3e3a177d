"""Wan's networks from single files, in whatever spelling and precision they are shared: ComfyUI's
`diffusion_models`, `text_encoders`, `vae` and `clip_vision`, its authors' own, and GGUF.

Configs are those of a layout of the studio's, given the file's sizes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel
from safetensors import SafetensorError
from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

from studio.engine.checkpoints import wan_names, wan_sizes
from studio.engine.checkpoints.packed import Packed, fill
from studio.engine.checkpoints.sizes import vision_config
from studio.engine.checkpoints.unigram_tokenizer import (
    Pieces,
    of_sentencepiece,
    tokenizer,
)
from studio.engine.checkpoints.weight_source import WeightSource, joined
from studio.engine.device import Device
from studio.spec import gguf_header
from studio.spec.refusal import Refusal

UNREADABLE = (OSError, SafetensorError, ValueError, KeyError, RuntimeError, StopIteration, TypeError,
              AttributeError, IndexError, *gguf_header.DAMAGE)  # fmt: skip
FULL = ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3")
"""Parts of a transformer that compute in full precision, as diffusers keeps them."""
FULL_IN_TEXT = ("wo",)
"""T5's hidden states overflow in fp16 behind these."""
LISTS = ("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type",
         "tokenizer.ggml.precompiled_charsmap")  # fmt: skip
PIECES = ("spiece.model", "tokenizer.model")
"""Files beside a text encoder that hold its words."""
Named = Callable[[Sequence[str]], Mapping[str, str]]


def transformer(files: Sequence[Path], layout: Path, device: Device) -> Any:
    """The transformer of one or more files; a VACE one where these hold its names."""
    source = joined(files)
    names = wan_names.transformer(source.shapes)
    shapes = {new: source.shapes[old] for new, old in names.items()}
    config = wan_sizes.transformer_config(_config(layout, "transformer"), shapes)
    kind: Any = WanVACETransformer3DModel if "vace_layers" in config else WanTransformer3DModel
    with torch.device("meta"):
        net = kind.from_config(config)
    state = _state(source, names, device)
    net = fill(net, state, precision=dict.fromkeys(FULL, torch.float32), dtype=device.dtype)
    _recompute(net, config, device)
    return net


def _recompute(net: Any, config: Mapping[str, Any], device: Device) -> None:
    """Tables of positions, which are in no file."""
    kind = type(net.rope)
    net.rope = kind(
        config["attention_head_dim"], tuple(config["patch_size"]), net.config.rope_max_seq_len
    ).to(device.home)


def autoencoder(files: Sequence[Path], layout: Path, device: Device) -> AutoencoderKLWan:
    """The autoencoder, in full precision."""
    source = joined(files)
    names = wan_names.autoencoder(source.shapes)
    shapes = {new: source.shapes[old] for new, old in names.items()}
    config = wan_sizes.autoencoder_config(_config(layout, "vae"), shapes)
    with torch.device("meta"):
        net: Any = AutoencoderKLWan.from_config(config)
    return fill(net, _state(source, names, device), precision={}, dtype=torch.float32)


def text_encoder(files: Sequence[Path], layout: Path, device: Device) -> tuple[Any, Any]:
    """The tokenizer and the text encoder; refused where no words come with the file."""
    try:
        words = _tokenizer(files)
        source = joined(files)
        names = wan_names.text_encoder(source.shapes)
        shapes = {new: source.shapes[old] for new, old in names.items()}
        config = wan_sizes.text_config(_config(layout, "text_encoder"), shapes)
        with torch.device("meta"):
            net = UMT5EncoderModel(UMT5Config.from_dict(config))
        shared = "shared.weight"
        state = _state(source, {n: s for n, s in names.items() if n != shared}, device)
        names_in_full = FULL_IN_TEXT if device.dtype == torch.float16 else ()
        full: dict[str, torch.dtype] = dict.fromkeys(names_in_full, torch.float32)
        state[shared] = state[wan_names.EMBEDDED] = _numbers(
            state[wan_names.EMBEDDED], device.dtype
        )
        return words, fill(net, state, precision=full, dtype=device.dtype)
    except UNREADABLE as error:
        raise Refusal(
            f"The text encoder {files[0].name} cannot be read.", "Download it again."
        ) from error


def image_encoder(files: Sequence[Path], layout: Path, device: Device) -> CLIPVisionModel:
    """CLIP's picture encoder, of Wan 2.1's image to video."""
    source = joined(files)
    names = wan_names.image_encoder(source.shapes)
    shapes = {new: source.shapes[old] for new, old in names.items()}
    config = vision_config(_config(layout, "image_encoder"), shapes)
    with torch.device("meta"):
        net: Any = CLIPVisionModel(CLIPVisionConfig.from_dict(config))
    prefix = "vision_model." if any(n.startswith("vision_model.") for n in net.state_dict()) else ""
    inside = {prefix + name: stored for name, stored in names.items()}
    fill(net, _state(source, inside, device), precision={}, dtype=device.dtype)
    embeddings: Any = (net.vision_model if prefix else net).embeddings
    positions = torch.arange(embeddings.position_embedding.num_embeddings, device=device.home)
    embeddings.register_buffer("position_ids", positions[None], persistent=False)
    return net


def _state(source: WeightSource, names: Mapping[str, str], device: Device) -> dict[str, Any]:
    return {new: source.read(old).to(device.home) for new, old in names.items()}


def _numbers(value: torch.Tensor | Packed, dtype: torch.dtype) -> torch.Tensor:
    return value.expanded(dtype) if isinstance(value, Packed) else value.to(dtype)


def _config(layout: Path, part: str) -> dict[str, Any]:
    return json.loads((layout / part / "config.json").read_text("utf-8"))


def _tokenizer(files: Sequence[Path]) -> Any:
    """The words in the file itself, as ComfyUI's and GGUF files have them, or beside it."""
    file = files[0]
    with file.open("rb") as start:
        is_gguf = start.read(4) == gguf_header.MAGIC
        start.seek(0)
        lists = gguf_header.read(start, file.stat().st_size, LISTS).lists if is_gguf else {}
    if LISTS[0] in lists:
        texts, scores, kinds, rules = (lists.get(name, ()) for name in LISTS)
        return tokenizer(Pieces(texts, scores, kinds, bytes(b & 255 for b in rules)))
    source = None if is_gguf else joined(files)
    if source and wan_names.TOKENIZER in source.shapes:
        inside: Any = source.read(wan_names.TOKENIZER)
        return tokenizer(of_sentencepiece(inside.numpy().tobytes()))
    for beside in (file.with_name(name) for name in PIECES):
        if beside.is_file():
            return tokenizer(of_sentencepiece(beside.read_bytes()))
    raise Refusal(
        f"{file.name} has no tokenizer in it, and none lies beside it.",
        f"Put {PIECES[0]} of google/umt5-xxl beside it, or use the file that ComfyUI offers.",
    )
