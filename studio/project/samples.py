"""What a training showed last: a picture and a moving one, kept beside its curve."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from studio.project.files import write_whole
from studio.spec.progress import Preview

VERSION = 1
FILE = "samples.json"


def write(folder: Path, samples: Mapping[str, Preview]) -> None:
    """Keep samples by name in place of those of the same name."""
    plain = {name: _plain(shown) for name, shown in {**read(folder), **samples}.items()}
    write_whole(folder / FILE, json.dumps({"version": VERSION, "samples": plain}).encode())


def read(folder: Path) -> dict[str, Preview]:
    """The samples of a training by name; none where they cannot be read."""
    with suppress(OSError, ValueError, TypeError, KeyError, zlib.error, RecursionError):
        whole = json.loads((folder / FILE).read_bytes())
        if whole["version"] == VERSION:
            return {str(name): _preview(stored) for name, stored in whole["samples"].items()}
    return {}


def _plain(shown: Preview) -> dict[str, object]:
    rgb = b64encode(zlib.compress(shown.rgb, 6)).decode()
    return {"frames": shown.frames, "height": shown.height, "width": shown.width, "rgb": rgb}


def _preview(stored: Mapping[str, object]) -> Preview:
    frames, height, width = (int(str(stored[key])) for key in ("frames", "height", "width"))
    rgb = zlib.decompress(b64decode(str(stored["rgb"])), bufsize=frames * height * width * 3)
    if min(frames, height, width) < 1 or len(rgb) != frames * height * width * 3:
        raise ValueError("no picture")
    return Preview(frames, height, width, rgb)
