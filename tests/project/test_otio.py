"""OpenTimelineIO out and in: equal with our metadata, the same cut without it."""

import json
import math
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentimelineio import schema
from opentimelineio.opentime import RationalTime, TimeRange

from studio.project import timeline_edits as cuts
from studio.project.otio_in import from_otio
from studio.project.otio_out import to_otio
from studio.project.project import Project
from studio.spec.refusal import Refusal
from studio.spec.timeline import edits, marking, trimming
from studio.spec.timeline.checking import faults
from studio.spec.timeline.clip import Foreign
from studio.spec.timeline.retiming import at_rate
from studio.spec.timeline.timeline import Timeline
from tests.hostile import good
from tests.project.takes_of import with_media
from tests.spec.timeline.timelines import EDITS, MEDIA, RATES, V1, edited, empty, ids, video, words


def stripped(text: str) -> str:
    """A file without anything of ours, as a program that keeps no metadata would save it."""

    def without(plain):
        if isinstance(plain, dict):
            return {k: without(v) for k, v in plain.items() if k != "studio"}
        return [without(one) for one in plain] if isinstance(plain, list) else plain

    return json.dumps(without(json.loads(text)))


def cut(timeline: Timeline, project: Project) -> list:
    """Of every track the kind and its clips: where each lies, what it shows from where, how fast."""
    names = {asset.id: asset.place or asset.name for asset in timeline.assets}
    names |= {render.id: f"Take {render.order}" for render in project.renders}
    return [
        (
            track.kind,
            [
                (
                    start,
                    clip.length,
                    clip.words.text if clip.words else names.get(clip.footage.medium, ""),
                    clip.footage and round(float(clip.footage.begin / clip.footage.rate), 6),
                    clip.footage and round(float(clip.footage.speed), 3),
                )
                for start, clip in track.placed()
            ],
        )
        for track in timeline.tracks
    ]


def random_project(some, rate) -> Project:
    new, made = ids(), with_media()
    made = replace(made, timeline=at_rate(made.timeline, rate, MEDIA))
    for edit in some:
        made = cuts.edit_timeline(made, lambda t, e=edit: edited(t, e, new))
    return made


@settings(max_examples=30)
@given(EDITS, st.sampled_from(RATES))
def test_out_and_in_is_the_very_same_timeline(some, rate):
    made = random_project(some, rate)
    found = from_otio(to_otio(made), made, ids(0x90000))
    assert found.timeline == made.timeline
    assert found.aside == ()


@settings(max_examples=30)
@given(EDITS, st.sampled_from(RATES))
def test_without_our_metadata_the_cut_is_the_same(some, rate):
    made = random_project(some, rate)
    found = from_otio(stripped(to_otio(made)), made, ids(0x90000))
    assert cut(found.timeline, made) == cut(made.timeline, made)
    if any(track.clips for track in made.timeline.tracks if track.kind == "video"):
        assert found.timeline.rate == made.timeline.rate
    assert [(m.frame, m.name) for m in found.timeline.markers] == [
        (m.frame, m.name) for m in made.timeline.markers
    ]
    again = from_otio(to_otio(replace(made, timeline=found.timeline)), made, ids(0xA0000))
    assert again.timeline == found.timeline


@pytest.mark.parametrize("rate", RATES)
def test_an_empty_timeline_keeps_its_rate(rate):
    made = Project("x", timeline=empty(rate))
    assert from_otio(to_otio(made), made, ids()).timeline == made.timeline


def test_a_project_with_everything_comes_back():
    found = from_otio(to_otio(good()), good(), ids(0x90000))
    assert found.timeline == good().timeline


def test_takes_are_media_references_with_their_recipes(tmp_path):
    made = good()
    film = next(t for t in made.timeline.tracks if t.kind == "video")
    take = film.clips[0].footage.take
    there = otio.adapters.read_from_string(
        to_otio(made, {take: tmp_path / "take 1.mp4"}), "otio_json"
    )
    clip = next(iter(there.video_tracks()[0].find_clips()))
    shot = made.render(take).shot
    assert set(clip.media_references()) == {r.id for r in made.takes if r.shot == shot}
    assert clip.active_media_reference_key == take
    active = clip.media_reference
    assert active.target_url == (tmp_path / "take 1.mp4").as_uri()
    assert active.metadata["studio"]["request"]["prompt"] == made.render(take).request.prompt
    assert active.available_range.duration.value == made.render(take).request.frames
    others = [r for k, r in clip.media_references().items() if k != take]
    assert all(isinstance(other, schema.MissingReference) for other in others)


