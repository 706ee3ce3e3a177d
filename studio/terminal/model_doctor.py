"""`doctor --model`: one model loaded and tried, with a block to paste into an issue."""

import platform
from argparse import Namespace
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from studio.jobs.checkup import Check
from studio.jobs.model_checkup import model_checkup
from studio.library import models as library
from studio.library.model_names import name_of
from studio.media.places import is_file, is_folder, place
from studio.terminal.session import Session
from studio.terminal.voice import Answer

LIBRARIES = ("torch", "diffusers", "transformers", "peft", "safetensors")


def examine(args: Namespace, session: Session) -> Answer:
    """Every role that can be tried, a line each; exit code 2 when one is not what a healthy model
    shows."""
    handlers = session.handlers()
    model = _found(args.model, handlers.model_folders, session)
    checks = list(model_checkup(model, handlers.models, session.tick))
    device = handlers.models.device()
    lines = [f"{'ok  ' if c.works else 'FAIL'}  {c.name:<9}  {c.words}" for c in checks]
    about = {
        "model": f"{model.card.id} ({model.card.family})",
        "weights": ", ".join(f"{name} {hash[:12]}" for name, hash in model.weights),
        "device": f"{device.described}, {str(device.dtype).removeprefix('torch.')}",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }
    block = [f"{name}: {fact}" for name, fact in about.items()]
    well = bool(checks) and all(check.works for check in checks)
    words = ["```", *block, *(lines or ["no role of it can be tried alone"]), "```"]
    return Answer("\n".join(words), {"well": well, **about, **_facts(checks)}, 0 if well else 2)


def _found(wanted: str, folders: Iterable[Path], session: Session) -> library.Model:
    """By its id, or by the path of its file or folder."""
    path = place(wanted).absolute()
    if is_file(path) or is_folder(path):
        if is_folder(path) and (path / library.CARD).is_file():
            return library.read(path)
        return library.find(name_of(path), [path.parent], session.tick)
    return library.find(wanted, folders, session.tick)


def _facts(checks: Sequence[Check]) -> dict[str, object]:
    return {"checks": [{"name": c.name, "works": c.works, "words": c.words} for c in checks]}
