"""What fills each role of a clip, and how the list of spans follows from it."""

from dataclasses import replace

import pytest

from studio.project.plain import from_plain, to_plain
from studio.spec.check import check
from studio.spec.forecast import MADE, TO_MAKE, forecast
from studio.spec.frame_spans import whole_chunks
from studio.spec.part import FRAMES, Part
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans
from studio.spec.stages import in_order, stage_of, until
from studio.spec.strip import Source, fresh, replaced
from tests.cards import card
from tests.spec.requests import PLAIN

WEIGHTS = (("transformer", "7" * 32), ("autoencoder", "8" * 32))
USES = (("interpolator", ("transformer", "autoencoder")),)
WAN = Part(
    "wan", ("interpolator",), WEIGHTS, "wan", USES, ("any",), factor=16, space=FRAMES
)  # fmt: skip
FIVE = replace(PLAIN, keyframes=5, interpolate=1, parts=(WAN,))


def by_stage(request: ClipRequest) -> dict[str, list]:
    found: dict[str, list] = {}
    for span in spans(request):
        found.setdefault(span.stage, []).append(span)
    return found


def test_frames_are_put_between_behind_the_codec():
    found = by_stage(FIVE)
    stages = ["keyframes", *["decode"] * 5, *["interpolation"] * 4]
    assert [span.stage for span in spans(FIVE)] == stages
    assert [span.makes for span in found["decode"]] == [(n,) for n in range(5)]
    assert all(len(span.reads) == 1 for span in found["decode"])  # whatever its codec sees
    assert [len(span.reads) for span in found["interpolation"]] == [17] * 4
    assert [span.reads.count(None) for span in found["interpolation"]] == [15] * 4


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("passes", [1, 2])
def test_the_last_spans_one_after_the_other_are_the_clip(loop, passes):
    small = replace(WAN, factor=4)
    request = replace(FIVE, interpolate=passes, loop=loop, window=8, parts=(small,))
    walk = {span.key: span for span in spans(request)}
    shown = [position for key in last_keys(spans(request)) for position in walk[key].makes]
    assert shown == list(range(request.frames))
    assert request.rate == request.fps * 4**passes


def test_an_edited_keyframe_re_keys_itself_two_fills_and_what_stands_on_them():
    strip = fresh(5, 8)
    pictures = [f"{n}" * 32 for n in range(5)]
    for number, picture in enumerate(pictures):
        strip = replaced(strip, number, Source(picture=picture))
    larger = replace(FIVE, strip=strip, upsample=None)
    edited = replace(larger, strip=replaced(strip, 2, Source(picture="f" * 32)))
    before, after = by_stage(larger), by_stage(edited)

    def changed(stage: str) -> list[int]:
        keys = {span.key for span in before[stage]}
        return [n for n, span in enumerate(after[stage]) if span.key not in keys]

    assert changed("picture") == [4]  # the newest source stands last
    assert changed("interpolation") == [1, 2]


def test_stages_are_in_the_order_in_which_they_are_made():
    assert in_order(FIVE) == ("keyframes", "extended", "decoded", "interpolated", "upsampled")
    assert {s.stage for s in until(spans(FIVE), "decoded")} == {"keyframes", "decode"}
    assert {stage_of(s) for s in until(spans(FIVE), "interpolated")} == {
        "keyframes", "decoded", "interpolated",
    }  # fmt: skip


def test_a_forecast_counts_the_frames_that_are_put_between():
    walk = spans(FIVE)
    found = forecast(FIVE, {s.key for s in walk if s.stage != "interpolation"}.__contains__, {})
    states = {stage.name: stage.state for stage in found.stages}
    assert (states["decoded"], states["interpolated"]) == (MADE, TO_MAKE)
    assert found.clip.frames == FIVE.frames == 65
    assert [work.missing for work in found.intervals] == [16, 16, 16, 17]


