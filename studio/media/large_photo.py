"""A photo that takes long to decode is decoded in a process of its own, which can be stopped.

    python -m studio.media.large_photo FILE LONGEST

writes a line of JSON, {"shape": [height, width, 3]} or {"what": ..., "hint": ...} with exit code 2,
and then the pixels.  libheif decodes a picture in one call that hears nothing meanwhile, for ten
seconds where it is as large as it may be; its memory goes with the process.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from studio.spec.progress import PULSE, Tick
from studio.spec.refusal import Refusal

LOOK = 0.1
"""Seconds between two ticks while the process works."""
ROOT = Path(__file__).resolve().parents[2]


def opened_apart(path: Path, longest: int | None, tick: Tick) -> np.ndarray:
    """What `open_photo` gives, with a tick now and then that may stop it."""
    command = [sys.executable, "-m", "studio.media.large_photo", str(path.absolute())]
    process = subprocess.Popen(
        [*command, str(longest or 0)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl+C is for this process, which then ends that one
    )
    lifeline, process.stdin = process.stdin, None  # `communicate` would close it
    assert lifeline is not None
    with lifeline, process:
        try:
            answer = _answer(process, tick)
        finally:
            if process.poll() is None:
                process.kill()
    head, _, pixels = answer.partition(b"\n")
    return _pixels(path, head, pixels)


def _answer(process: subprocess.Popen[bytes], tick: Tick) -> bytes:
    while True:
        tick(PULSE)
        try:
            return process.communicate(timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            continue


def _pixels(path: Path, head: bytes, pixels: bytes) -> np.ndarray:
    try:
        found = json.loads(head)
        if "what" not in found:
            return np.frombuffer(pixels, np.uint8).reshape(found["shape"]).copy()
    except (ValueError, KeyError, TypeError):  # the system ended it: nothing else is so large
        found = {
            "what": f"{path.name} needs more memory than there is.",
            "hint": "Make it smaller.",
        }
    raise Refusal(found["what"], found["hint"])


def main(path: Path, longest: int) -> int:
    """Decode it here, and write it out."""
    from studio.media.photo import decoded_here

    try:
        pixels = decoded_here(path, longest or None)
    except Refusal as refusal:
        sys.stdout.write(json.dumps({"what": refusal.what, "hint": refusal.hint}) + "\n")
        return 2
    sys.stdout.buffer.write(json.dumps({"shape": pixels.shape}).encode() + b"\n")
    sys.stdout.buffer.write(pixels.tobytes())
    return 0


def _end_with_parent() -> None:
    """End this process when its standard input ends: whoever started it holds the other end."""
    while os.read(0, 1):  # sys.stdin's lock would be held when the interpreter ends
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
