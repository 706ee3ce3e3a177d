"""Whether the disk has room for a download, asked before its first byte."""

import shutil
from pathlib import Path

from studio.spec.quantities import memory
from studio.spec.refusal import Refusal

RESERVE = 512 * 2**20
"""Bytes that a download leaves free for everything else."""


def check_room(needed: int, folder: Path) -> None:
    """Refused where `needed` bytes more would fill the disk of `folder`."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if needed and needed + RESERVE > free:
        raise Refusal(
            f"The download takes {memory(needed)} more, and {memory(free)} are free on the disk of "
            f"{folder}.",
            "Make room there, or keep the studio's folder elsewhere with --data-dir.",
        )
