"""Pictures at the size of their place on the strip, each scaled once."""

from PySide6.QtGui import QImage, QPixmap

from studio.ui.state.images import thumbnail

KEPT = 500


class ScaledPixmaps:
    """Keeps up to `KEPT`; then all are dropped, and what is still seen is scaled again."""

    def __init__(self) -> None:
        self._scaled: dict[tuple[int, int, float], QPixmap] = {}

    def __call__(self, picture: QImage, side: int, ratio: float) -> QPixmap:
        """A picture `side` pixels high on a screen of this device pixel ratio."""
        key = (picture.cacheKey(), side, ratio)
        if key not in self._scaled:
            if len(self._scaled) > KEPT:
                self._scaled.clear()
            self._scaled[key] = thumbnail(picture, side, ratio)
        return self._scaled[key]
