"""How alike frames are to photos of a subject, kept by the frames' key: derived, one small file a span."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from studio.durable import written_whole
from studio.project.disk_classes import MADE_FILES

if TYPE_CHECKING:
    import numpy as np

FOLDER = "likeness"


def likeness_folder(project: Path) -> Path:
    """Where all of a project's are; whoever removes it has them measured anew."""
    return project / MADE_FILES / FOLDER


class Likenesses:
    """Those to one set of photos, named by the SHA-256 of their bytes, in whatever order."""

    def __init__(self, project: Path, photos: Iterable[str]) -> None:
        name = hashlib.sha256("\n".join(sorted(photos)).encode()).hexdigest()[:32]
        self._folder = likeness_folder(project) / name

    def get(self, key: str) -> np.ndarray | None:
        """Of each frame of a span, float32 (T,), -1..1; None where it was not measured."""
        import numpy as np

        with suppress(OSError, ValueError, EOFError):
            found = np.load(self._path(key), allow_pickle=False)
            if found.dtype == np.float32 and found.ndim == 1:
                return found
        return None

    def put(self, key: str, likeness: np.ndarray) -> None:
        """Keep what was measured of a span."""
        import numpy as np

        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._path(key)
        part = self._folder / f".{place.name}.{secrets.token_hex(4)}.part"
        with written_whole(place, part), part.open("xb") as file:
            np.save(file, np.asarray(likeness, np.float32), allow_pickle=False)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npy"