def test_a_take_that_is_a_file_is_an_asset_elsewhere(tmp_path):
    made = good()
    film = next(t for t in made.timeline.tracks if t.kind == "video")
    take, file = film.clips[0].footage.take, tmp_path / "take 1.mp4"
    elsewhere = Project("another")
    found = from_otio(to_otio(made, {take: file}), elsewhere, ids(0x90000))
    assert file.as_uri() in [asset.place for asset in found.timeline.assets]
    assert list(faults(found.timeline, {})) == []
    lengths = [(clip.gap, clip.length) for clip in film.clips]
    there = next(t for t in found.timeline.tracks if t.kind == "video")
    assert [(clip.gap, clip.length) for clip in there.clips] == lengths


def foreign() -> schema.Timeline:
    """As another program writes it: nothing of ours, and much that nothing here knows."""
    there = schema.Timeline("theirs", global_start_time=RationalTime(86400, 24))
    track, sound, strange = (
        schema.Track("V1"),
        schema.Track("A1", kind="Audio"),
        schema.Track("subtitles", kind="Subtitle"),
    )
    there.tracks.extend([track, sound, strange])
    file = schema.ExternalReference(
        "file:///films/a%20b.mov", TimeRange(RationalTime(86400, 24), RationalTime(500, 24))
    )
    one = schema.Clip("one", file, TimeRange(RationalTime(86410, 24), RationalTime(48, 24)))
    one.effects.append(schema.Effect("", "GaussianBlur", {"radius": 5}))
    one.effects.append(schema.LinearTimeWarp("", 2.0))
    one.metadata["resolve"] = {"grade": [1, 2.5, None, "x"]}
    one.markers.append(schema.Marker("here", TimeRange(RationalTime(3, 24), RationalTime(0, 24))))
    two = schema.Clip("two", schema.MissingReference("lost"))
    two.source_range = TimeRange(RationalTime(0, 24), RationalTime(24, 24))
    two.enabled = False
    freeze = schema.Clip("still", file.deepcopy())
    freeze.source_range = TimeRange(RationalTime(86410, 24), RationalTime(24, 24))
    freeze.effects.append(schema.FreezeFrame("hold"))
    nested = schema.Stack("inside")
    nested.source_range = TimeRange(RationalTime(0, 24), RationalTime(10, 24))
    generated = schema.Clip("bars", schema.GeneratorReference("smpte", "SMPTEBars"))
    generated.source_range = TimeRange(RationalTime(0, 24), RationalTime(12, 24))
    fade = schema.Transition("fade", "SMPTE_Dissolve", RationalTime(4, 24), RationalTime(4, 24))
    last = schema.Transition("out", "SMPTE_Dissolve", RationalTime(4, 24), RationalTime(0, 24))
    track.extend([schema.Gap(duration=RationalTime(12, 24)), one, fade, two, freeze, nested])
    track.extend([generated, last])
    song = schema.ExternalReference(
        "song.wav", TimeRange(RationalTime(0, 48000), RationalTime(480000, 48000))
    )
    sound.append(
        schema.Clip("song", song, TimeRange(RationalTime(1, 48000), RationalTime(96000, 48000)))
    )
    strange.append(schema.Clip("hello", None, TimeRange(RationalTime(0, 24), RationalTime(5, 24))))
    track.effects.append(schema.Effect("grain", "Grain"))
    there.tracks.effects.append(schema.Effect("look", "Lut"))
    there.metadata["resolve"] = {"project": "x"}
    return there


def test_what_another_program_made_is_the_same_cut_and_the_rest_is_kept_and_named():
    text = otio.adapters.write_to_string(foreign(), "otio_json")
    found = from_otio(text, Project("x"), ids())
    timeline = found.timeline
    assert timeline.rate == 24
    film, sound, _ = timeline.tracks
    assert [(start, clip.length, clip.name) for start, clip in film.placed()] == [
        (12, 48, "one"), (60, 24, "two"), (84, 24, "still"), (108, 10, "inside"), (118, 12, "bars"),
    ]  # fmt: skip
    first = film.clips[0].footage
    assert (first.begin, first.speed, first.rate) == (10, 2, 24)
    asset = timeline.asset(first.asset)
    assert (asset.name, asset.frames, asset.start) == ("a b.mov", 500, 86400)
    assert [(s, c.length, c.footage.begin) for s, c in sound.placed()] == [(0, 48, 1)]
    named = " ".join(found.aside)
    for name in ("GaussianBlur", "hold", "fade", "out", "inside", "bars", "here", "grain", "look",
                 "Subtitle", "two", "smpte"):  # fmt: skip
        assert name in named, name
    assert list(faults(timeline, {})) == []


