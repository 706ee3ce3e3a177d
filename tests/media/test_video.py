"""Clips keep their frames, times and colours, and a file is there whole or not at all."""

import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from studio.media import container, footage, formats, gif_blocks, naming, provenance, tone, video
from studio.media.colour import MATTE
from studio.spec.progress import Cancelled, Progress
from studio.spec.refusal import Refusal

from .clips import noise, patches

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ROOT = Path(__file__).parents[2]
RATES = [Fraction(10), Fraction(12), Fraction(24000, 1001), Fraction(30), Fraction(3, 2)]
SIZE = (32, 24)
NAMES = ["with space 日本 ü", "100%d %s%04d%", "-i", "a#b;c=d.y"]
if sys.platform != "win32":
    NAMES += ["pipe:1", 'it\'s "quoted" back\\slash line\nbreak']


def write(path: Path, frames: int = 5, fps: Fraction | float = 24, **options: object) -> None:
    video.write_video(path, noise(frames), fps=fps, size=SIZE, recipe=None, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("fps", RATES)
def test_frame_count_and_rate_are_exact(tmp_path: Path, suffix: str, fps: Fraction) -> None:
    path = tmp_path / f"clip{suffix}"
    write(path, 49, fps)
    info = container.probe(path)
    assert info == container.VideoInfo(32, 24, fps, 49, 49 / fps)
    assert sum(1 for _ in footage.read_video(path)) == 49


@pytest.mark.parametrize("fps", [23.976, Fraction(2997, 125), 23.98])
def test_a_rate_of_television_is_written_as_editing_programs_know_it(
    tmp_path: Path, fps: Fraction | float
) -> None:
    write(tmp_path / "clip.mp4", 49, fps)
    assert container.probe(tmp_path / "clip.mp4").fps == Fraction(24000, 1001)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("frames", [1, 49])
def test_gif_frame_count_and_total_time_are_exact(
    tmp_path: Path, fps: Fraction, frames: int
) -> None:
    path = tmp_path / "clip.gif"
    write(path, frames, fps)
    with path.open("rb") as file:
        blocks = list(gif_blocks.blocks(file))
    delays = [
        gif_blocks.delay_of(block)
        for block in blocks
        if block.startswith(gif_blocks.GRAPHIC_CONTROL)
    ]
    assert len(delays) == frames == sum(block.startswith(gif_blocks.IMAGE) for block in blocks)
    assert sum(delays) == round(100 * frames / fps)
    assert max(delays) - min(delays) <= 1
    assert sum(1 for _ in footage.read_video(path)) == frames


def test_still_frames_in_a_gif_are_not_merged(tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    frame = np.full((24, 32, 3), 90, np.uint8)
    video.write_video(path, [frame] * 20, fps=10, size=SIZE, recipe=None)
    read = list(footage.read_video(path))
    assert len(read) == 20
    assert all(np.abs(back.astype(int) - 90).max() <= 3 for back in read)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_colours_survive_eight_saves(tmp_path: Path, suffix: str) -> None:
    """Flat parts and ramps: where one colour meets the next, 4:2:0 itself blends them."""
    clip = original = patches()
    for turn in range(8):
        path = tmp_path / f"{turn}{suffix}"
        video.write_video(path, clip, fps=24, size=(256, 256), recipe=None)
        clip = list(footage.read_video(path))
    error = np.stack(clip).astype(int) - np.stack(original)
    flat = error[:, 8:120].reshape(6, 112, 8, 32, 3)[:, :, :, 10:22]
    ramp = error[:, 136:248, 8:248]
    assert (np.abs(flat).mean() + np.abs(ramp).mean()) / 2 <= 0.3
    assert max(np.abs(flat).max(), np.abs(ramp).max()) <= 3
    assert np.abs(flat[:, :, 0]).max() <= 1  # the skin tone


def test_mp4_is_tagged_bt709(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4")
    command = [get_ffmpeg_exe(), "-i", tmp_path / "clip.mp4"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "h264" in said
    assert "yuv420p(tv, bt709, progressive)" in said


@pytest.mark.parametrize("size", [(2, 2), (406, 722), (16, 1080), (130, 98)])
def test_any_even_size_is_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "clip.mp4"
    video.write_video(path, noise(2, size), fps=24, size=size, recipe=None)
    assert (container.probe(path).width, container.probe(path).height) == size


@pytest.mark.parametrize("suffix", [".webm", ".gif", ".png"])
def test_odd_sizes_where_the_format_has_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    video.write_video(path, noise(2, (33, 1)), fps=24, size=(33, 1), recipe=None)
    assert next(footage.read_video(path)).shape == (1, 33, 3)


def test_odd_mp4_is_refused_before_a_frame_is_asked_for(tmp_path: Path) -> None:
    def frames() -> Iterator[np.ndarray]:
        raise AssertionError("a frame was rendered")
        yield

    with pytest.raises(Refusal, match="33 × 25"):
        video.write_video(tmp_path / "a.mp4", frames(), fps=24, size=(33, 25), recipe=None)
    for fps in (0, -1, float("nan")):
        with pytest.raises(Refusal):
            video.write_video(tmp_path / "a.mp4", frames(), fps=fps, size=SIZE, recipe=None)
    assert not list(tmp_path.iterdir())


def test_png_is_exact(tmp_path: Path) -> None:
    frames = list(noise(3))
    write(tmp_path / "one.png", 3)
    assert (next(footage.read_video(tmp_path / "one.png")) == frames[0]).all()
    write(tmp_path / "100% of_%03d.png", 3)
    write(tmp_path / "new folder", 3)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "kept.txt").write_text("kept")
    write(tmp_path / "old", 3)
    for index, frame in enumerate(frames):
        for name in (
            f"100% of_{index:03}.png",
            f"new folder/{index:04}.png",
            f"old/{index:04}.png",
        ):
            assert (next(footage.read_video(tmp_path / name)) == frame).all()
    assert (tmp_path / "old" / "kept.txt").read_text() == "kept"
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("name", ["x_%03d.png", "folder"])
def test_an_older_longer_series_is_replaced_as_a_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, 12)
    folder = path if path.is_dir() else tmp_path
    (folder / "x_notes.txt").write_text("kept")
    (folder / "x_12.png.txt").write_text("kept")
    assert naming.replaced(path).endswith("(12 pictures)")
    write(path, 5)
    assert len(list(folder.glob("*.png"))) == 5
    assert len(list(folder.glob("*.txt"))) == 2


def test_pictures_that_were_not_made_here_are_neither_mixed_in_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "x_0007.png").write_bytes(b"a photo")
    for check in (naming.replaced, lambda path: write(path, 3)):
        with pytest.raises(Refusal, match=r"x_0007\.png"):
            check(tmp_path / "x_%04d.png")
    assert [file.name for file in tmp_path.iterdir()] == ["x_0007.png"]


def test_what_is_written_is_counted(tmp_path: Path) -> None:
    for name, frames in (("a.mp4", 5), ("a.gif", 5), ("a.png", 1), ("a_%d.png", 5), ("a", 5)):
        made = video.write_video(tmp_path / name, noise(5), fps=24, size=SIZE, recipe=None)
        assert made == frames == formats.written(tmp_path / name, 5)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("size", [(32, 24), (33, 7), (1, 1)])
def test_lossless_is_lossless(tmp_path: Path, fps: Fraction, size: tuple[int, int]) -> None:
    path = tmp_path / "segment.mkv"
    frames = list(noise(25, size))
    video.write_lossless(path, frames, fps)
    back = list(video.read_lossless(path))
    assert len(back) == 25
    assert all((a == b).all() for a, b in zip(frames, back, strict=True))
    assert (container.probe(path).fps, container.probe(path).frames) == (fps, 25)


def test_lossless_bytes_repeat_and_damage_is_noticed(tmp_path: Path) -> None:
    one, two = tmp_path / "one.mkv", tmp_path / "two.mkv"
    for path in (one, two):
        video.write_lossless(path, noise(9), 24)
    assert one.read_bytes() == two.read_bytes()
    whole = bytearray(one.read_bytes())
    whole[len(whole) // 2] ^= 0x55
    one.write_bytes(whole)
    two.write_bytes(two.read_bytes()[:-3000])
    for path in (one, two):
        with pytest.raises(Refusal, match=path.name):
            list(video.read_lossless(path))


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png"])
def test_equal_frames_give_equal_files(tmp_path: Path, suffix: str) -> None:
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    for path in (one, two):
        video.write_video(path, noise(4), fps=24, size=SIZE, recipe={"seed": 1})
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png"])
def test_any_name_in_any_folder(
    tmp_path: Path, name: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / f"in {name}"
    folder.mkdir()
    monkeypatch.chdir(folder)
    if suffix == ".png":  # there these marks count frames
        name = name.replace("%d", "%").replace("%04d", "%4").replace("%s", "%")
    path = Path(name + suffix)
    video.write_video(path, noise(3), fps=10, size=SIZE, recipe={"prompt": name})
    assert [entry.name for entry in folder.iterdir()] == [path.name]
    assert container.probe(path).frames == (1 if suffix == ".png" else 3)
    assert provenance.is_marked(path)
    assert provenance.read_recipe(path) == {"prompt": name}


@pytest.mark.parametrize("target", ["clip.mp4", "clip.webm", "clip.gif", "clip_%04d.png", "folder"])
@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt])
def test_cancel_midway_leaves_nothing(
    tmp_path: Path, target: str, error: type[BaseException]
) -> None:
    def tick(progress: Progress) -> None:
        if progress.step == 20:
            raise error

    with pytest.raises(error):
        write(tmp_path / target, 40, tick=tick, total=40)
    assert not list(tmp_path.iterdir())
    assert not [one for one in threading.enumerate() if one.name == "ffmpeg-stderr"]


@pytest.mark.parametrize("target", ["clip.mp4", "clip.gif", "clip.png", "folder"])
def test_broken_and_empty_clips_leave_nothing(tmp_path: Path, target: str) -> None:
    def breaking() -> Iterator[np.ndarray]:
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        video.write_video(tmp_path / target, breaking(), fps=24, size=SIZE, recipe=None)
    with pytest.raises(Refusal, match="no frames"):
        write(tmp_path / target, 0)
    with pytest.raises(ValueError, match="in a clip of"):
        video.write_video(tmp_path / target, noise(2, (8, 8)), fps=24, size=SIZE, recipe=None)
    assert not list(tmp_path.iterdir())


def test_ticks_count_to_the_total(tmp_path: Path) -> None:
    seen: list[Progress] = []
    write(tmp_path / "clip.mp4", 7, tick=seen.append, total=7)
    assert seen[0] == Progress("export", 1, 7)
    assert seen[-1] == Progress("export", 7, 7)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".png", ""])
