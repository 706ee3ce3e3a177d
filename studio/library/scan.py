"""Which models lie in folders, read in place: single files, sharded ones, and diffusers' folders.

Nothing is moved, renamed or opened but by its header.  Links are followed once; what a scan has read
of single files is remembered by path, size, time of writing and inode, so that the next one reads
what is new.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from studio.library import weight_files
from studio.library.card import CARD, read_card
from studio.library.program_folders import places_of
from studio.library.recognition.found import Found
from studio.library.recognition.weights import recognise
from studio.library.scan_index import Index, stamp_of
from studio.spec.progress import PULSE, Progress, Tick, silent
from studio.spec.refusal import Refusal

DEEPEST = 12
"""Levels of folders that are looked into."""
ENDS = 64 * 1024
"""Bytes at either end of a file that its provisional identity counts in."""
PIPELINE = "model_index.json"
WHOLE = (CARD, PIPELINE)
"""Files by which a folder is one model."""
READ_SCALED = (("video model", "Wan"), ("text encoder", "UMT5-XXL"))
"""Roles and families of files that are read with scales beside their 8-bit weights."""
NOT_MODELS = ("optimizer.", "scheduler.bin", "training_args.bin", "rng_state", "random_states")
"""What files of trainings are called that lie beside weights."""


_Place = tuple[Path, os.stat_result | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that was found, or why a weight file is none: `found` or `why` is there.

    `path` is a file, or the folder of a diffusers pipeline.  `identity` is provisional: BLAKE2b (32
    hex digits) of its size, header and both ends; a moved file keeps it, and no key holds it.
    """

    path: Path
    size: int
    identity: str = ""
    found: Found | None = None
    precision: str = ""
    parameters: int = 0
    why: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """Entries by path; folders that could not be read."""

    entries: tuple[Entry, ...]
    unread: tuple[Path, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many there are of every role, "unknown" for what is none, the most first."""
        roles = Counter(e.found.role if e.found else "unknown" for e in self.entries)
        return dict(sorted(roles.items(), key=lambda pair: (pair[0] == "unknown", -pair[1])))


def scan(folders: Iterable[Path], index: Index | None = None, tick: Tick = silent) -> Scan:
    """All models below the folders; a tick every few files."""
    index = index or Index()
    unread: list[Path] = []
    found = list(_places(folders, unread, tick))
    entries = []
    for done, place in enumerate(found):
        if done % 50 == 0:
            tick(Progress("scanning models", done, len(found), note=place[0].name))
        entries.append(_entry(*place, index))
    index.keep(entry.path for entry in entries)
    tick(Progress("scanning models", len(found), len(found)))
    return Scan(tuple(sorted(entries, key=lambda e: str(e.path))), tuple(unread))


def remembered(folders: Iterable[Path], index: Index) -> Scan:
    """What the index knows of single files in the folders, none of which is looked at."""
    roots = [place for folder in folders for place in _roots(Path(folder), [])]
    known = sorted(index.entries(), key=lambda pair: str(pair[0]))
    return Scan(
        tuple(
            Entry(path, **fields)
            for path, fields in known
            if any(path.is_relative_to(root) for root in roots)
        )
    )


def places(folders: Iterable[Path]) -> Iterator[Path]:
    """Where models lie in the folders: weight files and pipelines that carry no card of ours."""
    for place, stat in _places(folders, []):
        if stat or not (place / CARD).is_file():
            yield place


def looked_at(place: Path) -> Entry:
    """What lies at a place, read anew."""
    return _entry(place, None, Index())


def _places(folders: Iterable[Path], unread: list[Path], tick: Tick = silent) -> Iterator[_Place]:
    """Weight files and pipelines' folders, each once, whatever links lead to it; a tick a folder.

    What the system says of a file comes with it, of a folder None.
    """
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        for place in _roots(Path(folder), unread):
            if not weight_files.is_weight_file(place):
                yield from _below(place, DEEPEST, seen, unread, tick)
            elif not _again(stat := place.stat(), seen):
                yield place, stat


def _roots(folder: Path, unread: list[Path]) -> tuple[Path, ...]:
    try:
        return places_of(folder).folders
    except Refusal:  # a damaged list of folders
        unread.append(folder)
        return ()


def _below(
    folder: Path, levels: int, seen: set, unread: list[Path], tick: Tick
) -> Iterator[_Place]:
    tick(PULSE)
    try:
        if _again(folder.stat(), seen):
            return
        inside = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError:
        unread.append(folder)
        return
    if any(item.name in WHOLE for item in inside):
        yield folder, None
        return
    for item in inside:
        if item.name.startswith("."):
            continue
        try:
            if item.is_dir():
                if levels:
                    yield from _below(Path(item.path), levels - 1, seen, unread, tick)
            elif _is_weights(item.name) and not _again(stat := item.stat(), seen):
                yield Path(item.path), stat
        except OSError:  # a link that leads nowhere
            unread.append(Path(item.path))


def _again(stat: os.stat_result, seen: set) -> bool:
    """Whether this file or folder was met already; some disks have no inodes."""
    key = stat.st_dev, stat.st_ino
    if stat.st_ino == 0 or key not in seen:
        seen.add(key)
        return False
    return True


def _is_weights(name: str) -> bool:
    """A weight file, and of a sharded one the first file alone."""
    low = name.lower()
    if not low.endswith(weight_files.SUFFIXES) or low.startswith(NOT_MODELS):
        return False
    return "-of-" not in low or "-00001-of-" in low


def _entry(place: Path, stat: os.stat_result | None, index: Index) -> Entry:
    try:
        if stat is None and place.is_dir():
            return _folder(place)
        if len(pieces(place)) > 1:  # the stamp of one file says nothing of the others
            return _file(place)
        stamp = stamp_of(stat or place.stat())
        if (known := index.get(place, stamp)) is not None:
            return Entry(place, **known)
        entry = _file(place)
        index.put(place, stamp, entry)
    except OSError as error:
        why = f"It cannot be read: {(error.strerror or 'the disk does not say why').lower()}."
        return Entry(place, 0, why=why)
    return entry


def _file(path: Path) -> Entry:
    """One weight file, or all shards of one."""
    parts = pieces(path)
    size = sum(part.stat().st_size for part in parts)
    entry = Entry(path, size, provisional_identity(path))
    try:
        file = weight_files.read(path)
        for part in parts[1:]:
            more = weight_files.read(part)
            file = replace(file, tensors={**file.tensors, **more.tensors})
        found = recognise(file)
        if file.is_scaled and (found.role, found.family) not in READ_SCALED:
            raise weight_files.scaled(path)
        return replace(
            entry, found=found, precision=file.precision, parameters=file.parameters,
            title=file.metadata.get("modelspec.title", ""),
        )  # fmt: skip
    except Refusal as refusal:
        return replace(entry, why=str(refusal))


def pieces(path: Path) -> list[Path]:
    """All files of a weight file in pieces, by its first; of another itself."""
    before, first, after = path.name.partition("-00001-of-")
    if not first:
        return [path]
    return sorted(path.parent.glob(f"{_literal(before)}-*-of-{_literal(after)}"))


def _literal(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _folder(folder: Path) -> Entry:
    """A model of the studio's by its card, or a pipeline as diffusers saves them."""
    if not (folder / CARD).is_file():
        return _pipeline(folder)
    size = sum(f.stat().st_size for f in folder.rglob("*.safetensors"))
    try:
        card = read_card(folder)
    except Refusal as refusal:
        return Entry(folder, size, why=str(refusal))
    role = "video model" if "keyframes" in card.roles else "autoencoder"
    return Entry(folder, size, found=Found(role, card.name, spelling="studio"), title=card.name)


def _pipeline(folder: Path) -> Entry:
    """A folder as diffusers saves pipelines: it is what its image or video network is."""
    for part in ("unet", "transformer"):
        files = sorted((folder / part).glob("*.safetensors"))
        if whole := [file for file in files if _is_weights(file.name)]:
            network = _file(whole[0])
            found = network.found and replace(network.found, spelling="diffusers folder")
            if found and found.role == "image model":
                found = replace(found, role="checkpoint")
            size = sum(f.stat().st_size for f in folder.rglob("*.safetensors"))
            return replace(network, path=folder, size=size, found=found)
    return Entry(folder, 0, why=f"{folder.name} holds no network in safetensors files.")


def provisional_identity(path: Path) -> str:
    """BLAKE2b of a file's size, its first and its last 64 KiB: milliseconds for any size."""
    size = path.stat().st_size
    hashed = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        hashed.update(file.read(ENDS))
        file.seek(max(0, size - ENDS))
        hashed.update(file.read(ENDS))
    return hashed.hexdigest()
