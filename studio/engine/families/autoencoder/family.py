"""An autoencoder by itself, in place of a model's own: TAESD for drafts, Stable Video Diffusion's
decoder that sees time, or another image autoencoder for the same latents.

Its card names the weights of the component "autoencoder"; diffusers' `config.json` lies beside them.
"""

import json
from pathlib import Path
from typing import Any

from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder, AutoencoderTiny
from diffusers.utils import SAFETENSORS_WEIGHTS_NAME
from safetensors import SafetensorError

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.device import Device
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.spec.card import Card
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

KINDS: dict[str, Any] = {
    kind.__name__: kind for kind in (AutoencoderKL, AutoencoderKLTemporalDecoder, AutoencoderTiny)
}
COMPONENT = "autoencoder"


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "codec".  Weights or config that are missing or damaged are refused by name."""
    del role  # there is no other
    file = folder / dict(card.files)[COMPONENT]
    tick(Progress("loading model", 0, 1, note=COMPONENT))
    with loading():
        vae = _opened(file, device)
    tick(Progress("loading model", 1, 1))
    return {"codec": AutoencoderCodec(vae)}


def _opened(file: Path, device: Device) -> Any:
    """In full precision where its config says that it overflows in fp16, as Stable Video Diffusion's
    does."""
    try:
        if file.name != SAFETENSORS_WEIGHTS_NAME:
            raise ValueError("diffusers would open another file")
        config = json.loads((file.parent / "config.json").read_text("utf-8"))
        kind = KINDS[config["_class_name"]]
        dtype = device.autoencoder_dtype(config)
        vae = kind.from_pretrained(file.parent, local_files_only=True, torch_dtype=dtype)
        return vae.to(device.name).eval().requires_grad_(False)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise Refusal(
            f"The autoencoder {file.name} in {file.parent} cannot be read.",
            "Restore or download it again, with its config.json.",
        ) from error
