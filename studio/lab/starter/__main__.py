"""Train the starter of 128 pixels: python -m studio.lab.starter --out DIR [--device cuda] [--minutes 9]

Without --fit a slice of --minutes ends where it stands, and the next one goes on there.  With --fit
all that is left is made to fit into so many minutes, for a card that is at hand for no longer.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from studio.lab.starter import later
from studio.lab.starter.recipe import CARD_SCALE, PROCESSOR_SCALE, RUNS, Recipe, Slice
from studio.spec.progress import Cancelled, Progress

EVERY = 10.0
"""Seconds between two lines."""


def main(arguments: list[str] | None = None) -> int:
    """Train what is not done; 0 when all of it is, 130 when a slice is over."""
    args = _flags().parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.device != "cpu":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    scale = PROCESSOR_SCALE if args.device == "cpu" else CARD_SCALE
    tick = Slice(args.minutes, Lines()) if args.minutes else Lines()
    recipe = Recipe(
        args.out, scale.times(args.scale), args.device, args.seed, tick, args.fit or None
    )
    recipe.again(*args.again)
    try:
        recipe.train()
        if args.later:
            later.train(recipe)
    except Cancelled:
        sys.stderr.write("The slice is over; the same command goes on.\n")
        return 130
    return 0


class Lines:
    """A tick that writes a line at every new stage and now and then: pace and what remains."""

    def __init__(self) -> None:
        self._stage, self._written = "", 0.0
        self._since, self._first = time.monotonic(), 0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage != self._stage:
            self._stage, self._since, self._first = progress.stage, now, progress.step
        elif now - self._written < EVERY and progress.step < progress.total:
            return
        self._written = now
        pace = (now - self._since) / max(1, progress.step - self._first)
        loss = "" if progress.loss is None else f"loss {progress.loss:.4f}  "
        left = pace * (progress.total - progress.step) / 60
        sys.stderr.write(
            f"{progress.stage}  {progress.step}/{progress.total}  {loss}{pace:.3f} s a step, "
            f"{left:.0f} min left  {progress.note}\n"
        )


def _flags() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m studio.lab.starter", description=__doc__)
    made.add_argument("--out", type=Path, required=True, help="where it is trained and packed")
    made.add_argument("--device", default="cpu")
    made.add_argument("--scale", type=float, default=1.0, help="times as many updates")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--minutes", type=float, help="stop after so many")
    made.add_argument("--fit", type=float, help="fit what is left into so many minutes")
    made.add_argument(
        "--again", nargs="*", choices=tuple(RUNS), default=[], help="parts that learn on"
    )
    made.add_argument("--threads", type=int, help="of the processor")
    made.add_argument("--later", action="store_true", help="also the stages after keyframes")
    return made


if __name__ == "__main__":
    sys.exit(main())
