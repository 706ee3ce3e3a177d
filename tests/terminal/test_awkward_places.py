"""Bytes that are no text, a folder that is gone, places that cannot be written: one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.media.container import probe

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--model", "tiny", "--steps", "2", "--keyframes", "3", "--seed", "7")
NO_TEXT = "a red \udcff ball"
posix = pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder that one is in")


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (("generate", NO_TEXT), "PROMPT"),
        (("generate", "a ball", "--negative", NO_TEXT), "--negative"),
        (("generate", "a ball", f"--subject={NO_TEXT}"), "--subject"),
        (("generate", "a ball", "--model", NO_TEXT), "--model"),
        (("generate", "a ball", "--fps", "\udcff"), "--fps"),
        (("subject", "train", ".", "--name", NO_TEXT), "--name"),
        (("subject", "train", ".", "--name", "a", "--class-noun", NO_TEXT), "--class-noun"),
        (("subject", "train", ".", "--name", "a", "--token", NO_TEXT), "--token"),
        (("subject", "show", NO_TEXT), "NAME"),
        (("evaluate", "--rollout", NO_TEXT), "--rollout"),
        (("evaluate", "--model", NO_TEXT), "--model"),
    ],
)
def test_text_that_is_none_is_refused(run, words, flag):
    run(*words).refused(f"{flag} holds bytes that are not UTF-8.")


def test_any_bytes_name_a_command_that_is_not_there(run):
    run("\udcff").refused("There is no command")


@posix
def test_any_bytes_name_a_file(run, tmp_path):
    out = tmp_path / "a\udcff.mp4"
    assert run("generate", "a red ball", *QUICK, "--out", str(out)).code == 0
    assert probe(out).frames == 3


def from_a_gone_folder(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    gone = tmp_path / "gone"
    gone.mkdir()
    return subprocess.run(
        ["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(gone), sys.executable,
         str(ROOT / "main.py"), *words],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@posix
def test_from_a_folder_that_is_gone_whole_paths_work(run, home, tmp_path, monkeypatch):
    out = tmp_path / "a.png"
    done = from_a_gone_folder(tmp_path, "library", "scan", str(home), "--data-dir", str(home))
    assert done.returncode == 0, done.stderr
    (gone := tmp_path / "gone too").mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run("generate", "a red ball", *QUICK, "--out", str(out)).code == 0
    assert out.is_file()


@posix
@pytest.mark.parametrize(
    "words",
    [("generate", "a ball", "--out", "a.png"), ("subject", "train", "photos", "--name", "x"),
     ("demo",), ("subject", "list", "--data-dir", "data"), ("studio", "project")],
)  # fmt: skip
def test_from_a_folder_that_is_gone_others_are_refused(tmp_path, words):
    done = from_a_gone_folder(tmp_path, *words)
    assert done.returncode == 2
    assert done.stderr.startswith("The folder that this terminal is in is no longer there.")
    assert done.stderr.count("\n") == 1


def test_takes_that_cannot_be_stored_are_refused_before_anything_is_loaded(run, home, tmp_path):
    (home / "scratch").mkdir()
    (home / "scratch" / "takes").write_text("in the way")
    ran = run("generate", "a red ball", *QUICK, "--out", str(tmp_path / "a.mp4"))
    ran.refused("“takes” could not be written in")
    assert "loading" not in ran.err


def test_a_data_folder_that_no_disk_holds(run, capsys):
    from studio.cli import main

    assert main(["subject", "list", "--data-dir", "x" * 300]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0 or not Path("/usr/bin/setpriv").exists(),
    reason="needs somebody else's folders",
)
@pytest.mark.parametrize(
    "words", [("subject", "list"), ("queue", "pause"), ("studio",)], ids=" ".join
)
@pytest.mark.parametrize("mode", [0o000, 0o500, 0o300])
def test_a_folder_of_somebody_else(tmp_path_factory, words, mode):
    import tempfile

    with tempfile.TemporaryDirectory() as there:
        Path(there).chmod(0o755)
        data = Path(there) / "data"
        data.mkdir(mode=mode)
        data.chmod(mode)
        os.chown(data, 65534, 65534)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "main.py",
             *words, "--data-dir", str(data)],
            cwd=ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": there},
        )  # fmt: skip
        data.chmod(0o700)
    assert "Traceback" not in done.stderr
    if words == ("subject", "list") and mode == 0o500:
        assert done.returncode == 0
    else:
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1
