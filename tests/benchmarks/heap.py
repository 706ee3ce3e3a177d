"""What a render takes with freed memory kept, and without: python -m tests.benchmarks.heap"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = "from studio.engine.memory import heap; heap.keep_freed = lambda: None; "
RENDER = "from studio.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


def taken(before: str) -> tuple[float, int, int]:
    """Processor seconds, page faults and the largest size in kB of a render in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["generate", "a red ball moving left over grass", "--seed", "7", "--out"]
        words += [str(Path(folder) / "clip.mp4"), "--data-dir", folder]
        quiet = subprocess.DEVNULL
        child = subprocess.Popen(
            [sys.executable, "-c", before + RENDER, *words], cwd=ROOT, stdout=quiet, stderr=quiet
        )
        _, status, used = os.wait4(child.pid, 0)
        assert status == 0, "the render failed"
    return used.ru_utime + used.ru_stime, used.ru_minflt, used.ru_maxrss


if __name__ == "__main__":
    for name, before in (("given back", WITHOUT), ("kept", "")) * 2:
        seconds, faults, size = taken(before)
        print(f"{name:>10}: {seconds:6.1f} s, {faults:9} faults, {size / 1e6:.2f} GB")
