"""The tensors of one component of a weight file, or of all its files, under diffusers' names."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from studio.engine.checkpoints.names import PROJECTION, Names, diffusers_names

JOINED = ".qkv_proj."
"""In a name: queries, keys and values as one matrix."""
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredComponent:
    """Where the tensors of a component lie: by diffusers' name, the file and the name in it; and
    their shapes as they are stored."""

    places: Mapping[str, tuple[Path, str]]
    shapes: Mapping[str, Shape]

    def read(self, dtype: torch.dtype, device: str) -> dict[str, Tensor]:
        """All tensors, in a precision and on a device; one file is open at a time."""
        found: dict[str, Tensor] = {}
        for file in dict.fromkeys(file for file, _ in self.places.values()):
            with safe_open(file, "pt") as opened:
                for name, (where, stored) in self.places.items():
                    if where == file:
                        # a copy, since a file that is mapped cannot be replaced on Windows
                        tensor = opened.get_tensor(stored).to(device, dtype, copy=True)
                        turned = tensor.T.contiguous() if _is_turned(stored) else tensor
                        found |= _parts(name, turned)
        return found


Naming = Callable[[str, Iterable[str]], Names]
"""A component and the names in a file → by diffusers' name, the one in the file."""


def stored(
    component: str, files: Sequence[Path], names: Naming = diffusers_names
) -> StoredComponent:
    """What files hold of a component; SafetensorError or OSError where they cannot be read."""
    places: dict[str, tuple[Path, str]] = {}
    shapes: dict[str, Shape] = {}
    for file in files:
        with safe_open(file, "pt") as opened:
            for new, old in names(component, opened.keys()).items():
                places[new] = (file, old)
                shape = tuple(opened.get_slice(old).get_shape())
                shapes |= _shapes(new, shape[::-1] if _is_turned(old) else shape)
    return StoredComponent(places, shapes)


def _is_turned(stored: str) -> bool:
    return stored.rpartition(".")[2] == PROJECTION or stored.endswith(".visual.proj")


def _parts(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """A tensor as diffusers has it: a joined projection in three, attention as a matrix."""
    if JOINED in name:
        names = [name.replace(JOINED, f".{one}_proj.") for one in "qkv"]
        return dict(zip(names, (part.clone() for part in tensor.chunk(3)), strict=True))
    return {name: tensor.reshape(_as_linear(name, tuple(tensor.shape)))}


def _shapes(name: str, shape: Shape) -> dict[str, Shape]:
    if JOINED in name:
        third = (shape[0] // 3, *shape[1:])
        return {name.replace(JOINED, f".{one}_proj."): third for one in "qkv"}
    return {name: _as_linear(name, shape)}


def _as_linear(name: str, shape: Shape) -> Shape:
    """Attention in an autoencoder was published as convolutions of kernel 1."""
    is_attention = ".mid_block.attentions." in name and name.endswith(".weight")
    autoencoders = is_attention and name.startswith(("encoder.", "decoder."))
    return shape[:2] if autoencoders and len(shape) > 2 else shape
