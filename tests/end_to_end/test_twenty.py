"""A training that is stopped at any moment and gone on with: the adapter of an unbroken run."""

import shutil
from pathlib import Path

import pytest

from studio.project.subjects import SubjectStore
from tests.end_to_end.orders import GO_ON, KILLED, SAMPLES, TRAIN, moments

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGKILL": KILLED}


@pytest.fixture(scope="module")
def unbroken(victim, tiny_home, tmp_path_factory) -> tuple[tuple[str, ...], bytes, int]:
    """The command line without its data folder, the adapter, and the ticks that it took."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("whole") / "data"))
    photos = [str(path) for path in sorted(SAMPLES.glob("*.png"))[:3]]
    words = (*TRAIN, *photos, "--steps", "12")
    end = victim(*words, "--data-dir", str(home))
    assert end["code"] == 0
    return words, adapter(home), end["ticks"]


def adapter(home: Path) -> bytes:
    store = SubjectStore(home / "subjects")
    return store.adapter_path(store.get("pip")).read_bytes()


@pytest.mark.parametrize("count", [pytest.param(20, marks=pytest.mark.long)])
def test_at_seeded_moments(victim, unbroken, tiny_home, tmp_path, count):
    """From the first tick to the last, with each signal in turn."""
    words, whole, ticks = unbroken
    for number, moment in enumerate(moments(count, count, ticks - 3)):
        name, code = list(CODES.items())[number % len(CODES)]
        home = Path(shutil.copytree(tiny_home, tmp_path / str(number)))
        assert victim(*words, "--data-dir", str(home), kill_at=moment, by=name)["code"] == code
        begun = SubjectStore(home / "subjects").names()
        again = GO_ON if begun else words
        assert victim(*again, "--data-dir", str(home))["code"] == 0, (name, moment)
        assert adapter(home) == whole, (name, moment)
        shutil.rmtree(home)
