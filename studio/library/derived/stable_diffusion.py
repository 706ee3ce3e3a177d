"""Cards of Stable Diffusion 1.x, 2.x and XL, from single checkpoints and diffusers' folders: by
themselves for keyframes, or moved by AnimateDiff's motion modules."""

import json
import re
from dataclasses import replace
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
from studio.library.weight_files import WeightFile
from studio.spec.card import Card, Interpolation, Window
from studio.spec.grid import Grid
from studio.spec.part import Defaults
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import METHODS, SubjectDefaults

FAMILIES = {"SD 1.x": "sd1", "SD 2.x": "sd2", "SDXL": "sdxl"}
SQUARE = ((512, 512), (768, 512), (512, 768), (640, 384), (384, 640))
"""Sizes that the 512-pixel models were trained at or are mostly used at; 768-pixel ones at 1.5×."""
XL_SIZES = ((1024, 1024), (1344, 768), (768, 1344), (1152, 896), (896, 1152))
"""Of about a million pixels, as Stable Diffusion XL was trained."""
IMAGE = ("image", "text", "autoencoder")
SECOND = "second text"
WORDED = ("image", "text", SECOND)
"""Components that decide what words make."""
FEW_STEPS = {
    "lightning": Defaults(4, 1.0, sampler="euler trailing"),
    "turbo": Defaults(4, 1.0, sampler="euler trailing"),
    "hyper": Defaults(8, 1.0, sampler="euler trailing"),
    "lcm": Defaults(6, 1.5, sampler="lcm"),
}
"""Of image models that were distilled, by what their names say."""
GRID = Grid(8)
ZERO_SNR = "ztsnr"
"""A tensor without numbers by which fine-tunes say that their strongest noise is noise alone."""
EDM = ("edm_mean", "edm_std", "edm_vpred.")
"""Tensors of image models with the shapes of SDXL that denoise otherwise (Playground 2.5, CosXL)."""
LARGE = 96
"""Latents a side of the 768-pixel models."""
PICTURES = 16
"""Pictures at most in a call; each is by itself."""
MOVED = 64
"""Frames at most in a call of a motion module, by contexts that share frames."""
USUAL = 16
"""Frames that motion modules were trained with."""


def _moving(motion: Entry) -> Defaults:
    """Steps and sampler follow the module: those that were distilled do with few."""
    assert motion.found is not None
    if motion.found.variant == "AnimateLCM":
        return Defaults(6, 1.5, sampler="lcm")
    if motion.found.variant == "Lightning":
        steps = _steps_named(motion.path)
        return Defaults(steps or 4, 1.0, sampler="euler trailing")
    return Defaults(25, 7.5)


def _steps_named(path: Path) -> int:
    """Steps that a file was distilled for, as its name says; 0 where it does not."""
    found = re.search(r"(\d)[ _-]?step", path.stem.lower())
    return int(found[1]) if found else 0


def _of_pictures(entry: Entry, is_xl: bool) -> Defaults:
    few = next((few for word, few in FEW_STEPS.items() if word in entry.path.stem.lower()), None)
    if few:
        return replace(few, steps=_steps_named(entry.path) or few.steps)
    return Defaults(30, 5.0, sampler="dpm++ 2m") if is_xl else Defaults(25, 7.5, sampler="dpm++ 2m")


