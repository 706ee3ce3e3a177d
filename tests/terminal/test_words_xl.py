"""LoRAs and embeddings of SDXL, and a LoRA of Wan's, through whole requests."""

import re
from pathlib import Path

import pytest
from safetensors.torch import save_file

from tests import published_models as published
from tests import sdxl_with_wan
from tests.engine.lora import lora_files
from tests.unplanned import nothing_is_found_out  # noqa: F401

MODEL = sdxl_with_wan.KEYFRAMES
QUICK = ("--model", MODEL, "--steps", "1", "--width", "64", "--height", "64", "--seed", "7")
STILL = (*QUICK, "--keyframes", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """One for all: what is known of the files is found out once."""
    data = tmp_path_factory.mktemp("people") / "data"
    models = sdxl_with_wan.make(data / "models")
    (models / "loras").mkdir()
    lora_files.of_xl(models / "loras", published.networks("sdxl"))
    layer, width = "diffusion_model.blocks.0.self_attn.q", 1536
    tensors = {
        f"{layer}.lora_A.weight": lora_files.random(1, 4, width),
        f"{layer}.lora_B.weight": lora_files.random(2, width, 4),
    }
    save_file(tensors, models / "loras" / "walk.safetensors")
    return data


def test_a_lora_and_an_embedding_make_another_picture_and_say_so(run, tmp_path):
    made = {}
    for name, (words, more) in {
        "bare": ("a ball, rex", ()),
        "lora": ("a ball, rex", ("--lora", "style:0.8")),
        "embedding": ("a ball, rexy", ()),
    }.items():
        out = tmp_path / f"{name}.png"
        ran = run("generate", words, *STILL, *more, "--out", str(out), "--json")
        assert ran.code == 0, ran.err
        made[name] = out.read_bytes(), ran.answer.get("notes", [])
    assert len({pixels for pixels, _ in made.values()}) == len(made)
    (counted,) = re.findall(r"style matched (\d+) of (\d+) layers\.", " ".join(made["lora"][1]))
    assert counted[0] == counted[1]


def test_loras_of_both_models_go_each_on_its_own(run):
    between = ("--keyframes", "2", "--holes-model", sdxl_with_wan.BETWEEN, "--interpolate", "1")

    def keys(*loras: str) -> dict[str, list[str]]:
        named = [word for lora in loras for word in ("--lora", lora)]
        ran = run("generate", "a ball", *QUICK, *between, *named, "--plan", "--json")
        assert ran.code == 0, ran.err
        found: dict[str, list[str]] = {}
        for span in ran.answer["plan"]:
            found.setdefault(span["stage"], []).append(span["key"])
        return found

    bare, still, moved = keys(), keys("style"), keys("walk")
    assert still["keyframes"] != bare["keyframes"]
    assert moved["keyframes"] == bare["keyframes"]
    assert moved != bare


def test_a_lora_of_a_model_that_takes_no_part_is_refused(run):
    ran = run("generate", "a ball", *STILL, "--lora", "walk", "--plan")
    assert ran.code == 2
    assert "“walk” was made for Wan 1.3B; the model of this shot is SDXL." in ran.err
