"""Save and resume a training: every tensor in safetensors, every number in JSON, never a pickle."""

import json
import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

VERSION = 1
POINTER = "latest.json"


def save(folder: Path, step: int, tensors: dict[str, Tensor], notes: dict) -> Path:
    """Write a checkpoint under a new name, then turn the small pointer file to it.

    A file that may be open is never overwritten; the one before the newest is kept, older go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:07d}.safetensors"
    part = path.with_suffix(".part")
    save_file(
        {k: v.detach().cpu().contiguous() for k, v in tensors.items()},
        part,
        {"version": str(VERSION), "step": str(step), "notes": json.dumps(notes)},
    )
    _replace(part, path)
    pointer = folder / (POINTER + ".part")
    pointer.write_text(json.dumps({"version": VERSION, "step": step, "file": path.name}))
    _replace(pointer, folder / POINTER)
    for old in sorted(folder.glob("step-*.safetensors"))[:-2]:
        old.unlink(missing_ok=True)
    return path


def load(folder: Path) -> tuple[int, dict[str, Tensor], dict] | None:
    """The newest whole checkpoint as (step, tensors, notes), or None where there is none."""
    try:
        name = json.loads((folder / POINTER).read_text())["file"]
    except FileNotFoundError:
        return None
    with safe_open(folder / name, "pt") as file:
        meta = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    return int(meta["step"]), tensors, json.loads(meta["notes"])


def optimizer_tensors(optimizer: torch.optim.Optimizer, prefix: str = "optimizer") -> dict[str, Tensor]:
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
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _replace(part: Path, path: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows has no handle for a folder; its rename is durable with the file
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
