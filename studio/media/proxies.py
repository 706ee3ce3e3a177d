"""Proxies of films: every frame by its exact number, small, as JPEG pictures in chunks of a few.

A chunk is a file that appears whole; what is there can be shown while the rest is still being made.
All of it is derived: what was dropped is made again from the film.
"""

import io
import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from studio.durable import written_whole
from studio.media.footage import read_video
from studio.media.waveforms import signature
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal

CHUNK = 8
"""Frames of a chunk."""
LONGEST = 960
"""Pixels of a proxy's longer side, at most."""
QUALITY = 92
_COUNT = 4
"""Bytes in which a chunk says how long its next picture is."""


def proxy_folder(film: Path, kept_in: Path) -> Path:
    """Where the proxy of a film lies among the derived files of a project."""
    return kept_in / f"proxy-{signature(film)}"


def made_chunks(folder: Path) -> frozenset[int]:
    """The numbers of the chunks that are there."""
    try:
        names = [path.stem for path in folder.iterdir() if path.suffix == ".jpgs"]
    except OSError:
        return frozenset()
    return frozenset(int(name) for name in names if name.isdigit())


def make_proxy(film: Path, folder: Path, tick: Tick = silent) -> Iterator[int]:
    """Decode a film once, forward, and yield the number of each chunk as soon as it lies there.

    Never more than a chunk is held.  `tick` may raise `Cancelled`.  Raises `Refusal` for a film that
    cannot be read; what came before that stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = made_chunks(folder)
    held: list[bytes] = []
    number = 0
    for frame in read_video(film, longest=LONGEST, tick=tick, torn=lambda _: None):
        held.append(b"" if number in there else _encoded(frame))
        if len(held) == CHUNK:
            if number not in there:
                _write(folder, number, held)
            yield number
            held, number = [], number + 1
    if held:
        if number not in there:
            _write(folder, number, held)
        yield number


def read_chunk(folder: Path, number: int) -> list[np.ndarray]:
    """The frames of a chunk, uint8 (H, W, 3); raises `Refusal` where it is gone or damaged."""
    try:
        data, at, found = _path(folder, number).read_bytes(), 0, []
        while at < len(data):
            size = int.from_bytes(data[at : at + _COUNT], "little")
            at += _COUNT
            with Image.open(io.BytesIO(data[at : at + size]), formats=("JPEG",)) as picture:
                found.append(np.asarray(picture.convert("RGB")))
            at += size
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal(
            "A part of an imported film is gone.", "Open the project again: it is read anew."
        ) from error
    return found


def _encoded(frame: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(frame).save(data, "JPEG", quality=QUALITY, subsampling=0)
    return data.getvalue()


def _write(folder: Path, number: int, pictures: list[bytes]) -> None:
    place = _path(folder, number)
    part = folder / f".{place.name}.{secrets.token_hex(4)}.part"
    with written_whole(place, part), part.open("xb") as file:
        for picture in pictures:
            file.write(len(picture).to_bytes(_COUNT, "little") + picture)


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.jpgs"
