"""Two pictures of the screen blended, by the very arithmetic of exports."""

from PySide6.QtGui import QImage

from studio.ui.state.images import array, image


def blend(one: QImage, other: QImage, share: int) -> QImage:
    """Two pictures of one size mixed: `share` of 256 of the second one."""
    from studio.media.blending import blended  # numpy stays out of the start-up

    return image(blended(array(one), array(other), share))
