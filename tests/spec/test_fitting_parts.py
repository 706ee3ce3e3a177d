"""Models of one clip that do not fit one another, or the numbers asked of them."""

from dataclasses import replace
from fractions import Fraction

import pytest

from studio.spec.card import Card, Interpolation, Window
from studio.spec.check import check
from studio.spec.grid import Grid
from studio.spec.part import FRAMES
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.sizes import fitting, largest_side, size_multiple
from studio.spec.strip import fresh, rerolled
from tests.cards import card

ONE = card("one", multiple=8, largest=128, predicts=True, passes=1, frames=(8, 16))
CLOSE = card("close", multiple=24, side=48, largest=96, latent_space="one", fps=8, frames=(5, 13))
CLOSE = replace(CLOSE, window=Window(5, 13, 4), fills=("keyframes", "prediction"))
FOREIGN = replace(CLOSE, id="foreign", latent_space="other", size_multiple=8, largest=128)


def asked(*parts: tuple[Card, tuple[str, ...]], of: Card = ONE, **more) -> ClipRequest:
    made = tuple(card.part((), roles, card.defaults) for card, roles in parts)
    return of.request("a red ball", 7, (), parts=made, **more)


def test_sides_are_multiples_of_what_every_model_asks_for():
    close = CLOSE.part(())
    assert size_multiple(ONE, (close,)) == 24
    assert largest_side(ONE, (close,)) == 96
    assert [fitting(side, ONE, (close,)) for side in (1, 64, 80, 500)] == [24, 72, 72, 96]


def test_a_size_of_nobodys_choice_is_one_that_all_can_make():
    request = asked((CLOSE, ("codec",)))
    assert (request.width, request.height) == (72, 72)
    check(request, ONE)
    assert asked().width == 64


@pytest.mark.parametrize("role", ["keyframes", "holes", "interpolator", "codec", "upscaler"])
def test_a_chosen_size_that_a_part_cannot_make_is_one_sentence(role):
    with pytest.raises(Refusal) as refused:
        check(asked((CLOSE, (role,)), width=64, height=64, keyframes=5, interpolate=0), ONE)
    assert refused.value.what == "close cannot make pictures of 64 × 64 pixels."
    assert refused.value.hint == "Use multiples of 24 up to 96."


def test_what_nobody_chose_is_that_of_the_part_for_it():
    """Keyframes at the rate and in the number of who makes them, windows of who fills them."""
    request = asked((CLOSE, ("keyframes",)))
    assert (request.fps, request.keyframes, request.window) == (Fraction(8), 5, 8)
    assert asked((CLOSE, ("holes",))).window == 5
    twice = replace(ONE, id="twice", interpolation=Interpolation(2))
    assert asked((twice, ("interpolator",))).interpolate == 2


def test_numbers_of_frames_that_a_part_does_not_make_are_refused():
    with pytest.raises(Refusal, match="close makes 1, 5 … 13 keyframes, not 6"):
        check(asked((CLOSE, ("keyframes",)), keyframes=6), ONE)
    edited = fresh(8, 8, extend=1)
    with pytest.raises(Refusal, match="close fills 1, 5 … 13 frames at once, not 8"):
        check(asked((CLOSE, ("holes",)), strip=edited), ONE)


def test_passes_are_those_of_who_puts_frames_between():
    with pytest.raises(Refusal, match="close makes no 1 passes"):
        check(asked((CLOSE, ("interpolator",)), interpolate=1), ONE)


def test_who_hands_latents_to_whom_must_agree_about_them():
    """A model may make keyframes and decode them although the request's own speaks of others, as
    long as that one does nothing with them."""
    both = (FOREIGN, ("keyframes", "codec"))
    check(asked(both, interpolate=0), ONE)
    with pytest.raises(Refusal, match="foreign and Tiny do not work on the same latents"):
        check(asked(both, interpolate=1), ONE)
    with pytest.raises(Refusal, match="do not work on the same latents"):
        check(asked(both, interpolate=0, extend=1), ONE)
    check(asked((FOREIGN, ("keyframes", "codec", "holes")), interpolate=0, extend=1), ONE)


def test_holes_that_no_part_can_fill_are_refused_before_anything_is_made():
    still = card("still", predicts=False)
    after = replace(CLOSE, fills=("prediction",), size_multiple=8, latent_space="still")
    check(asked((after, ("holes",)), of=still, extend=1), still)
    edited = rerolled(fresh(5, 5, extend=1), {2}, 5, seed=1)
    with pytest.raises(Refusal, match="Nothing chosen here fills frames between given ones"):
        check(asked((after, ("holes",)), of=still, strip=edited), still)


def test_a_loop_that_no_window_holds_is_refused():
    with pytest.raises(Refusal, match="close fills 5 frames at once, too few to lead back"):
        check(asked((CLOSE, ("holes",)), loop=True), ONE)


def test_frames_that_would_have_to_become_latents_of_several_are_refused():
    several = replace(ONE, id="several", grid=Grid(8, 4), latent_space="")
    frames = replace(CLOSE, id="frames", holes_space=FRAMES, size_multiple=8, largest=128)
    both = (frames, ("holes",))
    with pytest.raises(Refusal, match="cannot go on as latents that hold several"):
        check(asked(both, of=several, extend=1, interpolate=1), several)
    check(asked(both, of=several, extend=1, interpolate=0), several)
    check(asked(both, of=ONE, extend=1, interpolate=1), ONE)


def test_keyframes_of_a_model_that_was_not_taught_the_subject_are_refused():
    """A wrong result otherwise: the clip that was asked for, of any dog."""
    rex = SubjectUse("rex", "ab" * 16, "sks", "dog")
    weights = (("image", "aa"),)
    taught = ONE.request("a sks dog", 7, weights, subject=rex)
    check(taught, ONE)
    other = card("other", latent_space="one")
    for roles, refused in ((("codec",), False), (("keyframes",), True)):
        part = other.part((("image", "bb"),), roles, other.defaults)
        request = replace(taught, parts=(part,), width=64, height=64)
        if not refused:
            check(request, ONE)
            continue
        with pytest.raises(Refusal, match="was not taught “rex”"):
            check(request, ONE)
