"""A photo that takes long to decode is decoded in a process of its own, which can be stopped.

    python -m studio.media.large_photo FILE LONGEST

writes a line of JSON, {"shape": [height, width, 3]} or {"what": ..., "hint": ...} with exit code 2,
and then the pixels.  libheif decodes a picture in one call that hears nothing meanwhile, for ten
seconds where it is as large as it may be; its memory goes with the process.
"""

import json
import sys
from pathlib import Path

import numpy as np

from studio.child import answer_of, end_with_parent
from studio.spec.progress import PULSE, Tick
from studio.spec.refusal import Refusal


def opened_apart(path: Path, longest: int | None, tick: Tick) -> np.ndarray:
    """What `open_photo` gives, with a tick now and then that may stop it."""
    arguments = (str(path.absolute()), str(longest or 0))
    _, answer = answer_of("studio.media.large_photo", arguments, lambda: tick(PULSE))
    head, _, pixels = answer.partition(b"\n")
    return _pixels(path, head, pixels)


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


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
