"""Files of temporal layers: safetensors with what they are, their format's version and their config.

Released weights are read, and new ones written, under the tensor names and config fields of the
first release: the bytes of a file decide keys and hashes, so a renamed attribute must not change
them.  `STORED_NAMES` and `STORED_FIELDS` are the whole difference.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from studio.engine.checkpoints.tensor_file import save_whole
from studio.engine.device import SHAPES, place_of

VERSION = 1
STORED_NAMES: Mapping[str, Mapping[str, str]] = {
    "TemporalBlender": {"mix_factor": "time_logit"},
    "ConditionPyramid": {"conv_in": "first"},
    "MotionCompensation": {
        "text_proj": "said",
        "direction": "way",
        "keypoints": "look",
        "displacement": "went",
        "conv_in": "enter",
        "text_bias": "words",
        "conv_out": "compose",
    },
    "MotionPrior": {"embedding_proj": "said"},
    "TemporalLayers": {
        "zero_convs": "entries",
        "prior_zero_convs": "moves",
        "estimate_zero_convs": "leads",
        "motion_compensation": "drift",
    },
}
"""By class: attribute → its name in stored tensors, in files of layers and in checkpoints."""
STORED_FIELDS = {
    "gate_start": "shut_below",
    "gate_end": "open_from",
    "motion_compensation": "drift",
}
"""Field of a config → its name in a file's header."""


def stored_name(net: nn.Module, name: str) -> str:
    """The stored name of the tensor that `net` has under the dotted `name`."""
    stored, module = [], net
    for part in name.split("."):
        stored.append(STORED_NAMES.get(type(module).__name__, {}).get(part, part))
        module = getattr(module, part)
    return ".".join(stored)


def save(path: Path, layers: nn.Module, kind: str, config: Any, notes: dict[str, str]) -> None:
    """Write the weights of `layers` with their `config`, a dataclass."""
    tensors = {
        stored_name(layers, name).replace(":", "/"): tensor.contiguous()
        for name, tensor in layers.state_dict().items()
    }
    fields = {STORED_FIELDS.get(name, name): value for name, value in asdict(config).items()}
    header = {"format": kind, "version": str(VERSION), "config": json.dumps(fields)}
    save_whole(path, tensors, notes | header)


def load(
    path: Path, kind: str, *, shapes: bool = False
) -> tuple[dict[str, Tensor], dict[str, Any], dict[str, str]]:
    """Stored tensors in fp32, none for `shapes` alone, config and notes; ValueError for a format that is another's or newer."""
    with safe_open(path, "pt") as file:
        notes = file.metadata() or {}
        if notes.get("format") != kind or int(notes["version"]) > VERSION:
            raise ValueError(f"{path.name}: not a {kind} file of version {VERSION} or older")
        names = () if shapes else file.keys()
        tensors = {name.replace("/", ":"): file.get_tensor(name).float() for name in names}
    return tensors, _config(notes["config"]), notes


def _config(text: str) -> dict[str, Any]:
    fields = {stored: name for name, stored in STORED_FIELDS.items()}
    stored: dict[str, Any] = json.loads(text)
    return {fields.get(name, name): value for name, value in stored.items()}


def made_beside(image: nn.Module) -> AbstractContextManager[object]:
    """A context in which layers have no weights where those of their image network are shapes."""
    return torch.device(SHAPES) if is_shapes(image) else nullcontext()


def is_shapes(net: nn.Module) -> bool:
    """Whether a network has shapes and no weights."""
    return place_of(net).type == SHAPES


def fill(layers: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy stored tensors into `layers`; RuntimeError where names or shapes do not fit."""
    if is_shapes(layers):
        return
    names = {stored_name(layers, name): name for name in layers.state_dict()}
    layers.load_state_dict({names.get(stored, stored): t for stored, t in tensors.items()})
