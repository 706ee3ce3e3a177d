"""Words to a file by two families: keyframes of Stable Diffusion XL, Wan's frames between them."""

import pytest

from studio.media.footage import read_video
from tests import sdxl_with_wan
from tests.offline import no_network  # noqa: F401


@pytest.mark.slow
def test_a_stack_makes_a_clip_with_every_part_from_files(run, home, tmp_path):
    models = sdxl_with_wan.make(tmp_path / "ComfyUI" / "models")
    found = run("library", "add", str(tmp_path / "ComfyUI"), "--json").answer
    assert found["counts"] == {
        "checkpoint": 1, "video model": 1, "text encoder": 1, "autoencoder": 1,
    }  # fmt: skip
    assert models.is_dir()
    stack = ("--model", sdxl_with_wan.KEYFRAMES, "--holes-model", sdxl_with_wan.BETWEEN)
    assert run("library", "stack", "dreamy", *stack, "--json").answer["model"] == "sd_xl_base_1.0"
    words = (
        "generate", "a red ball", "--model", "dreamy", "--interpolate", "1", "--keyframes", "2",
        "--width", "32", "--height", "32", "--steps", "1", "--seed", "5",
        "--out", str(tmp_path / "clip.mp4"), "--json",
    )  # fmt: skip
    clip = run(*words)
    assert clip.code == 0, clip.err
    assert (clip.answer["frames"], clip.answer["fps"]) == (17, 16)
    shown = list(read_video(tmp_path / "clip.mp4"))
    assert (len(shown), shown[0].shape) == (17, (32, 32, 3))
    assert run(*words).answer["made"] == 0
