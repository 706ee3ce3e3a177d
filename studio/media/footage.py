"""Clips as files to frames: one at a time, upright, as large as asked for, in BT.709."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BufferedReader
from pathlib import Path

import numpy as np

from studio.media import ffmpeg
from studio.media.colour import MATTE
from studio.media.container import Container, existing, opened, unreadable
from studio.media.tone import FILTERS
from studio.spec.progress import Progress, Tick, silent
from studio.spec.quantities import count
from studio.spec.refusal import Refusal

# swscale's default arithmetic drifts by a level or more with every save and load; these flags on
# both ways do not.
ACCURATE = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
_TORN = (b"corrupt decoded frame", b"Error submitting packet", b"Decoding error")
_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Those that see transparency, which ffmpeg's own decoders leave out."""


def read_video(
    path: Path,
    *,
    longest: int | None = None,
    only: range | None = None,
    tick: Tick = silent,
    torn: Callable[[int], None] | None = None,
) -> Iterator[np.ndarray]:
    """Yield each frame of a clip as uint8 (H, W, 3), upright, BT.709 and full range undone.

    Frames come as they are stored, without repeats or drops to even out a changing rate, and never
    more than one is held.  With `longest` ffmpeg shrinks them, never enlarges, until no side is
    longer; `only` names the frames that are wanted, counted from 0.  A clip that does not say what its colours mean is taken for BT.601, whatever its size;
    HLG and PQ are tone-mapped; what is transparent shows the mid-grey of photos.  `tick` hears of
    every frame (total 0: not known).  The decoder ends with the iterator.

    Raises `Refusal` for a file that holds no readable video and, after the last frame, where some
    could not be decoded; with `torn` that function hears instead how many they are.
    """
    container = opened(existing(path))
    arguments = [
        "-loglevel", "warning", *_decoder(container), *ffmpeg.source(path), "-map", "0:V:0",
        "-vf", f"{_chosen(only)}{_filters(container, longest)}", "-fps_mode", "passthrough",
        *(["-frames:v", str(len(only))] if only else []),
        "-f", "image2pipe", "-c:v", "pam", "pipe:1",
    ]  # fmt: skip
    with ffmpeg.running(arguments, words=2000) as program:
        for done, frame in enumerate(_pictures(path, program)):
            yield frame
            tick(Progress("reading the clip", done + 1, 0))
        lost = sum(any(mark in line for mark in _TORN) for line in program.words)
    if lost:
        (torn or _refusing(path))(lost)


def read_from_key(path: Path, stamps: range, since: Fraction) -> list[np.ndarray]:
    """The frames whose time stamps, as the container has them, lie in a range: uint8 (H, W, 3) each, in
    their own size, decoded from the keyframe before `since` seconds on.

    Raises `Refusal` where there are none, and where the decoder says anything at all: what follows a
    keyframe is not always whole by itself.
    """
    container = opened(existing(path))
    arguments = [
        "-loglevel", "warning", "-copyts", "-noaccurate_seek", "-seek_timestamp", "1",
        "-ss", f"{float(since):.6f}", *_decoder(container), *ffmpeg.source(path), "-map", "0:V:0",
        "-vf", f"select='between(pts\\,{stamps[0]}\\,{stamps[-1]})',{_filters(container, None)}",
        "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "pam", "pipe:1",
    ]  # fmt: skip
    with ffmpeg.running(arguments, words=20) as program:
        return list(_pictures(path, program, strict=True))


def pictures(path: Path, arguments: list[str], *, strict: bool = False) -> Iterator[np.ndarray]:
    """The frames that an ffmpeg with these arguments writes as PAM pictures to its output.

    Raises `Refusal` where it fails or writes none; `strict` also where it mended anything.
    """
    with ffmpeg.running(arguments) as program:
        yield from _pictures(path, program, strict)


def _pictures(path: Path, program: ffmpeg.Program, strict: bool = False) -> Iterator[np.ndarray]:
    frames = 0
    with _failure_refused(path):
        while (frame := _next_picture(program.output)) is not None:
            yield frame
            frames += 1
        program.finish(strict=strict)
    if not frames:
        raise unreadable(path)


def _next_picture(stream: BufferedReader) -> np.ndarray | None:
    """The next PAM picture: its header says the size, so no other source needs to be trusted."""
    if stream.readline() != b"P7\n":
        return None
    header: dict[bytes, int] = {}
    while (line := stream.readline()) not in (b"ENDHDR\n", b""):
        name, _, value = line.partition(b" ")
        if name in (b"WIDTH", b"HEIGHT", b"DEPTH"):
            header[name] = int(value)
    frame = np.empty((header[b"HEIGHT"], header[b"WIDTH"], header[b"DEPTH"]), np.uint8)
    # a short picture means that the decoder died; how, `finish` says
    if stream.readinto(frame.data.cast("B")) != frame.nbytes:
        return None
    return frame if frame.shape[2] == 3 else _over_matte(frame)


def _over_matte(frame: np.ndarray) -> np.ndarray:
    """RGBA (H, W, 4) to RGB (H, W, 3), transparent parts over the grey that photos get."""
    alpha = frame[..., 3:].astype(np.uint16)
    mixed = frame[..., :3] * alpha + MATTE * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _filters(container: Container, longest: int | None) -> str:
    box = f"w=min(iw\\,{longest}):h=min(ih\\,{longest}):" if longest else ""
    keep = "force_original_aspect_ratio=decrease:" if longest else ""
    last = "format=rgba" if container.alpha else "format=rgb24"
    if container.transfer:
        first = f"scale={box}{keep}{ACCURATE}," if longest else ""
        return f"{first}{FILTERS},scale=out_range=pc:{ACCURATE},{last}"
    return f"scale={box}{keep}out_range=pc:{ACCURATE},{last}"


def _chosen(only: range | None) -> str:
    return f"select='between(n\\,{only[0]}\\,{only[-1]})'," if only else ""


def _decoder(container: Container) -> list[str]:
    """The decoder to name before the input: only where ffmpeg's own would drop transparency."""
    if container.alpha and container.codec in _DECODERS:
        return ["-c:v", _DECODERS[container.codec]]
    return []


def _refusing(path: Path) -> Callable[[int], None]:
    def refuse(lost: int) -> None:
        frames = count(lost, "frame")
        raise Refusal(
            f"{frames} of {path.name} could not be decoded, and others may be torn.",
            "Copy the file again or choose another.",
        )

    return refuse


@contextmanager
def _failure_refused(path: Path) -> Iterator[None]:
    try:
        yield
    except ffmpeg.Failed as error:
        raise unreadable(path) from error
