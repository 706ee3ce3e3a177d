"""Render the sample pictures of `main.py demo`: python assets/samples/render.py"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from studio.lab.drawing.characters import character, photo_of  # noqa: E402

IDENTITY, COUNT, SIZE = 1041, 6, 256


def render(folder: Path = HERE) -> None:
    """Six pictures of one procedural character, the same on every computer."""
    who, rng = character(IDENTITY), np.random.default_rng(IDENTITY)
    for number in range(1, COUNT + 1):
        picture = Image.fromarray(photo_of(who, rng, SIZE))
        # 48 colours keep six grainy pictures small; the studio shrinks them to 64 pixels anyway
        picture.quantize(48, Image.Quantize.MEDIANCUT).save(folder / f"pip-{number}.png")


if __name__ == "__main__":
    render()
