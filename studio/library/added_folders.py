"""Folders of models, and single files, that the user added, kept in one small file of the data folder.

{"version": 1, "folders": ["/home/me/ComfyUI"]}
"""

import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from studio.durable import written_whole
from studio.library.program_folders import EXTRA_PATHS, hub_cache, is_list
from studio.library.weight_files import is_weight_file
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST = 1_000_000
"""Bytes of the file."""
MOST = 1000
"""Folders in it."""


class AddedFolders:
    """The folders in `file`, in the order in which they were added; none where there is no file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> tuple[Path, ...]:
        """Refused where the file is damaged or of a later version: it is never written over."""
        try:
            with self._file.open("rb") as opened:
                stored = json.loads(opened.read(LARGEST))
            folders = stored["folders"]
            whole = isinstance(folders, list) and all(
                isinstance(f, str) and Path(f).is_absolute() for f in folders
            )
            if stored["version"] != VERSION or not whole:
                raise ValueError("something else")
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refusal(
                f"The list of added folders, {self._file}, cannot be read.",
                "Restore it, or delete it and add the folders again.",
            ) from error
        return tuple(map(Path, folders))

    def add(self, folder: Path) -> None:
        """Refused for a folder that was added already."""
        there = self.all()
        if folder in there:
            raise Refusal(f"{folder} was added already.", "Look into it with: library list.")
        if len(there) >= MOST:
            raise Refusal(f"{MOST} folders were added.", "Add one that holds several of them.")
        self._write((*there, folder))

    def remove(self, folder: Path) -> None:
        """Forget a folder; what lies in it stays as it is."""
        there = self.all()
        if folder not in there:
            names = ", ".join(map(str, there)) or "none"
            raise Refusal(f"{folder} was not added.", f"Added folders: {names}.")
        self._write(tuple(place for place in there if place != folder))

    def _write(self, folders: tuple[Path, ...]) -> None:
        text = json.dumps({"version": VERSION, "folders": [str(f) for f in folders]}, indent=1)
        part = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self._file, part):
                part.write_text(text, "utf-8")
        except OSError as error:
            raise Refusal(
                f"The list of added folders could not be written in {self._file.parent}: "
                f"{(error.strerror or 'the disk does not say why').lower()}.",
                "Make room there, or allow writing.",
            ) from error


def check_place(place: Path) -> None:
    """Refuse what cannot be looked into: no folder, no weight file, no list of folders."""
    try:
        if place.is_dir() or is_list(place) or is_weight_file(place):
            return
    except OSError:  # a name too long, or a place where nobody may look
        pass
    raise Refusal(
        f"{place} is no folder.",
        f"Name a folder that holds models, a weight file, or an {EXTRA_PATHS}.",
    )


def looked_into(file: Path) -> tuple[Path, ...]:
    """The added folders and the Hugging Face cache; without the first where they cannot be read,
    which `AddedFolders.all` says to whoever asks for them."""
    try:
        added = AddedFolders(file).all()
    except Refusal:
        added = ()
    cache = hub_cache()
    return (*added, cache) if cache.is_dir() and cache not in added else added


class ModelFolders(Iterable[Path]):
    """All that is looked into, asked for anew each time: `always`, and what is added by then."""

    def __init__(self, always: Iterable[Path], file: Path) -> None:
        self._always, self._file = tuple(always), file

    def __iter__(self) -> Iterator[Path]:
        added = looked_into(self._file)
        return iter((*self._always, *(f for f in added if f not in self._always)))
