"""Folders of other programs, read in place: which of their folders hold models, and what is found."""

import os
from pathlib import Path

import pytest

from studio.library.model_names import name_of
from studio.library.program_folders import hub_cache, places_of
from studio.library.scan import scan
from studio.spec.bounds import is_name
from studio.spec.refusal import Refusal
from tests.library.headers import put


def names(*folders: Path) -> list[str]:
    return sorted(name_of(entry.path) for entry in scan(folders).entries)


def repository(cache: Path, name: str, file: str, commits: tuple[str, ...]) -> Path:
    """A model in the Hugging Face cache: blobs, and snapshots that link into them."""
    home = cache / f"models--{name.replace('/', '--')}"
    for commit in commits:
        blob = put(home / "blobs" / f"{commit}0123.safetensors").rename(
            home / "blobs" / (commit * 3)
        )
        link = home / "snapshots" / commit / file
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commits[0])
    return home


@pytest.fixture
def cache(tmp_path) -> Path:
    """Two repositories, one of them downloaded in two versions, one whose files have no names."""
    folder = tmp_path / "hf" / "hub"
    repository(folder, "somebody/fine-tune", "fine.safetensors", ("b", "a"))
    plain = repository(folder, "org/plain", "diffusion_pytorch_model.fp16.safetensors", ("c",))
    (plain / "refs" / "main").write_text("gone")
    return folder


def test_of_the_hugging_face_cache_each_repository_counts_once(cache):
    for folder in (cache, cache.parent):
        assert places_of(folder).program == "Hugging Face cache"
        assert names(folder) == ["fine", "plain"]
    assert [e.path.parent.name for e in scan([cache]).entries] == ["c", "b"]


def test_where_the_cache_is_follows_the_environment(tmp_path):
    assert hub_cache({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}) == Path("/a")
    assert hub_cache({"HF_HOME": "/b"}) == Path("/b/hub")
    assert hub_cache({"XDG_CACHE_HOME": "/c"}) == Path("/c/huggingface/hub")
    assert hub_cache({"HOME": "/d"}) == Path("/d/.cache/huggingface/hub")


def test_comfyui_and_the_folders_that_its_file_names(tmp_path, monkeypatch):
    comfy, other = tmp_path / "ComfyUI", tmp_path / "other ünï"
    put(comfy / "models" / "checkpoints" / "one.safetensors")
    put(comfy / "venv" / "lib" / "no model.safetensors")
    put(other / "models" / "Lora" / "two.safetensors")
    put(other / "models" / "LyCORIS" / "three.safetensors")
    put(other / "outputs" / "no model.safetensors")
    monkeypatch.setenv("ELSEWHERE", str(other))
    (comfy / "extra_model_paths.yaml").write_text(
        "# a comment\na111:\n    base_path: $ELSEWHERE\n    is_default: true\n"
        "    loras: |\n        models/Lora\n        models/LyCORIS\n    vae: models/VAE\n"
        "    custom_nodes: outputs\nempty:\nlist: [1]\n",
        "utf-8",
    )
    assert places_of(comfy).program == "ComfyUI"
    assert names(comfy) == ["one", "three", "two"]
    assert names(comfy / "extra_model_paths.yaml") == ["three", "two"]


@pytest.mark.parametrize("text", ["a: [", "- 1", "\x00", "x: " + "[" * 3000])
def test_a_damaged_file_of_paths_is_refused_and_beside_models_left_out(tmp_path, text):
    put(tmp_path / "models" / "checkpoints" / "one.safetensors")
    file = tmp_path / "extra_model_paths.yaml"
    file.write_text(text)
    with pytest.raises(Refusal, match="no list of folders"):
        places_of(file)
    assert names(tmp_path) == ["one"]


def test_a1111_and_invokeai(tmp_path):
    webui, invoke = tmp_path / "webui", tmp_path / "invokeai"
    put(webui / "models" / "Stable-diffusion" / "sub" / "one.safetensors")
    put(webui / "embeddings" / "two.safetensors")
    put(webui / "repositories" / "no model.safetensors")
    put(invoke / "models" / "8d1e" / "three.safetensors")
    put(invoke / "outputs" / "no model.safetensors")
    (invoke / "invokeai.yaml").write_text("schema_version: 4.0.2\n")
    assert [places_of(f).program for f in (webui, invoke)] == ["A1111", "InvokeAI"]
    assert names(webui, invoke) == ["one", "three", "two"]


def test_names_are_those_that_people_know():
    names = {
        "a/dreamshaper_8.safetensors": "dreamshaper_8",
        "a/wan-00001-of-00003.safetensors": "wan",
        "v3_sd15_mm.ckpt": "v3_sd15_mm",
        "animatediff-motion-adapter-v1-5-3/diffusion_pytorch_model.fp16.safetensors": (
            "animatediff-motion-adapter-v1-5-3"
        ),
        "models--madebyollin--taesd/snapshots/0f/diffusion_pytorch_model.safetensors": "taesd",
        "models--a--svd/snapshots/0f/vae/diffusion_pytorch_model.safetensors": "svd vae",
        "models--org--Wan2.2-TI2V-5B/snapshots/0f": "Wan2.2-TI2V-5B",
        "a/sd v1.5": "sd v1.5",
    }
    assert {path: name_of(Path(path)) for path in names} == names
    assert is_name(name_of(Path("ü" * 300 + ".safetensors")))
