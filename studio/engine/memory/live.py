"""Bytes that computing takes, counted by shapes: tensors on torch's "meta" device hold no values.

Every tensor that an operation makes is counted while its storage lives, by the device that it lies
on.  What leaves "meta" for the processor becomes zeros there, so that whole stages can be run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from studio.engine.device import SHAPES

SLACK = 0.01
"""How much too large a peak may be, as a part of it: storages that autograd alone holds are looked
for only when a peak would grow by more."""
aten = torch.ops.aten
ELEMENTWISE = {
    aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor, aten.silu.default,
    aten.gelu.default, aten.silu_backward.default, aten.gelu_backward.default,
    aten.neg.default, aten.square.default,
}  # fmt: skip
"""Operations whose result is like what they are given; torch works that out slowly on "meta"."""


class Shapes(TorchDispatchMode):
    """What leaves "meta" for the processor becomes zeros there; a number of it is nought, a question
    about it is answered with yes."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(func, args, kwargs or {})


@dataclass(slots=True)
class _Held:
    """Bytes that are alive while any of the storages is which stand for them."""

    storages: list[StorageWeakRef]
    place: str
    size: int

    @property
    def is_gone(self) -> bool:
        return all(storage.expired() for storage in self.storages)


class Live(Shapes):
    """Counts the bytes of tensors that are alive, but for those of `networks`; `peak` is the most.

    `peaks` says the same for each device by itself.  An operation's own workspace is not seen, but
    `on_processor` for the copies that convolutions make there of what they read; and what goes from
    "meta" to the processor or back takes nothing then, since it is where it was.
    `flops` are the floating-point operations of products.
    """

    def __init__(self, networks: Iterable[nn.Module] = (), *, on_processor: bool = False) -> None:
        super().__init__()
        self._on_processor = on_processor
        self._known = {storage_of(t) for net in networks for t in tensors_of(net)}
        self._held: dict[int, _Held] = {}
        self._by_place: Counter[str] = Counter()
        self._swept = 0
        self.peak = self.flops = 0
        self.peaks: Counter[str] = Counter()

    @property
    def now(self) -> int:
        """Bytes that are alive."""
        self._sweep()
        return self._by_place.total()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = _computed(func, args, kwargs or {})
        if counted := flop_registry.get(func._overloadpacket):
            self.flops += counted(*args, **(kwargs or {}), out_val=made)
        if self._on_processor and _only_moved(func, args, made):
            self._share(args[0], made)
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._count(tensor)
        if self._on_processor and func is aten.convolution.default:
            self._hold(args[0].numel() * args[0].element_size(), args[0].device.type)
        return made

    def _hold(self, size: int, place: str) -> None:
        """So many bytes are held for the moment of an operation."""
        if self._by_place.total() + size > self.peak * (1 + SLACK):
            self._sweep()
            self._raise(size, place)

    def add(self, size: int, flops: int) -> None:
        """So many bytes are alive on "meta" for a moment beside what is."""
        self.flops += flops
        self._sweep()
        self._raise(size, SHAPES)

    @contextmanager
    def measured(self) -> Iterator[list[int]]:
        """Gives, once the `with` has ended, the bytes on "meta" beside those before, and operations."""
        before, peak, peaks, flops = self.now, self.peak, self.peaks, self.flops
        start = self._by_place[SHAPES]
        self.peak, self.peaks, more = before, self._by_place.copy(), list[int]()
        yield more
        more += [self.peaks[SHAPES] - start, self.flops - flops]
        self.peak, self.peaks = max(peak, self.peak), peaks | self.peaks

    def _count(self, tensor: Tensor) -> None:
        key = storage_of(tensor)
        if key in self._known or key in self._held:
            return
        storage = tensor.untyped_storage()
        place, size = tensor.device.type, storage.nbytes()
        self._held[key] = _Held([StorageWeakRef(storage)], place, size)
        self._by_place[place] += size
        above = self._by_place.total() > self.peak * (1 + SLACK)
        if above or self._by_place[place] > self.peaks[place] * (1 + SLACK):
            self._sweep()
            self._raise(0, place)

    def _share(self, given: Tensor, moved: Tensor) -> None:
        """What was moved is what was given, and takes nothing of its own."""
        self._count(given)
        alias = StorageWeakRef(moved.untyped_storage())
        held = self._held.setdefault(
            storage_of(given), _Held([], SHAPES, 0)
        )  # a network's: counted
        held.storages.append(alias)
        self._held[storage_of(moved)] = held

    def _raise(self, size: int, place: str) -> None:
        self.peak = max(self.peak, self._by_place.total() + size)
        self.peaks[place] = max(self.peaks[place], self._by_place[place] + size)

    def _sweep(self) -> None:
        gone = {id(held): held for held in self._held.values() if held.is_gone}
        for held in gone.values():
            self._by_place[held.place] -= held.size
        if gone:
            self._held = {key: held for key, held in self._held.items() if id(held) not in gone}


def _only_moved(func: Any, args: Any, made: Any) -> bool:
    """Whether an operation brought a tensor from one device to another as it is."""
    if func is not aten._to_copy.default:
        return False
    return made.device != args[0].device and made.dtype == args[0].dtype


def storage_of(tensor: Tensor) -> int:
    """What tells a tensor's storage from all others that live."""
    return tensor.untyped_storage()._cdata


def tensors_of(net: nn.Module) -> Iterator[Tensor]:
    """Parameters and buffers."""
    yield from net.parameters()
    yield from net.buffers()


def weights(networks: Iterable[nn.Module]) -> int:
    """Bytes of parameters and buffers, each counted once."""
    found = {id(t): t.numel() * t.element_size() for net in networks for t in tensors_of(net)}
    return sum(found.values())


def _computed(func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
    first = next((t for t in tree_leaves(args) if isinstance(t, Tensor)), None)
    if func is aten._to_copy.default and first is not None and first.device.type == SHAPES:
        place = kwargs.get("device")
        if place is not None and torch.device(place).type != SHAPES:
            return torch.zeros(first.shape, dtype=kwargs.get("dtype") or first.dtype)
    if func is aten._local_scalar_dense.default and args[0].device.type == SHAPES:
        return True if args[0].dtype == torch.bool else 0
    if func in ELEMENTWISE and first is not None and first.device.type == SHAPES:
        given = [t for t in tree_leaves(args) if isinstance(t, Tensor)]
        if all(t.shape == first.shape and t.dtype == first.dtype for t in given):
            return torch.empty_like(first)
    if func is aten.copy_.default and args[1].device.type == SHAPES != args[0].device.type:
        return args[0]
    if func in NORMS and args[0].device.type == SHAPES:
        return NORMS[func](*args)
    return func(*args, **kwargs)


def _group_normed(x: Tensor, *how: Any) -> tuple[Tensor, Tensor, Tensor]:
    batch, _, _, groups, _ = how[2:]
    return torch.empty_like(x), x.new_empty((batch, groups)), x.new_empty((batch, groups))


def _layer_normed(x: Tensor, shape: Any, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    each = (*x.shape[: -len(shape)], *(1 for _ in shape))
    wide = torch.promote_types(x.dtype, torch.float32)
    mean, deviation = (x.new_empty(each, dtype=wide) for _ in range(2))
    return x.new_empty(x.shape), mean, deviation


NORMS = {
    aten.native_group_norm.default: _group_normed,
    aten.native_layer_norm.default: _layer_normed,
}
"""Likewise slow on "meta": what is normed, and a mean and a deviation of each group."""