@pytest.mark.parametrize(
    ("frame", "chunk"), [(0, (0, 15)), (31, (16, 31)), (48, (48, 64)), (64, (48, 64))]
)
def test_a_range_ends_where_fills_do(frame, chunk):
    assert whole_chunks(FIVE, frame, frame) == chunk
    request = replace(FIVE, only=whole_chunks(FIVE, frame, frame))
    made = [span for span in spans(request) if span.stage == "interpolation"]
    assert len(made) == 1
    assert (made[0].makes[0], made[0].makes[-1]) == chunk


def test_another_family_is_in_the_key_beside_its_weights():
    other = replace(WAN, family="autoencoder")
    before, after = by_stage(FIVE), by_stage(replace(FIVE, parts=(other,)))
    same = {stage for stage in before if before[stage] == after[stage]}
    assert same == {"keyframes", "decode"}


def test_what_is_in_the_key_of_a_codec_of_several_frames_a_latent():
    """What was made at once is decoded at once: latents of such a codec mean nothing alone."""
    from studio.spec.grid import Grid

    uses = (("keyframes", ("transformer",)), ("codec", ("autoencoder",)))
    words = Part(PLAIN.model, ("keyframes", "codec"), WEIGHTS, "wan", uses, grid=Grid(8, 4))
    walk = spans(replace(PLAIN, keyframes=81, weights=WEIGHTS, parts=(words,)))
    assert [span.stage for span in walk] == ["keyframes", "decode"]
    assert len(walk[0].makes) == len(walk[1].makes) == 81
    assert len(walk[1].reads) == 21


def test_the_first_part_that_can_fill_a_window_fills_it():
    first = replace(WAN, model="first", roles=("holes",), uses=(), fills=("first",), weights=())
    ends = replace(first, model="ends", fills=("prediction",))
    request = replace(PLAIN, parts=(first, ends))
    assert request.part("holes", (True, False)).model == "first"
    assert request.part("holes", (True, True, False)).model == "ends"
    assert request.part("holes", (True, False, True)).model == "starter"
    assert request.part("codec").model == "starter"


def test_a_role_of_nobody_and_weights_of_no_role_are_errors():
    itself = Part("starter", ("keyframes", "codec"), PLAIN.weights)
    with pytest.raises(ValueError, match="nothing fills the role “interpolator”"):
        spans(replace(PLAIN, interpolate=1, parts=(itself,)))
    with pytest.raises(ValueError, match="no role uses: stray"):
        spans(replace(FIVE, parts=(replace(WAN, weights=(*WEIGHTS, ("stray", "1"))),)))
    with pytest.raises(ValueError, match="fills no role “codec”"):
        WAN.named("codec")


def test_a_card_of_another_family_makes_a_request_that_says_so():
    wan = replace(
        card("wan"),
        family="wan",
        uses=(("keyframes", ("transformer",)), ("codec", ("autoencoder",))),
    )
    request = wan.request("a ball", 7, WEIGHTS)
    assert request.part("codec").family == "wan"
    check(request, wan)
    with pytest.raises(Refusal, match="makes no 1 passes"):
        check(replace(request, interpolate=1), wan)
    assert card().request("a ball", 7, ()).parts == ()


def test_a_request_with_parts_is_read_as_it_was_written():
    assert from_plain(ClipRequest, to_plain(FIVE)) == FIVE


def test_what_the_first_release_stored_is_read():
    """Its `walked` are the strengths of now; of parts it knew nothing."""
    plain = to_plain(PLAIN)
    for name in ("parts", "options", "sampler"):
        del plain[name]
    plain["walked"] = plain.pop("strengths")
    assert from_plain(ClipRequest, plain) == PLAIN


@pytest.mark.parametrize(
    "wrong",
    [{"roles": ()}, {"roles": ("cook",)}, {"factor": 1}, {"space": "sound"}, {"weights": (("x", "y"),)}],
    ids=str,
)  # fmt: skip
def test_a_part_that_no_card_says_is_damage(wrong):
    with pytest.raises(ValueError, match="does not fit"):
        from_plain(ClipRequest, to_plain(replace(FIVE, parts=(replace(WAN, **wrong),))))
