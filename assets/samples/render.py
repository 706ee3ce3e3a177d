"""Render the sample pictures of `main.py demo`: python assets/samples/render.py"""

import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from studio.lab.starter.portraits import portraits  # noqa: E402

INDIVIDUAL, COUNT, SIZE = 1021, 6, 256


def render(folder: Path = HERE) -> None:
    """Six pictures of one held-out individual, the same on every computer."""
    for number, picture in enumerate(portraits(INDIVIDUAL, COUNT, SIZE), 1):
        # 64 colours keep six grainy pictures small; the studio shrinks them to 128 pixels anyway
        small = Image.fromarray(picture).quantize(64, Image.Quantize.MEDIANCUT)
        small.save(folder / f"pip-{number}.png")


if __name__ == "__main__":
    render()
