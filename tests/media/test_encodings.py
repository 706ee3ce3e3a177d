"""Every kind of file: the frames come back with their colours, times, tags and marks."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media import encoders, ffmpeg, footage, provenance, video
from studio.spec.refusal import Refusal

from .clips import patches

SIZE = (34, 26)
ODD = (33, 25)
RATE = Fraction(24000, 1001)
RECIPE = {"prompt": 'a <red> & "blue" ball\n日本 \ud83d', "seed": 7}
FILMS = [e.id for e in encoders.ENCODINGS if e.id not in ("png", "gif")]
TAGGED = [id for id in FILMS if id not in ("webp",)]


def moving(size: tuple[int, int] = SIZE, frames: int = 7) -> list[np.ndarray]:
    """A smooth ramp whose colour changes from frame to frame; no two frames are alike."""
    ramp = np.linspace(40, 210, size[0])[None, :, None].repeat(size[1], 0)
    colours = [np.array([1.0, 0.3 + k / 10, 0.9 - k / 10]) for k in range(frames)]
    return [(ramp * colour).round().astype(np.uint8) for colour in colours]


def write(path: Path, id: str, frames: list[np.ndarray], **options) -> Path:
    size = (frames[0].shape[1], frames[0].shape[0])
    video.write_video(path, frames, fps=RATE, size=size, recipe=RECIPE, encoding=id, **options)
    return path


def read(path: Path) -> list[np.ndarray]:
    """All frames; Pillow knows the loops that ffmpeg reads only the first picture of."""
    if path.suffix not in (".webp", ".avif"):
        return list(footage.read_video(path))
    with Image.open(path) as picture:
        made = []
        for k in range(getattr(picture, "n_frames", 1)):
            picture.seek(k)
            made.append(np.asarray(picture.convert("RGB")))
        return made


def test_this_ffmpeg_has_them_all():
    assert [e.id for e in encoders.available()] == [e.id for e in encoders.ENCODINGS]


@pytest.mark.parametrize("id", FILMS)
def test_frames_come_back_in_their_colours(tmp_path, id):
    path = write(tmp_path / f"a{encoders.BY_ID[id].suffix}", id, moving())
    back = read(path)
    assert len(back) == 7
    far = [np.abs(a.astype(int) - b).mean() for a, b in zip(moving(), back, strict=True)]
    assert max(far) < 2.5, far
    assert provenance.is_marked(path)
    assert provenance.read_recipe(path)["seed"] == 7
    assert provenance.read_recipe(path)["prompt"].startswith('a <red> & "blue" ball\n日本')


@pytest.mark.parametrize("id", FILMS)
def test_without_the_recipe_only_the_mark_stays(tmp_path, id):
    path = tmp_path / f"a{encoders.BY_ID[id].suffix}"
    video.write_video(path, moving(), fps=24, size=SIZE, recipe=None, encoding=id)
    assert provenance.is_marked(path)
    assert provenance.read_recipe(path) is None
    assert b"ball" not in path.read_bytes()


@pytest.mark.parametrize("id", TAGGED)
def test_colours_are_tagged_as_bt709(tmp_path, id):
    path = write(tmp_path / f"a{encoders.BY_ID[id].suffix}", id, moving())
    with ffmpeg.running(
        ["-loglevel", "info", *ffmpeg.source(path), "-frames:v", "1", "-f", "framecrc", "pipe:1"],
        words=100,
    ) as program:
        program.output.read()
        program.finish()
        said = b"".join(program.words).decode()
    stream = next(line for line in said.splitlines() if "Video:" in line)
    assert "bt709" in stream, stream
    assert "(tv" in stream, stream
    assert encoders.BY_ID[id].pixels in stream, stream


@pytest.mark.parametrize("id", ["prores", "vp9", "av1", "webp", "avif"])
def test_odd_sides_are_kept(tmp_path, id):
    path = write(tmp_path / f"a{encoders.BY_ID[id].suffix}", id, moving(ODD, 2))
    assert {frame.shape for frame in read(path)} == {(25, 33, 3)}


@pytest.mark.parametrize("id", FILMS)
def test_a_smaller_quality_makes_no_larger_file(tmp_path, id):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(3)]
    sizes = [
        write(tmp_path / f"{q}{encoders.BY_ID[id].suffix}", id, frames, quality=q).stat().st_size
        for q in encoders.QUALITIES
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]


@pytest.mark.parametrize("frames", [1, 3])
def test_lossless_webp_is_bit_for_bit_and_of_its_length(tmp_path, frames):
    path = write(tmp_path / "a.webp", "webp", moving(frames=frames))
    with Image.open(path) as picture:
        shown = 0
        for k, frame in enumerate(moving(frames=frames)):
            picture.seek(k)
            assert (np.asarray(picture.convert("RGB")) == frame).all()
            shown += picture.info.get("duration", 0)
        assert frames == 1 or abs(shown - 1000 * frames / RATE) <= 2
        assert "DigitalSourceType" in str(picture.info.get("xmp"))


def test_the_usual_files_are_what_they_were(tmp_path):
    """The encoders of the first release still have their arguments."""
    assert encoders.BY_ID["h264"].how("best")[:6] == [
        "-c:v", "libx264", "-preset", "medium", "-movflags", "+faststart",
    ]  # fmt: skip
    video.write_video(tmp_path / "a.mp4", patches(64, 2), fps=24, size=(64, 64), recipe=None)
    write(tmp_path / "b.mp4", "h264", patches(64, 2), quality="best")
    assert encoders.encoding_of(tmp_path / "a.webm").id == "vp9"


def test_what_cannot_be_is_said(tmp_path):
    with pytest.raises(Refusal, match="cannot hold prores"):
        encoders.encoding_of(tmp_path / "a.mp4", "prores")
    with pytest.raises(Refusal, match="no format"):
        encoders.encoding_of(tmp_path / "a.mp4", "betamax")
    with pytest.raises(Refusal, match="no quality"):
        encoders.quality_of("fine")


def test_a_format_without_its_encoder_is_not_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "there", lambda: frozenset({"libx264"}))
    assert [e.id for e in encoders.available()] == ["h264", "png"]
    with pytest.raises(Refusal, match="no encoder for hevc"):
        encoders.encoding_of(tmp_path / "a.mp4", "hevc")
