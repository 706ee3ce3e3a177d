"""Stacks: kept after their models were looked at, used by --model, read back or refused."""

import json

import pytest

from tests.library.headers import checkpoint, motion, put
from tests.library.weight_builder import safetensors
from tests.unplanned import nothing_is_found_out  # noqa: F401

PLAN = ("generate", "a red ball", "--plan", "--json", "--model")


@pytest.fixture
def models(home):
    folder = home / "models"
    checkpoint(folder / "dream.safetensors")
    checkpoint(folder / "two.safetensors", 1024)
    motion(folder / "mm.safetensors")
    safetensors(
        folder / "vae.safetensors",
        {"decoder.conv_in.weight": (32, 4, 3, 3), "decoder.up.0.block.0.norm1.weight": (32,)},
    )
    put(folder / "other.safetensors", "FLUX image model")
    return folder


def keys(planned) -> set[str]:
    return {part["key"] for part in planned.answer["plan"]}


def test_a_stack_stands_for_its_flags(run, models):
    kept = run("library", "stack", "dreamy", "--keyframes-model", "dream+mm", "--decoder", "vae")
    assert kept.out.strip() == "dreamy: decoder vae, model dream+mm"
    by_stack = run(*PLAN, "dreamy", "--seed", "1")
    by_flags = run(*PLAN, "dream+mm", "--decoder", "vae", "--seed", "1")
    assert keys(by_stack) == keys(by_flags)
    assert keys(by_stack) != keys(run(*PLAN, "dream+mm", "--seed", "1"))
    stays = run(*PLAN, "dreamy", "--decoder", "two", "--seed", "1")
    assert keys(stays) == keys(run(*PLAN, "dream+mm", "--decoder", "two", "--seed", "1"))
    assert run("library", "stacks", "--json").answer["stacks"] == {
        "dreamy": {"decoder": "vae", "model": "dream+mm"}
    }
    assert "decoder vae" in run("library", "stack", "dreamy").out
    assert run("library", "stack", "dreamy", "--remove").code == 0
    run("library", "stack", "dreamy").refused("There is no stack")
    run("library", "stack", "dreamy", "--remove").refused("There is no stack")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dream", "--model", "dream+mm"), "A model is called “dream”"),
        (("a/b", "--model", "dream"), "can be no name"),
        (("s", "--decoder", "vae"), "Nothing makes the keyframes"),
        (("s", "--model", "gone"), "There is no model"),
        (("s", "--model", "dream", "--decoder", "other"), "with which alone"),
        (("s", "--model", "dream", "--upscaler", "vae"), "cannot be used with --upscaler"),
        (("s", "--model", "tiny", "--decoder", "vae"), "do not work on the same latents"),
        (("s", "--model", "two+mm"), "is SD 2.x"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_kept(run, models, home, words, said):
    run("library", "stack", *words).refused(said)
    assert not (home / "stacks.json").exists()


@pytest.mark.parametrize(
    "stored",
    [
        "", "[]", '{"version": 3, "stacks": {}}', '{"version": 1, "stacks": {"a": {}}}',
        '{"version": 1, "stacks": {"a": {"model": "x", "colour": "red"}}}',
    ],
)  # fmt: skip
def test_damaged_stacks_are_refused_and_never_written_over(run, models, home, stored):
    (home / "stacks.json").write_text(stored)
    run("library", "stacks").refused("cannot be read")
    run("library", "stack", "s", "--model", "dream").refused("cannot be read")
    assert (home / "stacks.json").read_text() == stored


def test_the_stacks_of_the_first_version_are_read(run, models, home):
    first = {"version": 1, "stacks": {"s": {"model": "dream", "decoder": "vae"}}}
    (home / "stacks.json").write_text(json.dumps(first))
    assert run(*PLAN, "s").code == 0


def test_a_motion_lora_goes_on_what_moves_alone(run, models):
    layer = "down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0."
    layer += "attention_blocks.0.processor.to_k_lora"
    shapes = {f"{layer}.down.weight": (4, 32), f"{layer}.up.weight": (32, 4)}
    safetensors(models / "v2_lora_PanLeft.safetensors", shapes)
    bare = keys(run(*PLAN, "dream+mm", "--seed", "1"))
    assert keys(run(*PLAN, "dream+mm", "--seed", "1", "--lora", "v2_lora_PanLeft:0.5")) != bare
    alone = run(*PLAN, "dream", "--seed", "1", "--lora", "v2_lora_PanLeft")
    assert alone.code == 2
    assert "was made for AnimateDiff; the model of this shot is SD 1.x" in alone.err


def test_the_list_asks_once_of_each_file_what_it_is_used_for(run, models, monkeypatch):
    from studio.library import overview

    asked, derive = [], overview.derive
    monkeypatch.setattr(overview, "derive", lambda *of: [asked.append(of[0]), derive(*of)][1])
    listed = run("library", "list", "--json").answer
    assert listed["uses"]["dream"] == ["keyframes", "codec"]
    assert sorted(asked) == sorted(set(asked))
    assert "dream" in asked
