"""Files of temporal layers: safetensors with what they are, their format's version and their config."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor, nn

from studio.engine.tensor_file import save_whole

VERSION = 1


def save(path: Path, layers: nn.Module, kind: str, config: Any, notes: dict[str, str]) -> None:
    """Write the weights of `layers` with their `config`, a dataclass."""
    tensors = {k.replace(":", "/"): v.contiguous() for k, v in layers.state_dict().items()}
    said = {"format": kind, "version": str(VERSION), "config": json.dumps(asdict(config))}
    save_whole(path, tensors, notes | said)


def load(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any], dict[str, str]]:
    """Tensors in fp32, config and notes; ValueError for a format that is another's or newer."""
    with safe_open(path, "pt") as file:
        notes = file.metadata() or {}
        if notes.get("format") != kind or int(notes["version"]) > VERSION:
            raise ValueError(f"{path.name}: not a {kind} file of version {VERSION} or older")
        tensors = {k.replace("/", ":"): file.get_tensor(k).float() for k in file.keys()}  # noqa: SIM118
    return tensors, json.loads(notes["config"]), notes
