"""Frames to clips as files, with colours and times that survive the way."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from numbers import Rational
from pathlib import Path

import numpy as np

from studio.media import ffmpeg, formats
from studio.media.container import existing
from studio.media.footage import ACCURATE, pictures
from studio.media.formats import Size
from studio.media.gif import write_gif
from studio.media.provenance import Recipe, append_xmp_box, container_tags
from studio.media.stills import write_png
from studio.media.writing import disk_full, scratch_beside, write_aside
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

# only `setparams` tags all four colour properties
_TO_VIDEO = (
    f"scale=out_color_matrix=bt709:out_range=tv:{ACCURATE},format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)
# Coarser quantisation than 12 adds up beyond 0.3 levels in smooth ramps over eight saves.
_ENCODERS = {
    ".mp4": ["-c:v", "libx264", "-preset", "medium", "-crf", "12",
             "-movflags", "+faststart", "-f", "mp4"],
    ".webm": ["-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "12", "-deadline", "good",
              "-cpu-used", "4", "-row-mt", "1", "-f", "webm"],
}  # fmt: skip
# no encoder versions: equal frames give equal files on every computer with the same ffmpeg
_REPRODUCIBLE = ["-fflags", "+bitexact", "-flags:v", "+bitexact"]
_LOSSLESS = ["-c:v", "ffv1", "-level", "3", "-slicecrc", "1", "-pix_fmt", "bgr0", "-f", "matroska"]


def write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    fps: Rational | float,
    size: Size,
    recipe: Recipe | None,
    tick: Tick = silent,
    total: int | None = None,
) -> int:
    """Write `frames`, uint8 (H, W, 3) sRGB, as the format that `path`'s ending names.

    `.mp4` is H.264, `.webm` VP9, both 4:2:0 with BT.709 tags; `.gif` repeats for ever; `.png` takes
    the first frame, `name_%04d.png` or a folder all of them.  Frames are taken one at a time and
    never kept.  `size` is (width, height).  Every file says that it was made with AI; `recipe`
    None leaves the recipe out.  `tick` hears of every frame out of `total` (0: not known).  Gives
    how many frames were written.

    Raises `Refusal` for what the format cannot hold, an empty clip, a folder that cannot be written
    and a full disk, and passes on what `frames` and `tick` raise; then nothing is left behind.
    """
    rate = formats.frame_rate(fps)
    formats.check_export(path, size=size, fps=rate)
    counter = _Counter(path.name, tick, total or 0)
    checked = counter.count(frames, size)
    with _refusing_failure(path):
        if formats.means_folder(path) or path.suffix.lower() == ".png":
            return write_png(path, checked, recipe)
        if path.suffix.lower() == ".gif":
            pixels = map(_pixels, checked)
            write_gif(path, pixels, fps=rate, size=size, recipe=recipe, waiting=counter.repeat)
        else:
            _write_container(path, map(_pixels, checked), rate, size, recipe, counter)
    return counter.done


def write_lossless(path: Path, frames: Iterable[np.ndarray], fps: Rational | float) -> None:
    """Store `frames`, uint8 (H, W, 3), bit for bit as FFV1 in Matroska with a checksum per slice.

    The size is that of the first frame.  Raises as `write_video` does.
    """
    rate = formats.frame_rate(fps)
    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        raise _empty(path.name)
    size = (first.shape[1], first.shape[0])
    counter = _Counter(path.name, silent, 0)
    pixels = map(_pixels, counter.count(chain([first], remaining), size))
    arguments = [*_raw_input(size, rate), *_LOSSLESS, *_REPRODUCIBLE]
    with (
        _refusing_failure(path),
        write_aside(path) as part,
        ffmpeg.running([*arguments, ffmpeg.file_url(part)], fed=True) as program,
    ):
        program.feed(pixels)
        program.finish()


def read_lossless(path: Path) -> Iterator[np.ndarray]:
    """Yield the frames that `write_lossless` stored.

    Raises `Refusal`, after the last frame at the latest, if a checksum did not match: whoever wants
    only sound frames reads to the end first.
    """
    arguments = [
        "-err_detect", "crccheck", *ffmpeg.source(existing(path)),
        "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "pam",
        "-pix_fmt", "rgb24", "pipe:1",
    ]  # fmt: skip
    yield from pictures(path, arguments, strict=True)


class _Counter:
    """Checks frames on their way to the encoder and tells how many went."""

    def __init__(self, name: str, tick: Tick, total: int) -> None:
        self._name, self._tick, self._total = name, tick, total
        self.done = 0

    def count(self, frames: Iterable[np.ndarray], size: Size) -> Iterator[np.ndarray]:
        for frame in frames:
            if frame.dtype != np.uint8 or frame.shape != (size[1], size[0], 3):
                raise ValueError(f"frame {frame.shape} {frame.dtype} in a clip of {size}")
            yield frame
            self.done += 1
            self.repeat()
        if not self.done:
            raise _empty(self._name)

    def repeat(self) -> None:
        self._tick(Progress("export", self.done, self._total))


def _pixels(frame: np.ndarray) -> memoryview:
    return np.ascontiguousarray(frame).data.cast("B")


def _raw_input(size: Size, fps: Fraction) -> list[str]:
    return [
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{size[0]}x{size[1]}",
        "-framerate", str(fps), "-i", "pipe:0",
    ]  # fmt: skip


def _write_container(
    path: Path,
    pixels: Iterable[memoryview],
    fps: Fraction,
    size: Size,
    recipe: Recipe | None,
    counter: _Counter,
) -> None:
    suffix = path.suffix.lower()
    with write_aside(path) as part, scratch_beside(path) as scratch:
        tags = scratch / "tags.txt"
        tags.write_text(container_tags(recipe), encoding="utf-8", newline="\n")
        arguments = [
            *_raw_input(size, fps), "-f", "ffmetadata", *ffmpeg.source(tags),
            "-map", "0:v", "-map_metadata", "1", "-vf", _TO_VIDEO,
            *_ENCODERS[suffix], *_REPRODUCIBLE, ffmpeg.file_url(part),
        ]  # fmt: skip
        with ffmpeg.running(arguments, fed=True) as program:
            program.feed(pixels)
            program.finish(counter.repeat)
        if suffix == ".mp4":
            append_xmp_box(part)


@contextmanager
def _refusing_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except ffmpeg.Failed as error:
        words = str(error)
        if "No space left" in words or "File too large" in words:
            raise disk_full(path) from error
        raise Refusal(
            f"{path.name} could not be written.", f"ffmpeg says: {words.splitlines()[0]}"
        ) from error


def _empty(name: str) -> Refusal:
    return Refusal(f"There are no frames to write to {name}.", "Choose a clip of at least 1 frame.")