def test_what_was_kept_of_another_program_goes_back_to_it():
    text = otio.adapters.write_to_string(foreign(), "otio_json")
    project = Project("theirs", timeline=from_otio(text, Project("x"), ids()).timeline)
    again = to_otio(project)
    there, before = (otio.adapters.read_from_string(t, "otio_json") for t in (again, text))
    assert there.global_start_time == before.global_start_time
    assert there.metadata["resolve"]["project"] == "x"
    for a, b in zip(there.tracks[0], before.tracks[0], strict=True):
        assert type(a) is type(b)
        assert a.name == b.name
        if isinstance(a, schema.Clip):
            assert [e.name for e in a.effects if e.name != "speed"] == [
                e.name for e in b.effects if not isinstance(e, schema.LinearTimeWarp) or e.name
            ]
            assert (a.enabled, len(a.markers)) == (b.enabled, len(b.markers))
            assert a.range_in_parent() == b.range_in_parent()
            assert type(a.media_reference) is type(b.media_reference)
            assert a.source_range == b.source_range
    grade = there.tracks[0][1].metadata["resolve"]["grade"]
    assert list(grade) == [1, 2.5, None, "x"]
    assert from_otio(again, project, ids(0x90000)).timeline == project.timeline


def project_of(*clips) -> Project:
    timeline = empty()
    timeline = timeline.with_track(replace(timeline.track(V1), clips=clips))
    return replace(with_media(), timeline=timeline)


def changed(project: Project, change) -> Timeline:
    """What is read after another program has changed something and kept our metadata."""
    there = otio.adapters.read_from_string(to_otio(project), "otio_json")
    change(next(track for track in there.tracks if track.name == "Film"))
    text = otio.adapters.write_to_string(there, "otio_json")
    return from_otio(text, project, ids(0x90000)).timeline


def test_what_another_program_changed_is_what_is_read():
    made = project_of(video("1" * 12, 20, begin=Fraction(1, 3)), video("2" * 12, 20, begin=16))

    def moved(track):
        track.insert(0, schema.Gap(duration=RationalTime(7, 24)))

    def trimmed(track):
        range_ = track[0].source_range
        track[0].source_range = TimeRange(
            RationalTime(4, 24), range_.duration - RationalTime(5, 24)
        )

    def swapped(track):
        first = track[0].deepcopy()
        del track[0]
        track.append(first)

    def faster(track):
        track[1].effects.append(schema.LinearTimeWarp("", 1.5))

    def copied(track):
        track.append(track[0].deepcopy())

    def shown(timeline):
        return [
            (start, clip.id, clip.length, clip.footage.begin, clip.footage.speed)
            for start, clip in timeline.track(V1).placed()
        ]

    a, b = "1" * 12, "2" * 12
    third = Fraction(1, 3)
    assert shown(changed(made, moved)) == [(7, a, 20, third, 1), (27, b, 20, 16, 1)]
    assert shown(changed(made, trimmed)) == [(0, a, 15, 4, 1), (15, b, 20, 16, 1)]
    assert shown(changed(made, swapped)) == [(0, b, 20, 16, 1), (20, a, 20, third, 1)]
    assert shown(changed(made, faster))[1] == (20, b, 20, 16, Fraction(3, 2))
    third_clip = shown(changed(made, copied))[2]
    assert third_clip[0] == 40
    assert third_clip[1] not in (a, b)


def test_a_clip_made_longer_than_its_take_elsewhere_ends_with_it():
    made = project_of(video("1" * 12, 20, begin=100 - 16))

    def longer(track):
        track[0].source_range = TimeRange(RationalTime(84, 24), RationalTime(100, 24))

    timeline = changed(made, longer)
    assert timeline.track(V1).clips[0].length == 113 - 84
    assert list(faults(timeline, made.media)) == []


@pytest.mark.parametrize("rate", [23.976, 23.98, 24000 / 1001, 29.97, 59.94, 12.5])
def test_rates_are_those_that_are_meant(rate):
    there = schema.Timeline("x")
    track = schema.Track("V")
    there.tracks.append(track)
    for n in range(3):
        source = TimeRange(RationalTime(n, rate), RationalTime(1001, rate))
        track.append(schema.Clip(str(n), None, source))
    found = from_otio(otio.adapters.write_to_string(there, "otio_json"), Project("x"), ids())
    exact = {23.976: Fraction(24000, 1001), 23.98: Fraction(24000, 1001),
             24000 / 1001: Fraction(24000, 1001), 29.97: Fraction(30000, 1001),
             59.94: Fraction(60000, 1001), 12.5: Fraction(25, 2)}  # fmt: skip
    assert found.timeline.rate == exact[rate]
    assert found.timeline.tracks[0].starts == (0, 1001, 2002)


