"""Networks of Stable Diffusion from exactly the files that a card names, in whatever layout these
were published; their configs lie in a folder of the user's pipeline, or in one of the studio's own.

Nothing here asks a network or a cache: classes are built from a config that is read, and filled with
the tensors of the named files.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder, AutoencoderTiny, DDIMScheduler
from diffusers import UNet2DConditionModel as UNet
from safetensors import SafetensorError
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from studio.engine.backbone import Backbone
from studio.engine.checkpoints import names, sizes
from studio.engine.checkpoints.clip_tokenizer import clip_tokenizer
from studio.engine.checkpoints.state import Naming, stored
from studio.engine.checkpoints.svd_names import VISION
from studio.engine.device import Device, set_attention
from studio.engine.loading import loading
from studio.engine.words.second_text import SecondText
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

UNREADABLE = (OSError, SafetensorError, ValueError, KeyError, RuntimeError, StopIteration, TypeError,
              AttributeError)  # fmt: skip
"""What building a network from files raises that hold another one, or nothing whole."""
Sized = Callable[[Mapping[str, Any], sizes.Shapes], dict[str, Any]]
AUTOENCODERS: Mapping[str, tuple[Any, Sized]] = {
    "AutoencoderKL": (AutoencoderKL, sizes.autoencoder_config),
    "AutoencoderKLTemporalDecoder": (AutoencoderKLTemporalDecoder, sizes.autoencoder_config),
    "AutoencoderTiny": (AutoencoderTiny, sizes.tiny_autoencoder_config),
}
PLACES = {
    names.IMAGE: "unet",
    names.TEXT: "text_encoder",
    names.AUTOENCODER: "vae",
    names.SECOND: "text_encoder_2",
    VISION: "image_encoder",
}
"""By component, its folder in a pipeline."""


LATENT_DIFFUSION = {"clip_sample": False, "set_alpha_to_one": False}


@dataclass(frozen=True, slots=True)
class Source:
    """The files of components by name, each one or its shards in order, and the `folder` of their
    pipeline, or of the layout that they were published in."""

    folder: Path
    files: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    naming: Naming = names.diffusers_names

    @staticmethod
    def named(
        folder: Path, files: Sequence[tuple[str, str]], by: Naming = names.diffusers_names
    ) -> "Source":
        """Of a card's files; "image 2" is the second shard of "image"."""
        found: dict[str, list[Path]] = {}
        for name, file in files:
            component = name.rstrip("0123456789 ")
            found.setdefault(component, []).append(folder / file)
        return Source(folder, found, by)

    def config(self, component: str, shapes: sizes.Shapes, sized: Sized) -> dict[str, Any]:
        """The component's config: of a file inside the folder the one that lies beside it, as it
        stands; of any other that of the layout, given the file's sizes."""
        file = self.files[component][0]
        if file.is_relative_to(self.folder):
            return _json(file.with_name("config.json"))
        return sized(_json(self.folder / PLACES[component] / "config.json"), shapes)


def open_backbone(source: Source, device: Device, tick: Tick) -> Backbone:
    """Image network, autoencoder, text encoder, tokenizer and scheduler; one tick a part.

    A part that is missing, damaged or of another layout is refused by name.
    """
    openers: dict[str, Callable[[Source, Device], Any]] = {
        "tokenizer": _tokenizer,
        "unet": _unet,
        "text_encoder": _text_encoder,
        "vae": open_autoencoder,
        "scheduler": _scheduler,
    }
    if names.SECOND in source.files:
        openers["second"] = _second_text
    parts: dict[str, Any] = {}
    for done, (name, opened) in enumerate(openers.items()):
        tick(Progress("loading model", done, len(openers), note=name))
        with loading():
            parts[name] = _or_refused(name, source, lambda: opened(source, device))  # noqa: B023
    set_attention(parts["unet"], device)
    tick(Progress("loading model", len(openers), len(openers)))
    return Backbone(**parts, device=device)


def open_parts(source: Source, device: Device) -> dict[str, Callable[[], Any]]:
    """What opens each part of an upscaler that is one file: network, autoencoder, text encoder and
    tokenizer; refused by name."""
    openers = {"unet": _unet, "vae": open_autoencoder, "text_encoder": _text_encoder,
               "tokenizer": _tokenizer}  # fmt: skip
    return {
        name: partial(_or_refused, name, source, partial(opened, source, device))
        for name, opened in openers.items()
    }


