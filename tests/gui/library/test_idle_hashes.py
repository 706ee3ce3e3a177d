"""Weights are hashed while the queue has nothing to do, and models offered that nobody has read."""

import time

import pytest

from studio.app import build
from studio.jobs.handlers import JobHandlers
from studio.library import idle_hashing
from studio.library.added_folders import AddedFolders, ModelFolders
from studio.library.hashes import KNOWN
from studio.library.tensor_hash import known_hash
from studio.ui.state import idle_hashes
from studio.ui.state.model_list import LOOKING
from tests import published_models


@pytest.fixture
def theirs(tmp_path, folders, monkeypatch):
    """A folder that was added, with a checkpoint that was never read."""
    monkeypatch.setattr(KNOWN, "_now", lambda: time.time_ns() + 10**10)
    monkeypatch.setattr(idle_hashing, "SLOWEST", 0.0)  # however little time a thread gets
    place = tmp_path / "checkpoints"
    place.mkdir()
    AddedFolders(folders.library).add(place)
    published_models.checkpoint(place / "dream.safetensors")
    return place / "dream.safetensors"


@pytest.fixture
def open_window(qapp, tmp_path, folders, until):
    """The real window."""
    opened = []

    def open_it():
        where = ModelFolders((folders.models,), folders.library)
        handlers = JobHandlers(folders, "cpu")
        studio = build(tmp_path / "Mine", folders, handlers.by_kind(), model_folders=where)
        opened.append(studio)
        studio.open()
        until(lambda: studio.model_list.found.empty_reason != LOOKING)
        return studio

    yield open_it
    for studio in opened:
        if not studio.is_closed:
            studio.close()


def test_what_was_never_read_is_offered_after_a_while(open_window, theirs, until, monkeypatch):
    monkeypatch.setattr(idle_hashes, "IDLE_MS", 1)
    studio = open_window()
    until(lambda: studio.model_list.found.part("dream"))
    assert known_hash(theirs)
    studio.actions["library"].trigger()
    until(lambda: studio.library.rows.rowCount())
    view = studio.library.list
    view.setCurrentIndex(studio.library.rows.index(1))
    until(lambda: idle_hashes.HASHED in studio.library.facts.text())


def test_a_job_stops_it_and_it_is_gone_on_with_afterwards(open_window, theirs, until):
    studio = open_window()
    mine, real = studio.idle_hashes, studio.idle_hashes._rest
    mine._ahead.rest = lambda _: real(600)  # between portions, until it is stopped
    mine.begin()
    until(lambda: mine.words_of(theirs) == idle_hashes.UNDER_WAY)
    studio.queue.pause("disk")
    job = studio.queue.add("pack", "A job", lane="disk")  # waits
    until(lambda: not mine._is_working)
    assert not known_hash(theirs)
    assert mine.words_of(theirs) == idle_hashes.LATER
    mine._ahead.rest = real
    mine.begin()
    assert not mine._is_working
    studio.queue.cancel(job)
    assert mine._idle.isActive()
    mine.begin()
    until(lambda: mine.words_of(theirs) == idle_hashes.HASHED)


def test_closing_the_window_stops_it(open_window, theirs, until):
    studio = open_window()
    mine, real = studio.idle_hashes, studio.idle_hashes._rest
    mine._ahead.rest = lambda _: real(600)
    mine.begin()
    until(lambda: mine.words_of(theirs) == idle_hashes.UNDER_WAY)
    studio.close()
    assert not known_hash(theirs)
