"""Tensors on disk, whole or not at all: the one writer of safetensors, and seals that tell damage."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from studio.durable import FULL, written_whole
from studio.spec.refusal import Refusal

DAMAGE = (OSError, SafetensorError, ValueError, KeyError, TypeError)
"""What reading a file raises that is not what was written."""
SEAL = "seal"
"""The metadata's word for a hash of all that the file holds besides."""
_SYSTEM = re.compile(r"\(os error (\d+)\)")


def save_whole(file: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write aside, flush to the disk, rename: `file` is there whole or not at all.

    Refused, in a sentence, where the disk is full or may not be written.
    """
    there = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    with _aside(file) as part:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(there, part, dict(metadata))
        if metadata:
            with part.open("rb+") as written:
                _sort_metadata(written)


def save_sealed(file: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """`save_whole` with a seal, that `read_sealed` compares."""
    save_whole(file, tensors, {**metadata, SEAL: _seal(tensors, metadata)})


def read_sealed(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata; ValueError, OSError or SafetensorError where they are not what was
    written.  A file of version 1, from before there were seals, is taken as it is.

    Copies: Windows cannot delete a file that tensors still map.
    """
    with safe_open(file, "pt") as opened:
        metadata = dict(opened.metadata() or {})
        tensors = {key: opened.get_tensor(key).clone() for key in opened.keys()}  # noqa: SIM118
    seal = metadata.pop(SEAL, None)
    before_seals = seal is None and metadata.get("version", "1") == "1"
    if not before_seals and seal != _seal(tensors, metadata):
        raise ValueError(f"{file.name} is not what was written")
    return tensors, metadata


def write_text_whole(file: Path, text: str) -> None:
    """A small text file, whole or not at all."""
    with _aside(file) as part, part.open("w", encoding="utf-8") as written:
        written.write(text)


@contextmanager
def _aside(file: Path) -> Iterator[Path]:
    """Give the place to write to; what was written there takes the place of `file`."""
    try:
        with written_whole(file, file.with_name(file.name + ".part")) as part:
            yield part
    except (OSError, SafetensorError) as error:
        raise (_refused(error, file) or error) from None


def _seal(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    digest = hashlib.blake2b(json.dumps(sorted(metadata.items())).encode(), digest_size=16)
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        content: Any = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()
        digest.update(content)  # a buffer, which NumPy's annotations do not say before Python 3.12
    return digest.hexdigest()


def _refused(error: BaseException, file: Path) -> Refusal | None:
    """What a failed write means for the user; None where it is no matter of the disk.

    The library of safetensors has errors of its own and says the system's number in words.
    """
    number, reason = getattr(error, "errno", None), getattr(error, "strerror", "")
    if isinstance(error, SafetensorError) and (found := _SYSTEM.search(str(error))):
        known = OSError(0, "", str(file), int(found[1])) if os.name == "nt" else None
        number = known.errno if known else int(found[1])
        reason = os.strerror(number)
    if number is None or not isinstance(error, OSError | SafetensorError):
        return None
    if number in FULL:
        return Refusal(
            f"The disk is full: “{file.name}” could not be written.",
            f"Make room on the disk of {file.parent} and try again; what was finished is kept.",
        )
    return Refusal(
        f"“{file.name}” could not be written in {file.parent}: {reason}.",
        "Allow writing there, or choose another folder.",
    )


def _sort_metadata(written: BinaryIO) -> None:
    """The library writes its metadata in random order; equal contents shall be equal bytes."""
    length = int.from_bytes(written.read(8), "little")
    header = json.loads(written.read(length))
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) <= length:  # always so: only the order changes
        written.seek(8)
        written.write(text.ljust(length))
        written.flush()