def open_autoencoder(source: Source, device: Device) -> Any:
    """An autoencoder of the class that its config names, in full precision where that says that it
    overflows in fp16."""
    there = stored(names.AUTOENCODER, source.files[names.AUTOENCODER], source.naming)
    config = source.config(names.AUTOENCODER, there.shapes, _autoencoder_config)
    kind, _ = AUTOENCODERS[config.get("_class_name", "AutoencoderKL")]
    dtype = device.autoencoder_dtype(config)
    with torch.device("meta"):
        net = kind.from_config(config)
    state = there.read(dtype, device.home)
    if kind is AutoencoderKLTemporalDecoder and "quant_conv.weight" not in state:
        state |= _passing_on(2 * config["latent_channels"], dtype, device.home)
    return filled(net, state)


def _unet(source: Source, device: Device) -> Any:
    there = stored(names.IMAGE, source.files[names.IMAGE])
    config = source.config(names.IMAGE, there.shapes, sizes.unet_config)
    with torch.device("meta"):
        net = UNet.from_config(config)
    return filled(net, there.read(device.dtype, device.home))


def _text_encoder(source: Source, device: Device) -> CLIPTextModel:
    there = stored(names.TEXT, source.files[names.TEXT])
    config = source.config(names.TEXT, there.shapes, sizes.text_config)
    with torch.device("meta"):
        net = CLIPTextModel(CLIPTextConfig.from_dict(config))
    net.load_state_dict(there.read(device.dtype, device.home), strict=True, assign=True)
    return _with_positions(net, net, device)


def _second_text(source: Source, device: Device) -> SecondText:
    there = stored(names.SECOND, source.files[names.SECOND])
    config = source.config(names.SECOND, there.shapes, sizes.text_config)
    with torch.device("meta"):
        net = CLIPTextModelWithProjection(CLIPTextConfig.from_dict(config))
    state = there.read(device.dtype, device.home)
    inner = {n if n.startswith(names.PROJECTION) else f"text_model.{n}": state[n] for n in state}
    net.load_state_dict(inner, strict=True, assign=True)
    index = source.folder / "model_index.json"
    zeros = _json(index).get("force_zeros_for_empty_prompt", True) if index.is_file() else True
    net = _with_positions(net, net.text_model, device)
    return SecondText(net, _tokenizer(source, device, "tokenizer_2"), zeros)


def _with_positions(net: Any, text_model: Any, device: Device) -> Any:
    """Ready to use; the numbers of the positions are in no file."""
    positions = torch.arange(net.config.max_position_embeddings, device=device.home)
    text_model.embeddings.register_buffer("position_ids", positions[None], persistent=False)
    return net.eval().requires_grad_(False)


def _tokenizer(source: Source, _: Device, place: str = "tokenizer") -> CLIPTokenizer:
    """That of the user's pipeline, or one of our own, padded as its config says."""
    folder = source.folder / place
    if (folder / "vocab.json").is_file() or (folder / "tokenizer.json").is_file():
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    config = _json(folder / "tokenizer_config.json")
    return clip_tokenizer(config["pad_token"], config["model_max_length"])


def _scheduler(source: Source, _: Device) -> Any:
    """The noise schedule of the folder; what another sampler's config leaves unsaid is as latent
    diffusion has it, not as that class does, which would clip latents to −1..1."""
    config = _json(source.folder / "scheduler" / "scheduler_config.json")
    return DDIMScheduler.from_config(LATENT_DIFFUSION | config)


def _autoencoder_config(config: Mapping[str, Any], shapes: sizes.Shapes) -> dict[str, Any]:
    return AUTOENCODERS[config["_class_name"]][1](config, shapes)


def _json(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text("utf-8"))


def filled(net: Any, state: dict[str, torch.Tensor]) -> Any:
    net.load_state_dict(state, strict=True, assign=True)
    return net.eval().requires_grad_(False)


def _passing_on(channels: int, dtype: torch.dtype, device: str) -> dict[str, torch.Tensor]:
    """A convolution that changes nothing: in its first release, Stable Video Diffusion's autoencoder
    had none here."""
    one = torch.eye(channels, dtype=dtype, device=device)[:, :, None, None]
    return {
        "quant_conv.weight": one,
        "quant_conv.bias": torch.zeros(channels, dtype=dtype, device=device),
    }


def _or_refused(name: str, source: Source, opened: Callable[[], Any]) -> Any:
    try:
        return opened()
    except UNREADABLE as error:
        files = {file for part in source.files.values() for file in part}
        where = next(iter(files)).name if len(files) == 1 else str(source.folder)
        raise Refusal(
            f'The model\'s part "{name}" cannot be read from {where}.',
            "Restore or download the model again.",
        ) from error
