"""The timeline in its project: undone as all else, kept with what is not known, filled and made anew."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.project import edits
from studio.project import timeline_edits as cuts
from studio.project.history import History
from studio.project.plain import from_plain, to_plain
from studio.project.project import Project
from studio.project.shot import Shot
from studio.project.slowing import finer, slow
from studio.spec.adapter_use import LoraUse
from studio.spec.part import ROLES, Part
from studio.spec.refusal import Refusal
from studio.spec.spans import last_keys, spans
from studio.spec.timeline import edits as timeline_edits
from studio.spec.timeline import marking, splitting, trimming
from studio.spec.timeline.gaps import gaps, range_of
from studio.spec.timeline.retiming import at_rate, retime
from studio.spec.timeline.states import MADE, TO_MAKE, Wanted, plan
from studio.spec.timeline.timeline import Timeline
from tests.hostile import good
from tests.project.takes_of import with_media
from tests.spec.requests import PLAIN
from tests.spec.timeline.timelines import EDITS, RATES, V1, V2, cells, edited, ids, words

FULL = replace(PLAIN, interpolate=2)
OTHER = replace(FULL, prompt="a blue star", seed=9)
ONE, TWO = "a" * 12, "b" * 12
TAKES = ("1" * 12, "2" * 12)


def project():
    """Two shots with a take of each, and a third without."""
    made = Project("x")
    for shot, take, request in zip((ONE, TWO), TAKES, (FULL, OTHER), strict=True):
        made = edits.add_shot(made, cuts.shot_of(request, shot))
        made = edits.add_render(made, shot, request, last_keys(spans(request)), id=take)
    return edits.add_shot(made, Shot("c" * 12, "nothing yet"))


def film(project):
    return next(t for t in project.timeline.tracks if t.kind == "video")


@settings(max_examples=20)
@given(EDITS)
def test_undo_returns_the_very_same_state(some):
    new, start = ids(), with_media()
    history, seen = History(start), [start]
    for edit in some:
        after = cuts.edit_timeline(history.present, lambda t, e=edit: edited(t, e, new))
        history = history.change(after, edit[0])
        if history.present != seen[-1]:
            seen.append(history.present)
    for wanted in reversed(seen[:-1]):
        history = history.undo()
        assert history.present == wanted
        assert to_plain(history.present) == to_plain(wanted)
    for wanted in seen[1:]:
        history = history.redo()
        assert history.present == wanted


@settings(max_examples=15)
@given(EDITS)
def test_what_is_stored_is_read_back(some):
    new, made = ids(), with_media()
    for edit in some:
        made = cuts.edit_timeline(made, lambda t, e=edit: edited(t, e, new))
    assert from_plain(Project, to_plain(made)) == made


def outside(project, track, first, end):
    """What a track plays before and after a range."""
    played = cells(project.timeline, track, 400)
    return played[:first] + played[end:]


@settings(max_examples=20)
@given(EDITS, st.sampled_from(RATES), st.integers(0, 10**6), st.integers(1, 20))
def test_any_gap_is_filled_and_any_range_made_anew_and_the_rest_stays(some, rate, pick, length):
    new, made = ids(), with_media()
    made = replace(made, timeline=at_rate(made.timeline, rate, made.media))
    for edit in some:
        made = cuts.edit_timeline(made, lambda t, e=edit: edited(t, e, new))
    for track in (made.timeline.track(V1), made.timeline.track(V2)):
        for gap in gaps(made.timeline, track.id):
            after, request = cuts.fill_gap(made, gap, FULL, new=ids(0x90000))
            end = gap.start + gap.length
            assert outside(after, track.id, gap.start, end) == outside(
                made, track.id, gap.start, end
            )
            assert not list(request.unfit())
        for start, clip in track.placed()[:2]:
            first = start + pick % clip.length
            end = min(first + length, start + clip.length)
            if not leaves_some(clip, first - start, end - start):
                continue
            after, request = cuts.retake(made, clip.id, first, end, FULL, new=ids(0x90000))
            assert outside(after, track.id, first, end) == outside(made, track.id, first, end)
            for other in made.timeline.tracks:
                if other.id != track.id:
                    assert after.timeline.track(other.id) == other


def leaves_some(clip, first, end) -> bool:
    """Whether some of a clip is left beside a range, to go on from."""
    return first > 0 or end < clip.length


def test_what_a_newer_program_wrote_on_a_timeline_stays_in_its_place():
    plain = to_plain(good())
    track = next(t for t in plain["timeline"]["tracks"] if t["kind"] == "prompt")
    clip = track["clips"][0]
    places = (plain["timeline"], track, clip, clip["words"], clip["words"]["adapters"][0],
              plain["timeline"]["markers"][0], plain["timeline"]["assets"][0])  # fmt: skip
    for place in places:
        place["scent"] = {"rose": 1}
    assert to_plain(from_plain(Project, plain)) == plain


def test_shots_are_laid_out_in_their_order():
    made = cuts.lay_out(project())
    assert made.timeline.rate == 24
    assert [(clip.footage.take, clip.length) for clip in film(made).clips] == [
        (TAKES[0], 113),
        (TAKES[1], 113),
    ]
    newer = edits.add_render(project(), ONE, replace(FULL, seed=1), ("ab" * 16,), id="3" * 12)
    assert film(cuts.lay_out(newer)).clips[0].footage.take == "3" * 12
    starred = edits.star(newer, TAKES[0])
    assert film(cuts.lay_out(starred)).clips[0].footage.take == TAKES[0]
    with pytest.raises(Refusal, match="Nothing has been rendered"):
        cuts.lay_out(Project("empty"))


def test_an_edit_that_breaks_the_timeline_is_never_kept():
    made = cuts.lay_out(project())

    def longer(timeline):
        clip = film(made).clips[0]
        return timeline_edits.replaced(timeline, replace(clip, length=500))

    with pytest.raises(ValueError, match="more than there is"):
        cuts.edit_timeline(made, longer)
    assert cuts.edit_timeline(made, lambda timeline: timeline) is made


def test_a_gap_is_filled_by_a_shot_of_its_own_and_its_take_comes_to_the_clip():
    made = cuts.lay_out(project())
    second = film(made).clips[1]
    made = cuts.edit_timeline(
        made, lambda t: timeline_edits.move(t, second.id, 113 + 31, ids(0x9000))
    )
    gap = range_of(made.timeline, film(made).id, 113, 31)
    filled, request = cuts.fill_gap(made, gap, replace(FULL, seed=4), new=ids())
    shot, clip = filled.shots[-1], film(filled).clips[1]
    assert (shot.id, shot.strip, filled.selected) == (clip.footage.shot, request.strip, "c" * 12)
    assert (clip.length, clip.gap, clip.footage.take) == (31, 0, "")
    last = last_keys(spans(request))
    rendered = edits.add_render(filled, shot.id, request, last, id="4" * 12)
    moved = cuts.edit_timeline(  # while it was made
        rendered, lambda t: timeline_edits.move_several(
            t, [c.id for c in film(filled).clips], 50, ids(0x9000)
        ),
    )  # fmt: skip
    shown = cuts.show(moved, clip.id, "4" * 12)
    assert shown.timeline.clip(clip.id).footage.take == "4" * 12
    assert shown.timeline.start(clip.id) == 163
    stored = {k for r in (FULL, OTHER, request) for k in last_keys(spans(r))}
    wanted = {id: Wanted(r) for id, r in ((ONE, FULL), (TWO, OTHER), (shot.id, request))}
    stand = lambda p: plan(  # noqa: E731
        p.timeline, cuts.requests(p), wanted, stored.__contains__, {}
    ).states[clip.id]
    assert (stand(moved), stand(shown)) == (TO_MAKE, MADE)


@pytest.mark.parametrize("end", [trimming.HEAD, trimming.TAIL])
def test_a_clip_dragged_past_its_take_makes_its_shot_longer_and_keeps_what_is_there(end):
    made = cuts.lay_out(project())
    clip = film(made).clips[0].id
    longer, extension, request = cuts.extend(made, clip, end, 20, FULL)
    assert (extension.frames, extension.keyframes) == (20, 2)
    assert longer.timeline == made.timeline
    assert longer.shot(ONE).strip == request.strip
    keys = [{span.key for span in spans(asked)} for asked in (FULL, request)]
    assert len(keys[0] - keys[1]) <= 2  # chunks at the end that was dragged
    last = last_keys(spans(request))
    landed = cuts.land(
        edits.add_render(longer, ONE, request, last, id="4" * 12), extension, "4" * 12
    )
    assert landed.timeline.clip(clip).length == 133
    shown = landed.timeline.clip(clip).footage
    assert shown.begin == (32 - 20 if end == trimming.HEAD else 0)
    assert cuts.land(longer, extension, "5" * 12) is longer
    shorter = cuts.edit_timeline(
        made, lambda t: trimming.trim(t, clip, trimming.TAIL, -30, made.media)
    )
    grown, extension, request = cuts.extend(shorter, clip, trimming.TAIL, 20, FULL)
    assert (extension.frames, request) == (0, FULL)
    assert grown.timeline.clip(clip).length == 103
    with pytest.raises(Refusal, match="loop"):
        cuts.extend(made, clip, trimming.TAIL, 20, replace(FULL, loop=True))


def test_words_over_a_clip_come_into_its_shot_when_they_are_applied():
    made = cuts.lay_out(project())
    clip = film(made).clips[0].id
    track = next(t for t in made.timeline.tracks if t.kind == "prompt")
    over = words("d" * 12, 60, "a green cube")
    made = cuts.edit_timeline(
        made, lambda t: timeline_edits.overwrite(t, track.id, over, 70, ids())
    )
    asked, request = cuts.apply_words(made, clip, FULL)
    assert (asked.shot(ONE).strip, asked.timeline) == (request.strip, made.timeline)
    assert [source.prompt for source in request.strip.sources] == [None, "a green cube"]
    assert cuts.apply_words(asked, clip, request) == (asked, request)
    moved = cuts.edit_timeline(asked, lambda t: timeline_edits.move(t, clip, 500, ids()))
    assert moved.shots == asked.shots  # until they are applied again
    empty = edits.remove(edits.put_in_bin(made, TAKES[0]), TAKES[0])
    with pytest.raises(Refusal, match="no keyframes"):
        cuts.apply_words(empty, clip, FULL)


def test_what_lands_where_its_clip_is_gone_changes_nothing():
    made = cuts.lay_out(project())
    assert cuts.show(made, "f" * 12, TAKES[0]) is made
    assert cuts.show(made, film(made).clips[0].id, "f" * 12) is made


def test_a_retake_leaves_the_take_on_both_sides_and_is_one_step_to_undo():
    made = cuts.lay_out(project())
    clip = film(made).clips[0]
    after, request = cuts.retake(
        made, clip.id, 33, 80, replace(FULL, prompt="a red ring", seed=5), new=ids()
    )
    before, now = (cells(p.timeline, film(p).id, 230) for p in (made, after))
    assert now[:33] + now[80:] == before[:33] + before[80:]
    assert request.prompt == after.shots[-1].prompt == "a red ring"
    assert [c.length for c in film(after).clips] == [33, 47, 33, 113]
    assert History(made).change(after, "Retake").undo().present == made
    with pytest.raises(Refusal, match="not within"):
        cuts.retake(made, clip.id, 100, 120, FULL, new=ids())


def test_a_shot_asks_again_for_what_its_request_did():
    """By the keys: a fill whose shot is opened and not touched is made."""
    from tests.cards import card

    plain = card(
        "starter", "Starter", Fraction(3, 2), multiple=8, steps=20, guidance=2.5, passes=2,
        predicts=True,
    )  # fmt: skip
    plain = replace(plain, defaults=replace(plain.defaults, strengths=FULL.strengths))
    made = cuts.lay_out(project())
    _, request = cuts.retake(made, film(made).clips[0].id, 33, 80, FULL, new=ids())
    for asked in (FULL, request):
        again = cuts.shot_of(asked, ONE).request(plain, asked.weights, asked.subject)
        assert last_keys(spans(again)) == last_keys(spans(asked))


def test_a_shot_names_the_models_that_took_roles_from_its_own():
    decoder = Part("ours", ("codec", "upscaler"), ())
    own = Part("starter", ROLES, FULL.weights)
    request = replace(FULL, parts=(decoder, own))
    assert cuts.shot_of(request, ONE).parts == (("codec", "ours"), ("upscaler", "ours"))
    assert cuts.shot_of(FULL, ONE).parts == ()


def test_a_render_that_is_removed_leaves_its_clip_to_be_made():
    made = cuts.lay_out(project())
    gone = edits.remove(edits.put_in_bin(made, TAKES[0]), TAKES[0])
    assert gone.timeline == made.timeline
    assert from_plain(Project, to_plain(gone)) == gone
    found = plan(gone.timeline, cuts.requests(gone), {}, lambda _: True, {})
    assert found.states[film(gone).clips[0].id] == TO_MAKE
    assert splitting.split(gone.timeline, film(gone).clips[0].id, 5, ids()) != gone.timeline


def test_a_project_without_a_timeline_has_an_empty_one():
    assert Project("x").timeline == Timeline()
    assert marking.marked(Timeline()) == (0, 0)
    assert V1 not in Timeline()


def test_a_shot_of_a_request_keeps_its_loras():
    """Else what fills a gap beside it would be made with them, and out of date at once."""
    use = LoraUse("style", "1" * 64, 0.5, "SD 1.x")
    assert cuts.shot_of(replace(FULL, loras=(use,)), ONE).loras == (("style", 0.5),)
    assert not cuts.shot_of(FULL, ONE).loras


def test_a_slow_clip_is_of_the_same_take_with_frames_in_between():
    coarse = replace(PLAIN, interpolate=1)
    made = edits.add_shot(Project("x"), cuts.shot_of(coarse, ONE))
    made = edits.add_render(made, ONE, coarse, last_keys(spans(coarse)), id=TAKES[0])
    made = cuts.lay_out(made)
    clip = film(made).clips[0].id
    with pytest.raises(Refusal, match="no frame twice"):
        finer(made, clip)
    slower = cuts.edit_timeline(made, lambda t: retime(t, clip, Fraction(1, 3), made.media))
    (asked,) = finer(slower, clip)
    assert asked == replace(coarse, interpolate=2)
    after = slow(slower, clip, asked)
    assert [shot.prompt for shot in after.shots] == [PLAIN.prompt] * 2
    rendered = edits.add_render(
        after, after.shots[-1].id, asked, last_keys(spans(asked)), id=TAKES[1]
    )
    shown = cuts.show(rendered, clip, TAKES[1])
    footage, rate = shown.timeline.clip(clip).footage, shown.timeline.rate
    assert (footage.take, footage.speed) == (TAKES[1], Fraction(1, 3))
    last = footage.frame(shown.timeline.clip(clip).length - 1, rate)
    assert asked.frames - 4 <= last < asked.frames
