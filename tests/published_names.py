"""Names as Stability, CompVis and OpenCLIP published them, from those of diffusers and transformers:
the other way round than the studio reads them, written apart from it."""

import re

import torch
from torch import Tensor

State = dict[str, Tensor]
RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
UNET = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2", "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2", "class_embedding": "label_emb",
}  # fmt: skip
IN_CLIP = {
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}  # fmt: skip


def image_name(name: str, layers: int, crossed: tuple[bool, ...]) -> str:
    """Of an image network with `layers` ResBlocks a level; `crossed` says of each level on the way
    up whether it reads the text."""
    for new, old in UNET.items():
        if name.startswith(new + "."):
            return _resnet(old + name[len(new) :])
    way, level, kind, layer, rest = re.match(  # pyright: ignore[reportOptionalMemberAccess]
        r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name
    ).groups()
    number = int(level) * (layers + 1) + int(layer)
    if kind == "downsamplers":
        return f"input_blocks.{(int(level) + 1) * (layers + 1)}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        place = 2 if crossed[int(level)] else 1
        return f"output_blocks.{int(level) * (layers + 1) + layers}.{place}.{rest}"
    block = f"input_blocks.{number + 1}" if way == "down" else f"output_blocks.{number}"
    return _resnet(f"{block}.{0 if kind == 'resnets' else 1}.{rest}")


def _resnet(name: str) -> str:
    for new, old in RESNET.items():
        name = name.replace(f".{new}.", f".{old}.") if "transformer_blocks" not in name else name
    return name


def autoencoder_name(name: str, levels: int) -> str:
    """Of an image autoencoder, or of one whose decoder sees time (Stable Video Diffusion)."""
    name = name.replace(".spatial_res_block.", ".").replace(".time_mixer.", ".")
    name = name.replace("decoder.time_conv_out.", "decoder.conv_out.time_mix_conv.")
    if ".temporal_res_block." in name:
        name = _resnet(name.replace(".temporal_res_block.", ".time_stack."))
    name = name.replace(".conv_shortcut.", ".nin_shortcut.").replace(
        ".conv_norm_out.", ".norm_out."
    )
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets", lambda m: f"up.{levels - 1 - int(m[1])}.block", name)
    name = re.sub(
        r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name
    )
    for new, old in (("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"),
                     ("to_out.0", "proj_out")):  # fmt: skip
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
    return name


def image(state: State, layers: int, crossed: tuple[bool, ...]) -> State:
    return {
        f"model.diffusion_model.{image_name(name, layers, crossed)}": tensor
        for name, tensor in state.items()
    }


def autoencoder(state: State, levels: int, prefix: str = "first_stage_model.") -> State:
    """Attention as convolutions of kernel 1."""
    found = {}
    for name, tensor in state.items():
        is_matrix = ".attentions." in name and tensor.ndim == 2
        stored = tensor[:, :, None, None] if is_matrix else tensor
        found[prefix + autoencoder_name(name, levels)] = stored
    return found


def clip(state: State) -> State:
    """CLIP's own, with the positions' numbers that older files hold besides."""
    found = {f"cond_stage_model.transformer.text_model.{n}": t for n, t in state.items()}
    positions = torch.arange(state["embeddings.position_embedding.weight"].shape[0])[None]
    return found | {
        "cond_stage_model.transformer.text_model.embeddings.position_ids": positions.clone()
    }


def open_clip(state: State) -> State:
    """OpenCLIP's, with a last block that Stable Diffusion 2 does not read."""
    inside = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "text_projection": torch.zeros(4, 4),
        "logit_scale": torch.zeros(()),
    }
    inside |= _resblocks(state, more=1)
    return {f"cond_stage_model.model.{name}": tensor for name, tensor in inside.items()}


def open_clip_whole(projected: State) -> State:
    """OpenCLIP's in Stable Diffusion XL: all its blocks, the projection with turned axes."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in projected.items()}
    inside = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "text_projection": state["text_projection.weight"].T.contiguous(),
        "logit_scale": torch.zeros(()),
        **_resblocks(state, more=0),
    }
    return {f"conditioner.embedders.1.model.{name}": tensor for name, tensor in inside.items()}


def _resblocks(state: State, more: int) -> State:
    """OpenCLIP's blocks, and `more` that nobody reads."""
    inside = {}
    blocks = 1 + max(int(n.split(".")[2]) for n in state if n.startswith("encoder.layers."))
    for number in range(blocks + more):
        layer = f"encoder.layers.{min(number, blocks - 1)}."
        block = f"transformer.resblocks.{number}."
        for what in ("weight", "bias"):
            parts = [state[f"{layer}self_attn.{one}_proj.{what}"] for one in "qkv"]
            inside[f"{block}attn.in_proj_{what}"] = torch.cat(parts) + (number == blocks)
            for new, old in IN_CLIP.items():
                inside[f"{block}{old}.{what}"] = state[f"{layer}{new}.{what}"].clone()
    return inside
