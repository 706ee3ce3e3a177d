"""Records of downloads: read as they were first written, and never trusted further than they are whole."""

import json
import shutil
from pathlib import Path

import pytest

from studio.downloads.journal import PENDING, Journal

FIRST = Path(__file__).parent / "fixtures" / "record_v1.json"


@pytest.fixture
def journal(tmp_path) -> Journal:
    shutil.copy(FIRST, tmp_path / "sd15.json")
    return Journal(tmp_path)


def test_a_record_of_the_first_release_is_read(journal):
    record = journal.read("sd15")
    assert record is not None
    assert (record.name, record.state, record.why) == (
        "Stable Diffusion 1.5", PENDING, "The disk is full.",
    )  # fmt: skip
    (file,) = record.files
    assert (file.size, file.sha256, file.found) == (2132650982, "1" * 64, "")
    assert list(journal.all()) == [record]


def test_what_is_written_is_read_again(journal):
    record = journal.read("sd15")
    done = record.finished("v1-5-pruned-emaonly-fp16.safetensors", "1" * 64)
    journal.write(done)
    assert journal.read("sd15") == done


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"id": "another"},
        {"folder": "../elsewhere"},
        {"folder": "/etc"},
        {"name": 3},
        {"files": [{"path": "../../x"}]},
        {"files": [{"path": "x", "size": "much"}]},
        {"files": [{"path": "x", "size": True}]},
        {"files": 7},
        {"colour": "red"},
    ],
    ids=str,
)
def test_what_is_no_record_is_not_read(journal, tmp_path, change):
    told = json.loads(FIRST.read_text()) | change
    (tmp_path / "sd15.json").write_text(json.dumps(told))
    assert journal.read("sd15") is None
    assert list(journal.all()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 100_000])
def test_damaged_records_are_not_read(journal, tmp_path, text):
    (tmp_path / "sd15.json").write_text(text)
    assert journal.read("sd15") is None


def test_without_a_folder_there_are_no_records(tmp_path):
    assert list(Journal(tmp_path / "none").all()) == []
