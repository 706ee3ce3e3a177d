"""Names of Wan's tensors as its authors, ComfyUI and llama.cpp have them, and what diffusers and
transformers call them.

Each function takes the names in a file and gives, by the library's name, the one in the file; files
in the libraries' own names come back as they are.
"""

import re
from collections.abc import Callable, Iterable

Names = dict[str, str]
WRAPPERS = ("model.diffusion_model.", "diffusion_model.", "model.")
_TRANSFORMER = (
    ("time_embedding.0.", "condition_embedder.time_embedder.linear_1."),
    ("time_embedding.2.", "condition_embedder.time_embedder.linear_2."),
    ("text_embedding.0.", "condition_embedder.text_embedder.linear_1."),
    ("text_embedding.2.", "condition_embedder.text_embedder.linear_2."),
    ("time_projection.1.", "condition_embedder.time_proj."),
    ("img_emb.proj.0.", "condition_embedder.image_embedder.norm1."),
    ("img_emb.proj.1.", "condition_embedder.image_embedder.ff.net.0.proj."),
    ("img_emb.proj.3.", "condition_embedder.image_embedder.ff.net.2."),
    ("img_emb.proj.4.", "condition_embedder.image_embedder.norm2."),
    ("img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"),
    ("head.modulation", "scale_shift_table"),
    ("head.head.", "proj_out."),
)  # fmt: skip
"""How names begin."""
_BLOCK = (
    ("self_attn.", "attn1."), ("cross_attn.", "attn2."), ("modulation", "scale_shift_table"),
    ("ffn.0.", "ffn.net.0.proj."), ("ffn.2.", "ffn.net.2."), ("before_proj.", "proj_in."),
    ("after_proj.", "proj_out."), ("norm3.", "norm2."),
)  # fmt: skip
"""In a block."""
_ATTENTION = (
    (".q.", ".to_q."), (".k.", ".to_k."), (".v.", ".to_v."), (".o.", ".to_out.0."),
    (".k_img.", ".add_k_proj."), (".v_img.", ".add_v_proj."), (".norm_k_img.", ".norm_added_k."),
)  # fmt: skip
_RESIDUAL = {"residual.0": "norm1", "residual.2": "conv1", "residual.3": "norm2",
             "residual.6": "conv2", "shortcut": "conv_shortcut"}  # fmt: skip
_MIDDLE = {"0": "resnets.0", "1": "attentions.0", "2": "resnets.1"}
_ENDS = {"conv1": "conv_in", "head.0": "norm_out", "head.2": "conv_out"}
_LLAMA = (
    ("token_embd.", "shared."), ("enc.output_norm.", "encoder.final_layer_norm."),
    ("enc.blk.", "encoder.block."), (".attn_norm.", ".layer.0.layer_norm."),
    (".attn_rel_b.", ".layer.0.SelfAttention.relative_attention_bias."),
    (".ffn_norm.", ".layer.1.layer_norm."), (".ffn_gate.", ".layer.1.DenseReluDense.wi_0."),
    (".ffn_up.", ".layer.1.DenseReluDense.wi_1."), (".ffn_down.", ".layer.1.DenseReluDense.wo."),
    *((f".attn_{one}.", f".layer.0.SelfAttention.{one}.") for one in "qkvo"),
)  # fmt: skip
_AUTHORS_T5 = (
    ("token_embedding.", "shared."), ("blocks.", "encoder.block."),
    (".pos_embedding.embedding.", ".layer.0.SelfAttention.relative_attention_bias."),
    (".norm1.", ".layer.0.layer_norm."), (".norm2.", ".layer.1.layer_norm."),
    (".ffn.gate.0.", ".layer.1.DenseReluDense.wi_0."),
    (".ffn.fc1.", ".layer.1.DenseReluDense.wi_1."), (".ffn.fc2.", ".layer.1.DenseReluDense.wo."),
    *((f".attn.{one}.", f".layer.0.SelfAttention.{one}.") for one in "qkvo"),
)  # fmt: skip
EMBEDDED = "encoder.embed_tokens.weight"
"""What transformers also calls T5's table of words."""
TOKENIZER = "spiece_model"
"""A tensor of bytes in ComfyUI's text encoders: the SentencePiece model of their words."""


def transformer(names: Iterable[str]) -> Names:
    """Of `WanTransformer3DModel` and `WanVACETransformer3DModel`."""
    inside = _unwrapped(names)
    is_ours = any(name.startswith("condition_embedder.") for name in inside)
    rename = str if is_ours else _transformer_name
    return {rename(name): stored for name, stored in inside.items() if "norm_added_q" not in name}


def _transformer_name(name: str) -> str:
    for old, new in _TRANSFORMER:
        if name.startswith(old):
            return new + name[len(old) :]
    found = re.match(r"((?:vace_)?blocks\.\d+)\.(.*)", name)
    if not found:
        return name
    rest = found[2]
    if rest.startswith("norm2."):
        return f"{found[1]}.norm3.{rest[6:]}"
    for old, new in _BLOCK:
        if rest.startswith(old):
            rest = new + rest[len(old) :]
            break
    if rest.startswith(("attn1.", "attn2.")):
        for old, new in _ATTENTION:
            rest = rest.replace(old, new)
    return f"{found[1]}.{rest}"


