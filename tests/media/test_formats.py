"""What an export can hold is known before anything is rendered."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.media import formats, naming
from studio.media.timing import frame_rate_of
from studio.spec.refusal import Refusal


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.gif", "clip.png", "folder"])
def test_even_sizes_fit_everywhere(name: str) -> None:
    formats.check_export(Path(name), size=(406, 722), fps=24)


def test_odd_sizes_name_the_two_nearest() -> None:
    with pytest.raises(Refusal) as refused:
        formats.check_export(Path("clip.mp4"), size=(427, 239), fps=24)
    assert "427 × 239" in refused.value.what
    assert refused.value.hint == "Use 426 × 238 or 428 × 240."


@settings(derandomize=True, deadline=None)
@given(
    st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)), st.sampled_from([*formats.FORMATS])
)
def test_fitting_sizes_fit_and_are_nearest(size: tuple[int, int], suffix: str) -> None:
    below, above = formats.fitting_sizes(size, suffix)
    assert formats.playable(below, suffix)
    assert formats.playable(above, suffix)
    if formats.playable(size, suffix):
        assert below == above == size
    elif max(size) < 16384:
        assert all(
            0 <= abs(b - s) <= 1 and 0 <= a - s <= 1
            for b, s, a in zip(below, size, above, strict=True)
        )


@pytest.mark.parametrize("size", [(0, 64), (64, -2), (70_000, 64)])
@pytest.mark.parametrize("suffix", [*formats.FORMATS])
def test_impossible_sizes_are_refused(size: tuple[int, int], suffix: str) -> None:
    assert not formats.playable(size, suffix)
    with pytest.raises(Refusal):
        formats.check_export(Path(f"clip{suffix}"), size=size, fps=24)


@pytest.mark.parametrize("fps", [0, -24, float("nan"), float("inf"), Fraction(-1, 2)])
def test_frame_rates_that_are_none(fps: float) -> None:
    with pytest.raises(Refusal, match="is not a frame rate"):
        formats.check_export(Path("clip.mp4"), size=(64, 64), fps=fps)


def test_a_gif_has_a_fastest_rate() -> None:
    formats.check_export(Path("clip.gif"), size=(64, 64), fps=50)
    with pytest.raises(Refusal, match="60 frames a second"):
        formats.check_export(Path("clip.gif"), size=(64, 64), fps=60)


def test_unknown_endings_are_refused() -> None:
    with pytest.raises(Refusal, match=r"clip\.avi"):
        formats.check_export(Path("clip.avi"), size=(64, 64), fps=24)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frames").write_bytes(b"")
    with pytest.raises(Refusal, match="frames is a file"):
        formats.check_export(tmp_path / "frames", size=(64, 64), fps=24)


@pytest.mark.parametrize(
    "name",
    [
        "-", ".mp4", ".PNG", "clip.mp4.", "clip.", "clip.mp4 ", "frames ", "con.mp4", "COM¹.mp4",
        "lpt³.png", "CONIN$.gif", "nul", "f_####.png", "f_%03d_%02d.png", "f_%s.png", "f_%0300d.png",
        "f_{:04d}.png", "f_$F4.png", "x" * 300 + ".mp4", "x" * 252 + ".mp4", "é" * 130 + ".gif",
        "x" * 248 + "_%d.png", "x" * 300,
    ],
)  # fmt: skip
def test_a_name_that_would_become_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        formats.check_export(tmp_path / name, size=(64, 64), fps=24)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "name",
    ["a.mp4", "50% off.png", "#1.png", "f_%04d.png", "f_%d.mp4", ".hidden", "console.mp4",
     "é" * 120 + ".mp4", "x" * 240 + ".mp4", "日本 ü.gif"],
)  # fmt: skip
def test_other_names_are_let_be(tmp_path: Path, name: str) -> None:
    formats.check_export(tmp_path / name, size=(64, 64), fps=24)


def test_a_gif_cannot_wait_longer_than_its_two_bytes_say() -> None:
    formats.check_export(Path("clip.gif"), size=(64, 64), fps=Fraction(100, 65535))
    with pytest.raises(Refusal, match=r"655\.35 s"):
        formats.check_export(Path("clip.gif"), size=(64, 64), fps=Fraction(1, 1000))


def test_only_one_counting_mark_counts() -> None:
    name = naming.numbered("50% of_%04d.png")
    assert name is not None
    assert name(7) == "50% of_0007.png"
    assert naming.numbered("50%.png") is None
    assert naming.numbered("%d_%d.png") is None
    assert naming.numbered("%0300d.png") is None


@settings(derandomize=True, deadline=None)
@given(
    st.sampled_from([10, 12, 15, 16, 24, 25, 30, 32, 48, 50, 60, (15, 2), (24000, 1001),
                     (30000, 1001), (60000, 1001)]),
    st.integers(2, 400),
    st.sampled_from([1000, 90_000, 1_000_000_000]),
)  # fmt: skip
def test_rounded_stamps_give_the_exact_rate(rate: object, frames: int, ticks: int) -> None:
    fps = Fraction(*rate) if isinstance(rate, tuple) else Fraction(rate)  # type: ignore[arg-type]
    shown = [round(index / fps * ticks) for index in range(frames)]
    stored = Fraction(10**9, round(10**9 / fps))  # as WebM declares it, in whole nanoseconds
    assert frame_rate_of(shown, Fraction(1, ticks), stored) == fps


def test_uneven_stamps_give_the_mean() -> None:
    assert frame_rate_of([0, 100, 400], Fraction(1, 1000), Fraction(30)) == 5
    assert frame_rate_of([0], Fraction(1, 1000), Fraction(30)) == 30
