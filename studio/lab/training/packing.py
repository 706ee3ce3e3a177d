"""Trained networks as files: an upsampler's folder, and configs without where they come from."""

import json
from pathlib import Path

from diffusers import AutoencoderKL

from studio.engine.families.videoldm.upsampler import TEMPORAL
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.training import upsampler


def pack_upsampler(folder: Path, net: VideoUNet, vae: AutoencoderKL | None = None) -> Path:
    """Write what `studio.engine.families.videoldm.upsampler.load` opens, in fp16; a latent one with its autoencoder."""
    folder.mkdir(parents=True, exist_ok=True)
    net.image.half().save_pretrained(folder / "unet")
    upsampler.scheduler().save_pretrained(folder / "scheduler")
    upsampler.low_scheduler().save_pretrained(folder / "low_res_scheduler")
    net.temporal.half().save(folder / TEMPORAL, "")
    if vae is not None:
        vae.half().save_pretrained(folder / "vae")
    for config in folder.glob("*/config.json"):
        forget_origin(config)
    return folder


def forget_origin(config: Path) -> None:
    """Take out where a part was loaded from, a path of the machine it was trained on; text encoders
    open in fp32, as all else does."""
    settings = json.loads(config.read_text("utf-8"))
    settings.pop("_name_or_path", None)
    if "dtype" in settings:
        settings["dtype"] = "float32"
    config.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
