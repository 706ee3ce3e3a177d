"""The files of one take: safetensors, lossless frames, and a record that vouches for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.durable import sync_file
from studio.project.take_record import RECORD, Damaged, encoded, read_record
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import numpy as np

    from studio.spec.memo import Arrays

    SaveFrames = Callable[[Path, np.ndarray], None]
    LoadFrames = Callable[[Path], Iterable[np.ndarray]]

LATENTS = "arrays.safetensors"


def write(
    folder: Path, arrays: Arrays, record: Mapping[str, Any], save: SaveFrames, suffix: str
) -> None:
    """Write the arrays and, last, the record into the empty `folder`, all of it on the disk."""
    placed: dict[str, Any] = {}
    latents = {}
    for number, (name, array) in enumerate(sorted(arrays.items())):
        file = LATENTS
        if _are_frames(array):
            file = f"frames-{number}{suffix}"
            save(folder / file, array)
        else:
            latents[name] = array
        placed[name] = {"file": file, **_described(array)}
    if latents:
        (folder / LATENTS).write_bytes(_safetensors(latents))
    files = {path.name: _checksum(path) for path in sorted(folder.iterdir())}
    (folder / RECORD).write_bytes(encoded({**record, "files": files, "arrays": placed}))
    sync_file(folder / RECORD)


def complete(folder: Path) -> bool:
    """Whether every file of the record is there in its size.  Raises as `read_record` does."""
    files = read_record(folder)["files"].items()
    return all((folder / name).stat().st_size == vouch["bytes"] for name, vouch in files)


def read(folder: Path, load: LoadFrames) -> Arrays:
    """The arrays as written.  `Damaged` when a file's bytes are not the ones recorded.

    What is whole and still cannot be decoded (no ffmpeg, say) raises what the decoder refuses.
    """
    record = check(folder)
    try:
        return {name: _array(folder, name, record, load) for name in record["arrays"]}
    except (Damaged, OSError):
        raise
    except Refusal:
        _check_files(folder, record)  # another may have set it aside or evicted it meanwhile
        raise
    except MemoryError as error:
        if "hash" in record:
            raise
        raise Damaged(f"{folder.name}: shape") from error
    except Exception as error:  # a record of the first release, or one made to look like another
        raise Damaged(f"{folder.name}: arrays") from error


def check(folder: Path) -> Mapping[str, Any]:
    """The record of a take, once its files' hashes are found to be the recorded ones."""
    record = read_record(folder)
    _check_files(folder, record)
    return record


def _check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """FileNotFoundError or `Damaged` where the files of a take are not what was written."""
    for name, vouch in record["files"].items():
        file = folder / name
        if (file.exists() and not file.is_file()) or _checksum(file) != vouch:
            raise Damaged(f"{folder.name}: {name}")


def _array(folder: Path, name: str, record: Mapping[str, Any], load: LoadFrames) -> np.ndarray:
    placed = record["arrays"][name]
    if placed["file"] == LATENTS:
        array = _from_safetensors(folder / LATENTS, name)
    else:
        array = _frames(load(folder / placed["file"]), placed["shape"])
    described = {"file": placed["file"], **_described(array)} if "hash" not in record else placed
    if described != placed:
        raise Damaged(f"{folder.name}: {name}")
    return array


def _are_frames(array: np.ndarray) -> bool:
    return array.dtype.str == "|u1" and array.ndim == 4 and array.shape[-1] == 3 and array.size > 0


def _described(array: np.ndarray) -> dict[str, Any]:
    import numpy as np

    digest = hashlib.blake2b(np.asarray(array, order="C").reshape(-1).data, digest_size=16)
    return {"shape": list(array.shape), "dtype": array.dtype.name, "hash": digest.hexdigest()}


def _checksum(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
        return {"bytes": file.tell(), "hash": digest.hexdigest()}


def _safetensors(latents: Arrays) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    return save({name: np.asarray(array, order="C") for name, array in latents.items()})


def _from_safetensors(path: Path, name: str) -> np.ndarray:
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        return file.get_tensor(name)


def _frames(pictures: Iterable[np.ndarray], shape: list[int]) -> np.ndarray:
    """One array from frames as they come, so that they are never in memory twice."""
    import numpy as np

    frames, count = None, 0
    for picture in pictures:
        if [shape[0], *picture.shape] != shape or count >= shape[0]:
            raise Damaged(f"{shape[0]} frames of {picture.shape} or more instead of {shape}")
        frames = np.empty(shape, np.uint8) if frames is None else frames
        frames[count] = picture
        count += 1
    if frames is None or count != shape[0]:
        raise Damaged(f"{count} frames instead of {shape[0]}")
    return frames
