"""Plans as arithmetic: the fewest steps that fit, sums, and what is said of what nobody knows."""

from dataclasses import replace

import pytest

from studio.spec.plan.budget import in_bytes
from studio.spec.plan.need import Need
from studio.spec.plan.plan import MARGIN, by_kind, disk_of, planned
from studio.spec.plan.steps import ELSEWHERE, FUSED, OPTIMISER, RESTING, learning, making
from studio.spec.plan.words import beside, facts, whole
from studio.spec.refusal import Refusal
from studio.spec.request import Upsampling
from studio.spec.spans import spans
from tests.spec.requests import ASKED

GB = 2**30
LADDER = ("first", "second")
ASKED = replace(ASKED, interpolate=1)


def need(_, taken):
    """4 GB and 4 GB more, half of it with every step."""
    return Need(4 * GB // 2**taken, 4 * GB // 2**taken, GB, flops=100)


def plan(budget=0, needs=need, rate=lambda _: (50.0, True)):
    return planned(spans(ASKED), LADDER, needs, rate, budget)


def test_no_more_steps_are_taken_than_the_budget_asks_for():
    for budget, steps in (
        (0, ()),
        (9 * GB, ()),
        (8 * GB, LADDER[:1]),
        (4 * GB, LADDER),
        (1, LADDER),
    ):
        made = plan(budget)
        assert made.steps == steps
        assert made.peak == 8 * GB // 2 ** len(steps)
        assert made.fits == (not budget or made.peak * MARGIN <= budget)


def test_what_is_alike_is_planned_once_and_takes_its_time_each():
    made, walk = plan(), spans(ASKED)
    assert sum(piece.count for piece in made.pieces) == len(walk)
    assert len(made.pieces) == len(by_kind(walk)) < len(walk)
    assert made.seconds == len(walk) * 100 / 50


def test_beside_the_button_stands_what_is_known_and_nothing_else():
    def nobody(*_):
        return None

    assert beside(plan(8 * GB)) == "10 s · 4.0 of 8.0 GB".replace("10 s", _seconds())
    assert beside(plan(rate=nobody)) == "8.0 GB"
    assert beside(plan(needs=nobody, rate=nobody)) == ""
    assert "about" in whole(plan(rate=lambda _: (50.0, False)))
    assert "first time" in whole(plan(rate=lambda _: (50.0, False)))
    assert "not known yet" in whole(plan(needs=nobody))
    assert plan(needs=nobody).peak is None
    assert facts(plan(needs=nobody))["seconds"] is None
    assert whole(planned((), LADDER, need, nobody, 0)) == "Nothing is to be made."


def _seconds():
    return f"{2 * len(spans(ASKED))} s"


def test_what_does_not_fit_is_said():
    assert "It may not fit" in whole(plan(GB))
    assert "To fit: first, second." in whole(plan(GB))
    full = replace(plan(), disk=2 * GB, free_disk=GB)
    assert "make room" in whole(full)


def test_disk_is_that_of_latents_and_of_packed_frames():
    how = Upsampling(steps=2, level=20, tile=16, overlap=4)
    by_stage = {span.stage: span for span in spans(replace(ASKED, upsample=how))}
    shown = by_stage["decode"]
    assert disk_of(by_stage["keyframes"]) == (
        len(by_stage["keyframes"].makes) * ASKED.width * ASKED.height // 64 * 16
    )
    assert 0.4 < disk_of(shown) / (len(shown.makes) * ASKED.width * ASKED.height * 3) < 0.8
    assert disk_of(by_stage["upsample"]) / len(by_stage["upsample"].makes) == pytest.approx(
        16 * disk_of(shown) / len(shown.makes), rel=0.01
    )


def test_ladders_have_what_means_something_there():
    assert FUSED not in making(on_processor=False)
    assert ELSEWHERE not in making(on_processor=True)
    assert {RESTING, OPTIMISER}.isdisjoint(learning(on_processor=True))


@pytest.mark.parametrize("wrong", [0, -8, float("nan"), float("inf"), 1e9])
def test_a_budget_is_a_size_of_memory(wrong):
    assert in_bytes(None) is None
    assert in_bytes(8) == 8 * GB
    with pytest.raises(Refusal, match="budget"):
        in_bytes(wrong)
