"""Save and resume a training: every tensor in safetensors, every number in JSON, never a pickle."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from studio.spec.refusal import Refusal

VERSION = 1
POINTER = "latest.json"
FILES = "step-*.safetensors"

Found = tuple[int, dict[str, Tensor], dict]
"""(finished steps, tensors by name, notes)."""


def save(folder: Path, step: int, tensors: dict[str, Tensor], notes: dict) -> Path:
    """Write a checkpoint under a new name, then turn the small pointer file to it.

    A file that may be open is never overwritten; the one before the newest is kept, others go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:07d}.safetensors"
    part = path.with_suffix(".part")
    save_file(
        {k: v.detach().cpu().contiguous() for k, v in tensors.items()},
        part,
        {"version": str(VERSION), "step": str(step), "notes": json.dumps(notes)},
    )
    put_in_place(part, path)
    pointer = folder / (POINTER + ".part")
    pointer.write_text(json.dumps({"version": VERSION, "step": step, "file": path.name}))
    put_in_place(pointer, folder / POINTER)
    _sweep(folder, path)
    return path


def _sweep(folder: Path, newest: Path) -> None:
    """Leave the newest and the one before it; later ones are of a run that was given up."""
    before = [p for p in sorted(folder.glob(FILES)) if p.name < newest.name][-1:]
    for path in folder.glob(FILES):
        if path not in (newest, *before):
            path.unlink(missing_ok=True)


def load(folder: Path, say: Callable[[str], object] = lambda _: None) -> Found | None:
    """The newest whole checkpoint as (step, tensors, notes), or None where there is none.

    A damaged one is passed over for the one before it, and `say` gets a sentence about it.  When
    none can be read, that is refused rather than silently begun again.
    """
    candidates = _candidates(folder)
    for path in candidates:
        try:
            found = _read(path)
        except (OSError, SafetensorError, KeyError, ValueError):
            continue
        if path != candidates[0]:
            say(f"The newest checkpoint is damaged; going on from step {found[0]}.")
        return found
    if candidates:
        raise Refusal(
            "No checkpoint of this training can be read.",
            f"Restore or delete the folder {folder}; without it the training starts again.",
        )
    return None


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
    with safe_open(path, "pt") as file:
        meta = file.metadata()
        if int(meta["version"]) > VERSION:
            raise ValueError(meta["version"])
        # copies: Windows cannot delete a file that tensors still map
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
    return int(meta["step"]), tensors, json.loads(meta["notes"])


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


def put_in_place(part: Path, path: Path) -> None:
    """Flush a finished file and give it its name, for good: also after a power cut."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    if os.name != "posix":
        return  # Windows has no handle for a folder; its rename is durable with the file
    with suppress(OSError):  # some network disks cannot sync a folder: the file is in its place
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
