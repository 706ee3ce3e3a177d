"""Which files of a folder are photos, and remarks about those that are not."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.media.places import is_file, is_folder
from studio.spec.quoting import quoted
from studio.spec.refusal import Refusal

_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")
_NEWER = (".webp", ".avif", ".heic", ".heif", ".hif", ".jp2")
_PLAIN = (".png", ".apng", ".tif", ".tiff", ".bmp", ".gif")
SUFFIXES = frozenset(_JPEG + _NEWER + _PLAIN)
_RAW = frozenset(
    (
        ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef",
        ".srw", ".x3f", ".dng", ".raw", ".rwl", ".iiq", ".3fr", ".erf", ".kdc", ".dcr", ".mrw", ".gpr",
    )
)  # fmt: skip
_VIDEOS = frozenset(
    (
        ".mp4",
        ".mov",
        ".m4v",
        ".avi",
        ".mkv",
        ".webm",
        ".3gp",
        ".mts",
        ".m2ts",
        ".mpg",
        ".mpeg",
        ".wmv",
    )
)
_CAPTIONS = frozenset((".txt", ".caption", ".json", ".csv"))
_SIGNS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8|BM.{4}\0\0\0\0|II\*\0|MM\0\*|RIFF....WEBP"
    rb"|....ftyp(heic|heix|heim|heis|hevc|mif1|msf1|avif|avis)|\0\0\0\x0cjP  ",
    re.DOTALL,
)
"""How picture files begin, whatever they are called."""
_KINDS = {
    "raw file": "raw files", "video": "videos", "caption": "captions", "hidden file": "hidden files",
    "other file": "other files",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Photos in natural order, each once, and sentences about what was left out."""

    photos: tuple[Path, ...]
    remarks: tuple[str, ...] = ()


def found_photos(places: Iterable[Path]) -> Found:
    """The photos among files and in folders, with what lies beside them counted by kind.

    A folder gives the pictures that lie directly in it, also those without an ending, by how they
    begin.  Nothing is refused: a folder without photos, and a file that is none, is a remark.
    """
    photos: set[Path] = set()
    remarks: list[str] = []
    for place in places:
        if re.match(r"(https?|ftp):/", str(place)):
            remarks.append("A web address is no photo: save the picture first, then use its file.")
        elif is_folder(place):
            inside, about = _looked_into(place)
            photos.update(inside)
            remarks += about
        elif not is_file(place):
            remarks.append(f"{place} does not exist or cannot be read. Check the name.")
        elif kind := kind_of(place):
            remarks.append(f"{place.name} is not a photo: {_article(kind)}.")
        else:
            photos.add(place)
    return Found(tuple(sorted(photos, key=_natural)), tuple(remarks))


def find_photos(places: Path | Iterable[Path]) -> tuple[Path, ...]:
    """The photos in a folder, or among files and folders, each once, in natural order.

    Raises `Refusal` for a folder without photos, a missing file and a file of another kind.
    """
    chosen = [places] if isinstance(places, Path) else list(places)
    for place in chosen:
        alone = found_photos([place])
        if not alone.photos:
            raise Refusal(alone.remarks[0], "Choose JPEG, PNG, WebP, HEIC or TIFF files.")
    found = found_photos(chosen)
    if not found.photos:
        raise Refusal("No photos were chosen.", "Choose at least one photo or a folder of photos.")
    return found.photos


def kind_of(path: Path) -> str:
    """What a file is that is no photo, in a word; "" for a photo."""
    suffix = path.suffix.lower()
    if path.name.startswith("."):
        return "hidden file"
    if suffix in SUFFIXES:
        return ""
    for kind, endings in (("raw file", _RAW), ("video", _VIDEOS), ("caption", _CAPTIONS)):
        if suffix in endings:
            return kind
    return "" if _begins_as_picture(path) else "other file"


def _looked_into(folder: Path) -> tuple[list[Path], list[str]]:
    try:
        inside = sorted(folder.iterdir(), key=_natural)
    except OSError:
        return [], [f"{folder} cannot be read. Choose another folder."]
    files = [path for path in inside if is_file(path)]
    kinds = Counter(kind_of(path) for path in files)
    photos = [path for path in files if not kind_of(path)]
    deeper = [path for path in inside if is_folder(path) and not path.name.startswith(".")]
    deeper = [path for path in deeper if _holds_photos(path)]
    left = [
        f"{kinds[one]} {one if kinds[one] == 1 else many}"
        for one, many in _KINDS.items()
        if kinds[one]
    ]
    remarks = [f"Left out of {folder.name}: {', '.join(left)}."] if left and photos else []
    if not photos:
        what = f"{folder} holds no photos" + (f", only {', '.join(left)}" if left else "")
        remarks = [
            f"{what}."
            + "".join(f" One folder deeper there are some: {quoted(str(p))}." for p in deeper[:1])
        ]
    elif deeper:
        remarks.append(
            f"Folders inside were not looked into: {', '.join(quoted(str(p)) for p in deeper[:3])}."
        )
    return photos, remarks


def _holds_photos(folder: Path) -> bool:
    try:
        return any(is_file(path) and not kind_of(path) for path in folder.iterdir())
    except OSError:
        return False


def _begins_as_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _SIGNS.match(file.read(32)) is not None
    except OSError:
        return False


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Orders photo2 before photo10, whatever the case."""
    parts = re.split(r"(\d+)", str(path).casefold())
    # digits stand at the odd places, so numbers only ever meet numbers
    return [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)], str(path)
