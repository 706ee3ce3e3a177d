"""Cards of autoencoders by themselves, and of upscalers."""

import json
from fractions import Fraction
from pathlib import Path

from studio.library import weight_files
from studio.library.derived.derived import (
    LARGEST,
    SD_LATENTS,
    XL_LATENTS,
    Derived,
    layout,
    named_weights,
)
from studio.library.scan import Entry
from studio.spec.card import Card, Window
from studio.spec.grid import Grid
from studio.spec.part import VIDEOLDM, Defaults
from studio.spec.refusal import Refusal
from studio.spec.request import Upsampling

LAYOUT_OF = {
    "autoencoder": "kl",
    "temporal autoencoder": "svd",
    "preview autoencoder": "taesd",
}
XL_SCALE = 0.13025
"""Of the latents of Stable Diffusion XL, as configs write it."""
ALONE = Window(1, 64)
UPSAMPLING = Upsampling(steps=20, level=20, tile=128, overlap=32, guidance=9.0)
"""As the ×4 upscaler is mostly used: weak noise on the small frames."""


def autoencoder(name: str, entry: Entry) -> Derived:
    """An image autoencoder for the latents of Stable Diffusion, or one that sees time."""
    found = entry.found
    assert found is not None
    if "SD 1.x" not in found.fits or found.spelling.startswith("original "):
        raise Refusal(
            f"{entry.path.name} is an autoencoder that this version does not run ({found}).",
            "Use one of Stable Diffusion 1.x, 2.x or XL, in one file.",
        )
    beside = entry.path.with_name("config.json")
    has_config = found.spelling == "diffusers" and beside.is_file()
    latents = _latents(name, found.role, beside if has_config else None)
    if has_config:
        return _codec(name, entry, entry.path.name, entry.path.parent, latents)
    folder = layout(LAYOUT_OF[found.role] + ("_xl" if latents == XL_LATENTS else ""))
    return _codec(name, entry, str(entry.path.absolute()), folder, latents)


def _latents(name: str, role: str, config: Path | None) -> str:
    """Which latents it reads.  Those of Stable Diffusion XL have the same shape and another scale, and
    no tensor tells: the config beside it does, and where that says nothing its name."""
    try:
        scale = json.loads(config.read_text("utf-8")).get("scaling_factor") if config else None
    except (OSError, ValueError, AttributeError):
        scale = None
    if role == "autoencoder" and scale is not None:
        return XL_LATENTS if scale == XL_SCALE else SD_LATENTS
    is_xl = role != "temporal autoencoder" and "xl" in name.lower()
    return XL_LATENTS if is_xl else SD_LATENTS


def of_stable_video(name: str, entry: Entry) -> Derived:
    """The decoder that sees time, out of a folder of Stable Video Diffusion."""
    ((_, file),) = named_weights(entry.path, "vae", "diffusion_pytorch_model")
    return _codec(name, entry, file, entry.path)


def _codec(name: str, entry: Entry, file: str, folder: Path, latents: str = SD_LATENTS) -> Derived:
    card = Card(
        name,
        entry.title or name,
        Fraction(8),
        ALONE,
        ((512, 512),),
        Defaults(1, 1.0),
        family="autoencoder",
        largest=8192,
        grid=Grid(8),
        fills=(),
        latent_space=latents,
        files=(("autoencoder", file),),
        uses=(("codec", ("autoencoder",)),),
    )
    return Derived(card, folder)


UPSCALER = {
    "upsampler": ("unet", "diffusion_pytorch_model"),
    "upsampler autoencoder": ("vae", "diffusion_pytorch_model"),
    "upsampler text": ("text_encoder", "model"),
}
"""The upscaler's components, and where they lie in its folder."""


def _is_whole(file: Path) -> bool:
    """Whether an upscaler's file holds autoencoder and text encoder too."""
    tensors = weight_files.read(file).tensors
    return all(
        any(n.startswith(p) for n in tensors) for p in ("first_stage_model.", "cond_stage_model.")
    )


def upscaler(name: str, entry: Entry) -> Derived:
    """Stable Diffusion's ×4 upscaler, a folder or one file: frame by frame, with noise that frames
    share."""
    where = str(entry.path.absolute())
    if entry.path.is_dir():
        files = tuple(
            (component, named_weights(entry.path, *place, whole=True)[0][1])
            for component, place in UPSCALER.items()
        )
    else:
        if not _is_whole(entry.path):
            raise Refusal(
                f"{entry.path.name} is the network of the ×4 upscaler alone.",
                "Use x4-upscaler-ema.safetensors, or the folder as diffusers has it.",
            )
        files = tuple((component, where) for component in UPSCALER)
    card = Card(
        name,
        entry.title or name,
        Fraction(8),
        ALONE,
        ((512, 512),),
        Defaults(UPSAMPLING.steps, UPSAMPLING.guidance),
        family=VIDEOLDM,
        size_multiple=1,
        largest=LARGEST,
        fills=(),
        upsampling=UPSAMPLING,
        files=files,
        uses=(("upscaler", tuple(UPSCALER)),),
    )
    return Derived(card, entry.path if entry.path.is_dir() else layout("x4"))
