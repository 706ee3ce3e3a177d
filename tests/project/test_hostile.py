"""Projects that parse and do not hold together, or hardly: opened whole or passed over whole."""

import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest

from studio import durable
from studio.project import files
from studio.project.plain import parsed
from studio.project.project import Project
from studio.project.store import VERSION, ProjectStore
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from studio.spec.timeline.checking import faults
from studio.spec.timeline.gaps import gaps
from studio.spec.timeline.playing import diamonds, playing, runs
from tests.cards import card
from tests.hostile import good, hostile

CARD = card(
    "starter",
    "Starter",
    Fraction(3, 2),
    multiple=8,
    steps=25,
    guidance=5.0,
    passes=2,
    predicts=True,
)
PATIENCE = 20.0
"""Seconds for one project; a second is usual, and what hangs takes minutes."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "sync_folder", lambda folder: None)  # nobody pulls the plug here
    monkeypatch.setattr(files.os, "fsync", lambda handle: None)
    with ProjectStore(tmp_path / "Summer") as store:
        store.save(replace(good(), name="older"))
        store.save(good())
    return tmp_path / "Summer"


def use(project):
    """All that the window asks of what it has loaded, without a window."""
    if project.shots:
        project.shot(project.selected)
    for shot in project.shots:
        request = shot.request(CARD, (), None)
        spans(request)
        assert request.rate > 0
    for render in project.renders:
        spans(render.request)
        assert render.request.frames > 0
        assert render.request.seed == int(render.request.seed)
    timeline = project.timeline
    assert list(faults(timeline, project.media)) == []
    for run in runs(timeline, 0, min(timeline.length, 300)):
        assert playing(timeline, run.start).picture == run.shown
    for track in timeline.tracks:
        list(diamonds(timeline, track, project.media, 0, 500))
        list(gaps(timeline, track.id))


def test_the_good_project_is_good(folder):
    with ProjectStore(folder) as store:
        assert (store.project, store.notice) == (good(), "")
        use(store.project)


def is_newer(data: bytes) -> bool:
    """Whether a project says that a newer studio saved it, which is left as it is."""
    try:
        version = parsed(data)["version"]
    except (ValueError, KeyError, TypeError):
        return False
    return type(version) is int and version > VERSION


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3))]
)
def test_a_project_is_used_as_it_is_or_an_older_one_is_offered(folder, seed):
    """Whatever is wrong with the newest file: nothing is lost, and saving goes on."""
    loaded = 0
    for what, data in hostile(random.Random(seed), 50):
        for kept in folder.glob("project.damaged-*"):
            kept.rename(folder.parent / "seen") if kept.is_dir() else kept.unlink()
        (folder / "project.json").write_bytes(data)
        begun = time.monotonic()
        if is_newer(data):
            with suppress(Refusal), ProjectStore(folder) as store:
                assert store.read_only
                use(store.project)
            assert (folder / "project.json").read_bytes() == data, what
            continue
        with ProjectStore(folder) as store:
            if store.notice:
                assert store.project.name in ("Summer", "older"), what
            use(store.project)
            loaded += not store.notice
            changed = replace(store.project, name="Summer", renders=store.project.renders[:5])
            store.save(changed)
            if store.notice:
                assert (folder / "project.damaged-1.json").read_bytes() == data, what
        with ProjectStore(folder) as store:
            assert (store.project, store.notice) == (changed, ""), what
        assert time.monotonic() - begun < PATIENCE, what
    assert 0 < loaded < 25


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_one_flipped_byte_gives_a_whole_project_or_one_sentence(folder, seed):
    dice, whole = random.Random(seed), (folder / "project.json").read_bytes()
    for _ in range(40):
        data = bytearray(whole)
        data[dice.randrange(len(data))] = dice.randrange(256)
        (folder / "project.json").write_bytes(data)
        with suppress(Refusal), ProjectStore(folder) as store:
            # refused is a newer format, as it reads
            use(store.project)
            store.save(replace(store.project, name="Summer"))


def changed(project, **fields):
    first, *others = project.shots
    return replace(project, shots=(replace(first, **fields), *others))


@pytest.mark.parametrize(
    "fields",
    [{"guidance": float("nan")}, {"guidance": float("inf")}, {"strength": -1.0}, {"seed": -1},
     {"prompt": "x" * 1_000_000}, {"fps": Fraction(0)}, {"keyframes": 10**9}, {"id": "../x"},
     {"subject": object()}],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_what_could_not_be_opened_again_is_not_saved(folder, fields):
    before = (folder / "project.json").read_bytes()
    with ProjectStore(folder) as store:
        with pytest.raises(Refusal, match="cannot be saved"):
            store.save(changed(good(), **fields))
        assert (folder / "project.json").read_bytes() == before
        store.save(replace(good(), name="next"))
    with ProjectStore(folder) as store:
        assert store.project.name == "next"


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"version": 1, "name": "' + b"x" * 10**6 + b'"}']
)
def test_where_there_must_be_a_project_it_begins_anew(tmp_path, data):
    (tmp_path / "project.json").write_bytes(data)
    with pytest.raises(Refusal, match="cannot be read"):
        ProjectStore(tmp_path)
    with ProjectStore(tmp_path, anew=True) as store:
        assert store.project == Project(tmp_path.name)
        assert "a new one begins" in store.notice
        store.save(good())
    assert (tmp_path / "project.damaged-1.json").read_bytes() == data


@pytest.mark.parametrize("place", ["project.json", "versions", "takes", "pictures", ".writer.lock"])
def test_a_folder_or_a_file_in_the_way_is_one_sentence(folder, place):
    path = folder / place
    path.rename(folder.parent / "replaced") if path.exists() else None
    path.write_bytes(b"") if place in ("versions", "takes", "pictures") else path.mkdir()
    with suppress(Refusal), ProjectStore(folder) as store:
        use(store.project)
        store.save(replace(good(), name="next"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_in_the_place_of_the_project_is_not_waited_for(folder):
    (folder / "project.json").unlink()
    os.mkfifo(folder / "project.json")
    with ProjectStore(folder) as store:
        assert "damaged" in store.notice
        store.save(good())


def test_a_lock_makes_nothing_behind_a_link(tmp_path):
    (tmp_path / "Summer").mkdir()
    (tmp_path / "Summer" / ".writer.lock").symlink_to(tmp_path / "elsewhere")
    with suppress(Refusal):
        ProjectStore(tmp_path / "Summer").close()
    assert not (tmp_path / "elsewhere").exists()
