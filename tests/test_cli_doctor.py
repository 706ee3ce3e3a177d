"""`doctor` sees what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from studio.cli import main
from studio.jobs import handlers
from studio.jobs.checkup import verdict


@pytest.fixture
def doctor(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(handlers, "BUILT_IN", home / "none")  # the first model is the tiny one

    def doctor() -> tuple[int, dict[str, dict]]:
        code = main(["doctor", "--json", "--data-dir", str(home)])
        checks = json.loads(capsys.readouterr().out)["checks"]
        return code, {check["name"]: check for check in checks}

    return doctor


def altered(file: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    tensors = load_file(file)
    save_file(tensors | {name: change(tensors[name])}, file, {"format": "pt"})


def test_a_well_computer(doctor):
    code, checks = doctor()
    assert code == 0
    assert all(check["works"] for check in checks.values())
    assert checks["self-test"]["words"].startswith("2 frames in ")


def test_values_that_are_no_numbers(doctor, home):
    unet = home / "models" / "tiny" / "unet" / "diffusion_pytorch_model.safetensors"
    altered(unet, "conv_out.bias", lambda bias: bias * np.float16("nan"))
    code, checks = doctor()
    assert code == 2
    assert "NaN" in checks["self-test"]["words"]


def test_black_frames(doctor, home):
    vae = home / "models" / "tiny" / "vae" / "diffusion_pytorch_model.safetensors"
    altered(vae, "decoder.conv_out.bias", lambda bias: bias - np.float16(50))
    code, checks = doctor()
    assert code == 2
    assert "show nothing (mean 0 of 255)" in checks["self-test"]["words"]


def test_a_truncated_model_and_no_other(doctor, home):
    file = home / "models" / "tiny" / "temporal.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    code, checks = doctor()
    assert code == 2
    assert "cut short" in checks["model"]["words"]
    assert "no model to try" in checks["self-test"]["words"]


def test_frames_with_something_on_them_pass():
    frames = np.zeros((2, 8, 8, 3), np.uint8)
    assert not verdict(frames, 1.0).works
    frames[:, 2:5] = 200
    assert verdict(frames, 1.0).works


def test_places_that_cannot_be_written(doctor, home, tmp_path, monkeypatch):
    (home / "scratch").mkdir()
    (home / "scratch" / "takes").write_text("in the way")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "data" / "scratch" / "takes"))
    code, checks = doctor()
    assert code == 2
    assert checks["data"]["works"]
    assert "GiB free" in checks["data"]["words"]
    assert not checks["takes"]["works"]
    assert not checks["temporary"]["works"]
