"""Words of `generate` on a checkpoint as people have it: LoRAs, embeddings, weights and wildcards."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from studio.media.made_with import made_with
from tests import published_models as published
from tests.commands import Ran
from tests.engine.lora import lora_files
from tests.unplanned import nothing_is_found_out  # noqa: F401

QUICK = ("--model", "dream", "--steps", "1", "--width", "64", "--height", "64", "--keyframes", "1",
         "--seed", "7")  # fmt: skip
PLAN = (*QUICK, "--plan", "--json")


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> Path:
    """A data folder with a ComfyUI's files: a checkpoint, LoRAs, an embedding, wildcards."""
    data = tmp_path_factory.mktemp("people") / "data"
    models = data / "models"
    nets: object = published.checkpoint(models / "checkpoints" / "dream.safetensors")
    (models / "loras").mkdir()
    (models / "embeddings").mkdir()
    layers = lora_files.drawn(nets)
    kohya = lora_files.kohya(layers, nets)
    lora_files.write(models / "loras" / "My Style.safetensors", kohya)
    half = {n: t for n, t in kohya.items() if "mid_block" not in n}
    strange = {n.replace("unet_up", "unet_upp"): t for n, t in half.items()}
    lora_files.write(models / "loras" / "partly.safetensors", strange)
    xl = {"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": torch.ones(4, 1280)}
    lora_files.write(models / "loras" / "forXL.safetensors", xl)
    save_file({"emb_params": torch.randn(2, 768)}, models / "embeddings" / "rexy.safetensors")
    wildcards = data / "wildcards" / "things"
    wildcards.mkdir(parents=True)
    (wildcards / "animal.txt").write_text("# animals\ncat\n\nowl\n", "utf-8")
    return data


@pytest.fixture
def home(request: pytest.FixtureRequest, people: Path) -> Path:
    """One for all, so that files are read once; `apart` for who changes files."""
    return request.getfixturevalue("apart") if "apart" in request.fixturenames else people


@pytest.fixture
def apart(people: Path, tmp_path: Path) -> Path:
    """Its own; files are linked."""
    return Path(shutil.copytree(people, tmp_path / "data", copy_function=_linked))


def _linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


Run = Callable[..., Ran]


def keys(run: Run, prompt: str, *words: str) -> list[str]:
    ran = run("generate", prompt, *PLAN, *words)
    assert ran.code == 0, ran.err
    return [span["key"] for span in ran.answer["plan"]]


def test_a_lora_by_flag_is_that_of_a_tag_and_makes_another_clip(run: Run):
    bare = keys(run, "a red ball")
    flagged = keys(run, "a red ball", "--lora", "My Style:0.8")
    assert flagged == keys(run, "a red ball <lora:my style:0.8>")
    assert flagged == keys(run, "a red ball", "--lora", "My Style:0.5", "--lora", "My Style:0.3")
    others = [bare, flagged, keys(run, "a red ball", "--lora", "My Style:-0.8"),
              keys(run, "a red ball", "--lora", "partly:0.8")]  # fmt: skip
    assert len({found[0] for found in others}) == 4
    assert keys(run, "a red ball", "--lora", "My Style:0") == bare


def test_it_is_on_for_the_clip_and_says_how_much_of_it_matched(run: Run, tmp_path: Path):
    made = {}
    for name, more in {
        "bare": (),
        "on": ("--lora", "My Style"),
        "part": ("--lora", "partly"),
    }.items():
        out = tmp_path / f"{name}.png"
        ran = run("generate", "a red ball", *QUICK, *more, "--out", str(out), "--json")
        assert ran.code == 0, ran.err
        made[name] = out.read_bytes(), ran.answer.get("notes", [])
    assert len({pixels for pixels, _ in made.values()}) == len(made)
    layers = len(lora_files.drawn(published.networks()))
    assert f"My Style matched {layers} of {layers} layers." in made["on"][1]
    partly = made["part"][1][-1]
    assert "These have no place in this model: lora_unet_upp" in partly
    assert " more." in partly


def test_what_was_replaced_since_is_not_used(run: Run, apart: Path):
    file = apart / "models" / "loras" / "My Style.safetensors"
    before = keys(run, "a red ball", "--lora", "My Style")
    file.unlink()
    nets = published.networks()
    layers = lora_files.drawn(nets, alphas=(9.0,))
    lora_files.write(file, lora_files.kohya(layers, nets))
    assert keys(run, "a red ball", "--lora", "My Style") != before


