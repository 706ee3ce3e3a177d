"""`disk`: what a project takes, and the bound of what can be made again."""

import json

import numpy as np
import pytest

from studio.cli import main
from studio.jobs.take_store import take_store
from studio.project.folders import Folders
from studio.project.project import Project
from studio.project.remembered import Remembered
from studio.project.store import ProjectStore


@pytest.fixture
def folders(tmp_path):
    return Folders(tmp_path / "data").make()


def ran(capsys, folders, *words):
    code = main(["disk", *words, "--data-dir", str(folders.data)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_classes_are_said_and_the_bound_is_set(capsys, folders):
    with ProjectStore(folders.scratch) as store:
        store.save(Project("x"))
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    take_store(folders.scratch / "takes").put("a" * 32, {"frames": noise})
    code, said, _ = ran(capsys, folders, "--json")
    facts = json.loads(said)
    assert code == 0
    assert facts["by_hand"] > 0 < facts["derived"]
    assert facts["limit"] == 20 * 2**30
    code, said, _ = ran(capsys, folders, "--limit", "0.5")
    assert "of 512 MB, oldest dropped first" in said
    assert Remembered(folders.remembered).derived_bytes() == 2**29
    assert take_store(folders.scratch / "takes").has("a" * 32)


def test_what_cannot_be_is_one_sentence(capsys, folders, tmp_path):
    for words, sentence in (
        (("--limit", "nan"), "no size for a disk"),
        (("--limit", "0.0001"), "within that"),
        ((str(tmp_path),), "no project"),
    ):
        code, said, err = ran(capsys, folders, *words)
        assert (code, said) == (2, "")
        assert sentence in err
