"""From words to 113 frames and far beyond: killed, edited, and in constant memory."""

import json
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.jobs.handlers import JobHandlers
from studio.jobs.once import run_once
from studio.library import models
from studio.media.container import probe
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.project.shot import Shot
from studio.project.stored_frames import stored_frames
from studio.spec import strip as strips
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans
from tests.engine import tiny_upsampler

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "a red ball moving left over grass"
SMALL = ("--model", "dense", "--seed", "7", "--steps", "2", "--width", "16", "--height", "16")
MAKE = ("generate", PROMPT, *SMALL)
KILLED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else 0


def stored(home: Path) -> dict[str, bytes]:
    """Every take by its key, with the bytes of its frames and latents."""
    files = (home / "scratch" / "takes").glob("[0-9a-f]*/*/*")
    return {f"{f.parent.name}/{f.name}": f.read_bytes() for f in files if f.suffix != ".json"}


def files(home: Path) -> dict[str, tuple[int, int]]:
    """Every file of a take with its inode and the time it was written."""
    found = (home / "scratch" / "takes").glob("[0-9a-f]*/*/*")
    return {str(f): (f.stat().st_ino, f.stat().st_mtime_ns) for f in found}


@pytest.fixture(scope="module")
def unbroken(victim, dense_home, tmp_path_factory):
    """A home in which 113 frames were made in one go, and the ticks that it took."""
    home = Path(shutil.copytree(dense_home, tmp_path_factory.mktemp("unbroken") / "data"))
    end = victim(*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
    assert end["code"] == 0
    return home, end["ticks"]


def test_eight_keyframes_become_113_frames(unbroken):
    info = probe(unbroken[0] / "a.mp4")
    assert (info.frames, info.fps) == (113, 24)


@pytest.mark.parametrize("most", [2, pytest.param(20, marks=pytest.mark.long)])
def test_killed_at_seeded_moments_it_ends_in_the_same_frames(
    victim, unbroken, dense_home, tmp_path, most
):
    """One home, killed again and again: every life goes on from what the last ones finished."""
    whole, ticks = unbroken
    home = Path(shutil.copytree(dense_home, tmp_path / "data"))
    words = (*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
    rng, kept, lives = random.Random(5), {}, 0
    while lives < most:
        # a life is long enough to load the model and to finish a span or two
        end = victim(*words, kill_at=rng.randint(15, 15 + ticks // 14))
        if end["code"] == 0:
            break
        assert end["code"] == KILLED
        lives += 1
        there = files(home)
        assert kept.items() <= there.items(), "what was finished was made again"
        assert stored(home).items() <= stored(whole).items()
        kept = there
    assert lives == most
    assert victim(*words)["code"] == 0
    assert kept.items() <= files(home).items()
    assert stored(home) == stored(whole)
    assert (home / "a.mp4").read_bytes() == (whole / "a.mp4").read_bytes()


@pytest.fixture
def studio(unbroken, tmp_path):
    """The handlers on a copy of the finished home, and the request that it was made of."""
    home = Path(shutil.copytree(unbroken[0], tmp_path / "data", copy_function=shutil.copy2))
    handlers = JobHandlers(Folders(home))
    model = models.find("dense", handlers.model_folders)
    shot = Shot("0123456789ab", PROMPT, seed=7, steps=2, width=16, height=16)
    return handlers, home, shot.request(model.card, model.weights, None)


def made(handlers: JobHandlers, home: Path, asked: ClipRequest) -> tuple[dict, np.ndarray]:
    payload = {"project": str(home / "scratch"), "request": to_plain(asked)}
    result = run_once(handlers.by_kind(), "render", payload)
    keys = list(last_keys(spans(asked)))
    return result, np.stack(list(stored_frames(handlers.takes(home / "scratch"), keys)))


@pytest.mark.parametrize("number", [0, 3, pytest.param(7, marks=pytest.mark.long)])
def test_one_edited_keyframe_costs_at_most_33_frames(studio, number):
    """Every other stored frame is the very same file."""
    handlers, home, asked = studio
    result, before = made(handlers, home, asked)
    assert result["made"] == []
    there = files(home)
    edited = replace(asked, strip=strips.rerolled(strips.fresh(8, 8), [number], 8, seed=99))
    result, after = made(handlers, home, edited)
    again = [span for span in spans(edited) if span.key in set(result["made"])]
    assert sum(len(span.makes) for span in again if span.stage == "decode") <= 33
    assert sum(len(span.makes) for span in again if span.stage == "interpolation") <= 30
    assert there.items() <= files(home).items()
    changed = (before != after).any((1, 2, 3))
    near = np.abs(np.arange(113) - 16 * number) < 16
    assert changed[near].mean() > 0.9  # a frame of few steps may round to what it was
    assert not changed[~near].any()


@pytest.mark.long
def test_extending_takes_no_more_memory_for_ten_times_the_length(dense_home, tmp_path):
    """240 against 2 400 frames of prediction, each in a process of its own."""
    peaks = {}
    for frames in (240, 2400):
        home = Path(shutil.copytree(dense_home, tmp_path / str(frames)))
        length = ("--keyframes", "8", "--extend", str(frames - 8), "--interpolate", "0")
        peaks[frames] = peak(home, frames, *length)
    assert peaks[2400] <= 1.1 * peaks[240]


@pytest.mark.long
def test_upsampling_takes_no_more_memory_for_eight_times_the_length(dense_home, tmp_path):
    peaks = {}
    for keyframes, frames in ((3, 33), (17, 257)):
        home = Path(shutil.copytree(dense_home, tmp_path / str(frames)))
        tiny_upsampler.give(home / "models" / "dense")
        extend = max(0, keyframes - 8)
        length = ("--keyframes", str(keyframes - extend), "--extend", str(extend))
        peaks[frames] = peak(home, frames, *length, "--interpolate", "2", "--upsample")
    assert peaks[257] <= 1.1 * peaks[33]


def peak(home: Path, frames: int, *more: str) -> int:
    """The most MB that a process had which made a clip of so many frames."""
    if sys.platform == "win32":
        pytest.skip("Windows does not tell a program's peak memory")
    words = ["generate", PROMPT, *SMALL, "--steps", "1", *more, "--json"]
    words += ["--out", str(home / "a.mp4"), "--data-dir", str(home)]
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["frames"] == frames
    return said["peak_memory_mb"]
