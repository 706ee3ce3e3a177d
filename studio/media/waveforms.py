"""Waveforms kept beside the project: computed once for a file as it is, read in a moment later.

What lies there is derived: whoever drops it loses nothing but the time of reading the sound again.
"""

import hashlib
import io
import os
import secrets
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from studio.durable import written_whole
from studio.media.audio import Waveform, waveform
from studio.spec.progress import Tick, silent

VERSION = 1


def kept_waveform(path: Path, folder: Path, tick: Tick = silent) -> Waveform:
    """The waveform of a file's first sound, out of `folder` where it is kept there.

    Raises `Refusal` for a file without sound.  A folder that cannot be written to costs only time.
    """
    place = folder / f"peaks-{signature(path)}.npz"
    if (kept := _read(place)) is not None:
        return kept
    made = waveform(path, tick)
    with suppress(OSError):
        _keep(made, place)
    return made


def signature(path: Path) -> str:
    """32 hex digits of where a file lies, how long it is and when it was written."""
    absolute = os.fsencode(path.absolute())
    try:
        found = path.stat()
        facts = f"{VERSION} {found.st_size} {found.st_mtime_ns} ".encode()
    except OSError:
        facts = b"gone "
    return hashlib.blake2b(facts + absolute, digest_size=16).hexdigest()


def _read(place: Path) -> Waveform | None:
    try:
        with np.load(io.BytesIO(place.read_bytes()), allow_pickle=False) as kept:
            samples, peaks = int(kept["samples"]), kept["peaks"]
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        BadZipFile,
    ):  # none, or a damaged one: computed again
        return None
    fits = peaks.dtype == np.int8 and peaks.ndim == 2 and peaks.shape[1:] == (2,)
    return Waveform(samples, peaks) if fits else None


def _keep(made: Waveform, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    data = io.BytesIO()
    np.savez_compressed(data, samples=made.samples, peaks=made.peaks)
    part = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    with written_whole(place, part), part.open("xb") as file:
        file.write(data.getvalue())
