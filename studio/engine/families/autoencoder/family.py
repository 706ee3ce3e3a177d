"""An autoencoder by itself, in place of a model's own: TAESD for drafts, Stable Video Diffusion's
decoder that sees time, or another image autoencoder for the same latents.

Its card names the weights of the component "autoencoder"; diffusers' `config.json` lies beside them,
or that of their layout in the card's folder.
"""

from pathlib import Path

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.checkpoints.opening import UNREADABLE, Source, open_autoencoder
from studio.engine.device import Device
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.spec.card import Card
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

COMPONENT = "autoencoder"


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "codec".  Weights or config that are missing or damaged are refused by name."""
    del role  # there is no other
    tick(Progress("loading model", 0, 1, note=COMPONENT))
    source = Source.named(folder, card.files)
    with loading():
        try:
            vae = open_autoencoder(source, device)
        except UNREADABLE as error:
            file = source.files[COMPONENT][0]
            raise Refusal(
                f"The autoencoder {file.name} in {file.parent} cannot be read.",
                "Restore or download it again, with its config.json.",
            ) from error
    tick(Progress("loading model", 1, 1))
    return {"codec": AutoencoderCodec(vae)}
