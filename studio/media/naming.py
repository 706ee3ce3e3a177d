"""Names of files that a clip becomes: which are refused, and what they would replace."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from studio.media.places import is_file, is_folder
from studio.spec.bounds import RESERVED
from studio.spec.refusal import Refusal, shown

IN_FOLDER = "%04d.png"
"""The names of single frames in a folder."""
_NUMBERED = re.compile(r"%(0?\d?)d")
_LIKE_A_MARK = re.compile(r"%\d*[dsiux]|#{2,}|\$F\d*|\{:?\d*d?\}")
_ASIDE = len(".0123456789ab.part") + 1
"""Bytes that the name of an unfinished file is longer than its own, of which at most 180 are kept."""
_MARKED = b"trainedAlgorithmicMedia"
_LOOKED = 16_384
_COUNTS = "Count the frames with one mark, e.g. name_%04d.png."


def numbered(name: str) -> Callable[[int], str] | None:
    """How `name` counts frames, if it holds exactly one `%04d`-like mark; otherwise None."""
    marks = list(_NUMBERED.finditer(name))
    if len(marks) != 1 or len(_LIKE_A_MARK.findall(name)) != 1:
        return None
    start, end = marks[0].span()
    return lambda index: name[:start] + format(index, f"{marks[0][1]}d") + name[end:]


def check_name(path: Path, endings: tuple[str, ...]) -> None:
    """Say no to a name that would become another, or none, on this disk or in another system.

    Raises `Refusal` for marks that do not count frames, endings without a name, what Windows cuts
    off or keeps for itself, and what is too long for the disk, unfinished file included.
    """
    name = path.name
    if is_folder(path):
        return
    if name in ("", "-") or name.lower() in endings:
        raise Refusal(f"“{shown(name)}” is no name for a file.", "Write one, e.g. clip.mp4.")
    if name != name.rstrip(" ."):
        raise Refusal(f"“{shown(name)}” ends with a dot or a space.", "Leave that out.")
    if name.split(".")[0].rstrip().casefold() in RESERVED:
        raise Refusal(f"Windows keeps the name “{shown(name)}” for itself.", "Choose another.")
    if path.suffix.lower() == ".png" and _LIKE_A_MARK.search(name) and not numbered(name):
        raise Refusal(f"“{shown(name)}” does not say how frames are counted.", _COUNTS)
    _check_length(path)


def replaced(path: Path) -> str:
    """What an export to `path` would replace, in words; "" where nothing lies there.

    Raises `Refusal` where a series of that name was not made here: it is not the studio's to remove.
    """
    older = [file for _, file in series(path)]
    if not older:
        return path.name if is_file(path) else ""
    foreign = next((file for file in older if not _made_here(file)), None)
    if foreign is not None:
        raise Refusal(
            f"{foreign.name} in {foreign.parent} was not made here and would be mixed with the frames.",
            "Choose another name or an empty folder.",
        )
    ends = f"{older[0].name} to {older[-1].name}" if len(older) > 1 else older[0].name
    return f"{ends} ({len(older)} pictures)" if len(older) > 1 else ends


def series(path: Path) -> list[tuple[int, Path]]:
    """The numbered pictures that lie where `path`, a folder or a name with a mark, would put some."""
    whole = is_folder(path) or not path.suffix
    folder, pattern = (path, IN_FOLDER) if whole else (path.parent, path.name)
    if numbered(pattern) is None or not is_folder(folder):
        return []
    mark = _NUMBERED.search(pattern)
    assert mark is not None
    like = re.compile(
        re.escape(pattern[: mark.start()]) + r"(\d+)" + re.escape(pattern[mark.end() :]),
        re.IGNORECASE if os.name == "nt" else 0,
    )
    try:
        found = [(like.fullmatch(file.name), file) for file in folder.iterdir()]
    except OSError:  # nobody may look: writing there will say so
        return []
    return sorted((int(match[1]), file) for match, file in found if match)


def _check_length(path: Path) -> None:
    counted = numbered(path.name) if path.suffix.lower() == ".png" else None
    name = counted(1_000_000) if counted else path.name
    size = len(os.fsencode(name)) if os.name != "nt" else len(name.encode("utf-16-le")) // 2
    unfinished = min(size, 180) + _ASIDE
    if max(size, unfinished) > _longest(path.parent):
        raise Refusal(
            f"The name “{shown(path.name)}” is too long for the disk.",
            f"Use at most {max(1, _longest(path.parent) - _ASIDE)} letters.",
        )


def _longest(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, ValueError, OSError):
        return 255


def _made_here(file: Path) -> bool:
    """Whether a picture carries the mark that the studio's own do."""
    try:
        with file.open("rb") as picture:
            return _MARKED in picture.read(_LOOKED)
    except OSError:
        return False
