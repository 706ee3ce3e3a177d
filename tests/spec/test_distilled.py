"""Step-distilled LoRAs: known by their published names, used with the numbers that they want."""

from dataclasses import replace

import pytest

from studio.spec.adapter_use import LoraUse
from studio.spec.distilled import distilled, few_steps, likes, may_be_distilled
from studio.spec.draft import draft_words, drafted, is_draft_of
from studio.spec.part import ROLES, Defaults, Part
from studio.spec.spans import spans
from tests.gui.handlers import DENSE
from tests.spec.requests import PLAIN

USES = tuple((role, ("image",)) for role in ROLES)
CARD = replace(DENSE.card, size_multiple=8, largest=2048)


def part(model: str, network: str, sampling: Defaults | None = None, **more) -> Part:
    weights = more.pop("weights", (("image", "1" * 32),))
    return Part(model, ROLES, weights, "sd", USES, network=network, sampling=sampling, **more)


def asked(*parts: Part, **more):
    first = parts[0]
    return replace(
        PLAIN, model=first.model, weights=first.weights, parts=parts, steps=25, guidance=7.5,
        width=512, height=512, interpolate=0, extend=0, **more,
    )  # fmt: skip


def lora(name: str, network: str, expert: str = "") -> LoraUse:
    return LoraUse(name, name, network=network, expert=expert)


@pytest.mark.parametrize(
    ("name", "network", "steps", "sampler"),
    [
        ("lcm-lora-sdv1-5", "SD 1.x", 4, "lcm"),
        ("lcm-lora-sdxl", "SDXL", 4, "lcm"),
        ("sdxl_lightning_8step_lora", "SDXL", 8, "euler trailing"),
        ("Hyper-SD15-4steps-lora", "SD 1.x", 4, "euler trailing"),
        ("Hyper-SDXL-2steps-lora", "SDXL", 2, "euler trailing"),
        ("Wan21_T2V_14B_lightx2v_cfg_step_distill_lora_rank32", "Wan 14B", 4, "flow euler"),
        ("wan2.2_i2v_lightx2v_4steps_lora_v1_high_noise", "Wan 14B", 4, "flow euler"),
        ("Wan2.2-Lightning_T2V-v1.1-A14B-4steps-lora_HIGH_fp16", "Wan 14B", 4, "flow euler"),
        ("Wan21_CausVid_14B_T2V_lora_rank32", "Wan 14B", 4, "flow euler"),
    ],
)
def test_published_ones_are_known_by_name(name, network, steps, sampler):
    found = few_steps(name, network)
    assert found
    assert (found.steps, found.sampler) == (steps, sampler)
    assert may_be_distilled(name)


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("Hyper-SDXL-1step-lora", "SDXL"),  # begins at a timestep of its own
        ("Hyper-SD15-8steps-CFG-lora", "SD 1.x"),  # keeps its guidance
        ("AnimateLCM_sd15_t2v_lora", "SD 1.x"),  # goes with one motion module
        ("lightning storm", "SDXL"),
        ("lightning strikes", "Wan 14B"),
        ("lcm-lora-sdv1-5", "SD 2.x"),
        ("pytorch_lora_weights", "SD 1.x"),
        ("wan2.2_lightx2v_4steps", "Wan 2.2 5B"),
        ("sdxl_lightning_40step_lora", "SDXL"),
    ],
)
def test_what_no_name_tells_is_a_lora_like_any_other(name, network):
    assert few_steps(name, network) is None


def test_a_draft_takes_one_that_fits_with_its_steps_and_without_guidance():
    wish = asked(part("dream", "SD 1.x"))
    there = [
        lora("lcm-lora-sdxl", "SDXL"),
        lora("lcm-lora-sdv1-5", "SD 1.x"),
        lora("Hyper-SD15-8steps-lora", "SD 1.x"),
    ]
    draft = drafted(wish, CARD, there)
    assert [use.name for use in draft.loras] == ["Hyper-SD15-8steps-lora"]  # the most steps
    assert (draft.steps, draft.guidance, draft.sampler) == (8, 1.0, "euler trailing")
    assert draft.width == 256
    assert draft_words(draft) == "A draft in 8 steps with Hyper-SD15-8steps-lora."
    assert is_draft_of(draft, wish)
    assert not is_draft_of(replace(draft, seed=draft.seed + 1), wish)
    other = replace(draft, loras=(replace(draft.loras[0], name="anime"),))
    assert not is_draft_of(other, wish)
    without = drafted(wish, CARD)
    assert (without.loras, without.guidance) == ((), 7.5)
    assert {s.key for s in spans(draft)}.isdisjoint(s.key for s in spans(without))


def test_a_part_with_numbers_of_its_own_gets_them_and_no_other():
    own = Defaults(50, 5.0, sampler="unipc")
    wan = part("wan", "Wan 14B", own, weights=(("high", "2" * 32), ("low", "3" * 32)))
    wan = replace(wan, roles=("interpolator",), uses=(("interpolator", ("high", "low")),))
    wish = asked(wan, part("dream", "SD 1.x"), keyframes=3)
    wish = replace(wish, model="dream", weights=wish.parts[1].weights)
    pair = [
        lora("wan2.2_i2v_lightx2v_4steps_lora_v1_high_noise", "Wan 14B", "high"),
        lora("wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise", "Wan 14B", "low"),
    ]
    made = distilled(wish, pair)
    assert (made.steps, made.guidance) == (25, 7.5)  # the image model's, which has none
    assert [use.expert for use in made.loras] == ["high", "low"]
    assert made.parts[0].sampling == Defaults(4, 1.0, sampler="flow euler")
    assert distilled(wish, pair[:1]) == wish  # half of it would be another model
    assert distilled(wish, [lora("Wan2.2-Lightning_T2V-4steps", "Wan 14B")]) == wish  # of words
    draft = drafted(wish, CARD)
    assert draft.parts[0].sampling.steps == 8  # until now a part went on in all of its own
    assert is_draft_of(draft, wish)
    assert is_draft_of(drafted(wish, CARD, pair), wish)


def test_what_does_with_few_steps_already_is_left_as_it_is():
    quick = replace(asked(part("turbo", "SDXL")), steps=4, guidance=1.0)
    assert distilled(quick, [lora("sdxl_lightning_8step_lora", "SDXL")]) == quick


def test_one_whose_name_says_nothing_is_what_its_user_says_it_is_like():
    request = asked(part("sd", "SD 1.x"))
    nameless = lora("my speed", "SD 1.x")
    assert distilled(request, [nameless]) == request
    told = replace(nameless, like="LCM 4 steps")
    draft = drafted(request, CARD, [told])
    assert (draft.loras, draft.steps, draft.guidance, draft.sampler) == ((told,), 4, 1.0, "lcm")
    assert draft_words(draft) == "A draft in 4 steps with my speed."
    assert is_draft_of(draft, request)
    other = replace(draft, loras=(nameless,))
    assert [s.key for s in spans(other)] == [
        s.key for s in spans(draft)
    ]  # what is said is in no key
    assert not is_draft_of(other, request)
    assert set(likes("SDXL")) > set(likes("Wan 14B")) - {"lightx2v 4 steps"}
    assert likes("FLUX") == ()


def test_one_that_is_on_by_hand_is_not_put_on_twice():
    on = lora("lcm-lora-sdv1-5", "SD 1.x")
    wish = asked(part("sd", "SD 1.x"), loras=(on,))
    draft = drafted(wish, CARD, [on])
    assert (draft.loras, draft.steps, draft.guidance, draft.sampler) == ((on,), 4, 1.0, "lcm")
    assert is_draft_of(draft, wish)
