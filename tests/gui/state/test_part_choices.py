"""Which models a shot offers for each role, and what choosing one changes."""

from dataclasses import replace
from fractions import Fraction

import pytest

from studio.library.models import Model
from studio.project.plain import from_plain, to_plain
from studio.project.shot import Shot
from studio.spec.part import ROLES
from studio.ui.state.model_list import FoundModels
from studio.ui.state.part_choices import choices, has_choice
from studio.ui.state.shot_state import resolve
from tests.cards import card
from tests.gui.handlers import DENSE
from tests.gui.models import ALL, CODEC, LARGE, OTHER, SAME, model

WORDS = Shot("a" * 12, prompt="a red ball")


def found(*models: Model) -> FoundModels:
    return FoundModels(tuple(m for m in models if "keyframes" in m.card.roles), "", (), models)


def offered(shot: Shot, role: str, models: FoundModels):
    return {choice.model: choice for choice in choices(resolve(shot, (), models), models, role)}


def test_with_one_model_no_role_has_a_choice():
    alone = found(DENSE)
    assert not any(has_choice(resolve(WORDS, (), alone), alone, role) for role in ROLES)


def test_every_role_offers_the_models_that_have_it():
    models = found(*ALL)
    there = {role: list(offered(WORDS, role, models)) for role in ROLES}
    assert there == {
        "keyframes": ["", "same", "other"],
        "holes": ["", "same"],
        "interpolator": ["", "wan"],
        "codec": ["", "same", "other", "taesd"],
        "upscaler": ["", "large"],
    }
    assert all(has_choice(resolve(WORDS, (), models), models, role) for role in ROLES)


@pytest.mark.parametrize(
    ("role", "id", "cost"),
    [
        ("keyframes", "same", "3.5 GB · 4 steps"),
        ("codec", "taesd", "3.5 GB"),
        ("interpolator", "wan", "3.5 GB · 20 steps · up to 15 frames between two, from decoded ones"),
        ("upscaler", "large", "4 × as large"),
        ("holes", "", "20 steps"),
    ],
)  # fmt: skip
def test_what_a_choice_costs_in_words(role, id, cost):
    assert offered(WORDS, role, found(*ALL))[id].cost == cost


def test_a_choice_is_in_the_request_that_the_shot_makes():
    models = found(*ALL)
    shot = WORDS
    for role, id in (("holes", "same"), ("codec", "taesd"), ("upscaler", "large")):
        choice = offered(shot, role, models)[id]
        assert (choice.refusal, choice.along) == ("", ())
        shot = replace(shot, parts=choice.parts)
    state = resolve(replace(shot, extend=1), (), models)
    request = state.checked()
    assert {p.roles: p.model for p in request.parts} == {
        ("holes",): "same", ("codec",): "taesd", ("upscaler",): "large",
    }  # fmt: skip
    assert request.window == 6, "that of the model which fills holes"
    assert state.upsampled.size == (256, 256)
    assert request.fps == Fraction(3, 2)


def test_what_does_not_fit_is_refused_in_a_sentence():
    """A decoder of other latents: whatever it would bring along, too."""
    refused = offered(WORDS, "codec", found(DENSE, CODEC, OTHER, SAME))["other"]
    assert refused.refusal == "Starter and other do not work on the same latents."
    assert refused.hint
    assert refused.parts == (("codec", "other"),)


def test_a_model_of_other_latents_brings_its_decoder_and_gives_it_back():
    models = found(DENSE, OTHER)
    shot = replace(WORDS, interpolate=0)
    brings = offered(shot, "keyframes", models)["other"]
    assert (brings.refusal, brings.along) == ("", ("codec",))
    assert brings.parts == (("keyframes", "other"), ("codec", "other"))
    chosen = replace(shot, parts=brings.parts)
    assert resolve(chosen, (), models).request is not None
    back = offered(chosen, "codec", models)[""]
    assert (back.parts, back.along) == ((), ("keyframes",))


def test_a_model_that_is_gone_is_said_and_can_be_given_up():
    models = found(DENSE, CODEC)
    shot = replace(WORDS, parts=(("codec", "gone"),))
    state = resolve(shot, (), models)
    assert state.disabled_reason.startswith("There is no model “gone” for the decoder.")
    there = offered(shot, "codec", models)
    assert there["gone"].name == "gone (missing)"
    assert there["gone"].refusal
    assert resolve(replace(shot, parts=there[""].parts), (), models).request is not None
    only = found(DENSE)
    assert has_choice(resolve(shot, (), only), only, "codec"), "else it could not be given up"


def test_a_model_without_a_role_says_that_it_has_none():
    plain = model(card("plain", "Plain", multiple=8), "keyframes", "codec", latent_space="starter")
    there = offered(WORDS, "upscaler", found(plain, LARGE))
    assert there[""].name == "None (Plain has none)"
    assert there["large"].refusal == ""
    state = resolve(replace(WORDS, parts=there["large"].parts), (), found(plain, LARGE))
    assert state.upsample_disabled_reason == ""


def test_the_parts_of_a_shot_are_kept_and_read():
    shot = WORDS.with_part("codec", "taesd").with_part("keyframes", "same")
    assert shot.parts == (("keyframes", "same"), ("codec", "taesd"))
    assert from_plain(Shot, to_plain(shot)) == shot
    assert shot.with_part("codec", "").parts == (("keyframes", "same"),)
    older = to_plain(WORDS)
    del older["parts"]
    assert from_plain(Shot, older) == WORDS


@pytest.mark.parametrize(
    "wrong", [[["cook", "x"]], [["codec", "a/b"]], [["codec", "x"], ["codec", "y"]]], ids=str
)
def test_parts_that_nobody_chose_are_damage(wrong):
    with pytest.raises(ValueError, match="the parts of a Shot do"):
        from_plain(Shot, to_plain(WORDS) | {"parts": wrong})
