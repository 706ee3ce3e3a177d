"""Settings beside weights decide results too: they are in every key unless the card pins them."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.library import models as library
from studio.library.settings import settings_of
from studio.spec.components import SETTINGS, USES
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from tests.spec.requests import REQUESTS


@pytest.fixture
def model(home: Path) -> Path:
    return home / "models" / "tiny"


@pytest.mark.parametrize(
    "file", ["scheduler/scheduler_config.json", "unet/config.json", "tokenizer/tokenizer.json"]
)
def test_other_settings_are_other_weights(model, file):
    before = library.read(model).weights
    text = (model / file).read_text("utf-8")
    (model / file).write_text(text.replace("0", "1", 1), "utf-8")
    after = library.read(model).weights
    assert [w for w in after if w not in before] == [(SETTINGS, settings_of(model))]


def test_pinned_settings_are_not_said_and_changed_ones_are(model):
    card = (model / "model.toml").read_text("utf-8")
    (model / "model.toml").write_text(f'settings = "{settings_of(model)}"\n{card}', "utf-8")
    assert SETTINGS not in dict(library.read(model).weights)
    config = model / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text("utf-8").replace("v_prediction", "epsilon"), "utf-8")
    assert SETTINGS in dict(library.read(model).weights)


def test_a_job_ordered_before_the_settings_changed_is_refused(model, home):
    found = library.read(model)
    request = replace(REQUESTS["plain"], model="tiny", weights=found.weights)
    assert library.promised(request, (home / "models",)) == {"tiny": found}
    config = model / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text("utf-8").replace("v_prediction", "epsilon"), "utf-8")
    with pytest.raises(Refusal, match="was replaced since"):
        library.promised(request, (home / "models",))


@pytest.mark.parametrize("name", REQUESTS)
def test_every_stage_has_them_in_its_key(name):
    request = REQUESTS[name]
    other = replace(request, weights=(*request.weights, (SETTINGS, "0" * 32)))
    assert all(SETTINGS in used for used in USES.values())
    assert not {s.key for s in spans(request)} & {s.key for s in spans(other)}


def test_a_pin_that_is_no_hash_is_a_sentence(model):
    card = (model / "model.toml").read_text("utf-8")
    (model / "model.toml").write_text(f'settings = "yes"\n{card}', "utf-8")
    with pytest.raises(Refusal, match="32 hexadecimal digits"):
        library.read(model)
