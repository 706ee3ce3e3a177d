"""`export`: a project's timeline, a part of it, its starred takes, or one sentence."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from studio.cli import main
from studio.jobs.take_store import take_store
from studio.media import footage, provenance
from studio.project import edits, timeline_edits
from studio.project.project import Project
from studio.project.store import ProjectStore
from tests.frames import picture
from tests.spec.requests import PLAIN

REQUEST = replace(PLAIN, keyframes=8, interpolate=0)


@pytest.fixture
def folder(tmp_path):
    """A project with two takes of 8 frames, both starred, and no timeline yet."""
    place, project = tmp_path / "film", Project("film")
    project = edits.add_shot(project, timeline_edits.shot_of(REQUEST, "5" * 12))
    for number, key in enumerate(("ab" * 16, "cd" * 16)):
        request = replace(REQUEST, seed=number)
        project = edits.add_render(project, "5" * 12, request, (key,), id=f"{number + 1:012x}")
        project = edits.star(project, f"{number + 1:012x}")
        frames = np.stack([picture(number, k, (64, 64)) for k in range(8)])
        take_store(place / "takes").put(key, {"frames": frames})
    with ProjectStore(place) as store:
        store.save(project)
    return place


def ran(capsys, tmp_path, *words) -> tuple[int, str, str]:
    code = main(["export", *words, "--data-dir", str(tmp_path / "data")])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_shots_without_a_timeline_are_written_one_after_another(folder, tmp_path, capsys):
    out = tmp_path / "a.mp4"
    code, said, err = ran(capsys, tmp_path, str(folder), "--out", str(out), "--json")
    assert code == 0
    assert "one after another" in err
    assert json.loads(said)["files"] == [{"path": str(out), "frames": 8, "samples": 0}]
    assert len(list(footage.read_video(out))) == 8
    assert provenance.read_recipe(out)["request"]["prompt"] == REQUEST.prompt


def test_a_range_in_another_codec_without_its_recipe(folder, tmp_path, capsys):
    out = tmp_path / "a.mp4"
    flags = ("--range", "2", "4", "--format", "hevc", "--quality", "small", "--no-recipe")
    assert ran(capsys, tmp_path, str(folder), "--out", str(out), *flags)[0] == 0
    assert len(list(footage.read_video(out))) == 3
    assert provenance.is_marked(out)
    assert provenance.read_recipe(out) is None


def test_every_starred_take_is_a_file(folder, tmp_path, capsys):
    out = tmp_path / "a.webp"
    assert ran(capsys, tmp_path, str(folder), "--out", str(out), "--starred")[0] == 0
    files = sorted(path.name for path in tmp_path.glob("*.webp"))
    assert files == ["a-take-1.webp", "a-take-2.webp"]
    seeds = [provenance.read_recipe(tmp_path / name)["request"]["seed"] for name in files]
    assert seeds == [0, 1]


@pytest.mark.parametrize(("flags", "sentence"), [
    (("--range", "4", "900"), "no part of a timeline"),
    (("--clip", "nine"), "no clip “nine”"),
    (("--width", "64"), "two sides"),
    (("--width", "63", "--height", "64"), "cannot hold frames of 63"),
    (("--format", "prores"), "cannot hold prores"),
    (("--quality", "fine"), "no quality"),
])  # fmt: skip
def test_what_cannot_be_is_one_sentence(folder, tmp_path, capsys, flags, sentence):
    code, said, err = ran(capsys, tmp_path, str(folder), "--out", str(tmp_path / "a.mp4"), *flags)
    assert (code, said) == (2, "")
    assert sentence in err
    assert not (tmp_path / "a.mp4").exists()


def test_a_folder_without_a_project_is_refused(tmp_path, capsys):
    code, _, err = ran(capsys, tmp_path, str(tmp_path), "--out", str(tmp_path / "a.mp4"))
    assert code == 2
    assert "no project" in err


def test_an_open_project_is_exported_and_stays_open(folder, tmp_path, capsys):
    with ProjectStore(folder) as store:
        assert ran(capsys, tmp_path, str(folder), "--out", str(tmp_path / "a.gif"))[0] == 0
        assert not store.read_only
        store.save(replace(store.project, name="other"))


def test_a_film_that_flashes_is_written_and_says_so(folder, tmp_path, capsys):
    """The takes change at 3/2 frames a second; played sixteen times as fast they flash."""
    with ProjectStore(folder) as store:
        project = timeline_edits.lay_out(store.project)
        (clip,) = next(t for t in project.timeline.tracks if t.kind == "video").clips
        take_store(folder / "takes").remove(["cd" * 16])
        stripes = np.zeros((8, 64, 64, 3), np.uint8)
        stripes[::2] = 255
        take_store(folder / "takes").put("cd" * 16, {"frames": stripes})
        fast = replace(project.timeline, rate=clip.footage.rate * 16)
        footage_ = replace(clip.footage, speed=Fraction(16))
        tracks = tuple(
            replace(t, clips=(replace(clip, footage=footage_),)) if t.kind == "video" else t
            for t in fast.tracks
        )
        store.save(replace(project, timeline=replace(fast, tracks=tracks)))
    code, _, err = ran(capsys, tmp_path, str(folder), "--out", str(tmp_path / "a.mp4"))
    assert code == 0
    assert "flashes more than three times a second" in err
    assert (tmp_path / "a.mp4").is_file()


def test_a_timeline_goes_to_other_programs_and_comes_back(folder, tmp_path, capsys):
    out, data = tmp_path / "a film.otio", ("--data-dir", str(tmp_path / "data"))
    code, said, _ = ran(capsys, tmp_path, str(folder), "--out", str(out), "--json")
    assert code == 0
    assert json.loads(said)["files"] == [{"path": str(out), "clips": 1}]
    assert main(["import", str(folder), str(out), "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 1
    with ProjectStore(folder) as store:
        clips = [clip for track in store.project.timeline.tracks for clip in track.clips]
    assert [clip.footage.take for clip in clips] == [f"{2:012x}"]


@pytest.mark.parametrize(
    ("name", "bytes_", "words"),
    [
        ("a.otio", b"{}", "no timeline that can be read"),
        ("b.otio", b"\xff\xfe", "is no text"),
        ("c.mp4", b"", "is no timeline"),
        ("none.otio", None, "cannot be read"),
    ],
)
def test_what_is_no_timeline_is_one_sentence(folder, tmp_path, capsys, name, bytes_, words):
    if bytes_ is not None:
        (tmp_path / name).write_bytes(bytes_)
    before = (folder / "project.json").read_bytes()
    data = ("--data-dir", str(tmp_path / "data"))
    assert main(["import", str(folder), str(tmp_path / name), *data]) == 2
    assert words in capsys.readouterr().err
    assert (folder / "project.json").read_bytes() == before
