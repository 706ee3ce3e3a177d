"""Stable Video Diffusion's one file, from a folder of its pipeline: names as Stability published them,
written apart from how the studio reads them."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests import published_names

State = dict[str, Tensor]
IN_VISION = {
    "vision_model.embeddings.class_embedding": "class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "positional_embedding",
    "vision_model.pre_layrnorm": "ln_pre", "vision_model.post_layernorm": "ln_post",
}  # fmt: skip


def one_file(folder: Path, file: Path) -> Path:
    """What `folder` holds in one file; the first stage's own encoder is another, which nobody reads."""
    unet, vision, vae = (
        load_file(folder / part / f"{name}.safetensors")
        for part, name in (
            ("unet", "diffusion_pytorch_model"),
            ("image_encoder", "model"),
            ("vae", "diffusion_pytorch_model"),
        )
    )
    encoder = {n: t for n, t in vae.items() if n.startswith(("encoder.", "quant_conv."))}
    other = {n: torch.randn_like(t) if n in encoder else t for n, t in vae.items()}
    del other["quant_conv.weight"], other["quant_conv.bias"]
    made = {
        **_unet(unet),
        **_vision(vision),
        **published_names.autoencoder(encoder, 4, "conditioner.embedders.3.encoder."),
        **published_names.autoencoder(other, 4),
    }
    save_file({name: tensor.contiguous() for name, tensor in made.items()}, file)
    return file


def _unet(state: State) -> State:
    layers = 1 + max(int(n.split(".")[3]) for n in state if n.startswith("down_blocks.0.resnets."))
    levels = 1 + max(int(n.split(".")[1]) for n in state if n.startswith("up_blocks."))
    crossed = tuple(f"up_blocks.{n}.attentions.0.norm.weight" in state for n in range(levels))
    found = {}
    for name, tensor in state.items():
        spatial = name.replace(".spatial_res_block.", ".").replace(
            ".temporal_res_block.", ".time_stack."
        )
        named = published_names.image_name(spatial, layers, crossed)
        for new, old in ((".temporal_transformer_blocks.", ".time_stack."),
                         (".time_pos_embed.linear_1.", ".time_pos_embed.0."),
                         (".time_pos_embed.linear_2.", ".time_pos_embed.2.")):  # fmt: skip
            named = named.replace(new, old)
        found[f"model.diffusion_model.{named}"] = tensor
    return found


def _vision(state: State) -> State:
    found = {"proj": state["visual_projection.weight"].T}
    for name, tensor in state.items():
        for new, old in IN_VISION.items():
            if name.startswith(new):
                found[old + name[len(new) :]] = tensor
    blocks = {int(n.split(".")[3]) for n in state if n.startswith("vision_model.encoder.layers.")}
    for number in blocks:
        layer = f"vision_model.encoder.layers.{number}."
        block = f"transformer.resblocks.{number}."
        for what in ("weight", "bias"):
            parts = [state[f"{layer}self_attn.{one}_proj.{what}"] for one in "qkv"]
            found[f"{block}attn.in_proj_{what}"] = torch.cat(parts)
            for new, old in published_names.IN_CLIP.items():
                found[f"{block}{old}.{what}"] = state[f"{layer}{new}.{what}"]
    return {f"conditioner.embedders.0.open_clip.model.visual.{n}": t for n, t in found.items()}
