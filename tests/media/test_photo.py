"""Photos come upright, in sRGB, or are refused by name."""

import io
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.media import decoding, large_photo, photo, photo_files
from studio.media.colour import to_srgb
from studio.spec.progress import Cancelled, Progress, silent
from studio.spec.refusal import Refusal

from .heic import heic

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the photos of ../shared/data are not here"),
]


def scene(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth picture whose corners all differ, so that every turn and mirror shows."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 40 + 180 * x / width, 30 + 190 * y / height
    blue = 60 + 120 * (x + y) / (width + height)
    return np.stack([red, green, blue], -1).round().astype(np.uint8)


def apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(samples: np.ndarray) -> bytes:
    """A 16-bit PNG: Pillow cannot write one with colours."""
    height, width = samples.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[1 if samples.ndim == 2 else samples.shape[2]]
    rows = samples.astype(">u2").reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def tiff16(samples: np.ndarray, order: str) -> bytes:
    """An uncompressed 16-bit TIFF in either byte order ("<" or ">")."""
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    data = samples.astype(order + "u2").tobytes()
    bits_at = 8 + len(data)
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, bits_at), (259, 3, 1, 1),
        (262, 3, 1, 1 if channels == 1 else 2), (273, 4, 1, 8), (277, 3, 1, channels),
        (278, 4, 1, height), (279, 4, 1, len(data)),
    ]  # fmt: skip
    if channels == 1:
        entries[2] = (258, 3, 1, 16)
    if channels == 4:
        entries.append((338, 3, 1, 2))
    table = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        packed = struct.pack(order + ("HH" if short else "I"), *((value, 0) if short else (value,)))
        table += struct.pack(order + "HHI", tag, kind, count) + packed
    bits = struct.pack(order + "4H", 16, 16, 16, 16)
    mark = b"II" if order == "<" else b"MM"
    start = mark + struct.pack(order + "HI", 42, bits_at + len(bits))
    return start + data + bits + table + struct.pack(order + "I", 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_every_exif_orientation_is_undone(tmp_path: Path, orientation: int, suffix: str) -> None:
    stored = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.swapaxes(0, 1), 6: np.rot90,
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: lambda a: np.rot90(a, -1),
    }[orientation](scene())  # fmt: skip
    exif = Image.Exif()
    exif[0x112] = orientation
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif, quality=95)
    opened = photo.open_photo(path)
    assert opened.shape == (48, 64, 3)
    assert opened.dtype == np.uint8
    assert opened.flags.writeable
    assert np.abs(opened.astype(int) - scene()).mean() < 4


def test_broken_exif_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x112] = 6
    whole = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
    rng = np.random.default_rng(3)
    for _ in range(30):
        broken = bytearray(whole)
        for at in rng.integers(6, len(whole), 3):
            broken[at] = rng.integers(0, 256)
        Image.fromarray(scene()).save(path, exif=bytes(broken))
        assert photo.open_photo(path).shape in ((48, 64, 3), (64, 48, 3))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_heic_is_turned_once(tmp_path: Path, turns: int) -> None:
    """The container turns the picture; EXIF, which cameras write as well, must not do it again."""
    path = tmp_path / "photo.heic"
    path.write_bytes(heic(scene(64, 96), turns=turns, orientation=[1, 8, 3, 6][turns]))
    opened = photo.open_photo(path)
    expected = np.rot90(scene(64, 96), turns)
    assert opened.shape == expected.shape
    assert np.abs(opened.astype(int) - expected).mean() < 4


def test_a_damaged_heic_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    whole = heic(scene(64, 96))
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(Refusal, match=r"photo\.heic"):
            photo.open_photo(path)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", ["png", "tiff little", "tiff big"])
def test_sixteen_bits_look_like_their_eight_bit_twin(
    tmp_path: Path, channels: int, kind: str
) -> None:
    rng = np.random.default_rng(channels)
    deep = rng.integers(0, 65536, (20, 30, channels)).astype(np.uint16)
    deep = deep[..., 0] if channels == 1 else deep
    encoded = png16(deep) if kind == "png" else tiff16(deep, "<" if "little" in kind else ">")
    twin = tmp_path / "twin.png"
    Image.fromarray(np.round(deep / 257).astype(np.uint8)).save(twin)
    path = tmp_path / "deep.img"
    path.write_bytes(encoded)
    assert apart(photo.open_photo(path), photo.open_photo(twin)) <= 2


def test_sixteen_bit_grey_with_alpha(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30, 2)).astype(np.uint16)
    deep[..., 1] = 65535
    path = tmp_path / "deep.png"
    path.write_bytes(png16(deep))
    assert apart(photo.open_photo(path)[..., 0], np.round(deep[..., 0] / 257)) <= 2


