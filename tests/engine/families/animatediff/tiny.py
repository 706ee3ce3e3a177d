"""A tiny AnimateDiff model on the disk: real classes, random weights, the published layouts."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import torch
from diffusers import MotionAdapter, SparseControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.engine.device import Device
from studio.engine.families.animatediff import family
from studio.engine.families.animatediff.fill import AnimateDiff
from studio.spec.card import Card, Window
from studio.spec.grid import Grid
from studio.spec.part import Defaults
from studio.spec.progress import silent
from tests.engine.tiny_backbone import tiny

WIDTHS = (64, 64)
SIDE = 16
CPU = Device("cpu", torch.float32)
MOTION = {
    "v1": {"motion_max_seq_length": 24, "use_motion_mid_block": False},
    "v2": {"motion_max_seq_length": 32, "use_motion_mid_block": True},
    "v3": {"motion_max_seq_length": 32, "use_motion_mid_block": False},
}
CARD = Card(
    "tiny-animatediff",
    "Tiny AnimateDiff",
    Fraction(8),
    Window(16, 48),
    ((SIDE, SIDE),),
    Defaults(2, 2.0),
    family="animatediff",
    grid=Grid(4),
    fills=("keyframes",),
    files=(("motion", "mm.safetensors"),),
)
"""Its codec halves a side twice, so that 16 × 16 pixels are latents of 4 × 4."""
FILES = {
    "original": (("motion", "mm.safetensors"), ("control", "sparsectrl.safetensors")),
    "diffusers": (
        ("motion", "mm/diffusion_pytorch_model.safetensors"),
        ("control", "sparsectrl/diffusion_pytorch_model.safetensors"),
    ),
}
IN_MOTION = (
    (".transformer_blocks.0.norm1", ".transformer_blocks.0.norms.0"),
    (".transformer_blocks.0.norm2", ".transformer_blocks.0.norms.1"),
    (".transformer_blocks.0.norm3", ".transformer_blocks.0.ff_norm"),
    (".transformer_blocks.0.attn1", ".transformer_blocks.0.attention_blocks.0"),
    (".transformer_blocks.0.attn2", ".transformer_blocks.0.attention_blocks.1"),
    (".transformer_blocks.0.pos_embed", ".transformer_blocks.0.attention_blocks.0.pos_encoder"),
)


def awake(net: nn.Module, seed: int) -> nn.Module:
    """No parameter is zero, and matrices are large enough that everything is felt."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "norm" not in name:
                drawn = torch.randn(parameter.shape, generator=generator)
                scale = 1.0 / parameter[0].numel() ** 0.5 if parameter.ndim > 1 else 0.02
                parameter.copy_(drawn * scale)
    return net.eval().requires_grad_(False)


def unet() -> UNet2DConditionModel:
    """Stable Diffusion 1.x's kinds of block, fewer of them."""
    net = UNet2DConditionModel(
        sample_size=4,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=8,
    )
    awake(net, 1)
    return net


def motion(version: str) -> MotionAdapter:
    net = MotionAdapter(WIDTHS, motion_layers_per_block=1, **MOTION[version])
    awake(net, 2)
    return net


def control(**changes) -> SparseControlNetModel:
    net = SparseControlNetModel(
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlockMotion", "DownBlockMotion"),
        cross_attention_dim=32,
        **changes,
    )
    awake(net, 3)
    return net


def original(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of diffusers in the names of the original files."""
    found = {}
    twice = any(".motion_modules.0.transformer_blocks.0.attn2." in key for key in state)
    for key, tensor in state.items():
        name = key
        if ".motion_modules." in key:
            before, number, rest = _around_number(key)
            name = f"{before}.motion_modules.{number}.temporal_transformer.{rest}"
            for new, old in IN_MOTION:
                name = name.replace(new, old)
        found[name] = tensor.contiguous()
        if twice and name.endswith("attention_blocks.0.pos_encoder.pe"):
            found[name.replace("attention_blocks.0", "attention_blocks.1")] = tensor.clone()
    return found


def _around_number(key: str) -> tuple[str, str, str]:
    before, after = key.split(".motion_modules.")
    number, rest = after.split(".", 1)
    return before, number, rest


def make(folder: Path, version: str = "v3", *, layout: str = "original") -> Path:
    """Write a whole model with SparseCtrl; `layout` "original" or "diffusers" of its two files."""
    backbone = tiny()
    with torch.no_grad():  # encoding draws nothing: the deviation is nought
        vae = awake(backbone.vae, 4)
        vae.quant_conv.weight[4:] = 0
        vae.quant_conv.bias[4:] = -30
    unet().save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    backbone.text_encoder.save_pretrained(folder / "text_encoder")
    backbone.tokenizer.save_pretrained(folder / "tokenizer")
    backbone.scheduler.from_config(
        backbone.scheduler.config, prediction_type="epsilon", rescale_betas_zero_snr=False
    ).save_pretrained(folder / "scheduler")
    for name, net in (("mm", motion(version)), ("sparsectrl", control())):
        if layout == "original":
            save_file(original(net.state_dict()), folder / f"{name}.safetensors")
        else:
            net.save_pretrained(folder / name)
    return folder


def load(
    folder: Path, *, controlled: bool = True, device: Device = CPU, layout: str = "original"
) -> AnimateDiff:
    """Open what `make` wrote, as the studio does."""
    card = replace(CARD, files=FILES[layout][: 2 if controlled else 1])
    return family.load(folder, card, "keyframes", device, silent)["keyframes"]