def test_a_draft_takes_a_distilled_lora_that_is_there(run: Run, apart: Path, tmp_path: Path):
    small, out = QUICK[:2] + QUICK[4:], tmp_path / "draft.png"
    draft = ("generate", "a red ball", *small, "--draft", "--out", str(out), "--json")
    loras = apart / "models" / "loras"
    shutil.copyfile(loras / "My Style.safetensors", loras / "lcm-lora-sdv1-5.safetensors")
    ran = run(*draft)
    assert ran.code == 0, ran.err
    notes = ran.answer["notes"]
    assert "A draft in 4 steps with lcm-lora-sdv1-5." in notes
    assert any(note.startswith("lcm-lora-sdv1-5 matched ") for note in notes)
    recipe = made_with(out).recipe["request"]
    assert (recipe["steps"], recipe["guidance"], recipe["sampler"]) == (4, 1.0, "lcm")
    assert [use["name"] for use in recipe["loras"]] == ["lcm-lora-sdv1-5"]


def test_what_a_lora_is_like_is_said_once(run: Run, apart: Path):
    """Its name says nothing; the answer goes with the file, whatever it is called and wherever."""
    draft = ("generate", "a red ball", *QUICK[:2], *QUICK[4:], "--draft", "--plan", "--json")
    assert not drafted_with(run(*draft))
    assert drafted_with(run(*draft, "--lora-like", "my style:LCM 4 steps")) == "My Style"
    loras = apart / "models" / "loras"
    (loras / "My Style.safetensors").rename(loras / "renamed.safetensors")
    assert drafted_with(run(*draft)) == "renamed"
    assert not drafted_with(run(*draft, "--lora-like", "renamed:none"))
    refused(run(*draft, "--lora-like", "renamed:Lightning 4 steps"), "is for SD 1.x")


def drafted_with(ran: Ran) -> str:
    assert ran.code == 0, ran.err
    return next((n.partition(" with ")[2].rstrip(".") for n in ran.answer["notes"] if " with " in n), "")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--lora", "nobody"), "There is no LoRA called “nobody”."),
        (("--lora", "dream"), "“dream” is “SD 1.x checkpoint”, no LoRA."),
        (("--lora", "rexy"), "no LoRA"),
        (("--lora", "forXL"), "was made for SDXL; the model of this shot is SD 1.x."),
        (("--lora", "My Style:much"), "has no strength"),
        (("--lora", "My Style:99"), "has no strength"),
    ],
)
def test_a_lora_that_cannot_go_on_is_refused(run: Run, words: tuple[str, ...], sentence: str):
    refused(run("generate", "a red ball", *QUICK, "--plan", *words), sentence)


def refused(ran: Ran, sentence: str) -> None:
    """Exit code 2 and the sentence, below what was said of reading weights."""
    assert ran.code == 2
    assert sentence in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err


def test_a_file_that_a_prompt_names_and_that_is_not_there_is_refused(run: Run):
    refused(run("generate", "a __dragon__", *QUICK, "--plan"), "no wildcard file “dragon”")
    refused(run("generate", "embedding:nobody", *QUICK, "--plan"), "no embedding called “nobody”")


def test_words_that_say_the_same_have_one_key(run: Run):
    """Words alone are keyed as ever; what is written otherwise and read otherwise is not."""
    same = keys(run, "a red ball")
    assert keys(run, "a {red|red} ball") == same
    others = ["a (red:1.3) ball", "a rexy ball", "a (red) ball", "a [red] ball", "a red ball " * 30]
    found = [keys(run, prompt)[0] for prompt in others]
    assert len({*found, same[0]}) == len(others) + 1
    assert keys(run, "a embedding:rexy ball") != keys(run, "a rexy ball")


def test_what_is_made_of_wildcards_is_said_and_stays_with_the_seed(run: Run):
    ran = run("generate", "a {red|red} __animal__", *PLAN)
    (line,) = [note for note in ran.answer.get("notes", []) if note.startswith("The prompt is")]
    assert line in ("The prompt is: a red cat", "The prompt is: a red owl")
    assert keys(run, "a {red|red} __animal__") == keys(run, line.removeprefix("The prompt is: "))


def test_embeddings_and_weights_and_length_change_the_picture(run: Run, tmp_path: Path):
    made = set()
    prompts = ("a (red:1.5) ball", "a rexy ball", "a red ball, " * 30)
    for number, prompt in enumerate(prompts):
        out = tmp_path / f"{number}.png"
        ran = run("generate", prompt, *QUICK, "--out", str(out), "--json")
        assert ran.code == 0, ran.err
        assert not [note for note in ran.answer.get("notes", []) if "longer than" in note]
        made.add(out.read_bytes())
    assert len(made) == len(prompts)
