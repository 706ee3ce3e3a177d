"""Pixels of the timeline: as the window shows them, and as an export writes them."""

import numpy as np
from PySide6.QtGui import QImage

from studio.jobs.timeline_export import order, reader


def array(picture: QImage) -> np.ndarray:
    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
    return rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3)


def exported(film, frame: int) -> np.ndarray:
    """A frame as an export writes it."""
    project = film.document.project
    payload = order(project, film.document.folder, film.document.folder / "x.mp4")
    with reader(payload, film.project.span_results) as frames:
        return next(iter(frames.frames(frame, frame + 1)))
