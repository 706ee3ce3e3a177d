"""Motion modules and SparseCtrl networks as they are published: names and shapes into diffusers'.

The original layout (`mm_sd_v15_v2`, `v3_sd15_mm`, `v3_sd15_sparsectrl_rgb`, as safetensors) carries
no config; all arguments of diffusers' classes follow from its names and shapes.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import MotionAdapter, SparseControlNetModel, UNet2DConditionModel, UNetMotionModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from studio.spec.refusal import Refusal

PREFIX = re.compile(r"^(state_dict\.|controlnet\.|module\.)+")
ORIGINAL = (
    (".temporal_transformer", ""),
    (".attention_blocks.0.pos_encoder", ".pos_embed"),
    (".attention_blocks.0", ".attn1"),
    (".attention_blocks.1", ".attn2"),
    (".ff_norm", ".norm3"),
    (".norms.0", ".norm1"),
    (".norms.1", ".norm2"),
)
"""Names of the original layout and what diffusers calls them; its own names hold none of these."""
TABLE = re.compile(r"transformer_blocks\.\d+\.pos_embed\.pe$")
HEADS, GROUPS = 8, 32
"""Of attention and of group norms, in all published files; a `config.json` may say otherwise."""
State = dict[str, Tensor]


def renamed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors, or whatever stands for them, under diffusers' names.

    The original has the table of positions twice in a block, once for each attention; diffusers'
    blocks have it once.
    """
    found = {}
    for key, tensor in state.items():
        name = PREFIX.sub("", key)
        for old, new in ORIGINAL:
            name = name.replace(old, new)
        if not name.endswith(".pos_encoder.pe"):
            found[name] = tensor
    return found


def read(file: Path, what: str) -> State:
    """The tensors of a published file under diffusers' names, on the CPU as they are stored."""
    if file.suffix != ".safetensors":
        raise Refusal(
            f"{file.name} is not a safetensors file.",
            f"Use the {what} in the safetensors format; other formats can hold programs.",
        )
    try:
        return renamed(load_file(file))
    except (OSError, SafetensorError, ValueError) as error:
        raise Refusal(
            f"The {what} in {file.name} cannot be read.", "Restore or download it again."
        ) from error


def motion_config(shapes: Mapping[str, torch.Size], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `MotionAdapter`: v1 has no middle block and 24 positions, v2 has both that and
    32, v3 has 32 positions and no middle block."""
    norm = re.compile(r"down_blocks\.(\d+)\.motion_modules\.0\.norm\.weight")
    widths = {int(m[1]): s[0] for k, s in shapes.items() if (m := norm.fullmatch(k))}
    return {
        "block_out_channels": [widths[level] for level in sorted(widths)],
        "motion_layers_per_block": _count(shapes, r"down_blocks\.0\.motion_modules\.(\d+)\."),
        "motion_max_seq_length": _positions(shapes),
        "use_motion_mid_block": any(key.startswith("mid_block.") for key in shapes),
        "motion_num_attention_heads": beside.get("motion_num_attention_heads", HEADS),
        "motion_norm_num_groups": beside.get("motion_norm_num_groups", GROUPS),
    }


def control_config(shapes: Mapping[str, torch.Size], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `SparseControlNetModel`, for SparseCtrl that reads latents (the RGB one)."""
    levels = range(_count(shapes, r"down_blocks\.(\d+)\."))
    crossed = [f"down_blocks.{i}.attentions.0.norm.weight" in shapes for i in levels]
    text = next(s for k, s in shapes.items() if k.endswith("attn2.to_k.weight") and len(s) == 2)
    return {
        "conditioning_channels": shapes["controlnet_cond_embedding.weight"][1] - 1,
        "block_out_channels": [
            shapes[f"down_blocks.{i}.resnets.0.conv2.weight"][0] for i in levels
        ],
        "down_block_types": [
            "CrossAttnDownBlockMotion" if c else "DownBlockMotion" for c in crossed
        ],
        "layers_per_block": _count(shapes, r"down_blocks\.0\.resnets\.(\d+)\."),
        "cross_attention_dim": text[1],
        "motion_max_seq_length": _positions(shapes),
        "motion_num_attention_heads": beside.get("motion_num_attention_heads", HEADS),
        "attention_head_dim": beside.get("attention_head_dim", HEADS),
        "norm_num_groups": beside.get("norm_num_groups", GROUPS),
    }


def _count(shapes: Mapping[str, Any], numbered: str) -> int:
    return 1 + max(int(found[1]) for key in shapes if (found := re.match(numbered, key)))


def _positions(shapes: Mapping[str, torch.Size]) -> int:
    return next(shape[1] for key, shape in shapes.items() if TABLE.search(key))


def config_beside(file: Path) -> dict[str, Any]:
    """The `config.json` that diffusers lays beside the weights, or nothing."""
    try:
        return json.loads((file.parent / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def motion_unet(
    unet: UNet2DConditionModel, state: State, config: dict[str, Any]
) -> UNetMotionModel:
    """The image UNet with a motion module in it; both keep the names, and the image UNet's own
    tensors are used, not copied.  RuntimeError or ValueError where the two do not fit."""
    with torch.device("meta"):
        shell: Any = UNet2DConditionModel.from_config(unet.config)
        net = UNetMotionModel.from_unet2d(shell, MotionAdapter(**config), load_weights=False)
    return _assigned(net, unet.state_dict() | state)


def image_unet(unet: UNetMotionModel, config: Mapping[str, Any]) -> UNet2DConditionModel:
    """The image UNet without the motion module, of the same tensors; `config` is its own."""
    with torch.device("meta"):
        net: Any = UNet2DConditionModel.from_config(dict(config))
    there = unet.state_dict()
    return _assigned(net, {name: there[name] for name in net.state_dict()})


def control_net(state: State, config: dict[str, Any]) -> SparseControlNetModel:
    """A SparseCtrl network of these very tensors."""
    with torch.device("meta"):
        net = SparseControlNetModel(**config)
    return _assigned(net, state)


def _assigned(net: Any, state: State) -> Any:
    net.load_state_dict(state, strict=True, assign=True)
    return net.eval().requires_grad_(False)


def placed(state: State, like: nn.Module) -> State:
    """The tensors where a network is and in its precision."""
    parameter = next(like.parameters())
    return {key: tensor.to(parameter.device, parameter.dtype) for key, tensor in state.items()}
