"""Names of tensors as CompVis, Stability and OpenAI published them, and what diffusers calls them.

Each function takes the names in a file and gives, by diffusers' name, the one in the file; what
belongs to another component is left out.  Files in diffusers' own names come back as they are.
"""

import re
from collections.abc import Callable, Iterable

Names = dict[str, str]
IMAGE, TEXT, AUTOENCODER, SECOND = "image", "text", "autoencoder", "second text"
PREFIXES = {
    IMAGE: ("model.diffusion_model.", "diffusion_model.", ""),
    TEXT: (
        "cond_stage_model.transformer.", "cond_stage_model.model.",
        "conditioner.embedders.0.transformer.", "text_encoder.", "",
    ),
    SECOND: ("conditioner.embedders.1.model.", "text_encoder_2.", ""),
    AUTOENCODER: ("first_stage_model.", "vae.", ""),
}  # fmt: skip
"""By component, what stands before its names in files that hold several; the first that is there."""
_RESNET = (
    ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("out_layers.0", "norm2"),
    ("out_layers.3", "conv2"), ("emb_layers.1", "time_emb_proj"), ("skip_connection", "conv_shortcut"),
)  # fmt: skip
_UNET = (
    ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"),
    ("input_blocks.0.0", "conv_in"), ("out.0", "conv_norm_out"), ("out.2", "conv_out"),
    ("middle_block.0", "mid_block.resnets.0"), ("middle_block.1", "mid_block.attentions.0"),
    ("middle_block.2", "mid_block.resnets.1"), ("label_emb.0.0", "add_embedding.linear_1"),
    ("label_emb.0.2", "add_embedding.linear_2"),
)  # fmt: skip
_ATTENTION = (
    ("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0"),
)  # fmt: skip
_FIRST_RELEASES = (
    ("query", "to_q"), ("key", "to_k"), ("value", "to_v"), ("proj_attn", "to_out.0"),
)  # fmt: skip
_OPEN_CLIP = (
    ("token_embedding.weight", "embeddings.token_embedding.weight"),
    ("positional_embedding", "embeddings.position_embedding.weight"),
    ("ln_final", "final_layer_norm"),
)
_OPEN_CLIP_BLOCK = (
    ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"),
    ("mlp.c_proj", "mlp.fc2"), ("attn.out_proj", "self_attn.out_proj"),
    ("attn.in_proj_", "self_attn.qkv_proj."),
)  # fmt: skip
PROJECTION = "text_projection"
"""Of a text as a whole; OpenCLIP's has the axes of a matrix that stands on the right."""
IGNORED = ("embeddings.position_ids", "text_projection", "logit_scale")
"""Ends of names that no network here reads."""


def below(component: str, names: Iterable[str]) -> Names:
    """By name without its prefix, the names of a component in a file of one or several."""
    names = list(names)
    for prefix in PREFIXES[component]:
        if found := {name[len(prefix) :]: name for name in names if name.startswith(prefix)}:
            return found
    return {}


def diffusers_names(component: str, names: Iterable[str]) -> Names:
    """By the name that diffusers, or transformers, has for it, the name of each tensor in a file."""
    inside = below(component, names)
    ways = {IMAGE: _image, TEXT: _text, SECOND: _second_text, AUTOENCODER: _autoencoder}
    rename = ways[component](inside)
    found = {new: stored for name, stored in inside.items() if (new := rename(name))}
    return _spatial_inside(found) if any(".temporal_res_block." in n for n in found) else found


def _image(inside: Names) -> Callable[[str], str]:
    if not any(name.startswith("input_blocks.") for name in inside):
        return str
    first = min(int(m[1]) for n in inside if (m := re.match(r"input_blocks\.(\d+)\.0\.op\.", n)))
    layers = first - 1  # ResBlocks of a level; one more on the way up
    return lambda name: _unet_name(name, layers)


def _unet_name(name: str, layers: int) -> str:
    for old, new in _UNET:
        if name.startswith(old + "."):
            return _resnet(new + name[len(old) :])
    if not (found := re.match(r"(input|output)_blocks\.(\d+)\.(\d+)\.(.*)", name)):
        return "class_embedding.weight" if name == "label_emb.weight" else ""
    way, number, part, rest = found[1], int(found[2]), int(found[3]), found[4]
    level, layer = divmod(number - (way == "input"), layers + 1)
    block = f"{'down' if way == 'input' else 'up'}_blocks.{level}"
    if rest.startswith("op."):
        return f"{block}.downsamplers.0.conv.{rest[3:]}"
    if part and rest.startswith("conv."):
        return f"{block}.upsamplers.0.{rest}"
    return _resnet(f"{block}.{'attentions' if part else 'resnets'}.{layer}.{rest}")


