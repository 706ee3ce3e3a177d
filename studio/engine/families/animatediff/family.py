"""AnimateDiff (Guo et al. 2023), a Stable Diffusion 1.x UNet with a motion module, and SparseCtrl
(Guo et al. 2023) for frames around given ones: how a model is opened.

Its card names the files of the components "motion" and, for given frames, "control", in the
published original layout or in diffusers', and of "image", "text" and "autoencoder" (see
`studio.engine.checkpoints.opening`); where it does not name these, its folder holds the parts of a
Stable Diffusion 1.x pipeline (`unet`, `vae`, `text_encoder`, `tokenizer`, `scheduler`).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from diffusers import DDIMScheduler

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.backbone import Backbone, load_backbone
from studio.engine.between import FilledBetween
from studio.engine.checkpoints.opening import Source, open_backbone
from studio.engine.device import Device, set_attention
from studio.engine.families.animatediff import published
from studio.engine.families.animatediff.fill import AnimateDiff, Still
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.spec.card import Card
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

MOTION, CONTROL = "motion", "control"
FACTOR = 4
"""Frames from one keyframe to the next where a card does not say."""
NOISE = {
    "beta_schedule": "linear",
    "clip_sample": False,
    "steps_offset": 1,
    "timestep_spacing": "linspace",
}
"""The noise levels that motion modules were trained at, which are not Stable Diffusion's own."""


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "keyframes" and "codec" and, where the card names a control network, "holes" and
    "interpolator".

    A part that is missing, damaged or of another model's shape is refused by name.
    """
    del role  # the same networks fill them all
    files = {name: folder / file for name, file in card.files}
    if "image" in files:
        backbone = open_backbone(Source.named(folder, card.files), device, tick)
    else:
        backbone = load_backbone(folder, device, tick)
    with loading():
        still = Still(backbone.unet.config, backbone.scheduler)
        filler = AnimateDiff(card, _moving(backbone, files[MOTION]), still=still)
        tick(Progress("loading model", 1, 1, note=MOTION))
        if CONTROL in files:
            filler = replace(filler, control=_control(backbone, files[CONTROL]))
            tick(Progress("loading model", 1, 1, note=CONTROL))
    parts: Parts = {"keyframes": filler, "codec": AutoencoderCodec(backbone.vae)}
    if filler.control is None:
        return parts
    factor = card.interpolation.factor if card.interpolation else FACTOR
    return {**parts, "holes": filler, "interpolator": FilledBetween(filler, factor)}


def _moving(backbone: Backbone, file: Path) -> Backbone:
    """The backbone with a motion module in its UNet and the noise levels that this asks for."""
    state = published.read(file, "motion module")
    config = published.config_beside(file)
    try:
        shapes = {key: tensor.shape for key, tensor in state.items()}
        config = published.motion_config(shapes, config)
        placed = published.placed(state, backbone.unet)
        net: Any = published.motion_unet(backbone.unet, placed, config)
    except (KeyError, StopIteration, RuntimeError, ValueError) as error:
        raise Refusal(
            f"{file.name} is not a motion module for this image model.",
            "Use one for Stable Diffusion 1.x, such as v3_sd15_mm.",
        ) from error
    set_attention(net, backbone.device)
    scheduler: Any = DDIMScheduler.from_config(backbone.scheduler.config, **NOISE)
    return replace(backbone, unet=net, scheduler=scheduler)


def _control(backbone: Backbone, file: Path) -> Any:
    state = published.read(file, "SparseCtrl network")
    if "controlnet_cond_embedding.conv_in.weight" in state:
        raise Refusal(
            f"{file.name} is SparseCtrl for drawings, which cannot fill around frames.",
            "Use the one for pictures, such as v3_sd15_sparsectrl_rgb.",
        )
    try:
        shapes = {key: tensor.shape for key, tensor in state.items()}
        config = published.control_config(shapes, published.config_beside(file))
        for name in ("block_out_channels", "cross_attention_dim"):
            if _tuple(config[name]) != _tuple(backbone.unet.config[name]):
                raise ValueError(f"{name} differs")
        net = published.control_net(published.placed(state, backbone.unet), config)
    except (KeyError, StopIteration, RuntimeError, ValueError) as error:
        raise Refusal(
            f"{file.name} is not a SparseCtrl network for this image model.",
            "Use v3_sd15_sparsectrl_rgb.",
        ) from error
    set_attention(net, backbone.device)
    return net


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)
