"""Wildcards: text files with a choice a line, in the studio's folder and in those of other programs.

A name is a file's path below its folder without the ending, in any case; a bare name is found in
sub-folders too.  Empty lines and those that begin with # are left out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 4_000_000
"""Bytes of a file that is read."""
PLACES = (
    "wildcards", "extensions/*/wildcards", "custom_nodes/*/wildcards",
    "custom_nodes/*/custom_wildcards", "models/wildcards",
)  # fmt: skip
"""Where A1111's and ComfyUI's extensions keep them, below the folder of the program."""


@dataclass(frozen=True)
class Wildcards:
    """Files below these folders, read anew each time: they are small, and are edited meanwhile."""

    folders: tuple[Path, ...] = ()

    @staticmethod
    def beside(own: Path, model_folders: Iterable[Path]) -> "Wildcards":
        """The studio's own folder, and those of the programs whose models are looked into."""
        found = [own]
        for folder in model_folders:
            for root in (folder, folder.parent):
                found += _below(root)
        return Wildcards(tuple(dict.fromkeys(found)))

    def lines(self, name: str) -> tuple[str, ...] | None:
        """The choices of a name; None where no file is called so."""
        file = self._file(name)
        if file is None:
            return None
        with file.open("rb") as opened:
            text = opened.read(LARGEST).decode("utf-8-sig", "replace")
        lines = (line.strip() for line in text.splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))

    def _file(self, name: str) -> Path | None:
        wanted = name.casefold().removesuffix(".txt")
        inside: Path | None = None
        for folder in self.folders:
            for file in _files(folder):
                known = file.relative_to(folder).with_suffix("").as_posix().casefold()
                if known == wanted:
                    return file
                if inside is None and known.rpartition("/")[2] == wanted:
                    inside = file
        return inside


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(file for file in folder.rglob("*.txt") if file.is_file())
    except OSError:
        return


def _below(root: Path) -> list[Path]:
    try:
        return [
            place for pattern in PLACES for place in sorted(root.glob(pattern)) if place.is_dir()
        ]
    except OSError:
        return []
