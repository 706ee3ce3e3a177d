"""Where the window and its panels were, kept with a hash: Qt puts into place whatever it is given."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings


class Remembered:
    """An .ini file with the window's geometry, the state of its panels, and their widths."""

    def __init__(self, path: Path) -> None:
        self._file = QSettings(str(path), QSettings.Format.IniFormat)

    def keep(self, geometry: QByteArray, state: QByteArray, widths: Mapping[str, int]) -> None:
        """Write all of it down; where that fails the window opens as at first."""
        said = [f"{name}={width}" for name, width in widths.items()]
        self._file.setValue("geometry", geometry)
        self._file.setValue("state", state)
        self._file.setValue("widths", said)
        self._file.setValue("hash", _hash(geometry, state, said))
        self._file.sync()

    def kept(self) -> tuple[QByteArray, QByteArray, dict[str, int]]:
        """What was kept, byte for byte; nothing where it is damaged.

        Files of earlier releases have no hash.
        """
        nothing = QByteArray(), QByteArray(), {}
        geometry, state, said, vouch = map(
            self._file.value, ("geometry", "state", "widths", "hash")
        )
        if not isinstance(geometry, QByteArray) or not isinstance(state, QByteArray):
            return nothing
        said = [str(part) for part in said] if isinstance(said, list) else []
        if vouch is not None and vouch != _hash(geometry, state, said):
            return nothing
        pairs = (part.partition("=") for part in said)
        return geometry, state, {n: int(w) for n, _, w in pairs if w.isdecimal() and len(w) < 6}


def _hash(geometry: QByteArray, state: QByteArray, widths: list[str]) -> str:
    whole = b"\0".join((geometry.data(), state.data(), *(width.encode() for width in widths)))
    return hashlib.blake2b(whole, digest_size=16).hexdigest()
