"""Animated GIF: one palette per clip, exact frame count and total time, flat memory."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from studio.media import ffmpeg, gif_blocks
from studio.media.formats import Size
from studio.media.provenance import Recipe, gif_marks
from studio.media.writing import scratch_beside, write_aside

_PALETTE = 16  # ffmpeg's palettes are pictures of 16 × 16 pixels
# The counter keeps every colour it ever met.  With six bits a channel these are at most 262 144,
# however long the clip; the upper bits fill the lower, so that black and white stay what they are.
_SIX_BITS = "lutrgb=" + ":".join(f"{c}=bitor(bitand(val\\,252)\\,floor(val/64))" for c in "rgb")


def write_gif(
    path: Path,
    frames: Iterable[memoryview],
    *,
    fps: Fraction,
    size: Size,
    recipe: Recipe | None,
    waiting: Callable[[], None],
) -> None:
    """Write `frames` (H·W·3 bytes each) as a GIF that repeats for ever.

    Two passes over a lossless copy on the disk, neither of which holds the clip in memory: colours
    are counted while the frames arrive, then the palette is applied, and times and marks are set on
    the way.  `waiting` is called while ffmpeg works and may raise `Cancelled`.
    """
    with write_aside(path) as part, scratch_beside(path) as scratch:
        copy, palette = scratch / "copy.mkv", scratch / "palette.raw"
        with ffmpeg.running(_count_colours(size, copy, palette), fed=True) as program:
            program.feed(frames)
            program.finish(waiting)
        with ffmpeg.running(_apply_palette(copy, palette)) as program, part.open("wb") as target:
            made = _whole_blocks(program, waiting)
            for block in _timed_and_marked(made, fps, gif_marks(recipe)):
                target.write(block)


def _whole_blocks(program: ffmpeg.Program, waiting: Callable[[], None]) -> Iterator[bytes]:
    """The blocks of the GIF that ffmpeg writes; why it broke off, if it did, ffmpeg says."""
    try:
        for block in gif_blocks.blocks(program.output):
            waiting()
            yield block
    except gif_blocks.NotAGif:
        program.finish(waiting)
        raise
    program.finish(waiting)


def delays(fps: Fraction) -> Iterator[int]:
    """Hundredths of a second for each frame in turn.

    The end of every frame is its exact time rounded once, so errors never add up.
    """
    shown = 0
    index = 0
    while True:
        index += 1
        end = round(index * 100 / fps)
        yield end - shown
        shown = end


def _timed_and_marked(blocks: Iterable[bytes], fps: Fraction, marks: bytes) -> Iterator[bytes]:
    """Set each frame's delay and put `marks` before the first frame."""
    times = delays(fps)
    pending = marks
    for block in blocks:
        if block.startswith(gif_blocks.GRAPHIC_CONTROL):
            yield pending + gif_blocks.with_delay(block, next(times))
            pending = b""
        else:
            yield block


def _count_colours(size: Size, copy: Path, palette: Path) -> list[str]:
    return [
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{size[0]}x{size[1]}",
        "-framerate", "25", "-i", "pipe:0",
        "-filter_complex",
        f"[0:v]split[frames][counted];[counted]{_SIX_BITS},palettegen[palette]",
        "-map", "[frames]", "-c:v", "ffv1", "-pix_fmt", "bgr0", "-f", "matroska",
        ffmpeg.file_url(copy),
        "-map", "[palette]", "-c:v", "rawvideo", "-pix_fmt", "bgra", "-f", "rawvideo",
        ffmpeg.file_url(palette),
    ]  # fmt: skip


def _apply_palette(copy: Path, palette: Path) -> list[str]:
    return [
        *ffmpeg.source(copy),
        "-f", "rawvideo", "-pix_fmt", "bgra", "-video_size", f"{_PALETTE}x{_PALETTE}",
        *ffmpeg.source(palette),
        # dithering only where the picture changes keeps still parts still
        "-filter_complex", "[0:v][1:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle",
        "-fps_mode", "passthrough", "-f", "gif", "-loop", "0", "-flush_packets", "1", "pipe:1",
    ]  # fmt: skip
