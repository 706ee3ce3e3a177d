"""The settings beside a model's weights: what its loaders read of configs, schedulers and tokenizers.

They decide results as weights do.  A card may pin their hash (`settings`); where it does not, or
where they are others by now, the hash joins the weights under the role SETTINGS, and so every key.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from studio.library.hashes import KNOWN
from studio.spec.part import VIDEOLDM
from studio.spec.refusal import Refusal

READ = ("tokenizer", "text_encoder", "unet", "vae", "scheduler", "low_res_scheduler")
"""Folders of a pipeline in which settings lie."""
TEXTS = (".json", ".txt", ".model", ".jinja")
"""Endings of files that hold settings; a tokenizer's words are among them."""


def settings_of(folder: Path, family: str = VIDEOLDM) -> str:
    """BLAKE2b (32 hex digits) of the names and contents of all settings that loaders read."""
    digest = hashlib.blake2b(digest_size=16)
    for name, path in _ours(folder) if family == VIDEOLDM else _all(folder):
        try:
            digest.update(f"{name}\0{KNOWN.of(path)}\0".encode())
        except OSError as error:
            raise Refusal(f"The settings {path} cannot be read.", "Allow reading them.") from error
    return digest.hexdigest()


def _ours(folder: Path) -> Iterator[tuple[str, Path]]:
    """Of the Video LDM family: whatever else lies in the folder is read by no loader."""
    for place in (*READ, *(f"upsampler/{part}" for part in READ)):
        yield from _in(folder, place)


def _all(folder: Path) -> Iterator[tuple[str, Path]]:
    """Of other families: beside the card, and in the folders there."""
    places = sorted(path.name for path in folder.iterdir() if path.is_dir())
    for place in ("", *places):
        yield from _in(folder, place)


def _in(folder: Path, place: str) -> Iterator[tuple[str, Path]]:
    try:
        found = sorted(path.name for path in (folder / place).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise Refusal(f"The folder {folder / place} cannot be read.", "Allow it.") from error
    for name in found:
        if name.endswith(TEXTS) and (folder / place / name).is_file():
            yield f"{place}/{name}", folder / place / name
