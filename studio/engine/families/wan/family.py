"""Wan 2.1 and 2.2 (Wan et al. 2025), text and image to video: how a model is opened.

Its folder is that of diffusers' `WanPipeline` or `WanImageToVideoPipeline`: `transformer`, for
Wan 2.2 A14B `transformer_2` too, `vae`, `text_encoder` and `tokenizer` (opened when words are
encoded), `scheduler` and `model_index.json`.  Or its card names single files, of "high", "low",
"text", "autoencoder" and "vision" (`files`), and its folder is a layout of the studio's.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors import SafetensorError

from studio.engine.backbone import shaped
from studio.engine.between import FilledBetween
from studio.engine.device import SHAPES, Device
from studio.engine.families.wan import files
from studio.engine.families.wan.autoencoder import Autoencoder
from studio.engine.families.wan.network import Experts, Wan
from studio.engine.families.wan.parts import AroundFrames, FromWords, WanCodec
from studio.engine.families.wan.pictures import Pictures
from studio.engine.families.wan.text import Texts
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.engine.schedulers import load_scheduler
from studio.spec.card import Card
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

FACTOR = 16
"""Frames from one keyframe to the next where a card does not say: one a second."""
PARTS = ("transformer", "transformer_2", "vae", "scheduler")
NAMES = {"transformer": "high", "transformer_2": "low", "vae": "autoencoder"}
"""Components of a card by their part."""
Files = Mapping[str, Sequence[Path]]


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "holes" and "interpolator" around given frames (image to video), "keyframes" from
    words (text to video), or both (TI2V, which reads the first frame alone); and "codec".

    A part that is missing, damaged or of another layout is refused by name.
    """
    del role  # the same networks fill them all
    parts: dict[str, Any] = {}
    single = _single(card)
    has_low = "low" in single if single else (folder / "transformer_2").exists()
    there = [name for name in PARTS if name != "transformer_2" or has_low]
    for done, name in enumerate(there):
        tick(Progress("loading model", done, len(there), note=name))
        with loading():
            paths = single.get(NAMES.get(name, ""))
            parts[name] = (
                _of_files(name, paths, folder, device) if paths else _opened(folder / name, device)
            )
    tick(Progress("loading model", len(there), len(there)))
    return _filled(_made(folder, card, device, parts, single))


def _single(card: Card) -> Files:
    """The files of components that lie by themselves, in pieces or not; {} for a folder's."""
    if not any(Path(file).is_absolute() for _, file in card.files):
        return {}
    found: dict[str, list[Path]] = {}
    for name, file in card.files:
        found.setdefault(name.rstrip("0123456789 "), []).append(Path(file))
    return found


def _filled(wan: Wan) -> Parts:
    codec = {"codec": WanCodec(wan.autoencoder)}
    around = AroundFrames(wan)
    if wan.conditioned or wan.controlled:
        factor = wan.card.interpolation.factor if wan.card.interpolation else FACTOR
        words = {"keyframes": FromWords(wan)} if wan.controlled else {}
        only_first = wan.pictures is not None and not wan.reads_ends
        between = {} if only_first else {"interpolator": FilledBetween(around, factor)}
        return {"holes": around, **between, **words, **codec}
    words = {"keyframes": FromWords(wan), **codec}
    return {"holes": around, **words} if wan.experts.per_token else words


def _opened(folder: Path, device: Device) -> Any:
    """A part; the autoencoder in full precision, norms and time embeddings of a transformer too."""
    try:
        if folder.name == "scheduler":
            return load_scheduler(folder)
        is_codec = folder.name == "vae"
        kind: Any = AutoencoderKLWan if is_codec else WanTransformer3DModel
        dtype = torch.float32 if is_codec else device.dtype
        if device.name == SHAPES:
            return torch.nn.Module.to(shaped(kind, folder), dtype)
        net = kind.from_pretrained(folder, local_files_only=True, torch_dtype=dtype)
        return net.to(device.home).eval().requires_grad_(False)
    except (OSError, SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise Refusal(
            f'The model\'s part "{folder.name}" cannot be read.',
            f"Restore or download the model in {folder.parent} again.",
        ) from error


def _of_files(name: str, paths: Sequence[Path], layout: Path, device: Device) -> Any:
    opens = files.autoencoder if name == "vae" else files.transformer
    try:
        return opens(paths, layout, device)
    except files.UNREADABLE as error:
        raise Refusal(
            f'The model\'s part "{name}" cannot be read from {paths[0].name}.',
            "Restore or download the model again.",
        ) from error


def _made(folder: Path, card: Card, device: Device, parts: Mapping[str, Any], single: Files) -> Wan:
    index = _index(folder)
    high, low, scheduler = parts["transformer"], parts.get("transformer_2"), parts["scheduler"]
    autoencoder = Autoencoder(parts["vae"])
    for network in (high, low):
        if network is not None:
            _check_fit(card, network.config, autoencoder, has_vision="vision" in single)
    ratio = index.get("boundary_ratio") if low is not None else None
    boundary = (ratio or 0.0) * scheduler.config.num_train_timesteps
    experts = Experts(high, low, boundary, per_token=bool(index.get("expand_timesteps")))
    factors = autoencoder.preview_factors()
    texts, pictures = _encoders(folder, device, single)
    return Wan(card, experts, autoencoder, texts, scheduler, device, factors, pictures)


def _encoders(folder: Path, device: Device, single: Files) -> tuple[Texts, Pictures | None]:
    """What encodes words and, where there is such a file, frames; each is opened when asked."""
    if "text" not in single:
        return Texts(folder, device), None
    texts = Texts(folder, device, partial(files.text_encoder, single["text"], folder, device))
    if "vision" not in single:
        return texts, None
    return texts, Pictures(partial(files.image_encoder, single["vision"], folder, device), device)


def _check_fit(card: Card, config: Any, autoencoder: Autoencoder, *, has_vision: bool) -> None:
    """Refuse what would fail late: another autoencoder's latents, or a picture encoder that is
    not there (Wan 2.1's image to video reads CLIP's embedding of the first frame)."""
    if config.out_channels != autoencoder.channels:
        raise Refusal(
            f"The transformer of {card.name} makes latents of {config.out_channels} channels, "
            f"its autoencoder reads {autoencoder.channels}.",
            "Use the autoencoder that it was released with.",
        )
    if config.image_dim is not None and not has_vision:
        raise Refusal(
            f"{card.name} reads a picture through CLIP's picture encoder, which is not there.",
            "Add clip_vision_h to its name by “+”, or use Wan 2.2, which needs none.",
        )


def _index(folder: Path) -> Mapping[str, Any]:
    """`model_index.json`: `boundary_ratio` between two experts, and `expand_timesteps`."""
    try:
        return json.loads((folder / "model_index.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(
            "The model's model_index.json cannot be read.",
            f"Restore or download the model in {folder} again.",
        ) from error
