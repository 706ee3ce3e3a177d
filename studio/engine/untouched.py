"""Networks that were loaded: whether they are so still (no adapter, no weight replaced or written
to), and the memory that they take."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from torch import nn

Mark = tuple[object, ...]


def networks(part: object) -> Iterator[nn.Module]:
    """Every module in what was loaded, each once: of a dataclass or a mapping, and what these hold."""
    return iter({id(module): module for module in _modules(part)}.values())


def _modules(part: object) -> Iterator[nn.Module]:
    if isinstance(part, nn.Module):
        yield part
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _modules(inner)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _modules(getattr(part, field.name))


def size(part: object) -> int:
    """Bytes that weights and buffers take, each counted once."""
    tensors = {
        id(tensor): tensor.numel() * tensor.element_size()
        for network in networks(part)
        for tensors in (network.parameters(), network.buffers())
        for tensor in tensors
    }
    return sum(tensors.values())


def mark(part: object) -> Mark:
    """What changes when an adapter goes on, or weights are swapped, written to, moved or thawed.

    Reads no weights: modules by identity, tensors by address and by torch's count of writes.
    """
    state: list[object] = []
    for network in networks(part):
        state += [(name, id(module), module.training) for name, module in network.named_modules()]
        state += [
            (name, id(tensor), tensor.data_ptr(), tensor._version, tensor.requires_grad)
            for tensors in (network.named_parameters(), network.named_buffers())
            for name, tensor in tensors
        ]
    return tuple(state)
