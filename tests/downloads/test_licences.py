"""The licence of a downloaded model is in the recipe of what was made with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.downloads.journal import READY, Journal, Record, RecordedFile
from studio.jobs.handlers import JobHandlers
from studio.project.folders import Folders
from studio.project.recipe import recipe
from tests.downloads.weights import weights
from tests.spec.requests import ASKED


@pytest.fixture
def handlers(tmp_path: Path, monkeypatch) -> JobHandlers:
    """A data folder with two models that were downloaded, and one that was not."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no cache"))
    folders = Folders(tmp_path).make()
    for name, licence in (("one", "Apache-2.0"), ("two", "MIT"), ("mine", "")):
        place = folders.models / name / f"{name}.safetensors"
        place.parent.mkdir()
        place.write_bytes(weights(100))
        about = (name, name.title(), name, licence, "https://example.org", name)
        if licence:
            files = (RecordedFile(f"{name}.safetensors"),)
            Journal(folders.downloads).write(Record(*about, files, READY))
    return JobHandlers(folders)


def licences(handlers: JobHandlers, model: str) -> dict:
    return handlers.recipe(replace(ASKED, model=model)).get("licences", {})


def test_the_licence_of_what_was_downloaded_is_named(handlers):
    assert licences(handlers, "one") == {"one": "Apache-2.0"}
    assert licences(handlers, "one+two") == {"one": "Apache-2.0", "two": "MIT"}


def test_of_other_models_nothing_is_said(handlers):
    asked = replace(ASKED, model="mine")
    assert handlers.recipe(asked) == recipe(asked)
    assert "licences" not in recipe(ASKED)


def test_a_name_that_another_file_bears_too_is_not_vouched_for(handlers):
    (handlers.folders.models / "another").mkdir()
    (handlers.folders.models / "another" / "one.safetensors").write_bytes(weights(200))
    assert licences(handlers, "one") == {}


def test_a_download_that_is_not_whole_says_nothing(handlers):
    journal = Journal(handlers.folders.downloads)
    journal.write(replace(journal.read("one"), state="pending"))
    assert licences(handlers, "one") == {}
