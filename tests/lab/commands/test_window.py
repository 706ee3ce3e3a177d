"""`bench window` on a tiny random model: every phase happens in the real window and is measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.cli import main
from studio.lab.commands.window import PHASES
from tests import tiny_starter

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A data folder in which the model "starter" is a tiny one."""
    tiny_starter.make(tmp_path / "data" / "models" / "starter")
    return tmp_path / "data"


@pytest.mark.long
@pytest.mark.slow
def test_every_phase_is_measured(clone: Path):
    # in an interpreter of its own: the first import is part of what is measured
    code = (
        "import sys; from pathlib import Path\n"
        "from studio.jobs import handlers; handlers.BUILT_IN = Path('none')\n"
        "from studio.cli import main; sys.exit(main())\n"
    )
    words = ["bench", "window", "--json", "--steps", "4", "--data-dir", str(clone)]
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code, *words],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 2), done.stderr  # a busy computer may miss the limits
    facts = json.loads(done.stdout)
    assert [phase["phase"] for phase in facts["phases"]] == list(PHASES)
    assert all(phase["seconds"] > 0 for phase in facts["phases"])
    assert all(phase["p99"] <= phase["longest"]["ms"] for phase in facts["phases"])
    assert (facts["holds"] or facts["busy"]) is (done.returncode == 0)
    assert not (clone / "queue.db").exists(), "nothing is left in the user's own folder"


def test_no_steps_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["bench", "window", "--steps", "0", "--data-dir", str(tmp_path)]) == 2
    assert "0 steps train nothing" in capsys.readouterr().err
