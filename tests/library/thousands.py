"""What a scan of thousands of files costs, beside opening each and reading its header plainly.

    python -m tests.library.thousands [files]

Prints seconds of the processor for a plain walk, a first scan and a scan of what is known, with how
many times the plain walk each took.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.library.scan import scan
from studio.library.scan_index import Index
from tests.library.headers import WAN
from tests.library.weight_builder import safetensors


@dataclass(frozen=True)
class Cost:
    """Seconds of this process, each the best of several."""

    plain: float
    cold: float
    warm: float


def write(folder: Path, files: int) -> None:
    """Files of a large model's true size, of which only the header is on the disk."""
    folder.mkdir()
    shapes = {f"blocks.{n}.attn.to_q.weight": (3072, 3072) for n in range(300)}
    shapes |= WAN["wan2.2_ti2v_5B"][0]
    for n in range(files):
        safetensors(folder / f"{n}.safetensors", shapes)


def measured(folder: Path, kept: Path, rounds: int) -> Cost:
    """By turns, so that what else the computer does meets all three alike."""
    found = []
    for _ in range(rounds):
        kept.unlink(missing_ok=True)
        found.append([seconds(lambda: walk(folder)), *(scanned(folder, kept) for _ in range(2))])
    return Cost(*map(min, zip(*found, strict=True)))


def scanned(folder: Path, kept: Path) -> float:
    return seconds(lambda: scan([folder], Index(kept)))


def walk(folder: Path) -> int:
    """Tensors of all files."""
    found = 0
    for item in os.scandir(folder):
        with Path(item.path).open("rb") as file:
            found += len(json.loads(file.read(int.from_bytes(file.read(8), "little"))))
    return found


def seconds(act: Callable[[], object]) -> float:
    """Of the processor, by this process."""
    started = time.process_time()
    act()
    return time.process_time() - started


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch, "models"), count)
        cost = measured(Path(scratch, "models"), Path(scratch, "index.json"), 2)
    print(f"{count} files: {cost.plain:.2f} s read plainly")
    print(f"{cost.cold:.2f} s for a first scan, {cost.cold / cost.plain:.1f} times as much")
    print(f"{cost.warm:.2f} s once they are known, {cost.warm / cost.plain:.2f} times as much")
