"""The window is there at once: nothing heavy is imported before the first paint."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch", "diffusers", "transformers", "peft", "numpy", "pyqtgraph", "PIL", "huggingface_hub",
    "scipy", "safetensors",
)  # fmt: skip
PROGRAM = f"""
import sys
from pathlib import Path
from studio.app import open_window
from studio.project.folders import Folders
code = open_window(None, Folders(Path(sys.argv[1])), {{}}, quit_after_first_paint=True)
print(code, [m for m in {HEAVY!r} if m in sys.modules])
"""


def test_first_paint_needs_nothing_heavy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "data")],
        cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "0 []", done.stderr


INTERRUPTED = """
import signal, sys
from pathlib import Path
from studio.app import close_windows, open_window
from studio.project.folders import Folders
from studio.terminal.interrupt import Interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)
with Interrupt() as interrupt:
    interrupt.means(close_windows)
    folders = Folders(Path(sys.argv[1]))
    print(open_window(None, folders, {}, warm_up=lambda: signal.raise_signal(signal.SIGINT)))
"""


def test_an_interrupt_closes_the_window(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "data")],
        cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_the_engine_waits_until_nobody_types(studio, qtbot, until):
    calls = []
    studio.first_idle(250, lambda: calls.append("engine"))
    for letter in "a red ball":
        qtbot.keyClicks(studio.shot.prompt, letter)
        qtbot.wait(60)
    assert calls == []
    until(lambda: calls == ["engine"])
