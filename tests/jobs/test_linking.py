"""Linking ahead: torch comes in without holding the other threads up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.jobs.linking import ENDINGS, link

ROOT = Path(__file__).resolve().parents[2]
NO_LINKER = sys.platform not in ENDINGS
PROGRAM = """
import sys, threading, time
from studio.jobs import linking

ticks, linked, done, real = 0, {}, threading.Event(), linking.link

def tick():
    global ticks
    while not done.wait(0.001):
        ticks += 1

def counted(library, **how):
    before = ticks
    happened = real(library, **how)
    linked[library.stem] = (happened, ticks - before)
    return happened

linking.link = counted
linking.install()
linking.install()
assert sum(isinstance(finder, linking.Linker) for finder in sys.meta_path) == 1
threading.Thread(target=tick).start()
import torch
done.set()
assert torch.ones(3).sum() == 3
assert not any(isinstance(finder, linking.Linker) for finder in sys.meta_path)
linking.install()
assert not any(isinstance(finder, linking.Linker) for finder in sys.meta_path)
assert list(linked) == ["libtorch_global_deps", "libtorch"], linked
assert all(happened for happened, _ in linked.values()), linked
print(linked["libtorch"][1])
"""


@pytest.mark.skipif(NO_LINKER, reason="on this system torch links its libraries so by itself")
def test_other_threads_run_while_torch_is_linked():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # an import that holds the lock lets the other thread tick once, before or after
    assert int(done.stdout) >= 5


@pytest.mark.skipif(NO_LINKER, reason="on this system torch links its libraries so by itself")
def test_what_cannot_be_linked_is_left_to_the_import(tmp_path):
    assert not link(tmp_path / "libnowhere.so")
    (tmp_path / "libtext.so").write_text("no library")
    assert not link(tmp_path / "libtext.so", everywhere=True)
