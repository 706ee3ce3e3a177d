"""Files put on a timeline, and how clips sound: each edit gives another timeline, and nothing of the
old one changes."""

from fractions import Fraction

import pytest

from studio.spec.refusal import Refusal
from studio.spec.timeline import sounding, trimming
from studio.spec.timeline.bringing import STILL, Brought, bring, used_assets
from studio.spec.timeline.checking import faults
from studio.spec.timeline.timeline import media_of
from tests.spec.timeline.timelines import A1, MEDIA, V1, V2, empty, ids, row, sound, words

FILM = Brought(50, Fraction(25), 320, 240, 2 * 48_000)


def brought(timeline, found, start=0, track=""):
    return bring(timeline, found, "a file", "/somewhere/a file", start, ids(), track)


def test_a_film_with_sound_is_two_clips_that_go_together():
    made, clips = brought(empty(), FILM, 7)
    seen, heard = (made.clip(id) for id in clips)
    assert [made.where(id)[0].id for id in clips] == [V1, A1]
    assert (made.start(seen.id), seen.length, heard.length) == (7, 48, 48)
    assert set(made.linked(seen.id)) == set(clips)
    assert not list(faults(made, MEDIA | media_of(made)))
    asset = made.asset(seen.footage.asset)
    assert (asset.width, asset.height, asset.frames) == (320, 240, 50)


def test_a_picture_plays_for_as_long_as_one_wants():
    made, (clip,) = brought(empty(), Brought(1, width=40, height=30))
    assert made.clip(clip).length == 5 * 24
    longer = trimming.trim(made, clip, trimming.TAIL, 1000, MEDIA | media_of(made))
    assert longer.clip(clip).length == 1120
    shown = {longer.clip(clip).footage.frame(n, longer.rate) for n in (0, 1119)}
    assert shown == {0}
    assert made.clip(clip).footage.rate == STILL


def test_the_same_file_is_one_asset_and_what_is_there_makes_room():
    timeline = row((0, 20))
    once, (first, _) = brought(timeline, FILM, 10)
    twice, _ = bring(once, FILM, "a file", "/somewhere/a file", 200, ids(0x9000), V2)
    assert once.start(first) == 10
    assert [c.length for c in once.track(V1).clips] == [10, 48, 10], "cut, and moved on"
    assert len(twice.assets) == len(once.assets)
    assert len(twice.track(V2).clips) == 1
    assert len(list(used_assets(twice, "video"))) == 1


def test_sound_goes_where_it_is_free_and_on_a_new_track_elsewhere():
    one, (first,) = brought(empty(), Brought(samples=48_000))
    two, (second,) = bring(one, Brought(samples=48_000), "b", "/b", 10, ids(0x7000))
    assert one.where(first)[0].id == A1
    assert two.where(second)[0].id != A1
    assert two.where(second)[0].kind == "audio"


def test_a_file_with_nothing_to_play_is_refused():
    with pytest.raises(Refusal, match="holds nothing to play"):
        brought(empty(), Brought())


@pytest.fixture
def sounding_one():
    from dataclasses import replace

    timeline = empty()
    return timeline.with_track(replace(timeline.track(A1), clips=(sound("e" * 12, 20),)))


def test_gain_and_fades_stay_within_what_fits(sounding_one):
    one = sounding_one
    assert sounding.set_gain(one, "e" * 12, 99).clip("e" * 12).sound.gain == 24
    assert sounding.set_gain(one, "e" * 12, -6.0) is one, "nothing changed"
    faded = sounding.set_fade(one, "e" * 12, sounding.FADE_OUT, 99)
    assert (faded.clip("e" * 12).sound.fade_in, faded.clip("e" * 12).sound.fade_out) == (3, 17)
    assert not list(faults(faded, MEDIA))
    assert sounding.set_fade(faded, "e" * 12, sounding.FADE_OUT, 0) == one
    assert one.clip("e" * 12).sound.fade_out == 0


def test_what_is_no_sound_has_no_gain():
    from dataclasses import replace

    timeline = empty()
    prompt = next(t for t in timeline.tracks if t.kind == "prompt")
    spoken = timeline.with_track(replace(prompt, clips=(words("f" * 12),)))
    with pytest.raises(Refusal, match="has no sound"):
        sounding.set_gain(spoken, "f" * 12, 3)


def test_linked_clips_slip_together_as_far_as_both_go():
    made, (seen, heard) = brought(empty(), FILM)
    media = MEDIA | media_of(made)
    cut = trimming.trim(made, seen, trimming.HEAD, 10, media)
    slipped = trimming.slip(cut, seen, -4, media)
    begins = [
        slipped.clip(id).footage.begin / slipped.clip(id).footage.rate for id in (seen, heard)
    ]
    assert begins[0] == begins[1] == Fraction(6, 24)
    assert trimming.slip(cut, heard, -99, media).clip(seen).footage.begin == 0
    assert trimming.slip(cut, seen, 99, media) is cut, "it ends where its file does"
