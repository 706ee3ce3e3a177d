"""What a clip's container says of it: sides, rate, length, colours; a frame is decoded at most."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.media import ffmpeg
from studio.media.places import is_file
from studio.media.timing import frame_rate_of
from studio.media.tone import BRIGHT
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

_LOOKED = 300
"""Packets whose time stamps settle what rate is meant."""
UNSORTED = 16
"""At most so far from its place in time does a packet lie in a file."""
_MOST = 1_000_000
"""Packets counted where the container does not say how long it is: nine hours."""
_EVERY = 1000
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_STREAM = re.compile(r"Stream #\d+:\d+.*?: Video: (?!.*\(attached pic\))(\w+)(.*)")
_CLEAR = re.compile(r"\b(yuva|rgba|bgra|argb|abgr|gbrap|ya8|ya16|pal8)")
_DISCARDED = 4


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a clip holds: sides in pixels as shown, exact rate and count, duration in seconds."""

    width: int
    height: int
    fps: Fraction
    frames: int
    duration: Fraction


@dataclass(frozen=True, slots=True)
class Container:
    """What its header says: sides as shown, the rate it declares, its length in seconds if known."""

    width: int
    height: int
    declared: Fraction
    duration: Fraction | None
    codec: str
    transfer: str
    """PQ or HLG as ffmpeg names them, or nothing."""
    alpha: bool


def probe(path: Path, tick: Tick = silent) -> VideoInfo:
    """What a clip holds, in a fraction of a second whatever its length.

    Rate and count come from the time stamps of its first packets and from the length that the
    container states; where it states none, packets are counted without decoding them, and `tick`
    hears of it.  Raises `Refusal` if it holds no video.
    """
    container = opened(existing(path))
    shown, header = packets(path, _LOOKED)
    time_base = Fraction(header["tb 0"])
    if len(shown) < _LOOKED:
        fps = frame_rate_of(shown, time_base, container.declared)
        count = len(shown)
    else:
        fps = _rate(shown[:-UNSORTED], time_base, container.declared)
        length = container.duration
        count = round(length * fps) if length else len(packets(path, _MOST, tick)[0])
    return VideoInfo(container.width, container.height, fps, count, count / fps)


def opened(path: Path) -> Container:
    """Read the header and decode the first frame, which proves that the clip can be shown.

    Raises `Refusal` if it cannot, and for Dolby Vision without a picture for other screens.
    """
    arguments = [
        "-loglevel", "info", "-nostats", *ffmpeg.source(path), "-map", "0:V:0",
        "-frames:v", "1", "-fps_mode", "passthrough",
        "-c:v", "wrapped_avframe", "-f", "framecrc", "pipe:1",
    ]  # fmt: skip
    try:
        with ffmpeg.running(arguments, words=1000) as program:
            header, shown = _listing(program.output)
            program.finish()
            report = b"".join(program.words).decode("utf-8", "replace")
    except ffmpeg.Failed as error:
        raise unreadable(path) from error
    if not shown:
        raise unreadable(path)
    width, height = (int(side) for side in header["dimensions 0"].split("x"))
    return _described(path, report, (width, height), 1 / Fraction(header["tb 0"]))


def existing(path: Path) -> Path:
    """The path, or a `Refusal` where no file is."""
    if not is_file(path):
        raise Refusal(f"{path} is not a file.", "Choose a video file.")
    return path


def unreadable(path: Path) -> Refusal:
    """The refusal for a file that is no video, or a damaged one."""
    return Refusal(
        f"{path.name} is not a video that can be read to its end.",
        "It may be damaged or incomplete; choose another file.",
    )


def _described(path: Path, report: str, size: tuple[int, int], declared: Fraction) -> Container:
    stream = _STREAM.search(report)
    codec, pixels = (stream[1], stream[2]) if stream else ("", "")
    if "DOVI configuration record" in report and re.search(r"profile: 5,", report):
        raise Refusal(
            f"{path.name} is Dolby Vision without a picture for other screens (profile 5).",
            "Export it as HDR10, HLG or SDR first.",
        )
    long = _DURATION.search(report)
    seconds = Fraction(long[3]) + 60 * int(long[2]) + 3600 * int(long[1]) if long else None
    transfer = re.search("|".join(BRIGHT.values()), pixels)
    alpha = bool(_CLEAR.search(pixels) or re.search(r"alpha_mode *: *1", report))
    return Container(*size, declared, seconds, codec, transfer[0] if transfer else "", alpha)


def _rate(shown: list[int], time_base: Fraction, declared: Fraction) -> Fraction:
    """The rate of a clip of which only the beginning was looked at."""
    rate = frame_rate_of(shown, time_base, declared)
    meant = frame_rate_of([], time_base, declared)
    return meant if abs(meant - rate) < rate / 100 else rate


def packets(
    path: Path, most: int, tick: Tick = silent, *, as_stored: bool = False
) -> tuple[list[int], dict[str, str]]:
    """When the first packets are shown, in time bases and in order, and what heads the list; from the
    first frame on, or, `as_stored`, with the container's own stamps.

    The header has "tb 0", the time base in seconds, and "dimensions 0", the sides as stored.
    Nothing is decoded.  Raises `Refusal` for a file that holds no video.
    """
    arguments = [
        *(["-copyts"] if as_stored else []), *ffmpeg.source(existing(path)), "-map", "0:V:0",
        "-c", "copy", *(["-copyinkf"] if as_stored else []), "-frames:v", str(most),
        "-f", "framecrc", "-flush_packets", "1", "pipe:1",
    ]  # fmt: skip
    with ffmpeg.running(arguments) as program:
        header, shown = _listing(program.output, tick)
    if not shown:
        raise unreadable(path)
    return sorted(shown), header


def _listing(stream: Iterable[bytes], tick: Tick = silent) -> tuple[dict[str, str], list[int]]:
    """The header of a framecrc listing and the time stamps of the packets that are to be shown."""
    header: dict[str, str] = {}
    shown: list[int] = []
    for line in stream:
        text = line.decode("ascii", "replace").strip()
        if text.startswith("#"):
            name, _, value = text[1:].partition(": ")
            header[name] = value
        elif text.startswith("0,") and not _discarded(text):
            shown.append(int(text.split(",")[2]))
            if len(shown) % _EVERY == 0:
                tick(Progress("counting frames", len(shown), 0))
    return header, shown


def _discarded(line: str) -> bool:
    """Whether an edit list leaves this packet out."""
    flags = re.search(r"F=0x([0-9A-Fa-f]+)", line)
    return bool(flags and int(flags[1], 16) & _DISCARDED)
