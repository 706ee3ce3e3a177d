"""Stopped by any signal at seeded moments: the exit code, and what was finished is really kept."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.test_killed import MAKE, moments, stored

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


@pytest.fixture(scope="module")
def unbroken(victim, tiny_home, tmp_path_factory) -> tuple[Path, int]:
    """A home with a finished clip, and the ticks that it took."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("whole") / "data"))
    end = victim(*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
    assert end["code"] == 0
    return home, end["ticks"]


@pytest.mark.parametrize(("by", "code"), CODES.items())
def test_a_clip(victim, unbroken, tiny_home, tmp_path, by, code):
    whole, ticks = unbroken
    for number, moment in enumerate(moments(code, 2, ticks - 14)):
        home = Path(shutil.copytree(tiny_home, tmp_path / str(number)))
        words = (*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
        assert victim(*words, kill_at=moment, by=by)["code"] == code
        assert stored(home).items() <= stored(whole).items()
        assert not list(home.glob(".*.part"))
        assert victim(*words)["code"] == 0
        assert stored(home) == stored(whole)
