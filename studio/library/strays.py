"""Weights that a library would load although no card names them: no key would know of them."""

import os
from pathlib import Path

from studio.spec.card import Card
from studio.spec.components import FILES
from studio.spec.refusal import Refusal

BESIDE = ("{}.index.json", "adapter_config.json")
"""What makes diffusers load other files instead of a weight file, or transformers one more."""
OPTIONAL = {"upsampler autoencoder": "upsampler/vae", "upsampler text": "upsampler/text_encoder"}
"""Parts of an upsampler that are loaded where their folder is there."""


def check_strays(folder: Path, card: Card) -> None:
    """Refuse a model folder in which anything lies that would be loaded and is in no key."""
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
