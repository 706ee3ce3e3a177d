"""Stopped by any signal at seeded moments: the exit code, and what was finished is really kept."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.orders import LISTENING, MAKE, ROOT, moments, stored

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
TEACH = ("train", "decoder", "--model", "tiny", "--drawn", "4", "--steps", "6")


@pytest.fixture(scope="module")
def unbroken(victim, tiny_home, tmp_path_factory) -> tuple[Path, int]:
    """A home with a finished clip, and the ticks that it took."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("whole") / "data"))
    end = victim(*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
    assert end["code"] == 0
    return home, end["ticks"]


@pytest.mark.parametrize(
    ("by", "code"),
    [
        pytest.param(*item, marks=() if item[0] == "SIGTERM" else pytest.mark.long)
        for item in CODES.items()
    ],
)
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


@pytest.mark.long
def test_a_decoder_goes_on_where_it_was_stopped(victim, tiny_home, tmp_path):
    def teach(out: str, **stop) -> dict[str, int]:
        return victim(*TEACH, "--out", str(tmp_path / out), "--data-dir", str(tiny_home), **stop)

    unbroken = teach("whole")
    assert unbroken["code"] == 0
    for by, code in CODES.items():
        stopped = teach(by, kill_at=unbroken["ticks"] - 2, by=by)
        assert stopped["code"] == code
        assert "Traceback" not in stopped["said"]
        again = teach(by)
        assert (again["code"], again["learned"] < unbroken["learned"]) == (0, True)
        files = [tmp_path / name / "decoder.safetensors" for name in ("whole", by)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_a_measurement_ends_with_the_code_of_its_signal(victim, tiny_home):
    words = ("evaluate", "--model", "tiny", "--count", "2", "--data-dir", str(tiny_home))
    for by, code in CODES.items():
        stopped = victim(*words, kill_at=3, by=by)
        assert stopped["code"] == code
        assert "Traceback" not in stopped["said"]


OTHERS = {
    "the demo": (("demo",), ("--out", "{home}/out")),
    "an upsampler": (
        ("train", "upsampler", "--model", "tiny", "--pairs", "2", "--steps", "20"),
        ("--out", "{home}/out"),
    ),
    "the starter": (("train", "starter", "--scale", "0.01"), ("--out", "{home}/out")),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] * (name != "the demo")) for name in OTHERS],
)
def test_whatever_runs_long_ends_with_the_code_of_its_signal(victim, tiny_home, tmp_path, name):
    """At seeded ticks, with no half-written file left behind."""
    command, out = OTHERS[name]
    ticks = moments(name, len(CODES), 12)
    for (by, code), moment in zip(CODES.items(), ticks, strict=True):
        home = Path(shutil.copytree(tiny_home, tmp_path / by))
        where = (*(word.format(home=home) for word in out), "--data-dir", str(home))
        stopped = victim(*command, *where, kill_at=moment, by=by)
        assert (stopped["code"], "Traceback" in stopped["said"]) == (code, False), by
        assert not [*home.rglob("*.part"), *home.glob("scratch/takes/.aside/*")]


@pytest.mark.long
@pytest.mark.parametrize(
    ("phase", "by"), [("first import", "SIGINT"), ("rendering", "SIGTERM"), ("training", "SIGHUP")]
)
def test_the_measurement_of_the_window_ends_in_every_phase(tmp_path, phase, by):
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            LISTENING,
            "main.py",
            "bench",
            "window",
            "--data-dir",
            str(tmp_path),
        ],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr is not None
        try:
            assert any(line.strip() == phase for line in program.stderr)
            program.send_signal(getattr(signal, by))
            words, rest = program.communicate(timeout=120)
        finally:
            program.kill()
    assert program.returncode == CODES[by]
    assert (words, rest.splitlines()[-1]) == ("", "Cancelled. Nothing of it is kept.")