def test_times_between_frames_do_not_add_up():
    there = schema.Timeline("x")
    track = schema.Track("V")
    there.tracks.append(track)
    for n in range(100):
        rate = 25 if n % 2 else 24
        track.append(
            schema.Clip(str(n), None, TimeRange(RationalTime(0, rate), RationalTime(7, rate)))
        )
    found = from_otio(otio.adapters.write_to_string(there, "otio_json"), Project("x"), ids())
    exact = [Fraction(0)]
    for n in range(99):
        exact.append(exact[-1] + Fraction(7, 25 if n % 2 else 24) * found.timeline.rate)
    starts = found.timeline.tracks[0].starts
    assert all(abs(start - at) <= Fraction(1, 2) for start, at in zip(starts, exact, strict=True))


def test_names_of_half_characters_and_any_length_are_written():
    clip = replace(video("1" * 12, 5), name="half \ud83d")
    made = replace(project_of(clip), name="\ud83d")
    made = cuts.edit_timeline(
        made, lambda t: edits.append(t, t.tracks[0].id, words("2" * 12, 5, "w\udc00 " * 500))
    )
    found = from_otio(to_otio(made), made, ids(0x90000))
    assert found.timeline.track(V1).clips[0].name == "half \ufffd"
    assert [track.length for track in found.timeline.tracks] == [5, 5, 0, 0]


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "{}", "null", "3", '{"OTIO_SCHEMA":"Clip.1"}', '{"OTIO_SCHEMA":"Timeline.99"}',
     '{"OTIO_SCHEMA":"Timeline.1","tracks":3}', '{"OTIO_SCHEMA":"Foo.1"}', "[" * 5000 + "]" * 5000,
     '{"a": NaN}', '{"OTIO_SCHEMA":"Timeline.1"}' + "x"],
)  # fmt: skip
def test_what_is_no_timeline_is_refused_in_a_sentence(text):
    with pytest.raises(Refusal) as refused:
        from_otio(text, Project("x"), ids())
    assert refused.value.hint
    assert "\n" not in str(refused.value)


def test_a_collection_gives_its_timeline():
    one = schema.SerializableCollection("all", [schema.Clip("x"), foreign()])
    text = otio.core.serialize_json_to_string(one)
    assert from_otio(text, Project("x"), ids()).timeline.length > 100


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_wrong_in_a_file_it_is_read_whole_or_refused(seed):
    dice = random.Random(seed)
    plain = json.loads(to_otio(good()))
    odd = (
        None,
        True,
        -1,
        0,
        1e-300,
        1e300,
        2**70,
        -0.5,
        "",
        "x" * 5000,
        [],
        {},
        [None],
        "1/0",
        math.pi,
    )
    ways = []

    def walk(value, way=()):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, below in inside:
            ways.append((*way, name))
            if isinstance(below, dict | list):
                walk(below, (*way, name))

    walk(plain)
    read = 0
    for _ in range(40):
        changed_ = json.loads(json.dumps(plain))
        *way, name = dice.choice(ways)
        place = changed_
        for step in way:
            place = place[step]
        place[name] = dice.choice(odd)
        try:
            found = from_otio(json.dumps(changed_), good(), ids(0x90000))
        except Refusal:
            continue  # in a sentence
        read += 1
        media = replace(good(), timeline=found.timeline).media
        assert list(faults(found.timeline, media)) == []
        cuts.edit_timeline(good(), lambda t, f=found: f.timeline)
    assert read > 12


def test_an_imported_timeline_can_be_edited():
    text = otio.adapters.write_to_string(foreign(), "otio_json")
    made = Project("x", timeline=from_otio(text, Project("x"), ids()).timeline)
    film = made.timeline.tracks[0]
    shorter = trimming.trim(made.timeline, film.clips[0].id, trimming.TAIL, -5, made.media)
    locked = marking.set_track(shorter, film.id, locked=True)
    assert from_otio(to_otio(replace(made, timeline=locked)), made, ids(0x90000)).timeline == locked
    assert Foreign("disabled") in locked.track(film.id).clips[1].foreign
    assert Path("x")