def stills(name: str, entry: Entry) -> Derived:
    """An image model by itself: keyframes as single pictures, one a second."""
    files, folder, large = _image(entry)
    is_xl = bool(_named(files, SECOND))
    sizes = tuple((w * 3 // 2, h * 3 // 2) for w, h in SQUARE) if large else SQUARE
    card = Card(
        name,
        entry.title or name,
        Fraction(1),
        Window(4, PICTURES),
        XL_SIZES if is_xl else sizes,
        _of_pictures(entry, is_xl),
        family="stills",
        largest=LARGEST,
        grid=GRID,
        fills=("keyframes",),
        latent_space=XL_LATENTS if is_xl else SD_LATENTS,
        files=files,
        uses=(
            ("keyframes", tuple(part for name in WORDED for part in _named(files, name))),
            ("codec", _named(files, "autoencoder")),
        ),
        network=_network(entry),
        subjects=_taught(is_xl=is_xl, large=large),
    )
    return Derived(card, folder)


def moved(name: str, image: Entry, motion: Entry, control: Entry | None) -> Derived:
    """An image model with a motion module and, for frames around given ones, SparseCtrl."""
    files, folder, large = _image(image)
    _check_partners(image, motion, control)
    beside = [("motion", motion)] + ([("control", control)] if control else [])
    files += tuple((what, str(entry.path.absolute())) for what, entry in beside)
    words = (*_named(files, "image"), *_named(files, "text"), "motion")
    around = (*words, "control")
    uses = (("keyframes", words), ("codec", _named(files, "autoencoder")))
    if control:
        uses = (*uses, ("holes", around), ("interpolator", around))
    card = Card(
        name,
        f"{image.title or image.path.stem} with {motion.path.stem}",
        Fraction(8),
        Window(USUAL, MOVED),
        SQUARE,
        _moving(motion),
        family="animatediff",
        largest=LARGEST,
        grid=GRID,
        fills=("keyframes", "any") if control else ("keyframes",),
        interpolation=Interpolation(1, 4) if control else None,
        latent_space=SD_LATENTS,
        files=files,
        uses=uses,
        network=_network(image),
        subjects=_taught(is_xl=False, large=large),
    )
    return Derived(card, folder)


def _taught(*, is_xl: bool, large: bool) -> SubjectDefaults:
    """How subjects are taught to it: rates, batch and weight of the prior's loss as diffusers' DreamBooth
    examples have them, at the size that the model was trained at."""
    size = XL_SIZES[0][0] if is_xl else SQUARE[0][0] * 3 // 2 if large else SQUARE[0][0]
    return SubjectDefaults(
        lora_rate=1e-4,
        dreambooth_rate=2e-6,
        batch=1,
        prior_weight=1.0,
        rank=16,
        steps=800,
        prior_pictures=24,
        size=size,
        methods=("lora",) if is_xl else METHODS,
    )


def _network(image: Entry) -> str:
    """What LoRAs must have been trained for."""
    return image.found.family if image.found else ""


def _check_partners(image: Entry, motion: Entry, control: Entry | None) -> None:
    assert image.found is not None
    assert motion.found is not None
    if motion.found.variant == "SDXL" or image.found.family != "SD 1.x":
        raise Refusal(
            f"{motion.path.name} is a motion module for {motion.found.fits[0]}, "
            f"{image.path.name} is {image.found.family}.",
            "Choose two that fit.",
        )
    if control and control.found and control.found.variant != "SparseCtrl RGB":
        raise Refusal(
            f"{control.path.name} is {control.found.variant}, which cannot fill around pictures.",
            "Use v3_sd15_sparsectrl_rgb.",
        )


def _image(entry: Entry) -> tuple[tuple[tuple[str, str], ...], Path, bool]:
    """Files by component, the folder of their configs, and whether it learned 768 pixels a side."""
    assert entry.found is not None
    if entry.found.variant:
        raise Refusal(
            f"{entry.path.name} is a model for {entry.found.variant}, which makes no pictures from "
            "words alone.",
            "Use the plain model that it was made from.",
        )
    is_xl = entry.found.family == "SDXL"
    if entry.path.is_dir():
        return _of_pipeline(entry.path, is_xl), entry.path, _sample_size(entry.path) >= LARGE
    file = weight_files.read(entry.path)
    if any(name.startswith(EDM) for name in file.tensors):
        raise Refusal(
            f"{entry.path.name} was taught another noise schedule (EDM), which this version does not "
            "sample.",
            "Use a model made from Stable Diffusion XL itself.",
        )
    where, predicts_v = str(entry.path.absolute()), _prediction(entry, file) == "v_prediction"
    family = FAMILIES[entry.found.family]
    from_nothing = is_xl and predicts_v and ZERO_SNR in file.tensors
    folder = layout(family + ("_v" if predicts_v else "") + ("z" if from_nothing else ""))
    components = (*IMAGE, SECOND) if is_xl else IMAGE
    return tuple((name, where) for name in components), folder, predicts_v and family == "sd2"


def _sample_size(folder: Path) -> int:
    """Latents a side that a pipeline's network was taught with; 0 where it does not say."""
    try:
        config = json.loads((folder / "unet" / "config.json").read_text("utf-8"))
        return int(config["sample_size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _of_pipeline(folder: Path, is_xl: bool) -> tuple[tuple[str, str], ...]:
    parts = {
        "image": ("unet", "diffusion_pytorch_model"),
        "text": ("text_encoder", "model"),
        "autoencoder": ("vae", "diffusion_pytorch_model"),
    }
    if is_xl:
        parts[SECOND] = ("text_encoder_2", "model")
    return tuple(
        (component + more, file)
        for component, place in parts.items()
        for more, file in named_weights(folder, *place)
    )


def _named(files: tuple[tuple[str, str], ...], component: str) -> tuple[str, ...]:
    """The component and its further shards."""
    return tuple(name for name, _ in files if name.rstrip("0123456789 ") == component)


def _prediction(entry: Entry, file: WeightFile) -> str:
    """What a checkpoint was taught to predict: as it says itself, else as its family was released,
    Stable Diffusion 2 for 768 pixels, but for those whose name says otherwise."""
    declared = file.metadata.get("modelspec.prediction_type", "").lower()
    if declared in ("v", "v_prediction", "epsilon"):
        return "v_prediction" if declared.startswith("v") else "epsilon"
    assert entry.found is not None
    if entry.found.prediction == "v":
        return "v_prediction"
    name = entry.path.stem.lower()
    plain = entry.found.family != "SD 2.x" or "base" in name or "512" in name
    return "epsilon" if plain else "v_prediction"
