"""Off the network, silent libraries, and a log of crashes: for window and commands alike."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.terminal import process
from studio.terminal.process import LARGEST, LIBRARIES, crashes
from tests.full_disk import full_after

ROOT = Path(__file__).resolve().parents[2]
TOWARDS_THE_NETWORK = {
    "HF_HUB_OFFLINE": "0",
    "TRANSFORMERS_OFFLINE": "0",
    "HF_HUB_DISABLE_TELEMETRY": "0",
    "HF_HUB_DISABLE_PROGRESS_BARS": "0",
    "TQDM_DISABLE": "",
    "TRANSFORMERS_VERBOSITY": "info",
    "DIFFUSERS_VERBOSITY": "info",
}
START = "import sys; from studio.cli import main; code = main(sys.argv[1:])\n"


def python(code: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in LIBRARIES} | env
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("queue", "list"), ("--quit-after-first-paint",)], ids=str)
def test_no_environment_leads_to_the_network(words, tmp_path):
    seen = (
        "import huggingface_hub.constants as hub\n"
        "from huggingface_hub import is_offline_mode\n"
        "print(hub.HF_HUB_OFFLINE, hub.HF_HUB_DISABLE_TELEMETRY, is_offline_mode(),"
        " hub.HF_HUB_DISABLE_PROGRESS_BARS)\n"
    )
    done = python(START + seen, *words, "--data-dir", str(tmp_path), **TOWARDS_THE_NETWORK)
    assert done.stdout.splitlines()[-1] == "True True True True"


def test_the_window_loads_its_engine_and_then_a_model_without_a_word_or_another_import(tmp_path):
    """Stderr is the user's terminal: no progress bar and no remark of a library shows up there.

    What is fetched while the window is idle is all that a model needs.
    """
    code = START + (
        "from studio import app; from studio.jobs.handlers import BUILT_IN\n"
        "app.import_engine(); app.rehearse(); before = set(sys.modules)\n"
        "from studio.jobs.model_cache import ModelCache; from studio.library.models import find; from studio.spec.progress import silent\n"
        "ModelCache(None).video(find('starter', (BUILT_IN,)), silent)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    words = ("--quit-after-first-paint", "--data-dir", str(tmp_path))
    done = python(code, *words, **TOWARDS_THE_NETWORK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"


def test_whatever_is_opened_is_opened_from_the_disk():
    found = 0
    for file in sorted((ROOT / "studio").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("from_pretrained", "load_config"):
                found += 1
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("from_pretrained", "load_config"):
                found -= 1
                said = {k.arg: ast.unparse(k.value) for k in node.keywords}
                assert said.get("local_files_only") == "True", f"{file}:{node.lineno}"
    assert found == 0, "handed on to be called elsewhere, where nobody looks"


@pytest.mark.parametrize("where", ["a thread", "the window"])
def test_a_crash_leaves_the_stacks_of_all_threads(tmp_path, where):
    crash = "import faulthandler, threading\n"
    if where == "a thread":
        words = ("queue", "list")
        crash += "t = threading.Thread(target=faulthandler._sigsegv); t.start(); t.join()"
    else:
        words = ("--quit-after-first-paint",)
        crash += "def in_the_end(): faulthandler._sigsegv()\nin_the_end()"
    done = python(START + crash, *words, "--data-dir", str(tmp_path))
    assert done.returncode not in (0, 1, 2)
    said = (tmp_path / "faults.log").read_text()
    assert "Fatal Python error: Segmentation fault" in said
    assert "<module>" in said  # the main thread, whichever crashed
    assert crashes(tmp_path / "faults.log") == 1
    python(START + crash, *words, "--data-dir", str(tmp_path))
    assert crashes(tmp_path / "faults.log") == 2


def test_the_log_is_bounded_and_told_by_doctor(run, home):
    log = home / "faults.log"
    log.write_bytes(b"Fatal Python error: Segmentation fault\n" + b"x" * 100 * LARGEST)
    with log.open("ab") as file:
        file.write(b"\nFatal Python error: Aborted\n")
    assert run("queue", "list").code == 0
    assert log.stat().st_size <= LARGEST
    assert crashes(log) == 1


def test_nothing_is_made_for_the_log(run, tmp_path):
    from studio.terminal.process import note_crashes

    note_crashes(tmp_path / "gone" / "faults.log")
    note_crashes(tmp_path)
    assert not (tmp_path / "gone").exists()


def test_a_long_log_is_shortened_and_a_full_disk_leaves_it_whole(tmp_path):
    log = tmp_path / "faults.log"
    long = b"".join(b"line %06d\n" % n for n in range(LARGEST // 10))
    log.write_bytes(long)
    with full_after(0):
        process.note_crashes(log)
    assert log.read_bytes() == long
    process.note_crashes(log)
    assert long.endswith(log.read_bytes())
    assert len(log.read_bytes()) == LARGEST // 2
    assert list(tmp_path.iterdir()) == [log]
