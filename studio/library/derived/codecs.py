"""Cards of autoencoders by themselves, and of upscalers."""

from fractions import Fraction
from pathlib import Path

from studio.library.derived.derived import LARGEST, SD_LATENTS, Derived, layout, named_weights
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
ALONE = Window(1, 64)
UPSAMPLING = Upsampling(steps=20, level=20, tile=128, overlap=32, guidance=9.0)
"""As the ×4 upscaler is mostly used: weak noise on the small frames."""


def autoencoder(name: str, entry: Entry) -> Derived:
    """An image autoencoder for the latents of Stable Diffusion 1.x and 2.x, or one that sees time."""
    found = entry.found
    assert found is not None
    if "SD 1.x" not in found.fits or found.spelling.startswith("original "):
        raise Refusal(
            f"{entry.path.name} is an autoencoder that this version does not run ({found}).",
            "Use one of Stable Diffusion 1.x or 2.x, in one file.",
        )
    beside = entry.path.with_name("config.json")
    if found.spelling == "diffusers" and beside.is_file():
        return _codec(name, entry, entry.path.name, entry.path.parent)
    folder = layout(LAYOUT_OF[found.role])
    return _codec(name, entry, str(entry.path.absolute()), folder)


def of_stable_video(name: str, entry: Entry) -> Derived:
    """The decoder that sees time, out of a folder of Stable Video Diffusion."""
    ((_, file),) = named_weights(entry.path, "vae", "diffusion_pytorch_model")
    return _codec(name, entry, file, entry.path)


def _codec(name: str, entry: Entry, file: str, folder: Path) -> Derived:
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
        latent_space=SD_LATENTS,
        files=(("autoencoder", file),),
        uses=(("codec", ("autoencoder",)),),
    )
    return Derived(card, folder)


def upscaler(name: str, entry: Entry) -> Derived:
    """Stable Diffusion's ×4 upscaler as a folder: frame by frame, with noise that frames share."""
    if not entry.path.is_dir():
        raise Refusal(
            f"{entry.path.name} is the ×4 upscaler as one file, which this version does not read.",
            "Use its folder as diffusers has it: stabilityai/stable-diffusion-x4-upscaler.",
        )
    parts = {
        "upsampler": ("unet", "diffusion_pytorch_model"),
        "upsampler autoencoder": ("vae", "diffusion_pytorch_model"),
        "upsampler text": ("text_encoder", "model"),
    }
    files = tuple(
        (component, named_weights(entry.path, *place, whole=True)[0][1])
        for component, place in parts.items()
    )
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
        uses=(("upscaler", tuple(parts)),),
    )
    return Derived(card, entry.path)