def _resnet(name: str) -> str:
    for old, new in _RESNET:
        name = name.replace(f".{old}.", f".{new}.")
    return name


def _autoencoder(inside: Names) -> Callable[[str], str]:
    levels = [int(m[1]) for n in inside if (m := re.match(r"decoder\.up\.(\d+)\.", n))]
    return (lambda name: _autoencoder_name(name, max(levels))) if levels else _newer_attention


def _newer_attention(name: str) -> str:
    """Diffusers' own names; those of attention were others in its first releases."""
    for old, new in _FIRST_RELEASES:
        name = name.replace(f".attentions.0.{old}.", f".attentions.0.{new}.")
    return name


def _autoencoder_name(name: str, last: int) -> str:
    name = re.sub(r"\.mid\.block_(\d)\.", lambda m: f".mid_block.resnets.{int(m[1]) - 1}.", name)
    name = re.sub(r"\.down\.(\d+)\.block\.", r".down_blocks.\1.resnets.", name)
    name = re.sub(r"\.down\.(\d+)\.downsample\.", r".down_blocks.\1.downsamplers.0.", name)
    up = re.match(r"decoder\.up\.(\d+)\.(block|upsample)\.(.*)", name)
    if up:
        kind = "resnets." if up[2] == "block" else "upsamplers.0."
        name = f"decoder.up_blocks.{last - int(up[1])}.{kind}{up[3]}"
    if ".mid.attn_1." in name:
        before, _, rest = name.partition(".mid.attn_1.")
        part, _, what = rest.rpartition(".")
        name = f"{before}.mid_block.attentions.0.{dict(_ATTENTION)[part]}.{what}"
    name = name.replace(".nin_shortcut.", ".conv_shortcut.").replace(
        ".norm_out.", ".conv_norm_out."
    )
    return _over_time(name)


def _over_time(name: str) -> str:
    """The decoder of Stable Video Diffusion has a second ResBlock in each, and a mix of the two."""
    name = name.replace("decoder.conv_out.time_mix_conv.", "decoder.time_conv_out.")
    found = re.match(r"(decoder\..*resnets\.\d+)\.(time_stack\.|mix_factor)(.*)", name)
    if not found:
        return name
    if found[2] == "mix_factor":
        return f"{found[1]}.time_mixer.mix_factor"
    return _resnet(f"{found[1]}.temporal_res_block.{found[3]}")


def _spatial_inside(names: Names) -> Names:
    """Of a decoder over time: diffusers keeps its image ResBlocks one level deeper."""
    spatial = re.compile(r"(decoder\..*resnets\.\d+)\.(norm\d|conv\d|conv_shortcut)\.")
    return {spatial.sub(r"\1.spatial_res_block.\2.", new): old for new, old in names.items()}


def _text(inside: Names) -> Callable[[str], str]:
    blocks = [int(m[1]) for n in inside if (m := re.match(r"transformer\.resblocks\.(\d+)\.", n))]
    return (lambda name: _open_clip_name(name, max(blocks))) if blocks else _clip_name


def _second_text(inside: Names) -> Callable[[str], str]:
    """Whole: Stable Diffusion XL reads its last block too, by what a text is as a whole."""
    original = any(name.startswith("transformer.resblocks.") for name in inside)
    return (lambda name: _open_clip_name(name, -1)) if original else _projected_name


def _projected_name(name: str) -> str:
    return name if name.startswith(PROJECTION) else _clip_name(name)


def _clip_name(name: str) -> str:
    name = name.removeprefix("text_model.")
    return "" if name.endswith(IGNORED) or name.startswith(IGNORED) else name


def _open_clip_name(name: str, last: int) -> str:
    """OpenCLIP's, without its block `last`: Stable Diffusion 2 reads what the one before says (the
    "penultimate" layer); -1 for all, and the projection of a text as a whole."""
    if name == PROJECTION and last < 0:
        return f"{PROJECTION}.weight"
    for old, new in _OPEN_CLIP:
        if name.startswith(old):
            return new + name[len(old) :]
    found = re.match(r"transformer\.resblocks\.(\d+)\.(.*)", name)
    if not found or int(found[1]) == last:
        return ""
    rest = found[2]
    for old, new in _OPEN_CLIP_BLOCK:
        if rest.startswith(old):
            rest = new + rest[len(old) :]
    return f"encoder.layers.{found[1]}.{rest}"
