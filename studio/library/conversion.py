"""Pickled checkpoints (.ckpt, .pt, .pth, .bin) into safetensors, once, in a process of its own that
reads tensors and nothing else (`studio.engine.checkpoints.unpickling`)."""

import json
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.child import answer_of
from studio.durable import put_in_place, sync_file
from studio.library import weight_files
from studio.library.recognition.found import Found
from studio.library.recognition.weights import recognise
from studio.spec.progress import PULSE, Tick
from studio.spec.refusal import Refusal

PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
READER = "studio.engine.checkpoints.unpickling"


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
    arguments = (str(source.absolute()), str(part.absolute()))
    code, answer = answer_of(READER, arguments, lambda: tick(PULSE))
    if code:
        why = _facts(answer).get("why", "cannot be read as a checkpoint")
        raise Refusal(
            f"{source.name} {why}.",
            "Use a safetensors file of this model, or download it again.",
        )


def _facts(answer: bytes) -> dict[str, Any]:
    """What it answers in its one line; nothing where something else ended it."""
    try:
        facts = json.loads(answer)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
