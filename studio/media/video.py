"""Frames to clips as files, with colours and times that survive the way."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from numbers import Rational
from pathlib import Path

import numpy as np

from studio.media import ffmpeg, formats
from studio.media.container import existing
from studio.media.encoders import Encoding, encoding_of, quality_of
from studio.media.footage import ACCURATE, pictures
from studio.media.formats import Size
from studio.media.gif import write_gif
from studio.media.provenance import Recipe, append_xmp_box, container_tags, xmp_packet
from studio.media.soundtrack import write_sound
from studio.media.stills import write_png
from studio.media.webp_marks import add_xmp
from studio.media.writing import disk_full, scratch_beside, write_aside
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

_MATRIX = f"scale=out_color_matrix=bt709:out_range=tv:{ACCURATE}"
# only `setparams` tags all four colour properties
_TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
# no encoder versions: equal frames give equal files on every computer with the same ffmpeg
_REPRODUCIBLE = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
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
    encoding: str = "",
    quality: str = "",
    sound: Iterable[np.ndarray] | None = None,
) -> int:
    """Write `frames`, uint8 (H, W, 3) sRGB, as the format that `path`'s ending names.

    `encoding` chooses among those of one ending ("" the usual one) and `quality` a word of
    `encoders.QUALITIES`.  Video has BT.709 tags; what loops in pages repeats for ever; `.png` takes
    the first frame, `name_%04d.png` or a folder all of them.  Frames are taken one at a time and
    never kept; so are the blocks of `sound`, float32 (n, 2), where the format holds any.  `size` is
    (width, height).  Every file says that it was made with AI; `recipe` None leaves the recipe out.
    `tick` hears of every frame out of `total` (0: not known).  Gives how many frames were written.

    Raises `Refusal` for what the format cannot hold, an empty clip, a folder that cannot be written
    and a full disk, and passes on what `frames` and `tick` raise; then nothing is left behind.
    """
    rate = formats.frame_rate(fps)
    formats.check_export(path, size=size, fps=rate)
    how, quality = encoding_of(path, encoding), quality_of(quality)
    counter = _Counter(path.name, tick, total or 0)
    checked = counter.count(frames, size)
    with _refusing_failure(path):
        if how.id == "png":
            return write_png(path, checked, recipe)
        pixels = map(_pixels, checked)
        if how.id == "gif":
            write_gif(path, pixels, fps=rate, size=size, recipe=recipe, waiting=counter.repeat)
        else:
            film = _Film(pixels, sound, rate, size, recipe, counter)
            _write_container(path, film, how, quality)
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


@dataclass(frozen=True, slots=True)
class _Film:
    """What goes into a container."""

    pixels: Iterable[memoryview]
    sound: Iterable[np.ndarray] | None
    fps: Fraction
    size: Size
    recipe: Recipe | None
    counter: _Counter


def _write_container(path: Path, film: _Film, how: Encoding, quality: str) -> None:
    with write_aside(path) as part, scratch_beside(path) as scratch:
        sound = _sound_input(film, how, scratch)
        arguments = [
            *_raw_input(film.size, film.fps), *_tags_input(film, scratch), *sound,
            "-map", "0:v", *(["-map", "2:a", *how.sound] if sound else []), "-map_metadata", "1",
            "-vf", _to_pixels(how), "-pix_fmt", how.pixels, *how.how(quality), *_REPRODUCIBLE,
            ffmpeg.file_url(part),
        ]  # fmt: skip
        with ffmpeg.running(arguments, fed=True) as program:
            program.feed(film.pixels)
            program.finish(film.counter.repeat)
        _mark(part, how, film)


def _to_pixels(how: Encoding) -> str:
    """The filter from sRGB frames to what is stored, with its colours tagged."""
    return "format=bgra" if how.pixels == "bgra" else f"{_MATRIX},format={how.pixels},{_TAGS}"


def _tags_input(film: _Film, scratch: Path) -> list[str]:
    tags = scratch / "tags.txt"
    tags.write_text(container_tags(film.recipe), encoding="utf-8", newline="\n")
    return ["-f", "ffmetadata", *ffmpeg.source(tags)]


def _sound_input(film: _Film, how: Encoding, scratch: Path) -> list[str]:
    """The sound as another input; nothing where there is none, or no place for it."""
    if film.sound is None or not how.sound:
        return []
    track = scratch / "sound.mka"
    write_sound(track, film.sound, film.counter.repeat)
    return ffmpeg.source(track)


def _mark(part: Path, how: Encoding, film: _Film) -> None:
    """What the container's tags do not say: the mark, and where there are no tags the recipe too."""
    if how.suffix == ".webp":
        add_xmp(part, xmp_packet(film.recipe), film.size)
    elif how.suffix == ".avif":
        append_xmp_box(part, film.recipe)
    elif how.suffix != ".webm":
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
