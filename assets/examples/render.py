"""Render the films of the first page's examples with the starter: python assets/examples/render.py"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from studio.cli import main  # noqa: E402
from studio.ui.start.examples import EXAMPLES  # noqa: E402

if __name__ == "__main__":
    for example in EXAMPLES:
        if example.film.startswith("examples/"):
            out = HERE.parent / example.film
            main(["generate", example.prompt, f"--seed={example.seed}", "--fps=12", f"--out={out}"])
