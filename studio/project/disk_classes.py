"""The three classes of files: made by hand, costly, derived; what each takes, and what may be dropped."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.project.files import is_real, remove_tree
from studio.project.takes import TakeStore

BY_HAND = ("project.json", "versions", "pictures")
MADE_FILES = "files"
"""Films that were written to be dragged out of the window: derived."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Bytes on disk.  *By hand*: photos, shots, words, timeline, history: never removed by the
    program.  *Costly*: latents, adapters: only by the user.  *Derived*: frames and files that can be
    made again: within a bound, the oldest first."""

    by_hand: int
    costly: int
    derived: int


def classes_of(project: Path, takes: TakeStore, subjects: Path | None = None) -> Classes:
    """What a project takes, and the subjects of the studio with it where they are named."""
    usage = takes.usage()
    by_hand = sum(_size(project / name) for name in BY_HAND)
    costly, derived = usage.costly, usage.derived + usage.damaged + _size(project / MADE_FILES)
    for folder in _subjects(subjects):
        photos = _size(folder / "photos") + _size(folder / "subject.json")
        by_hand += photos
        costly += _size(folder) - photos
    return Classes(by_hand, costly, derived)


def drop_files(project: Path, limit: int) -> int:
    """Remove files made of takes, the oldest first, until they fit `limit` bytes; gives bytes freed."""
    folder = project / MADE_FILES
    if not is_real(folder):
        return 0
    made = sorted((_made(path), path) for path in folder.iterdir() if is_real(path))
    over, freed = sum(_size(path) for _, path in made) - limit, 0
    for _, path in made:
        if freed >= over:
            break
        freed += _size(path)
        remove_tree(path)
    return freed


def _subjects(folder: Path | None) -> list[Path]:
    with suppress(OSError):
        if folder is not None:
            there = [*folder.iterdir(), *_binned(folder)]
            return [path for path in there if is_real(path) and path.name[0] != "."]
    return []


def _binned(folder: Path) -> list[Path]:
    with suppress(OSError):
        return list((folder / ".bin").iterdir())
    return []


def _size(path: Path) -> int:
    total = 0
    with suppress(OSError):
        for file in [path, *path.rglob("*")]:
            with suppress(OSError):
                total += file.stat().st_size if file.is_file() and not file.is_symlink() else 0
    return total


def _made(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
