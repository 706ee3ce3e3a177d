"""Which photos a folder gives, what is said of the rest, and which teach something."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media import choosing, photo_files
from studio.media.photo import open_photo
from studio.spec.refusal import Refusal


def save(path: Path, seed: int = 0, size: tuple[int, int] = (48, 40)) -> Path:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    small.resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def test_what_lies_beside_photos_is_counted_by_kind(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png"):
        save(tmp_path / name)
    shutil.copy(tmp_path / "a.jpg", tmp_path / "IMG_0001")  # no ending: it begins as a photo does
    for name in ("1.CR2", "2.nef", "a.txt", "clip.MP4", ".DS_Store", "notes", "x.pdf"):
        (tmp_path / name).write_bytes(b"no photo")
    found = photo_files.found_photos([tmp_path])
    assert [path.name for path in found.photos] == ["a.jpg", "b.png", "IMG_0001"]
    assert found.remarks == (
        f"Left out of {tmp_path.name}: 2 raw files, 1 video, 1 caption, 1 hidden file, "
        "2 other files.",
    )


def test_a_folder_whose_photos_lie_one_deeper_names_it(tmp_path: Path) -> None:
    deeper = tmp_path / "10_sks dog"
    deeper.mkdir()
    save(deeper / "a.jpg")
    (remark,) = photo_files.found_photos([tmp_path]).remarks
    assert f"'{deeper}'" in remark
    with pytest.raises(Refusal, match="10_sks dog"):
        photo_files.find_photos(tmp_path)
    save(tmp_path / "b.jpg")
    assert "not looked into" in photo_files.found_photos([tmp_path]).remarks[0]


def test_a_folder_without_photos_says_what_it_holds(tmp_path: Path) -> None:
    assert "holds no photos." in photo_files.found_photos([tmp_path]).remarks[0]
    (tmp_path / "1.cr3").write_bytes(b"")
    assert "holds no photos, only 1 raw file." in photo_files.found_photos([tmp_path]).remarks[0]
    assert photo_files.found_photos([tmp_path / "1.cr3"]).remarks == (
        "1.cr3 is not a photo: a raw file.",
    )


@pytest.mark.parametrize("size", [(1, 1), (5000, 2), (2, 5000), (15, 40), (900, 100)])
def test_a_photo_that_teaches_nothing_is_refused_by_name(tmp_path: Path, size) -> None:
    path = save(tmp_path / "bad.png", size=size)
    for longest in (None, 160):
        with pytest.raises(Refusal, match=r"bad\.png"):
            choosing.check_teaches("bad.png", open_photo(path, longest=longest))


def test_a_transparent_photo_is_refused_and_others_are_not(tmp_path: Path) -> None:
    Image.new("RGBA", (64, 64), (200, 10, 10, 0)).save(tmp_path / "clear.png")
    with pytest.raises(Refusal, match=r"clear\.png"):
        choosing.check_teaches("clear.png", open_photo(tmp_path / "clear.png"))
    for size in ((64, 64), (640, 100), (16, 100)):
        choosing.check_teaches("a.png", open_photo(save(tmp_path / "a.png", size=size)))


def test_the_same_pixels_saved_again_are_one_photo(tmp_path: Path) -> None:
    first = save(tmp_path / "a.png", 1, (480, 400))
    other = save(tmp_path / "b.png", 2, (480, 400))
    with Image.open(first) as picture:
        picture.save(tmp_path / "again.bmp")
        picture.convert("RGB").save(tmp_path / "again.jpg", quality=92)
    looks = [choosing.look(open_photo(path)) for path in (first, other)]
    assert choosing.double_of(looks[1], looks[:1]) is None
    for name in ("again.bmp", "again.jpg"):
        assert choosing.double_of(choosing.look(open_photo(tmp_path / name)), looks) == 0


def test_the_most_different_are_chosen_and_always_the_same() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.uniform(0, 255, (5, 768)).astype(np.float32)
    looks = [kinds[k % 5] + rng.normal(0, 1, 768).astype(np.float32) for k in range(40)]
    chosen = choosing.most_different(looks, 5)
    assert {number % 5 for number in chosen} == set(range(5))
    assert chosen == sorted(chosen) == choosing.most_different(looks, 5)
    assert choosing.most_different(looks[:3], 30) == [0, 1, 2]
    assert len(set(choosing.most_different([looks[0]] * 8, 4))) == 4
