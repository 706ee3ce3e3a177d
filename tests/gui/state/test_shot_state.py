"""What a shot is, is found out once per change, whoever reads it."""

import types
from collections import Counter
from dataclasses import replace

import pytest

from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.spec import spans, strip
from studio.spec.check import check
from studio.spec.frame_spans import decode_spans
from studio.spec.refusal import Refusal
from studio.spec.spans import keyframes, source_spans, strip_of
from studio.spec.stages import sparse
from studio.ui.state.model_list import LOOKING, FoundModels
from studio.ui.state.shot_state import NO_UPSAMPLER, resolve
from tests.gui.handlers import DENSE, LARGER, MODEL

WORDS = Shot("a", prompt="a red ball")
SMALL = replace(MODEL, card=replace(MODEL.card, id="small"))
MODELS = FoundModels((LARGER, SMALL), "")


@pytest.fixture
def calls(monkeypatch):
    """How often the functions ran that make a request, check it, and unroll it, wherever they were
    imported to."""
    counted: Counter[str] = Counter()
    watched = (Shot.request, check, spans.spans)
    for function in watched:
        name = function.__name__
        original = types.FunctionType(function.__code__, function.__globals__, name)
        stand_in: dict = {}
        exec(f"def {name}(*args): return _counted_{name}(*args)", stand_in)

        def called(*args, name=name, original=original):
            counted[name] += 1
            return original(*args)

        monkeypatch.setitem(function.__globals__, f"_counted_{name}", called)
        monkeypatch.setattr(function, "__code__", stand_in[name].__code__)
    return counted


@pytest.mark.parametrize("letters", ["x", "and so on"], ids=["a key", "some keys"])
def test_a_key_has_the_request_made_once_and_unrolled_at_most_once(
    open_studio, qtbot, until, calls, letters
):
    studio = open_studio(models=(LARGER,))
    prompt = studio.shot.prompt
    prompt.setPlainText("a red ball moving left")
    until(
        lambda: (
            studio.render_forecast.forecast is not None
            and not studio.render_forecast._later.isActive()
        )
    )
    calls.clear()
    qtbot.keyClicks(prompt, letters)
    assert (calls["request"], calls["check"]) == (len(letters), len(letters))
    told = studio.document.shot.prompt
    until(lambda: studio.render_forecast.forecast.request.prompt == told)
    assert (calls["request"], calls["check"]) == (len(letters), len(letters))
    assert 1 <= calls["spans"] <= len(letters)


def test_a_state_says_what_can_be_made():
    state = resolve(WORDS, (), MODELS)
    assert state.checked() == state.request == state.draft
    assert state.strip == strip_of(state.request)
    assert state.upsampled.upsample == LARGER.card.upsampling
    assert (
        state.disabled_reason,
        state.render_disabled_reason,
        state.upsample_disabled_reason,
    ) == ("", "", "")
    small = resolve(replace(WORDS, model="small"), (), MODELS)
    assert (small.disabled_reason, small.upsample_disabled_reason) == ("", NO_UPSAMPLER)


@pytest.mark.parametrize(
    ("shot", "disabled_reason"),
    [
        (replace(WORDS, prompt=" "), "The prompt is empty."),
        (replace(WORDS, model="gone"), "There is no model “gone”."),
        (replace(WORDS, subject="rex"), "There is no subject “rex”."),
        (replace(WORDS, subject="tux"), "tux"),
        (replace(WORDS, width=63), "cannot make pictures of 63"),
    ],
    ids=["words", "model", "subject", "training", "size"],
)
def test_a_state_says_why_a_shot_cannot_be_made(shot, disabled_reason):
    state = resolve(shot, (Subject("tux", "character"),), MODELS)
    assert state.request is state.strip is state.upsampled is None
    assert (
        disabled_reason
        in state.disabled_reason
        == state.render_disabled_reason
        == state.upsample_disabled_reason
    )
    with pytest.raises(Refusal, match=r".+"):
        state.checked()
    assert (state.draft is None) == (state.model is None), "what it would be can still be told"


@pytest.mark.parametrize("blank", [" ", "\t \n"])
def test_a_space_in_the_negative_prompt_makes_no_other_clip(blank):
    said = resolve(replace(WORDS, negative=blank), (), MODELS)
    assert said.request == resolve(WORDS, (), MODELS).request
    assert said.shot.negative == blank, "what was typed stays as it is"


def test_an_order_waits_for_the_models_unless_nothing_can_be_made_anyway():
    looking = FoundModels()
    assert LOOKING in resolve(WORDS, (), looking).disabled_reason
    assert resolve(WORDS, (), looking).render_disabled_reason == ""
    assert resolve(replace(WORDS, prompt=""), (), looking).render_disabled_reason
    for models in (looking, MODELS):
        watched = resolve(WORDS, (), models, only_read="Watched only.")
        assert watched.render_disabled_reason == "Watched only."


@pytest.mark.parametrize("extend", [0, 5])
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("edited", [False, True])
def test_keyframes_alone_are_decoded_as_a_request_for_them_says(extend, loop, edited):
    """The pictures of the strip are looked up without unrolling that request as well."""
    asked = resolve(
        replace(WORDS, extend=extend, loop=loop), (), FoundModels((DENSE,), "")
    ).checked()
    if edited:
        asked = replace(asked, strip=strip.rerolled(strip_of(asked), {2}, asked.window, seed=7))
    small, own = sparse(asked), strip_of(asked)
    alone = [[key] for key in keyframes(own, source_spans(asked, own))]
    wanted = [span.key for span in spans.spans(small) if span.stage == "decode"]
    assert [span.key for span in decode_spans(small, alone, loop=own.loop)] == wanted != []
