"""Pictures for the screen: previews, photos and the frames of takes, as Qt images."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from studio.project.project import Render
from studio.project.stored_frames import gone
from studio.spec.progress import Preview
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.frame_cache import FrameCache
from studio.ui.state.frames import BOXED, FILM, Frames, Part, Stored

if TYPE_CHECKING:
    import numpy as np

    from studio.project.takes import TakeStore

THUMBNAIL = 160
"""Longest side of a thumbnail in pixels: 80 on a screen of scale 2."""


def from_preview(preview: Preview) -> tuple[QImage, ...]:
    """The frames of a preview strip."""
    size = preview.height * preview.width * 3
    return tuple(
        _image(preview.rgb[k * size : (k + 1) * size], preview.width, preview.height)
        for k in range(preview.frames)
    )


def thumbnail(picture: QImage, side: int, ratio: float, *, square: bool = False) -> QPixmap:
    """A picture within `side` pixels; small pictures keep sharp pixels.  Square cuts the edges."""
    if square:
        short = min(picture.width(), picture.height())
        left, top = (picture.width() - short) // 2, (picture.height() - short) // 2
        picture = picture.copy(left, top, short, short)
    small = max(picture.width(), picture.height()) <= side * ratio / 2
    how = Qt.TransformationMode.FastTransformation if small else _SMOOTH
    box = QSize(round(side * ratio), round(side * ratio))
    pixmap = QPixmap.fromImage(picture.scaled(box, Qt.AspectRatioMode.KeepAspectRatio, how))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class ImageLoader(QObject):
    """Loads pictures on another thread and calls back on this one; caches thumbnails."""

    def __init__(self, background: Background, span_results: "TakeStore") -> None:
        super().__init__()
        self._background, self._span_results = background, span_results
        self.films: Callable[[str], Sequence[np.ndarray]] | None = None
        """Reads frames of imported films by the keys of `studio.ui.state.film_frames`."""
        self.cache = FrameCache(self.read)
        self._photos: dict[Path, QImage] = {}
        self._firsts: dict[str, QImage] = {}

    def photo(
        self,
        path: Path,
        owner: QObject,
        done: Callable[[QImage], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """The thumbnail of a photo file."""
        if path in self._photos:
            done(self._photos[path])
            return

        def arrived(picture: QImage) -> None:
            self._photos[path] = picture
            done(picture)

        self._background.ask(lambda: _photo(path), arrived, failed or (lambda _: None), owner=owner)

    def first_frame(self, render: Render, owner: QObject, done: Callable[[QImage], None]) -> None:
        """A small picture of a take."""
        key = render.thumbnail or (render.spans[0] if render.spans else "")
        if key in self._firsts:
            done(self._firsts[key])
            return

        def arrived(frames: tuple[QImage, ...]) -> None:
            self._firsts[key] = shrunk(frames[0])
            done(self._firsts[key])

        self._background.ask(lambda: self.read(key), arrived, lambda _: None, owner=owner)

    def frames(
        self,
        spans: tuple[str, ...],
        owner: QObject,
        done: Callable[[Frames], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """The frames of a clip, in order, of which the first are in memory by then."""

        def opened(found: tuple[tuple[Part, ...], tuple[QImage, ...]]) -> None:
            parts, first = found
            frames = Stored(parts, first[0].size(), self.cache.get, self.read)
            self.cache.put(parts[0].key, first)
            done(frames)

        self._background.ask(lambda: self._opened(spans), opened, failed, owner=owner)

    def whole(
        self,
        frames: Frames,
        first: int,
        count: int,
        owner: QObject,
        done: Callable[[tuple[QImage, ...]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Frames in their own size; at once where they are in memory."""
        there = [frames.at(k) for k in range(first, min(first + count, len(frames)))]
        whole = tuple(p for p in there if p is not None and p.size() == frames.size)
        if len(whole) == len(there):
            done(whole)
        else:
            self._background.ask(lambda: frames.read(first, count), done, failed, owner=owner)

    def close(self) -> None:
        """Read no more frames."""
        self.cache.close()

    def _opened(self, spans: tuple[str, ...]) -> tuple[tuple[Part, ...], tuple[QImage, ...]]:
        """What the records say of a clip's spans, and the pictures of the first."""
        counts = [self._count(key) for key in spans]
        if None in counts:
            raise gone(self._span_results, spans)
        parts = tuple(Part(key, count or 0) for key, count in zip(spans, counts, strict=True))
        if not parts:
            raise Refusal("This take holds no frames.", "Render it again.")
        return parts, self.read(parts[0].key)

    def _count(self, key: str) -> int | None:
        record = self._span_results.record(key) or {}
        placed = record.get("arrays", {}).get("frames")
        return None if placed is None else int(placed["shape"][0])

    def read(self, key: str) -> tuple[QImage, ...]:
        """The frames of a part; with a frame's size after "@" as large as they fit into that, black
        around, exactly as an export has them."""
        from studio.media.letterbox import letterboxed

        plain, _, box = key.partition(BOXED)
        frames = self.arrays(plain)
        if box:
            wide, high = (int(side) for side in box.split("x"))
            return tuple(image(letterboxed(frame, (wide, high))) for frame in frames)
        return tuple(map(image, frames))

    def arrays(self, key: str) -> "Sequence[np.ndarray] | np.ndarray":
        """The frames of a part, uint8 (H, W, 3) each.  It reads the disk.  Raises `Refusal`."""
        if key.startswith(FILM) and self.films is not None:
            return self.films(key)
        arrays = self._span_results.get(key)
        if arrays is None or "frames" not in arrays:
            raise gone(self._span_results, [key])
        return arrays["frames"]


def _photo(path: Path) -> QImage:
    from studio.media.photo import open_photo  # numpy and Pillow stay out of the start-up

    return image(open_photo(path, longest=THUMBNAIL))


def image(frame: "np.ndarray") -> QImage:
    """A frame, uint8 (H, W, 3), as a Qt image."""
    import numpy as np

    rows = np.ascontiguousarray(frame).data.cast("B")
    return _image(rows, frame.shape[1], frame.shape[0])


def array(picture: QImage) -> "np.ndarray":
    """A Qt image as a frame, uint8 (H, W, 3)."""
    import numpy as np

    rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def _image(rgb: bytes | memoryview, width: int, height: int) -> QImage:
    # copied, because Qt would otherwise look at bytes that Python may free
    return QImage(rgb, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def shrunk(picture: QImage) -> QImage:
    """A picture within the size of thumbnails."""
    if max(picture.width(), picture.height()) <= THUMBNAIL:
        return picture
    keep = Qt.AspectRatioMode.KeepAspectRatio
    return picture.scaled(QSize(THUMBNAIL, THUMBNAIL), keep, _SMOOTH)


_SMOOTH = Qt.TransformationMode.SmoothTransformation
