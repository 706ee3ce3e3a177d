"""Networks on "meta" computed once for each shape: a sampler asks the same of them at every step."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from studio.engine.memory.live import Live


@contextmanager
def each_once(live: Live, nets: Iterable[nn.Module]) -> Iterator[None]:
    """Have networks, which lie on "meta", computed once for each shape of what they are given: later
    calls give as much without computing, and count as much as the first did.  A list that they are
    given, such as the features that a causal autoencoder keeps, is left as the first call left it."""
    nets = [net for net in nets if "forward" not in vars(net)]
    try:
        for net in nets:
            net.forward = _once(live, net.forward)
        yield
    finally:
        for net in nets:
            del net.forward


def _once(live: Live, forward: Callable[..., Any]) -> Callable[..., Any]:
    seen: dict[Any, tuple[Any, Any, int, int]] = {}

    def called(*args: Any, **kwargs: Any) -> Any:
        shapes = _signature(args, kwargs)
        if shapes is None:
            return forward(*args, **kwargs)
        if shapes not in seen:
            with live.measured() as more:
                made = forward(*args, **kwargs)
            left = tree_map(_like, _lists(args, kwargs))
            seen[shapes] = (tree_map(_like, made), left, more[0], more[1])
            return made
        like, left, size, flops = seen[shapes]
        live.add(size, flops)
        for given, now in zip(_lists(args, kwargs), left, strict=True):
            given[:] = tree_map(_again, now)
        return tree_map(_again, like)

    return called


def _lists(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[list[Any]]:
    return [one for one in (*args, *kwargs.values()) if isinstance(one, list)]


class _Made:
    """How a tensor is made that is like one which was there."""

    def __init__(self, tensor: Tensor) -> None:
        self._how = (tensor.shape, tensor.dtype, tensor.device)

    def __call__(self) -> Tensor:
        shape, dtype, device = self._how
        return torch.empty(shape, dtype=dtype, device=device)


def _like(x: Any) -> Any:
    return _Made(x) if isinstance(x, Tensor) else x


def _again(x: Any) -> Any:
    return x() if isinstance(x, _Made) else x


def _signature(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Shapes of what a network is given; None where it is given what has none."""
    shapes = []
    for leaf in tree_leaves((*args, *kwargs.values())):
        if isinstance(leaf, Tensor):
            shapes.append((tuple(leaf.shape), leaf.dtype, leaf.device.type))
        elif leaf is None or isinstance(leaf, (int, str, bool)):
            shapes.append(leaf)
        elif not isinstance(leaf, float):
            return None
    return (*shapes, *kwargs)
