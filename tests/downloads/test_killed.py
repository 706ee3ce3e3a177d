"""A download that is killed without warning, and two of the same at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.downloads.hub_server import World
from tests.downloads.weights import PATIENCE, wait_for, weights

HALF = 2**19


@contextmanager
def downloading(world: World, data: Path) -> Iterator[subprocess.Popen[str]]:
    """`library download small` in a process of its own."""
    words = ["library", "download", "small", "--yes", "--data-dir", str(data)]
    catalogue = data.parent / "catalogue.toml"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.downloads.victim", world.hub, str(catalogue), *words],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_in_the_middle_it_goes_on_where_it_was(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.stalls = HALF
    part = data / "models" / ".downloads" / "small" / "model.safetensors.part"
    with downloading(world, data) as process:
        assert world.at_stall.wait(PATIENCE)
        wait_for(HALF, part)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
    assert not (data / "models" / "small").exists()
    assert "Small model: under 1 MB of 1 MB here." in run("library", "downloads").out
    world.stalls, asked = None, len(world.of(world.cdn))
    done = run("library", "download", "small", "--yes")
    assert done.code == 0, done.err
    assert [one.range for one in world.of(world.cdn)[asked:]] == [f"bytes={HALF}-"]
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()


def test_the_same_download_twice_at_once_is_done_once(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.stalls = HALF
    with downloading(world, data) as process:
        assert world.at_stall.wait(PATIENCE)
        second = run("library", "download", "small", "--yes")
        assert second.code == 2
        assert "Small model is being downloaded already. Wait for it." in second.err
        listed = run("library", "downloads").out
        assert "Small model: under 1 MB of 1 MB here, being downloaded now" in listed
        assert "Its codec: ready" in listed
        world.stalls = None
        world.go_on.set()
        assert process.wait(PATIENCE) == 0
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()


def test_sigterm_keeps_what_came(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.stalls = HALF
    part = data / "models" / ".downloads" / "small" / "model.safetensors.part"
    with downloading(world, data) as process:
        assert world.at_stall.wait(PATIENCE)
        wait_for(HALF, part)
        process.terminate()
        said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 143
    assert "Cancelled. What was finished is kept. Go on with:" in said
    assert part.stat().st_size == HALF
