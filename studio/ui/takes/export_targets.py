"""From what is chosen in the export dialog to files: formats, qualities, presets and names."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.media.encoders import BY_ID, Encoding
from studio.media.formats import FORMATS
from studio.media.naming import series
from studio.media.places import is_file, is_folder
from studio.project.project import Render
from studio.ui.state.exports import Source, Target
from studio.ui.takes.drag_export import as_stem, outgoing_name

QUALITIES = (
    ("Best: for further work", "best"),
    ("Good: no difference to the eye", "good"),
    ("Small: for sending", "small"),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """Formats, the first of them the main one, and a quality, by what they are for."""

    name: str
    encodings: tuple[str, ...]
    quality: str


PRESETS = (
    Preset("Watch and share", ("h264",), "good"),
    Preset("Keep the best", ("hevc",), "best"),
    Preset("Edit in another program", ("prores",), "best"),
    Preset("Web page: two files", ("av1", "h264"), "good"),
    Preset("Chat: loops of little size", ("webp", "gif"), "small"),
    Preset("Single pictures", ("png",), "best"),
)


def suffix_of(encoding: Encoding) -> str:
    """The ending of its files; pictures are counted."""
    return "_%04d.png" if encoding.id == "png" else encoding.suffix


def fastest(encodings: Sequence[str]) -> float:
    """The highest rate that all these formats and the dialog take, in frames per second."""
    return float(min(240, *(FORMATS[BY_ID[id].suffix].fastest for id in encodings)))


def targets(
    source: Source,
    place: Path,
    encodings: Sequence[str],
    quality: str,
    fps: Fraction,
    *,
    recipe: bool,
) -> list[Target]:
    """The files of an export: `place` is the first, others are called alike.

    Two of one ending have their codec in the name; several takes have names of their own.
    """
    several, made, taken = len(source.takes) > 1, [], set()
    for take in source.takes or (None,):
        for id in encodings:
            path = _fresh(place.parent, take, id) if several and take else _beside(place, id, taken)
            taken.add(path)
            made.append(Target(path, fps, recipe, id, quality, take))
    return made


def fresh_name(folder: Path, source: Source, suffix: str) -> str:
    """The source's name, counted up until nothing in the folder has it."""
    if source.takes:
        name = outgoing_name(source.takes[0], suffix)
    else:
        name = f"{as_stem(source.stem) or 'film'}{suffix}"
    return _counted_up(folder, name, suffix)


def _fresh(folder: Path, take: Render, id: str) -> Path:
    suffix = suffix_of(BY_ID[id])
    return folder / _counted_up(folder, outgoing_name(take, suffix), suffix)


def _counted_up(folder: Path, name: str, suffix: str) -> str:
    stem = name.removesuffix(suffix)
    for number in range(2, 1000):
        path = folder / name
        if not is_file(path) and not is_folder(path) and not series(path):
            break
        name = f"{stem}-{number}{suffix}"
    return name


def _beside(place: Path, id: str, taken: set[Path]) -> Path:
    """The place itself for the first file; for others its name with their own ending."""
    if not taken:
        return place
    stem = place.name.removesuffix(place.suffix).removesuffix("_%04d")
    suffix = suffix_of(BY_ID[id])
    path = place.with_name(f"{stem}{suffix}")
    return place.with_name(f"{stem}-{id}{suffix}") if path in taken else path