@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_missing_folder_is_refused(tmp_path: Path, suffix: str, folder: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal) as refused:
        write(tmp_path / folder / f"clip{suffix}")
    assert refused.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from studio.media import video
from studio.spec.refusal import Refusal
from tests.media.clips import noise
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
frames = noise(60, (64, 64))
try:
    path = Path(sys.argv[1])
    if path.suffix == ".mkv":
        video.write_lossless(path, frames, 24)
    else:
        video.write_video(path, frames, fps=24, size=(64, 64), recipe=None)
except Refusal as refusal:
    print(refusal)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit a file's size")
@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.mkv", "frames"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, name: str) -> None:
    # every single frame must be too big then
    script = FULL_DISK.replace("20_000", "2_000") if name == "frames" else FULL_DISK
    command = [sys.executable, "-c", script, str(tmp_path / name)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert name in done.stdout
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


ENDLESS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs it behind
from pathlib import Path
from studio.media import video
from tests.media.clips import noise
def tick(progress):
    if progress.step == 30:
        print("running", flush=True)
try:
    video.write_video(Path(sys.argv[1]), noise(10**9), fps=24, size=(32, 24), recipe=None,
                      tick=tick)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl+C to consoles only")
@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "frames"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-c", ENDLESS, str(tmp_path / name)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "running\n"
        program.send_signal(signal.SIGINT)
        assert program.stdout.read() == "stopped\n"
    assert not list(tmp_path.iterdir())


MEMORY = """
import resource, sys
from pathlib import Path
from studio.media import video
from tests.media.clips import noise
video.write_video(Path(sys.argv[1]), noise(int(sys.argv[2])), fps=24, size=(32, 24),
                  recipe=None)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a child's peak memory")
def test_encoder_memory_is_flat_for_gifs(tmp_path: Path) -> None:
    """Every pixel a new colour: to remember each would take 46 MB more."""

    def peak(frames: int) -> int:
        command = [sys.executable, "-c", MEMORY, str(tmp_path / "clip.gif"), str(frames)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return int(done.stdout) // (1024 if sys.platform == "darwin" else 1)

    assert peak(2000) - peak(400) < 24 * 1024


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_our_memory_is_flat_over_2000_frames(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    frame = next(noise(1, (64, 48)))
    tracemalloc.start()
    try:
        clip = (frame for _ in range(2000))
        video.write_video(path, clip, fps=24, size=(64, 48), recipe=None)
        assert sum(1 for _ in footage.read_video(path)) == 2000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_clip_is_told_of_by_its_container_and_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    video.write_video(
        path, noise(90, (64, 64)), fps=Fraction(24000, 1001), size=(64, 64), recipe=None
    )
    content = bytearray(path.read_bytes())
    content[len(content) // 3 :: 7] = bytes(len(content[len(content) // 3 :: 7]))
    path.write_bytes(content)
    info = container.probe(path)
    assert (info.frames, info.fps) == (90, Fraction(24000, 1001))
    with pytest.raises(Refusal):
        list(footage.read_video(path))


def test_frames_are_counted_where_no_length_is_stated(tmp_path: Path) -> None:
    """A stream without an end in its header, longer than what is looked at for its rate."""
    write(tmp_path / "clip.mp4", 2400)
    command = [get_ffmpeg_exe(), "-i", tmp_path / "clip.mp4", "-c", "copy"]
    with (tmp_path / "clip.h264").open("wb") as stream:
        subprocess.run(
            [*command, "-f", "h264", "-"], stdout=stream, stderr=subprocess.DEVNULL, check=True
        )
    heard: list[Progress] = []
    assert container.probe(tmp_path / "clip.h264", heard.append).frames == 2400
    assert heard

    def stop(_: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        container.probe(tmp_path / "clip.h264", stop)


def test_frames_shrink_on_their_way_and_are_never_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    video.write_video(path, noise(3, (96, 64)), fps=24, size=(96, 64), recipe=None)
    assert {frame.shape for frame in footage.read_video(path, longest=48)} == {(32, 48, 3)}
    assert next(footage.read_video(path, longest=500)).shape == (64, 96, 3)
    heard: list[Progress] = []
    assert len(list(footage.read_video(path, tick=heard.append))) == len(heard) == 3


def test_a_reader_can_be_left_midway(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", 60)
    frames = footage.read_video(tmp_path / "clip.mp4")
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert not [one for one in threading.enumerate() if one.name == "ffmpeg-stderr"]


@pytest.mark.parametrize("content", [b"", b"words " * 100, b"\0" * 9000])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    for read in (
        container.probe,
        lambda p: list(footage.read_video(p)),
        lambda p: list(video.read_lossless(p)),
    ):
        with pytest.raises(Refusal, match=r"clip\.mp4"):
            read(path)
    with pytest.raises(Refusal):
        container.probe(tmp_path / "missing.mp4")


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    write(tmp_path / "secret.mp4")
    path = tmp_path / "clip.mp4"
    path.write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'secret.mp4'}'\n")
    with pytest.raises(Refusal):
        container.probe(path)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the clips of ../shared/data are not here")
class TestShared:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("decord_video_90.mov", (320, 568, 30, 3)),
            ("derived_odd_427x239.mp4", (427, 239, Fraction(30000, 1001), 90)),
            ("one_by_one.mp4", (1, 1, 1, 5)),
            ("transparent.webm", (200, 200, 30, 150)),
            ("video_with_failing_audio.mp4", (640, 360, 25, 280)),
            ("bbb_176x144_128kbps_15fps_h263.3gp", (176, 144, 15, 15)),
        ],
    )
    def test_awkward_clips(self, name: str, expected: tuple[object, ...]) -> None:
        path = SHARED / "awkward" / "videos" / name
        info = container.probe(path)
        assert (info.width, info.height, info.fps, info.frames) == expected
        frames = list(footage.read_video(path))
        assert len(frames) == info.frames
        assert frames[0].shape == (info.height, info.width, 3)

    def test_torn_frames_are_said(self) -> None:
        path = SHARED / "awkward" / "videos" / "decord_corrupted.mp4"
        frames = footage.read_video(path)
        with pytest.raises(Refusal, match="could not be decoded"):
            for _ in frames:
                pass
        heard: list[int] = []
        assert sum(1 for _ in footage.read_video(path, torn=heard.append)) == 49
        assert heard
        assert heard[0] >= 1

    def test_what_is_transparent_shows_the_grey_of_photos(self) -> None:
        path = SHARED / "awkward" / "videos" / "transparent.webm"
        assert (next(footage.read_video(path))[0, 0] == MATTE).all()

    def test_a_clip_brighter_than_a_screen_is_mapped_as_a_photo_is(self) -> None:
        path = SHARED / "awkward" / "videos" / "hlg10-color-test.mp4"
        frame = next(footage.read_video(path, longest=480))
        untouched = [
            *footage.ffmpeg.source(path), "-vf", "scale=480:270,format=rgb24", "-frames:v", "1",
            "-f", "image2pipe", "-c:v", "pam", "pipe:1",
        ]  # fmt: skip
        codes = next(footage.pictures(path, untouched))
        expected = tone.to_sdr(codes, "arib-std-b67")
        apart = np.abs(frame.astype(int) - expected)
        assert np.median(apart) <= 6  # eight bits against ten
        assert np.median(np.abs(codes.astype(int) - expected)) > 12

    @pytest.mark.parametrize("name", ["derived_cut_without_index.mp4", "sample_audio_only.mp4"])
    def test_clips_without_pictures_are_refused(self, name: str) -> None:
        with pytest.raises(Refusal, match=name):
            container.probe(SHARED / "awkward" / "videos" / name)

    def test_a_real_clip_keeps_its_colours(self, tmp_path: Path) -> None:
        source = SHARED / "clips" / "rabbit_figurine_320x240.mp4"
        clip = original = [
            frame for frame, _ in zip(footage.read_video(source), range(8), strict=False)
        ]
        for turn in range(8):
            path = tmp_path / f"{turn}.mp4"
            video.write_video(path, clip, fps=24, size=(320, 240), recipe=None)
            clip = list(footage.read_video(path))
        drift = np.stack(clip).astype(int) - np.stack(original)
        assert np.abs(drift.mean((0, 1, 2))).max() <= 0.3


def test_an_ffmpeg_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"")
    for wrong in (tmp_path / "none", tmp_path / "clip.mp4"):
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(wrong))
        with pytest.raises(Refusal, match="ffmpeg cannot be started"):
            container.probe(tmp_path / "clip.mp4")
