"""Takes within their bound, whoever makes them: window or terminal."""

import hashlib
import os
from argparse import Namespace

import numpy as np
import pytest

from studio.project.folders import Folders
from studio.project.remembered import Remembered
from studio.project.store import ProjectStore, reading
from studio.project.takes import TakeStore
from studio.project.tidying import alone_in, tidy
from studio.terminal.session import Session

FRAMES = {"frames": np.zeros((4, 32, 32, 3), np.uint8)}
LATENTS = {"latents": np.zeros((4, 32, 32), np.float32)}


def key(n):
    return hashlib.blake2b(str(n).encode(), digest_size=16).hexdigest()


def save(path, frames):
    path.write_bytes(frames.tobytes())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "scratch"


@pytest.fixture
def takes(folder):
    """Costly and derived takes, the higher the number the newer, and what a crash left."""
    takes = TakeStore(folder / "takes", save, lambda path: iter(FRAMES["frames"]), ".raw")
    takes.put(key("latents"), LATENTS)
    for n in range(4):
        takes.put(key(n), FRAMES)
        os.utime(folder / "takes" / key(n)[:2] / key(n) / "record.json", (1e9 + n, 1e9 + n))
    left = folder / "takes" / ".aside" / "0123456789abcdef"
    left.mkdir(parents=True)
    os.utime(left, (1e9, 1e9))
    return takes


def test_the_oldest_derived_takes_go_and_nothing_else(takes, folder):
    usage = takes.usage()
    assert takes.size() == usage.costly + usage.derived
    assert tidy(takes, alone_in(folder), usage.derived // 2, keep=[key(0)]) == usage.derived // 2
    assert [n for n in range(4) if takes.has(key(n))] == [0, 3]
    assert takes.has(key("latents"))
    assert not list((folder / "takes" / ".aside").iterdir())
    assert tidy(takes, alone_in(folder), usage.derived // 2) == 0


def test_nothing_goes_while_somebody_reads(takes, folder):
    with reading(folder):
        assert tidy(takes, alone_in(folder), 0) == 0
    with ProjectStore(folder):
        assert tidy(takes, alone_in(folder), 0) == 0
    assert all(takes.has(key(n)) for n in range(4))
    assert tidy(takes, alone_in(folder), 0) > 0


def test_a_command_keeps_the_bound_too(takes, folder, monkeypatch):
    half = takes.usage().derived // 2
    monkeypatch.setattr(Remembered, "derived_bytes", lambda _: half)
    session = Session(Folders(folder.parent), Namespace(), Namespace())  # pyright: ignore
    with pytest.raises(KeyboardInterrupt), session.scratch():
        raise KeyboardInterrupt
    assert all(takes.has(key(n)) for n in range(4))
    with session.scratch() as project:
        assert project == str(folder)
    assert [n for n in range(4) if takes.has(key(n))] == [2, 3]
    assert takes.has(key("latents"))
    assert not list((folder / "takes" / ".aside").iterdir())
