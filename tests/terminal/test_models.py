"""Commands and models: found by id, refused with the ids there are, undisturbed by a bad folder."""

import os
import shutil
import sys
from pathlib import Path

import pytest

PLAN = ("generate", "a red ball", "--plan", "--keyframes", "3", "--steps", "2", "--model")


@pytest.fixture
def home(home: Path, found_out: Path) -> Path:
    """A data folder in which it is known what the stages of the clip of `PLAN` take."""
    shutil.copy(found_out, home)
    return home


@pytest.fixture
def bad(home: Path) -> Path:
    """A folder whose name is no text and whose card cannot be read."""
    name = os.fsdecode(b"bad \xff") if sys.platform == "linux" else "bad ünï"
    folder = home / "models" / name
    folder.mkdir()
    (folder / "model.toml").write_text("x = " + "[" * 5000)
    return folder


def test_a_bad_folder_disturbs_no_command(run, bad):
    assert run(*PLAN, "tiny").code == 0
    done = run(*PLAN, "gone")
    assert (done.code, done.out) == (2, "")
    assert done.err == 'There is no model called "gone". There is: starter, tiny.\n'


def test_doctor_says_what_is_wrong_and_tries_the_rest(run, bad):
    done = run("doctor", "--json")
    assert done.code == 2
    failed = [check for check in done.answer["checks"] if not check["works"]]
    assert [check["name"] for check in failed] == ["model"]
    assert "nested too deeply" in failed[0]["words"]


def test_a_model_is_found_in_a_folder_of_another_name(run, home):
    (home / "models" / "tiny").rename(home / "models" / "my tiny v2")
    assert run(*PLAN, "tiny").code == 0


def test_the_bundled_starter_is_not_replaced_by_a_folder_of_that_id(run, home):
    card = home / "models" / "tiny" / "model.toml"
    card.write_text(card.read_text("utf-8").replace('id = "tiny"', 'id = "starter"'), "utf-8")
    assert "1.5 per second" in run(*PLAN, "starter", "--interpolate", "0").out
    words = [c["words"] for c in run("doctor", "--json").answer["checks"] if c["name"] == "model"]
    assert any('is not used: its id "starter" is that of the one in' in said for said in words)
