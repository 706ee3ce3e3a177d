"""`evaluate` on a tiny model: the subject table, and what it refuses."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from studio.engine.subjects.likeness import LikenessNet
from studio.lab.measures import likeness
from studio.lab.training import decoder
from studio.media.video import write_video
from tests.commands import Ran

TINY = ("evaluate", "--model", "tiny")
QUICK = (*TINY, "--seeds", "1", "--steps", "1", "--method", "lora", "--json")


def photos(folder: Path, count: int = 4) -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(3)
    for number in range(count):
        pixels = rng.integers(0, 255, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def quick(home: Path) -> None:
    """The tiny model takes two steps and has a network that measures likeness."""
    card = home / "models" / "tiny" / "model.toml"
    card.write_text(card.read_text("utf-8").replace("steps = 20", "steps = 2"), "utf-8")
    likeness.save(LikenessNet(), home / "models" / "tiny" / "likeness.safetensors")


def column(ran: Ran, name: str) -> list[str]:
    """The cells of a column of the answer's table, from the top."""
    rows = [line.strip("| \n").split("|") for line in ran.answer["table"].splitlines()]
    at = [cell.strip() for cell in rows[0]].index(name)
    return [row[at + 1].strip() for row in rows[2:]]


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_a_table_of_photos_and_a_character(run, home, tmp_path):
    rex = photos(tmp_path / "rex")
    ran = run(*QUICK, "--subject", f"{rex}:dog", "--characters", "1")
    assert ran.code == 0
    assert ran.answer["subjects"] == ["rex", "character 1"]
    assert "1 of 2, rex, lora: learning the subject" in ran.err
    assert "1 of 2, rex, lora: measuring  0/12  “a dog moving left”" in ran.err
    assert "2 of 2, character 1, lora: measuring" in ran.err
    assert "not reliable for photos" in column(ran, "rex, lora")[0]
    assert "not reliable" not in column(ran, "character 1, lora")[0]
    assert len(list((home / "evaluation").glob("*/adapter-*.safetensors"))) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--subject", "rex"), "“rex” does not say what its photos show"),
        (("--subject", "rex:"), "“rex:” does not say"),
        (("--subject", "C:\\photos\\rex"), "does not say what its photos show"),
        (("--subject", "{here}/gone:dog"), "gone does not exist"),
        (("--subject", "{here}/few:dog"), "few holds 3 photos; 4 to 31 are needed"),
        (("--subject", "{here}/a/rex:dog", "--subject", "{here}/b/rex:dog"), "are called “rex”"),
        (("--subject", "{here}/few:old woman"), "only with that person's consent"),
        (("--characters", "0"), "0 characters measure nothing"),
        (("--characters", "1", "--seeds", "0"), "0 seeds measure nothing"),
        (("--characters", "1", "--steps", "-1"), "-1 steps measure nothing"),
        (("--characters", "1", "--count", "9"), "--count has no meaning with subjects"),
        (("--characters", "1"), "likeness.safetensors cannot be read"),
        (("--seeds", "4"), "--seeds has no meaning without subjects"),
        (("--count", "0"), "0 prompts measure nothing"),
        (("--jobs", "0"), "0 processes cannot work"),
        (("--seed", "-1"), "The seed -1 is out of range"),
        (("--photos", "{here}/gone"), "gone holds no photos"),
        (("--decoding", "--filling"), "Filling and decoding are two tables"),
        (("--decoder", "{here}/gone"), "--decoder has no meaning without decoding"),
        (("--decoding", "--decoder", "{here}/few/0.png"), "0.png holds no layers"),
        (("--decoding", "--clips", "{here}/few"), "few holds no clips"),
        (("--decoding", "--clips", "{here}/gone"), "gone does not exist"),
        (("--upsampling",), "has no upsampler"),
        (("--upsampling", "--upsampler", "{here}/gone"), 'part "unet" cannot be read'),
        (("--upsampler", "{here}/gone"), "--upsampler has no meaning without upsampling"),
        (("--longer",), "does not predict"),
        (("--photos", "{here}/broken"), "A photo in"),
    ],
)
def test_bad_input_ends_in_one_sentence(run, tmp_path, monkeypatch, words, sentence):
    monkeypatch.setattr("sys.stdin", None)
    photos(tmp_path / "few", 3)
    photos(tmp_path / "broken" / "deep", 1).joinpath("0.png").write_text("not a picture")
    ran = run(*TINY, *(word.format(here=tmp_path) for word in words))
    assert ran.code == 2
    assert sentence in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_table_of_decoders(run, home, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    steps = (np.full((32, 32, 3), 4 * k, np.uint8) for k in range(20))
    write_video(clips / "dusk.mp4", steps, fps=Fraction(8), size=(32, 32), recipe=None)
    vae = AutoencoderKL.from_pretrained(home / "models" / "tiny" / "vae", torch_dtype=torch.float32)
    decoder.fresh(vae, 1).save(tmp_path / "another.safetensors")
    ran = run(
        *(*TINY, "--decoding", "--count", "3", "--json"),
        *("--decoder", str(tmp_path / "another.safetensors"), "--clips", str(clips)),
    )
    assert ran.code == 0
    table = ran.answer["table"].splitlines()
    assert [line.split(" | ")[0] for line in table[2:4]] == ["| image decoder", "| another"]
    assert table[2].split(" | ")[1:] == table[3].split(" | ")[1:]  # layers that know nothing yet
    assert [line.split(" | ")[0] for line in table[-2:]] == ["| dusk, held still", "| dusk"]