def wide_profile() -> bytes:
    """An RGB matrix profile with swapped primaries: to ignore it is to see blue for red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    at = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = at[b"rXYZ"], at[b"bXYZ"]
    places = bytes(profile[red + 4 : red + 12]), bytes(profile[blue + 4 : blue + 12])
    profile[red + 4 : red + 12], profile[blue + 4 : blue + 12] = places[1], places[0]
    return bytes(profile)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_an_embedded_profile_counts(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(scene()).save(path, icc_profile=wide_profile(), quality=100, lossless=True)
    opened = photo.open_photo(path).astype(int)
    assert np.abs(opened - scene()[..., ::-1]).mean() < 3


def test_a_profile_agrees_with_littlecms(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    icc = wide_profile()
    Image.fromarray(scene()).save(path, icc_profile=icc)
    reference = ImageCms.profileToProfile(
        Image.fromarray(scene()),
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert apart(photo.open_photo(path), np.asarray(reference)) <= 3


@pytest.mark.parametrize("icc", [b"not a profile", b"\0" * 200, wide_profile()[:300]])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_bad_profile_is_ignored(tmp_path: Path, icc: bytes, mode: str) -> None:
    path = tmp_path / "photo.png"
    picture = Image.fromarray(scene()).convert(mode)
    picture.save(path, icc_profile=icc)
    assert apart(photo.open_photo(path), np.asarray(picture.convert("RGB"))) == 0


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    Image.fromarray(scene()).convert("CMYK").save(path)
    assert apart(photo.open_photo(path), scene()) <= 3


def test_lab_is_converted_by_littlecms(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(Image.fromarray(scene()), srgb, lab, outputMode="LAB")
    assert picture is not None
    picture.save(path)
    # eight bits of Lab are coarse: single pixels may be off, the picture may not
    assert np.abs(photo.open_photo(path).astype(int) - scene()).mean() < 1.5


def ink_profile() -> bytes:
    """A CMYK profile of one table, 2 nodes a side: paper is white, inks darken and tint."""
    nodes = []
    for node in range(16):
        cyan, magenta, yellow, black = (node >> bit & 1 for bit in (3, 2, 1, 0))
        light = 255 * 0.55**cyan * 0.5**magenta * 0.9**yellow * 0.1**black
        tints = 128 - 30 * cyan + 60 * magenta, 128 - 40 * cyan + 70 * yellow
        nodes += [round(light), *(min(tint, 255) for tint in tints)]
    ramp = bytes(range(256))
    unity = struct.pack(">9i", *(65536 * (at in (0, 4, 8)) for at in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + unity + ramp * 4 + bytes(nodes) + ramp * 3
    table += bytes(-len(table) % 4)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    start = 128 + 4 + 2 * 12
    tags = struct.pack(">I", 2) + b"A2B0" + struct.pack(">II", start, len(table))
    tags += b"wtpt" + struct.pack(">II", start + len(table), len(white))
    head = struct.pack(">I4sI4s4s4s", start + len(table) + len(white), b"", 2 << 24, b"prtr",
                       b"CMYK", b"Lab ")  # fmt: skip
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + tags + table + white


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_with_a_profile_agrees_with_littlecms(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    inks = Image.fromarray(scene()).convert("CMYK")
    inks.save(path, icc_profile=ink_profile(), quality=100, subsampling=0)
    reference = ImageCms.profileToProfile(
        inks,
        ImageCms.ImageCmsProfile(io.BytesIO(ink_profile())),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    opened = photo.open_photo(path)
    assert apart(opened, np.asarray(reference)) <= 3
    assert apart(opened, np.asarray(inks.convert("RGB"))) > 20


def test_transparency_shows_mid_grey(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    alpha = np.zeros((48, 64, 1), np.uint8)
    alpha[:, 32:] = 255
    Image.fromarray(np.concatenate([scene(), alpha], -1)).save(path)
    opened = photo.open_photo(path)
    assert (opened[:, :32] == 128).all()
    assert (opened[:, 32:] == scene()[:, 32:]).all()


def test_grey_alpha_palette_and_colour_key(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.new("LA", (4, 4), (200, 0)).save(path)
    assert (photo.open_photo(path) == 128).all()
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 250, 10, 20])
    palette.save(path)
    assert (photo.open_photo(path) == (250, 10, 20)).all()
    palette.save(path, transparency=bytes([255, 0]))
    assert (photo.open_photo(path) == 128).all()
    Image.new("RGB", (4, 4), (9, 8, 7)).save(path, transparency=(9, 8, 7))
    assert (photo.open_photo(path) == 128).all()
    Image.new("1", (4, 4), 1).save(path)
    assert (photo.open_photo(path) == 255).all()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif", ".avif"])
def test_the_first_frame_of_an_animation(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    first.save(path, save_all=True, append_images=[second])
    assert apart(photo.open_photo(path), np.asarray(first)) < 8


def test_two_pictures_in_one_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "photo.mpo"
    first, second = Image.fromarray(scene()), Image.new("RGB", (64, 48), "blue")
    first.save(path, save_all=True, append_images=[second], quality=95)
    assert np.abs(photo.open_photo(path).astype(int) - scene()).mean() < 3


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_longest_shrinks_and_never_enlarges(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(scene(600, 800)).save(path, quality=95)
    small = photo.open_photo(path, longest=100)
    assert small.shape == (75, 100, 3)
    assert np.abs(small.astype(int) - scene(75, 100)).mean() < 3
    assert photo.open_photo(path, longest=5000).shape == (600, 800, 3)


def test_a_jpeg_is_read_reduced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(scene(800, 1600)).save(path)
    decoded: list[tuple[int, int]] = []
    monkeypatch.setattr(photo, "to_srgb", lambda p: decoded.append(p.size) or p)
    photo.open_photo(path, longest=100)
    assert decoded == [(200, 100)]


def huge_png(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = zlib.compress(bytes(3 * width + 1))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("big.png", huge_png(30_000, 30_000)),
        ("just.png", huge_png(25_001, 10_000)),
        (
            "bomb.gif",
            b"GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02",
        ),
    ],
)
def test_more_than_250_megapixels_are_refused_from_the_header(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Refusal, match=rf"{name} has more than 250 megapixels"):
        photo.open_photo(path)


def test_a_heic_that_takes_long_is_refused_from_the_header(tmp_path: Path) -> None:
    """libheif knows no smaller sizes: what says 200 megapixels would take half a minute."""
    path, small = tmp_path / "photo.heic", heic(scene(64, 96))
    path.write_bytes(small.replace(struct.pack(">II", 96, 64), struct.pack(">II", 16320, 12240)))
    with pytest.raises(Refusal, match=r"photo\.heic has more than 110 megapixels"):
        photo.open_photo(path, longest=50)


class TestAHeicThatTakesLong:
    """It is decoded in a process of its own; here a small one counts as large."""

    @pytest.fixture
    def large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(decoding, "LONG", 1000)
        path = tmp_path / "large ünï.heic"
        path.write_bytes(heic(scene(64, 96), turns=1))
        return path

    @pytest.mark.parametrize("longest", [None, 40])
    def test_is_what_it_is_when_decoded_here(self, large: Path, longest: int | None) -> None:
        heard = []
        found = photo.open_photo(large, longest=longest, tick=heard.append)
        assert heard
        np.testing.assert_array_equal(found, photo.decoded_here(large, longest))

    def test_is_stopped_meanwhile(self, large: Path) -> None:
        def children() -> set[str]:
            task = Path("/proc/self/task").glob("*/children")
            return set[str]().union(*(file.read_text().split() for file in task))

        before, meanwhile = children(), set[str]()

        def tick(_: Progress) -> None:
            meanwhile.update(children() - before)
            raise Cancelled

        with pytest.raises(Cancelled):
            photo.open_photo(large, tick=tick)
        assert not [one for one in meanwhile if Path("/proc", one).exists()]

    def test_is_refused_as_here(self, large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        data = bytearray(large.read_bytes())
        data[-60:] = bytes(60)
        large.write_bytes(data[:-30])
        with pytest.raises(Refusal) as here:
            photo.decoded_here(large, None)
        with pytest.raises(Refusal) as apart:
            large_photo.opened_apart(large, None, silent)
        assert str(apart.value) == str(here.value)


def test_below_the_limit_size_is_no_reason(tmp_path: Path) -> None:
    """90 megapixels: Pillow by itself would warn."""
    path = tmp_path / "photo.jpg"
    Image.new("L", (9500, 9500), 77).save(path)
    assert (photo.open_photo(path, longest=50) == 77).all()


def test_zero_sizes_are_refused(tmp_path: Path) -> None:
    for name, content in (
        ("none.gif", b"GIF89a\0\0\0\0\0\0\0,\0\0\0\0\0\0\0\0\0\x02\x02\x4c\x01\0;"),
        ("none.png", huge_png(0, 5)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Refusal, match=name):
            photo.open_photo(path)


@pytest.mark.parametrize("content", [b"", b"just some words\n" * 50, b"\xff\xd8\xff", b"\0" * 5000])
@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.heic", "photo.tif"])
def test_what_is_no_picture_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Refusal, match=name) as refused:
        photo.open_photo(path)
    assert refused.value.hint


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.jpg"):
        with pytest.raises(Refusal):
            photo.open_photo(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".tif", ".bmp", ".avif"])
def test_cut_and_damaged_files_give_pixels_or_a_refusal(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(scene()).save(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(40):
        damaged = bytearray(whole[: rng.integers(1, len(whole))])
        damaged[rng.integers(0, len(damaged))] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            assert photo.open_photo(path).ndim == 3
        except Refusal as refusal:
            refused += path.name in refusal.what
    assert refused >= 10


def test_nothing_global_is_left_changed(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(scene()).save(path)
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    threads = [threading.Thread(target=photo.open_photo, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (limit, filters) == (Image.MAX_IMAGE_PIXELS, list(warnings.filters))


def test_square_takes_the_middle_and_keeps_colours() -> None:
    wide = np.zeros((40, 100, 3), np.uint8)
    wide[:, 30:70] = (10, 200, 90)
    assert (photo.square(wide, 16) == (10, 200, 90)).all()
    assert (photo.square(wide.swapaxes(0, 1), 64) == (10, 200, 90)).all()
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    fine = np.repeat(checks[..., None], 3, -1).astype(np.uint8)
    assert np.abs(photo.square(fine, 50)[4:-4, 4:-4].astype(int) - 127).max() <= 3


def test_photos_are_found_in_natural_order(tmp_path: Path) -> None:
    for name in ("b10.jpg", "B2.JPG", "a.heic", ".hidden.jpg", "notes.txt", "b2 copy.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    names = [path.name for path in photo_files.find_photos(tmp_path)]
    assert names == ["a.heic", "b2 copy.png", "B2.JPG", "b10.jpg"]
    chosen = [tmp_path / "b10.jpg", tmp_path / "a.heic", tmp_path / "b10.jpg"]
    assert [path.name for path in photo_files.find_photos(chosen)] == ["a.heic", "b10.jpg"]
    assert photo_files.find_photos(tmp_path / "a.heic") == (tmp_path / "a.heic",)


def test_no_photos_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    too_long = tmp_path / f"{'x' * 300}.jpg"
    for places in (tmp_path, tmp_path / "none.jpg", tmp_path / "notes.txt", too_long, []):
        with pytest.raises(Refusal) as refused:
            photo_files.find_photos(places)
        assert refused.value.hint


class TestShared:
    pytestmark = needs_shared

    def folder(self) -> Path:
        return SHARED / "awkward" / "images"

    def test_awkward_files_open_or_are_refused(self) -> None:
        refused = set()
        for path in sorted(self.folder().iterdir()):
            try:
                opened = photo.open_photo(path)
                assert opened.dtype == np.uint8
                assert opened.shape[2] == 3
            except Refusal as refusal:
                refused.add(refusal.what.split(" ")[0])
        assert refused == {
            "Bad_shortfile.bmp", "broken_data_stream.png", "decompression_bomb.gif",
            "rgb32f_color.tiff", "truncated.heic", "truncated_image.png",
            "truncated_jpeg.jpg", "zero_width.gif",
        }  # fmt: skip

    @pytest.mark.parametrize("name", ["hopper.heif", "hopper.Lab.tif", "hopper_orientation_6.webp"])
    def test_one_portrait_in_several_formats(self, name: str) -> None:
        reference = photo.open_photo(self.folder() / "hopper.avif").astype(int)
        assert np.abs(photo.open_photo(self.folder() / name) - reference).mean() < 6

    def test_every_subject_photo_opens(self) -> None:
        for folder in sorted((SHARED / "subjects").iterdir()):
            if folder.is_dir():
                for path in photo_files.find_photos(folder):
                    assert photo.square(photo.open_photo(path, longest=256), 64).std() > 5


@pytest.mark.skipif(os.name == "nt", reason="libtiff is a part of Pillow there")
def test_libtiff_is_silent_about_a_damaged_file(tmp_path, capfd):
    noise = Image.effect_noise((64, 64), 50).convert("RGB")
    noise.save(tmp_path / "a.tif", compression="tiff_adobe_deflate")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[20:200] = bytes(byte ^ 0x55 for byte in data[20:200])
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(Refusal, match=r"a\.tif is damaged or incomplete"):
        photo.open_photo(tmp_path / "a.tif")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("transfer", "white"), [(16, 148), (18, 191)])
def test_a_photo_brighter_than_a_screen_is_mapped(transfer: int, white: int) -> None:
    """White paper, 203 nits, is 58 % of PQ and 75 % of HLG; both show the same just below white."""
    picture = Image.new("RGB", (4, 4), (white, white, white))
    picture.info["code_points"] = (9, transfer)
    shown = np.asarray(to_srgb(picture))
    assert 205 <= shown.min() <= shown.max() <= 225


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the photos of ../shared/data are not here")
def test_a_heic_that_is_cut_short_is_refused() -> None:
    with pytest.raises(Refusal, match="damaged or incomplete"):
        photo.open_photo(SHARED / "awkward" / "images" / "truncated.heic")
