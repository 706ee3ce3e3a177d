"""Files that are dropped on a widget."""

from pathlib import Path

from PySide6.QtCore import QMimeData


def dropped_files(mime: QMimeData) -> list[Path]:
    """The files of this computer among what was dropped, in order."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
