"""A training as it was begun: kept, read back, and what may come of an order."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from studio.project import samples, trainings
from studio.project.plain import to_plain
from studio.project.subject import Subject
from studio.project.trainings import Training, decided
from studio.project.vouching import vouched
from studio.spec.progress import Preview
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS

FIXTURES = Path(__file__).parent / "fixtures"
ONE, TWO = ((("image", n * 32), ("text", n * 32)) for n in "12")
BEGUN = Training("lora", 400, "one", "One", ONE, ("ab" * 32,), "sks", "dog")
OVER = replace(BEGUN, identity="ef" * 32)
ASKED = replace(BEGUN, steps=0)
MORE = ("ab" * 32, "cd" * 32)
OTHER = {"model": "two", "model_name": "Two", "weights": TWO}


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": -1}, {"steps": 10**12}, {"method": "../lora"}, {"model": "a/b"}, {"pace": -1.0},
        {"pace": 1e99}, {"photos": ["x" * 2000]}, {"identity": "x" * 2000}, {"weights": [["x" * 2000, ""]]},
    ],
)  # fmt: skip
def test_a_training_that_does_not_hold_together_is_none(tmp_path, wrong):
    trainings.write(tmp_path, OVER)
    assert trainings.read(tmp_path, Subject("rex", "dog")) == OVER
    whole = {"version": trainings.VERSION, **to_plain(OVER), **wrong}
    (tmp_path / "begun.json").write_text(json.dumps(vouched(whole)), "utf-8")
    assert trainings.read(tmp_path, Subject("rex", "dog")) is None


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_release_is_read(tmp_path, version):
    """As each version wrote it; never change the fixtures."""
    shutil.copy(FIXTURES / f"begun-{version}.json", tmp_path / "begun.json")
    shutil.copy(FIXTURES / "samples-1.json", tmp_path / "samples.json")
    weights = (("image", "1" * 32), ("text", "4" * 32))
    assert trainings.read(tmp_path, Subject("rex", "dog")) == Training(
        "lora", 400, "starter", "Starter", weights, ("ab" * 32, "cd" * 32), "sks", "dog",
        "0123456789abcdef", "ef" * 32, 0.25,
    )  # fmt: skip
    assert samples.read(tmp_path) == {
        "still": Preview(1, 1, 2, bytes(range(6))),
        "moving": Preview(2, 1, 1, bytes(range(6))),
    }


@pytest.mark.parametrize("damage", [b"", b"[]", b"{", b'{"version": 9}', b"[" * 100_000])
def test_what_cannot_be_read_is_none(tmp_path, damage):
    for name in ("begun.json", "samples.json"):
        (tmp_path / name).write_bytes(damage)
    assert trainings.read(tmp_path, Subject("rex", "dog")) is None
    assert samples.read(tmp_path) == {}


def test_a_training_of_an_older_studio_is_known_by_what_it_prepared(tmp_path):
    folder = tmp_path / "lora"
    folder.mkdir()
    (folder / "prepared.safetensors").write_bytes(b"x")
    found = trainings.read(folder, Subject("rex", "dog", steps=60))
    assert (found.steps, found.method, found.weights) == (60, "lora", ())
    assert decided("rex", found, replace(ASKED, photos=())) == (found, True)


@pytest.mark.parametrize(
    ("begun", "asked", "steps", "goes_on"),
    [
        (None, ASKED, DEFAULT_STEPS, True),
        (None, replace(ASKED, steps=7), 7, True),
        (BEGUN, ASKED, 400, True),
        (BEGUN, replace(ASKED, steps=400), 400, True),
        (BEGUN, replace(ASKED, anew="x", steps=60), 60, False),
        (BEGUN, replace(ASKED, anew="x", photos=MORE, **OTHER), DEFAULT_STEPS, False),
        (replace(BEGUN, anew="x", steps=60), replace(ASKED, anew="x", steps=60), 60, True),
        (OVER, ASKED, 400, True),
        (OVER, replace(ASKED, steps=800), 800, True),
        (OVER, replace(ASKED, steps=800, photos=MORE), 800, True),
        (OVER, replace(ASKED, **OTHER), DEFAULT_STEPS, False),
        (replace(OVER, anew="x"), replace(ASKED, anew="x", steps=400), 400, True),
    ],
)
def test_what_comes_of_an_order(begun, asked, steps, goes_on):
    training, on = decided("rex", begun, asked)
    assert (training.steps, on) == (steps, goes_on)
    assert training.weights == asked.weights


@pytest.mark.parametrize(
    ("begun", "asked", "sentence"),
    [
        (BEGUN, replace(ASKED, steps=60), "begun with 400 steps, not 60"),
        (BEGUN, replace(ASKED, photos=MORE), "other photos or words"),
        (BEGUN, replace(ASKED, token="xyz"), "other photos or words"),
        (BEGUN, replace(ASKED, **OTHER), "for One stopped before its end"),
        (OVER, replace(ASKED, steps=399), "has learned 400 steps already"),
        (OVER, replace(ASKED, photos=MORE), "Ask for more than 400"),
    ],
)
def test_what_is_refused_says_how_to_go_on(begun, asked, sentence):
    with pytest.raises(Refusal) as refused:
        decided("rex", begun, asked)
    assert sentence in str(refused.value)
    assert "--anew" in refused.value.hint