def original_path(path: str) -> str:
    """What its authors call the module `path` of diffusers' transformer."""
    for old, new in _TRANSFORMER:
        if f"{path}." == new:
            return old.rstrip(".")
    found = re.match(r"((?:vace_)?blocks\.\d+)\.(.*)", path)
    if not found:
        return path
    rest = f"{found[2]}."
    if rest == "norm2.":
        return f"{found[1]}.norm3"
    for old, new in _BLOCK:
        if rest.startswith(new) and old != "norm3.":
            rest = old + rest[len(new) :]
            break
    for old, new in _ATTENTION:
        rest = rest.replace(new, old)
    return f"{found[1]}.{rest.rstrip('.')}"


def autoencoder(names: Iterable[str]) -> Names:
    """Of `AutoencoderKLWan`, of 2.1 and, with blocks in levels, of 2.2's 5B model."""
    inside = _without(names, "vae.")
    if not any(".residual." in name for name in inside):
        return inside
    resampled = [
        int(found[1])
        for name in inside
        if (found := re.match(r"decoder\.upsamples\.(\d+)\.resample\.", name))
    ]
    level = min(resampled, default=3) + 1  # parts of a level of 2.1's decoder
    return {_autoencoder_name(name, level): stored for name, stored in inside.items()}


def _autoencoder_name(name: str, level: int) -> str:
    for old, new in (("conv1.", "quant_conv."), ("conv2.", "post_quant_conv.")):
        if name.startswith(old):
            return new + name[len(old) :]
    side, _, rest = name.partition(".")
    for old, new in _ENDS.items():
        if rest.startswith(old + "."):
            return f"{side}.{new}{rest[len(old) :]}"
    if found := re.match(r"middle\.(\d)\.(.*)", rest):
        return f"{side}.mid_block.{_MIDDLE[found[1]]}.{_in_residual(found[2])}"
    way = "down" if side == "encoder" else "up"
    if found := re.match(rf"{way}samples\.(\d+)\.{way}samples\.(\d+)\.(.*)", rest):
        return f"{side}.{way}_blocks.{found[1]}.{_in_level(way, found[2], found[3])}"
    found = re.match(rf"{way}samples\.(\d+)\.(.*)", rest)
    if not found:
        return name
    if side == "encoder":
        return f"encoder.down_blocks.{found[1]}.{_in_residual(found[2])}"
    number, part = divmod(int(found[1]), level)
    is_last = part == level - 1 and found[2].startswith(("resample.", "time_conv."))
    place = "upsamplers.0" if is_last else f"resnets.{part}"
    return f"decoder.up_blocks.{number}.{place}.{_in_residual(found[2])}"


def _in_level(way: str, number: str, rest: str) -> str:
    if rest.startswith(("resample.", "time_conv.")):
        return f"{way}sampler.{rest}"
    return f"resnets.{number}.{_in_residual(rest)}"


def _in_residual(rest: str) -> str:
    for old, new in _RESIDUAL.items():
        if rest.startswith(old + "."):
            return new + rest[len(old) :]
    return rest


def text_encoder(names: Iterable[str]) -> Names:
    """Of `UMT5EncoderModel`; the table of words has both its names."""
    inside = _without(names, "text_encoder.", "text_encoders.umt5xxl.transformer.")
    inside.pop(TOKENIZER, None)
    if any(name.startswith("enc.blk.") for name in inside):
        rename = _renamer(_LLAMA)
    elif any(name.startswith("blocks.") for name in inside):
        rename = _renamer(_AUTHORS_T5, ("norm.weight", "encoder.final_layer_norm.weight"))
    else:
        rename = str
    found = {rename(name): stored for name, stored in inside.items()}
    word_table = found.get("shared.weight") or found[EMBEDDED]
    return found | {"shared.weight": word_table, EMBEDDED: word_table}


def _renamer(parts: Iterable[tuple[str, str]], *whole: tuple[str, str]) -> Callable[[str], str]:
    def rename(name: str) -> str:
        if name in dict(whole):
            return dict(whole)[name]
        for old, new in parts:
            name = name.replace(old, new)
        return name

    return rename


def image_encoder(names: Iterable[str]) -> Names:
    """Of `CLIPVisionModel`."""
    inside = _without(names, "image_encoder.")
    kept = {name.removeprefix("vision_model."): stored for name, stored in inside.items()}
    return {name: stored for name, stored in kept.items() if name.startswith(_VISION)}


_VISION = ("embeddings.class", "embeddings.p", "pre_layrnorm.", "encoder.", "post_layernorm.")


def _unwrapped(names: Iterable[str]) -> Names:
    names = list(names)
    for prefix in WRAPPERS:
        if any(name.startswith(prefix) for name in names):
            return {n[len(prefix) :]: n for n in names if n.startswith(prefix)}
    return {name: name for name in names}


def _without(names: Iterable[str], *prefixes: str) -> Names:
    names = list(names)
    for prefix in prefixes:
        if all(name.startswith(prefix) or name == TOKENIZER for name in names):
            return {name.removeprefix(prefix): name for name in names}
    return {name: name for name in names}
