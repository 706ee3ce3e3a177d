"""From people's files to a clip, with every role filled by files of published layouts, in a process
that may open no socket and finds an empty cache."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from studio.media.footage import read_video
from tests import published_models as published

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = """
import json, socket, sys
from dataclasses import replace
from studio.library.derived import codecs
codecs.UPSAMPLING = replace(codecs.UPSAMPLING, steps=1, guidance=1.0)  # as published, 20 in two ways
def refused(*args, **more):
    sys.stderr.write("A SOCKET WAS OPENED\\n")
    raise OSError("no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
from studio.cli import main
for words in json.loads(sys.argv[1]):
    if code := main(words):
        sys.exit(code)
"""


@pytest.fixture(scope="module")
def comfy(tmp_path_factory) -> Path:
    """A ComfyUI whose user has Stable Diffusion, AnimateDiff, SparseCtrl and Stable Video's decoder,
    and downloaded the ×4 upscaler."""
    folder = tmp_path_factory.mktemp("home") / "ComfyUI"
    models = folder / "models"
    published.checkpoint(models / "checkpoints" / "dream.safetensors")
    published.motion_module(models / "animatediff_models" / "v3_sd15_mm.safetensors")
    published.control(models / "controlnet" / "v3_sd15_sparsectrl_rgb.safetensors")
    published.autoencoder_file(models / "vae" / "svd.safetensors", "svd")
    published.upscaler(models / "diffusers" / "x4-upscaler")
    return folder


def run(home: Path, *commands: Sequence[str]) -> list[dict]:
    """Commands, one after the other in a process of their own: their JSON objects."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environ |= {"HF_HOME": str(home / "empty"), "TQDM_DISABLE": "1", "PYTHONPATH": str(ROOT)}
    where = ("--json", "--data-dir", str(home / "data"))
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, json.dumps([(*words, *where) for words in commands])],
        cwd=home,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "A SOCKET WAS OPENED" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_clip_by_files_in_published_layouts(comfy, tmp_path):
    (tmp_path / "data").mkdir()
    model = "dream+v3_sd15_mm+v3_sd15_sparsectrl_rgb"
    kept = ("--model", model, "--decoder", "svd", "--upscaler", "x4-upscaler")
    words = (
        "generate", "a red ball on grass", "--model", "dreamy", "--upsample", "--interpolate", "1",
        "--extend", "1", "--keyframes", "2", "--width", "32", "--height", "32", "--steps", "1",
        "--seed", "5", "--out", "clip.mp4",
    )  # fmt: skip
    found, stack, clip, again = run(
        tmp_path,
        ("library", "add", str(comfy)),
        ("library", "stack", "dreamy", *kept),
        words,
        words,
    )
    assert found["counts"] == {
        "checkpoint": 1, "motion module": 1, "control": 1, "temporal autoencoder": 1, "upscaler": 1,
    }  # fmt: skip
    assert stack["decoder"] == "svd"
    frames = 4 * (2 + 1 - 1) + 1
    assert (clip["frames"], clip["fps"], clip["width"]) == (frames, 32, 128)
    shown = list(read_video(tmp_path / "clip.mp4"))
    assert (len(shown), shown[0].shape) == (frames, (128, 128, 3))
    assert clip["made"] > 3
    assert again["made"] == 0
    assert not (tmp_path / "empty").exists()


@pytest.mark.long
@pytest.mark.slow
def test_a_clip_by_a_folder_of_wan(tmp_path):
    (tmp_path / "data").mkdir()
    published.wan(tmp_path / "models" / "Wan2.1-T2V-1.3B-Diffusers")
    words = (
        "generate", "a red ball", "--model", "Wan2.1-T2V-1.3B-Diffusers", "--keyframes", "5",
        "--width", "32", "--height", "32", "--steps", "1", "--seed", "5", "--out", "clip.mp4",
    )  # fmt: skip
    _, clip = run(tmp_path, ("library", "add", str(tmp_path / "models")), words)
    assert (clip["frames"], clip["fps"]) == (5, 16)
    assert len(list(read_video(tmp_path / "clip.mp4"))) == 5
