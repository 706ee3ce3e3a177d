"""The tensors of a pickled checkpoint into a safetensors file, in a process of its own:

    python -m studio.engine.checkpoints.unpickling SOURCE TARGET

A pickle is a program.  Torch's restricted reader (`weights_only`) runs the few instructions that build
tensors and plain values and stops at anything else; what is read dies with the process.  Says on
standard output what was found, one JSON object: `tensors` and their bytes, or `why` nothing was written.
"""

import json
import pickle
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from studio.child import end_with_parent

FOREIGN = re.compile(r"(?:GLOBAL |global: |class )([\w.]+)")
WRAPPERS = ("state_dict", "model", "module", "params_ema", "params")
"""Keys below which programs put a network's tensors beside their own notes, the first that is there."""


def main(source: Path, target: Path) -> int:
    """0 where the target was written; 1 where `why` says in a clause what is wrong with the source."""
    try:
        tensors = dict(_tensors(_loaded(source)))
        if not tensors:
            return _say(1, why="holds no tensors")
        save_file(tensors, target, {"format": "pt"})
    except pickle.UnpicklingError as error:
        return _say(1, why=_foreign(str(error)))
    except (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        EOFError,
        AttributeError,
        TypeError,
    ) as error:
        return _say(
            1, why="cannot be read as a checkpoint", detail=f"{type(error).__name__}: {error}"
        )
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    return _say(0, tensors=len(tensors), bytes=size)


def _loaded(source: Path) -> Any:
    """What the file holds; of newer ones the values stay on the disk until they are written."""
    with source.open("rb") as file:
        is_archive = file.read(4) == b"PK\x03\x04"
    return torch.load(source, map_location="cpu", weights_only=True, mmap=is_archive)


def _tensors(content: Any) -> Iterator[tuple[str, Tensor]]:
    """By dotted name; notes of a program beside them are left out.  Each has memory of its own, which
    the format asks for."""
    if not isinstance(content, Mapping):
        raise TypeError("no table of tensors")
    if isinstance(learned := content.get("string_to_param"), Mapping):  # A1111's embeddings
        content = {"emb_params": next(iter(learned.values()), None)}
    for wrapper in WRAPPERS:
        if isinstance(inner := content.get(wrapper), Mapping):
            content = inner
            break
    for name, value in content.items():
        if isinstance(value, Tensor):
            yield str(name), value.detach().contiguous().clone()


def _foreign(message: str) -> str:
    """What stands in the file besides tensors, as far as torch says it."""
    found = FOREIGN.search(message)
    return f"holds {found[1]} besides weights" if found else "holds more than weights"


def _say(code: int, **facts: object) -> int:
    sys.stdout.write(json.dumps(facts) + "\n")
    return code


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
