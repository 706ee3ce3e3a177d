"""What a clip can be written as: codecs by name, their qualities in words, what ffmpeg has of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from studio.media import ffmpeg
from studio.media.formats import means_folder
from studio.spec.refusal import Refusal

QUALITIES = ("best", "good", "small")
"""From the largest file to the smallest."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A kind of file: its `id`, what people call it, its ending, and how ffmpeg makes it.

    `encoder` is the one that ffmpeg must have ("" where none is needed), `pixels` the stored format,
    `quality` the arguments for each of `QUALITIES` (none where there is one), and `sound` those that
    encode sound (none where the file holds none).
    """

    id: str
    name: str
    suffix: str
    encoder: str = ""
    pixels: str = "yuv420p"
    arguments: tuple[str, ...] = ()
    quality: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    sound: tuple[str, ...] = ()

    def how(self, quality: str) -> list[str]:
        """The arguments that encode at a quality."""
        return [*self.arguments, *self.quality.get(quality, ())]


def _crf(best: int, good: int, small: int) -> dict[str, tuple[str, ...]]:
    values = zip(QUALITIES, (best, good, small), strict=True)
    return {word: ("-crf", str(value)) for word, value in values}


_AAC = ("-c:a", "aac", "-b:a", "256k")
_OPUS = ("-c:a", "libopus", "-b:a", "192k")
_PRORES = {"best": ("-profile:v", "3"), "good": ("-profile:v", "2"), "small": ("-profile:v", "0")}
_WEBP = {
    "best": ("-lossless", "1"),
    "good": ("-lossless", "0", "-quality", "85"),
    "small": ("-lossless", "0", "-quality", "50"),
}

ENCODINGS = (
    # Coarser quantisation than 12 adds up beyond 0.3 levels in smooth ramps over eight saves.
    Encoding(
        "h264", "MP4 · H.264: plays everywhere", ".mp4", "libx264",
        arguments=("-c:v", "libx264", "-preset", "medium", "-movflags", "+faststart", "-f", "mp4"),
        quality=_crf(12, 18, 26), sound=_AAC,
    ),
    Encoding(
        "hevc", "MP4 · HEVC 10-bit: smooth ramps, recent players", ".mp4", "libx265", "yuv420p10le",
        ("-c:v", "libx265", "-preset", "medium", "-x265-params", "log-level=error",
         "-tag:v", "hvc1", "-movflags", "+faststart", "-f", "mp4"),
        _crf(14, 20, 28), _AAC,
    ),
    Encoding(
        "prores", "MOV · ProRes 10-bit: for editing programs", ".mov", "prores_ks", "yuv422p10le",
        ("-c:v", "prores_ks", "-vendor", "apl0", "-f", "mov"),
        _PRORES, ("-c:a", "pcm_s16le"),
    ),
    Encoding(
        "vp9", "WebM · VP9: for web pages", ".webm", "libvpx-vp9",
        arguments=("-c:v", "libvpx-vp9", "-b:v", "0", "-deadline", "good", "-cpu-used", "4",
                   "-row-mt", "1", "-f", "webm"),
        quality=_crf(12, 24, 36), sound=_OPUS,
    ),
    Encoding(
        "av1", "WebM · AV1: smallest, recent browsers", ".webm", "libsvtav1",
        arguments=("-c:v", "libsvtav1", "-preset", "7", "-f", "webm"),
        quality=_crf(16, 28, 42), sound=_OPUS,
    ),
    Encoding("gif", "GIF: loops in chats and pages", ".gif", "gif"),
    Encoding(
        "webp", "WebP: loops in pages, all colours", ".webp", "libwebp_anim", "bgra",
        ("-c:v", "libwebp_anim", "-loop", "0", "-f", "webp"), _WEBP,
    ),
    Encoding(
        "avif", "AVIF: loops in pages, smallest", ".avif", "libaom-av1", "yuv444p",
        ("-c:v", "libaom-av1", "-cpu-used", "6", "-b:v", "0", "-f", "avif"),
        _crf(12, 24, 38),
    ),
    Encoding("png", "PNG: every frame as a picture", ".png"),
)  # fmt: skip
BY_ID = {encoding.id: encoding for encoding in ENCODINGS}


def encoding_of(path: Path, id: str = "") -> Encoding:
    """The encoding with that id, or the usual one of `path`'s ending.

    Raises `Refusal` where the ending is another's, or ffmpeg has no encoder for it.
    """
    suffix = ".png" if means_folder(path) else path.suffix.lower()
    found = BY_ID.get(id) if id else next((e for e in ENCODINGS if e.suffix == suffix), None)
    if found is None:
        raise Refusal(f"There is no format “{id or suffix}”.", f"Use one of {', '.join(BY_ID)}.")
    if found.suffix != suffix:
        raise Refusal(f"{path.name} cannot hold {found.id}.", f"End the name with {found.suffix}.")
    if found.encoder and found.encoder not in there():
        raise Refusal(
            f"This ffmpeg has no encoder for {found.id}.", "Choose another format, such as h264."
        )
    return found


def available() -> tuple[Encoding, ...]:
    """The encodings for which the installed ffmpeg has an encoder; it is asked once."""
    return tuple(e for e in ENCODINGS if not e.encoder or e.encoder in there())


def quality_of(word: str) -> str:
    """A quality by its word, "" for the best.  Raises `Refusal` for any other."""
    if word and word not in QUALITIES:
        raise Refusal(f"“{word}” is no quality.", f"Use {', '.join(QUALITIES)}.")
    return word or QUALITIES[0]


@cache
def there() -> frozenset[str]:
    """The names of ffmpeg's video encoders."""
    with ffmpeg.running(["-encoders", "pipe:1"]) as program:
        text = program.output.read().decode("ascii", "replace")
    return frozenset(re.findall(r"^ V\S{5} (\S+)", text, re.MULTILINE))
