"""Weights that a library would load although no card names them: no key would know of them."""

import os
from pathlib import Path

from studio.spec.card import Card
from studio.spec.components import FILES
from studio.spec.part import VIDEOLDM
from studio.spec.refusal import Refusal

BESIDE = ("{}.index.json", "adapter_config.json")
"""What makes diffusers load other files instead of a weight file, or transformers one more."""
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf")
"""Endings of weight files."""
OPTIONAL = {"upsampler autoencoder": "upsampler/vae", "upsampler text": "upsampler/text_encoder"}
"""Parts of an upsampler that are loaded where their folder is there."""


def check_strays(folder: Path, card: Card) -> None:
    """Refuse a model folder in which anything lies that would be loaded and is in no key."""
    if card.family != VIDEOLDM:
        _check_named(folder, card)
        return
    for _, file in card.files:
        path = folder / file
        for stray in (path.with_name(name.format(path.name)) for name in BESIDE):
            if os.path.lexists(stray):
                raise Refusal(
                    f"{stray} would change what is loaded, and the model's card does not know it.",
                    "Move it elsewhere; use weights that are in one piece.",
                )
    for role in OPTIONAL.keys() - dict(card.files).keys() if card.upsampling else ():
        if os.path.lexists(folder / OPTIONAL[role]):
            raise Refusal(
                f"{folder / OPTIONAL[role]} is not in the model's card.",
                f"Add this line to {folder / 'model.toml'} under [weights]: "
                f'"{role}" = "{FILES[role]}".',
            )


def _check_named(folder: Path, card: Card) -> None:
    """Of other families: every weight file in the folder is in the card, in pieces or not."""
    named = {folder / file for _, file in card.files}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in WEIGHTS and path not in named:
            raise Refusal(
                f"{path} is not in the model's card.",
                f"Name it in {folder / 'model.toml'} under [weights] and in [uses], or move it.",
            )
