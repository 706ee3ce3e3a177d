"""Pickled checkpoints (.ckpt, .pt, .pth, .bin) into safetensors, once, in a process of its own that
reads tensors and nothing else (`studio.engine.unpickling`)."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.durable import put_in_place, sync_file
from studio.library import weight_files
from studio.library.recognition.found import Found
from studio.library.recognition.weights import recognise
from studio.spec.progress import PULSE, Tick
from studio.spec.refusal import Refusal

PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
ROOT = Path(__file__).resolve().parents[2]
LOOK = 0.1
"""Seconds between two ticks while the process works."""
READER = "studio.engine.unpickling"


def check_source(source: Path, target: Path) -> None:
    """Refuse what is no pickle, would take another file's place, or finds no room."""
    if source.suffix.lower() not in PICKLES or not source.is_file():
        raise Refusal(
            f"{source} is no pickled checkpoint.", f"Name a file that ends in {', '.join(PICKLES)}."
        )
    if target.exists():
        raise Refusal(f"{target} is there already.", "Use it, or move it elsewhere first.")
    size = source.stat().st_size
    if shutil.disk_usage(_existing(target.parent)).free < size:
        raise Refusal(
            f"The disk of {target.parent} has no room for {source.name} as safetensors.",
            "Make room, or keep the data folder on another disk.",
        )


def convert(source: Path, target: Path, tick: Tick) -> Found:
    """Write the tensors of `source` to `target`, which appears whole or not at all; what it is.

    Refused where the pickle holds more than tensors, is damaged, or holds weights that nothing here
    knows.  `source` stays as it is.
    """
    check_source(source, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.stem[:40]}.{secrets.token_hex(4)}.safetensors")
    try:
        _read_apart(source, part, tick)
        file = weight_files.read(part)
        if file.is_scaled:
            raise weight_files.scaled(part)
        found = recognise(file)
        sync_file(part)
        put_in_place(part, target)
    except Refusal as refusal:  # it is not the part that the user knows
        raise Refusal(str(refusal.what).replace(part.name, source.name), refusal.hint) from refusal
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return found


def _read_apart(source: Path, part: Path, tick: Tick) -> None:
    command = [sys.executable, "-m", READER, str(source.absolute()), str(part.absolute())]
    with _running(command) as process:
        answer = _answer(process, tick)
    if process.returncode:
        why = answer.get("why", "cannot be read as a checkpoint")
        raise Refusal(
            f"{source.name} {why}.",
            "Use a safetensors file of this model, or download it again.",
        )


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the `with`, whatever happens in it; with this process too, whose end
    it reads on its standard input."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lifeline, process.stdin = process.stdin, None  # `communicate` would close it
    assert lifeline is not None
    with lifeline, process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _answer(process: subprocess.Popen[str], tick: Tick) -> dict[str, Any]:
    """The one line that it says, with a tick now and then until it has ended."""
    line = _until_ended(process, lambda: tick(PULSE))
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _until_ended(process: subprocess.Popen[str], pulse: Callable[[], None]) -> str:
    while True:
        try:
            return process.communicate(timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            pulse()


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
