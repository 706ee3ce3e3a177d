"""Names of Stable Video Diffusion's one published file, and what diffusers calls them.

Its picture is encoded by an autoencoder of its own (`conditioner.embedders.3`), whose encoder is the
one of the pipeline; the decoder, which sees time, is that of the first stage.
"""

import re
from collections.abc import Iterable

from studio.engine.checkpoints.names import AUTOENCODER, IMAGE, Names, diffusers_names

VISION = "vision"
"""The component that sees the first frame: CLIP's picture encoder."""
_SEES = "conditioner.embedders.0.open_clip.model.visual."
_ENCODES, _DECODES = "conditioner.embedders.3.encoder.", "first_stage_model."
_VISION = (
    ("class_embedding", "vision_model.embeddings.class_embedding"),
    ("conv1.", "vision_model.embeddings.patch_embedding."),
    ("positional_embedding", "vision_model.embeddings.position_embedding.weight"),
    ("ln_pre.", "vision_model.pre_layrnorm."), ("ln_post.", "vision_model.post_layernorm."),
)  # fmt: skip
_BLOCK = (
    ("ln_1.", "layer_norm1."), ("ln_2.", "layer_norm2."), ("mlp.c_fc.", "mlp.fc1."),
    ("mlp.c_proj.", "mlp.fc2."), ("attn.out_proj.", "self_attn.out_proj."),
    ("attn.in_proj_", "self_attn.qkv_proj."),
)  # fmt: skip
PROJECTION = "visual_projection.weight"
"""Its axes are turned in the file, where it stands on the right."""
_RESNET = re.compile(r"(.*resnets\.\d+)\.(time_stack\.|time_mixer\.)?(.*)")
_OVER_TIME = (
    (".time_stack.", ".temporal_transformer_blocks."),
    (".time_pos_embed.0.", ".time_pos_embed.linear_1."),
    (".time_pos_embed.2.", ".time_pos_embed.linear_2."),
)


def is_one_file(names: Iterable[str]) -> bool:
    """Whether names are those of the published file."""
    return any(name.startswith(_SEES) for name in names)


def svd_names(component: str, names: Iterable[str]) -> Names:
    """By diffusers' name, the name in the file, of one component."""
    names = list(names)
    if component == VISION:
        inside = (name for name in names if name.startswith(_SEES))
        return {new: name for name in inside if (new := _vision(name[len(_SEES) :]))}
    if component == IMAGE:
        found = diffusers_names(IMAGE, names)
        return {_over_time(new): old for new, old in found.items()}
    return _autoencoder(names)


def _autoencoder(names: list[str]) -> Names:
    """The decoder of the first stage, and the encoder that reads the picture."""
    inside = {n.removeprefix(_DECODES): n for n in names if n.startswith(_DECODES)}
    encoder = {n.removeprefix(_ENCODES): n for n in names if n.startswith(_ENCODES)}
    read = {name: stored for name, stored in encoder.items() if _reads(name)}
    if read:
        inside = {name: stored for name, stored in inside.items() if not _reads(name)} | read
    return {new: inside[name] for new, name in diffusers_names(AUTOENCODER, inside).items()}


def _reads(name: str) -> bool:
    return name.startswith(("encoder.", "quant_conv."))


def _over_time(name: str) -> str:
    """Each ResBlock and attention has a second one that sees time, and a mix of the two."""
    if ".attentions." in name:
        for old, new in _OVER_TIME:
            name = name.replace(old, new)
        return name
    if not (found := _RESNET.fullmatch(name)):
        return name
    places = {"time_stack.": "temporal_res_block.", "time_mixer.": "time_mixer."}
    return f"{found[1]}.{places.get(found[2] or '', 'spatial_res_block.')}{found[3]}"


def _vision(name: str) -> str:
    if name == "proj":
        return PROJECTION
    for old, new in _VISION:
        if name.startswith(old):
            return new + name[len(old) :]
    found = re.match(r"transformer\.resblocks\.(\d+)\.(.*)", name)
    if not found:
        return ""
    rest = found[2]
    for old, new in _BLOCK:
        if rest.startswith(old):
            rest = new + rest[len(old) :]
    return f"vision_model.encoder.layers.{found[1]}.{rest}"
