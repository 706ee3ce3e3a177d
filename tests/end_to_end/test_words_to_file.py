"""The whole walk, words to a file read back, with the real parts made tiny."""

import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import main
from studio.jobs.handlers import JobHandlers
from studio.library import models
from studio.media.container import probe
from studio.media.footage import read_video
from studio.media.provenance import is_marked
from studio.project.folders import Folders
from studio.project.stored_frames import stored_frames
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "a big blue star rising over sand"
ASKED = ["generate", PROMPT, "--model", "tiny", "--seed", "11", "--steps", "2", "--keyframes", "9"]


@pytest.fixture(scope="module")
def takes(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory):
    """A home in which the clip has been made, and its frames as they are stored."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("takes") / "data"))
    assert main([*ASKED, "--out", str(home / "a.png"), "--data-dir", str(home)]) == 0
    handlers = JobHandlers(Folders(home))
    model = models.find("tiny", handlers.model_folders)
    guidance = model.card.defaults.guidance
    asked = ClipRequest(PROMPT, 11, "tiny", model.weights, 64, 64, 9, Fraction(4), 2, guidance)
    store = handlers.takes(home / "scratch")
    return home, np.stack(list(stored_frames(store, list(last_keys(spans(asked))))))


def test_the_request_of_the_command_line_is_the_one_expected(takes):
    assert takes[1].shape == (9, 64, 64, 3)
    assert takes[1].std() > 2


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif"])
def test_a_clip_shows_the_stored_frames(takes, tmp_path, name):
    home, frames = takes
    assert main([*ASKED, "--out", str(tmp_path / name), "--data-dir", str(home)]) == 0
    info = probe(tmp_path / name)
    assert (info.frames, info.fps, info.width, info.height) == (9, 4, 64, 64)
    assert is_marked(tmp_path / name)
    shown = np.stack(list(read_video(tmp_path / name))).astype(int)
    # brightness only: video keeps colours at half size, and these frames are colourful noise
    luma = np.array((0.2126, 0.7152, 0.0722))
    assert np.abs(shown @ luma - frames @ luma).mean() < 6
    nearest = [np.abs(frames @ luma - f @ luma).mean((1, 2)).argmin() for f in shown]
    assert nearest == list(range(9))


@pytest.mark.parametrize("name", ["frames", "f_%03d.png"])
def test_pictures_are_the_stored_frames_exactly(takes, tmp_path, name):
    home, frames = takes
    assert main([*ASKED, "--out", str(tmp_path / name), "--data-dir", str(home)]) == 0
    files = sorted(tmp_path.rglob("*.png"))
    assert np.array_equal(np.stack([np.asarray(Image.open(f)) for f in files]), frames)


def test_a_full_disk_during_export_is_refused_and_leaves_nothing(takes, tmp_path):
    home, _ = takes
    pytest.importorskip("resource", reason="Windows cannot bound the size of files")
    bounded = (
        "import resource, sys; from studio.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    out = tmp_path / "a.mp4"
    done = subprocess.run(
        [sys.executable, "-c", bounded, *ASKED, "--out", str(out), "--data-dir", str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_any_characters_in_paths(takes, tmp_path):
    home, _ = takes
    odd = tmp_path / "ein Ordner, %d 'und' “mehr” ✂"
    odd.mkdir()
    out = odd / "-a b;ü.mp4"
    assert main([*ASKED, f"--out={out}", "--data-dir", str(home)]) == 0
    assert probe(out).frames == 9
