"""Command lines of the end-to-end tests, what they leave, and when they are stopped."""

import random
import signal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "assets" / "samples"
MAKE = ("generate", "a red ball moving left over grass", "--model", "tiny", "--seed", "7")
SHORT = ("--keyframes", "12", "--steps", "3", "--width", "32", "--height", "32")
MAKE = (*MAKE, *SHORT)
TRAIN = ("subject", "train", "--name", "pip", "--class-noun", "character", "--model", "tiny")
TRAIN = (*TRAIN, "--not-a-person")
GO_ON = ("subject", "train", "--name", "pip", "--resume", "--model", "tiny")
KILLED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else 0


def moments(seed: int, count: int, ticks: int) -> list[int]:
    """Ticks, 1..`ticks`, spread over the whole run."""
    rng = random.Random(seed)
    return [round((k + rng.random()) / count * (ticks - 1)) + 1 for k in range(count)]


def stored(home: Path) -> dict[str, str]:
    """Every take by its key, with the bytes of its frames and latents."""
    files = (home / "scratch" / "takes").glob("[0-9a-f]*/*/*")
    return {f"{f.parent.name}/{f.name}": f.read_bytes().hex() for f in files if f.suffix != ".json"}


# a shell that starts the tests in the background has its children ignore Ctrl+C
LISTENING = (
    "import runpy, signal, sys\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    "sys.argv = sys.argv[1:]\n"
    "print('begun', file=sys.stderr, flush=True)\n"
    "runpy.run_path('main.py', run_name='__main__')\n"
)
"""`python -c LISTENING main.py ...`: the program as a terminal starts it."""
