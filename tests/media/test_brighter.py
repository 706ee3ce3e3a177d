"""Still pictures in HLG and PQ: whatever says so, white paper shows just below a screen's white."""

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageCms

from studio.media.code_points import of_profile
from studio.media.photo import open_photo
from tests.media.heic import heic

PAPER = {16: 0.58, 18: 0.75}
"""White paper, 203 nits, as a share of PQ and of HLG."""
NAMES = {16: "smpte2084", 18: "arib-std-b67"}
COMMON = struct.pack(">4sHHHB", b"nclx", 1, 13, 6, 0)
"""What a container says of an ordinary picture."""


def nclx(transfer: int) -> bytes:
    return struct.pack(">4sHHHB", b"nclx", 9, transfer, 9, 0)


def paper(transfer: int) -> np.ndarray:
    return np.full((64, 64, 3), round(255 * PAPER[transfer]), np.uint8)


def avif(folder: Path, transfer: int) -> bytes:
    """Ten bits, as a camera writes them: a box says the transfer, and the stream says it too."""
    luma = round(64 + PAPER[transfer] * 876)
    raw = np.full(64 * 64, luma, "<u2").tobytes() + np.full(2 * 32 * 32, 512, "<u2").tobytes()
    said = f"setparams=color_trc={NAMES[transfer]}:color_primaries=bt2020:colorspace=bt2020nc"
    out = folder / "encoded.avif"
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p10le",
        "-video_size", "64x64", "-i", "pipe:0", "-frames:v", "1", "-vf", said,
        "-c:v", "libaom-av1", "-still-picture", "1", "-cpu-used", "8", str(out),
    ]  # fmt: skip
    subprocess.run(command, input=raw, check=True)
    data = out.read_bytes()
    assert struct.pack(">4sHH", b"nclx", 9, transfer) in data
    return data


def avif_by_its_stream(folder: Path, transfer: int) -> bytes:
    return avif(folder, transfer).replace(b"colrnclx", b"freenclx")


def heic_by_a_box(folder: Path, transfer: int) -> bytes:
    return heic(paper(transfer), colours=[nclx(transfer)])


def heic_beside_a_profile(folder: Path, transfer: int) -> bytes:
    return heic(paper(transfer), colours=[b"prof" + srgb(), nclx(transfer)])


def heic_by_its_stream(folder: Path, transfer: int) -> bytes:
    return heic(paper(transfer), transfer=NAMES[transfer])


def png(folder: Path, transfer: int) -> bytes:
    chunk = b"cICP" + bytes((9, transfer, 0, 1))
    whole = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    Image.fromarray(paper(transfer)).save(folder / "plain.png")
    data = (folder / "plain.png").read_bytes()
    return data[:33] + whole + data[33:]


def jpeg(folder: Path, transfer: int) -> bytes:
    profile = with_tag(srgb(), b"cicp", b"cicp\0\0\0\0" + bytes((9, transfer, 0, 1)))
    Image.fromarray(paper(transfer)).save(folder / "a.jpg", quality=95, icc_profile=profile)
    return (folder / "a.jpg").read_bytes()


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_tag(profile: bytes, name: bytes, content: bytes) -> bytes:
    """A profile with one tag more: those there move by the length of its entry."""
    count = int.from_bytes(profile[128:132], "big")
    entries = [
        struct.unpack(">4sII", profile[at : at + 12]) for at in range(132, 132 + 12 * count, 12)
    ]
    table = b"".join(struct.pack(">4sII", n, at + 12, size) for n, at, size in entries)
    table += struct.pack(">4sII", name, len(profile) + 12, len(content))
    rest = profile[132 + 12 * count :]
    size = len(profile) + 12 + len(content)
    return (
        struct.pack(">I", size)
        + profile[4:128]
        + struct.pack(">I", count + 1)
        + table
        + rest
        + content
    )


WRITERS: dict[Callable[[Path, int], bytes], str] = {
    avif: "a.avif", avif_by_its_stream: "b.avif", heic_by_a_box: "a.heic",
    heic_beside_a_profile: "b.heic", heic_by_its_stream: "c.heic", png: "a.png", jpeg: "b.jpg",
}  # fmt: skip


@pytest.mark.parametrize("transfer", PAPER, ids=NAMES.get)
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_white_paper_shows_just_below_white(tmp_path, write, transfer):
    path = tmp_path / WRITERS[write]
    path.write_bytes(write(tmp_path, transfer))
    seen = open_photo(path)[8:-8, 8:-8]
    assert 200 <= seen.min() <= seen.max() <= 228


def test_what_says_nothing_of_it_stays_as_it_is(tmp_path):
    """Also where another picture of the file is brighter, as the map from one to the other is."""
    grey = np.full((64, 64, 3), 148, np.uint8)
    path = tmp_path / "a.heic"
    for colours in ([], [COMMON], [b"prof" + srgb(), COMMON]):
        path.write_bytes(heic(grey, colours=colours, others=[nclx(16)]))
        np.testing.assert_allclose(open_photo(path), 148, atol=3)


def test_other_primaries_are_told_apart(tmp_path):
    """A red of BT.2020 is no red of P3, which is what most phones mean."""
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 140
    seen = {}
    for primaries in (9, 12):
        box = struct.pack(">4sHHHB", b"nclx", primaries, 16, 9, 0)
        (tmp_path / "a.heic").write_bytes(heic(red, colours=[box]))
        seen[primaries] = open_photo(tmp_path / "a.heic")[32, 32].astype(int)
    assert seen[9][0] > seen[12][0] + 5


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_a_damaged_profile_says_nothing(cut):
    profile = with_tag(srgb(), b"cicp", b"cicp\0\0\0\0" + bytes((9, 16, 0, 1)))
    assert of_profile(profile).transfer == 16
    assert of_profile(profile[:cut]).transfer == 2
