"""Save and resume a training: every tensor in safetensors, every number in JSON, never a pickle."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.engine.checkpoints.tensor_file import read_sealed, save_sealed, write_text_whole
from studio.spec.refusal import Refusal

VERSION = 2
"""Since 2 with a seal."""
POINTER = "latest.json"
FILES = "step-*.safetensors"

Found = tuple[int, dict[str, Tensor], dict]
"""(finished steps, tensors by name, notes)."""


def save(folder: Path, step: int, tensors: dict[str, Tensor], notes: dict) -> Path:
    """Write a checkpoint under a new name, then turn the small pointer file to it.

    A file that may be open is never overwritten; the one before the newest is kept, others go.
    Each is sealed, so that no damage to it goes unseen.  Refused where the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:07d}.safetensors"
    metadata = {"version": str(VERSION), "step": str(step), "notes": json.dumps(notes)}
    save_sealed(path, tensors, metadata)
    pointer = {"version": VERSION, "step": step, "file": path.name}
    write_text_whole(folder / POINTER, json.dumps(pointer))
    _sweep(folder, path)
    return path


def keep_newest(folder: Path) -> None:
    """Leave the newest checkpoint alone of those there are: it is all that going on needs."""
    for path in (*_candidates(folder)[1:], *folder.glob("*.damaged")):
        path.unlink(missing_ok=True)


def forget(folder: Path) -> None:
    """Remove all checkpoints in `folder`, and it when nothing else is in it: whatever a link in its
    place leads to, nothing goes that does not bear our names."""
    if folder.is_symlink():
        return
    for name in (FILES, f"{FILES}.part", "step-*.damaged", f"{POINTER}*"):
        for path in folder.glob(name):
            path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _sweep(folder: Path, newest: Path) -> None:
    """Leave the newest and the one before it; later ones are of a run that was given up."""
    before = [p for p in sorted(folder.glob(FILES)) if p.name < newest.name][-1:]
    for path in folder.glob(FILES):
        if path not in (newest, *before):
            path.unlink(missing_ok=True)


def load(folder: Path, report: Callable[[str], object] = lambda _: None) -> Found | None:
    """The newest whole checkpoint as (step, tensors, notes), or None where there is none.

    A damaged one is passed over for the one before it, and `report` gets a sentence about it.  When
    none can be read, that is refused rather than silently restarted.
    """
    candidates = _candidates(folder)
    for path in candidates:
        try:
            found = _read(path)
        except (OSError, SafetensorError, KeyError, ValueError):
            continue
        if path != candidates[0]:
            report(f"The newest checkpoint is damaged; going on from step {found[0]}.")
            _put_aside(candidates[: candidates.index(path)])
        return found
    if candidates:
        raise Refusal(
            "No checkpoint of this training can be read.",
            f"Restore or delete the folder {folder}; without it the training starts again.",
        )
    return None


def peek(folder: Path) -> tuple[int, dict] | None:
    """Step and notes of the newest checkpoint with a readable header; its tensors are not read."""
    for path in _candidates(folder):
        with suppress(OSError, SafetensorError, KeyError, ValueError):
            with safe_open(path, "pt") as file:
                metadata = file.metadata()
            return int(metadata["step"]), json.loads(metadata["notes"])
    return None


def _put_aside(damaged: list[Path]) -> None:
    """What cannot be read is kept under another name: nothing takes it for a checkpoint again."""
    for path in damaged:
        with suppress(OSError):
            path.replace(path.with_suffix(".damaged"))


def _candidates(folder: Path) -> list[Path]:
    """The file that the pointer names, then the others, later steps first."""
    others = sorted(folder.glob(FILES), reverse=True)
    try:
        named = folder / json.loads((folder / POINTER).read_text())["file"]
    except FileNotFoundError:
        return []  # killed before the first was whole
    except (OSError, ValueError, KeyError, TypeError):
        return others
    return [named, *(path for path in others if path != named)]


def _read(path: Path) -> Found:
    tensors, metadata = read_sealed(path)
    if int(metadata["version"]) > VERSION:
        raise ValueError(metadata["version"])
    return int(metadata["step"]), tensors, json.loads(metadata["notes"])


def optimizer_tensors(
    optimizer: torch.optim.Optimizer, prefix: str = "optimizer"
) -> dict[str, Tensor]:
    """An optimiser's state as named tensors; parameters are numbered in their order."""
    state = optimizer.state_dict()["state"]
    return {
        f"{prefix}.{index}.{name}": torch.as_tensor(value)
        for index, entry in state.items()
        for name, value in entry.items()
    }


def load_optimizer(
    optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], prefix: str = "optimizer"
) -> None:
    """Undo `optimizer_tensors`; groups (rates, decay) stay as they were constructed."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix + "."):
            index, name = key[len(prefix) + 1 :].split(".", 1)
            state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
