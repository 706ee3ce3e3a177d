"""A second device without a card: tensors that say they lie elsewhere, computed on the processor.

`torch.device("lazy")` is a name that no build of torch computes on.  While `SecondDevice` is on, what
is made or moved there becomes a `There`, which holds its values on the processor and says otherwise;
where a `There` meets a tensor of the processor, a card's rules hold: single numbers may meet it and
indices may reach into it, all else is an error.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from studio.engine.device import Device

NAME = "lazy"
PLACE = torch.device(NAME)
aten = torch.ops.aten
CROSSING = {aten._to_copy.default, aten.copy_.default, aten.set_.source_Tensor}
"""What may read from one device and write to another."""
INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}
"""Into what lies on a card indices of the processor may reach; the other way round they may not."""

PRODUCTS = {
    aten.convolution.default,
    aten.convolution_backward.default,
    aten.mm.default,
    aten.addmm.default,
    aten.bmm.default,
    aten.baddbmm.default,
}


def device(dtype: torch.dtype = torch.float32) -> Device:
    """What the engine is told of it."""
    return Device(NAME, dtype, "a device of the tests")


class There(Tensor):
    """A tensor on the second device; `here` are its values."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor) -> "There":
        made = Tensor._make_wrapper_subclass(
            cls,
            here.shape,
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=PLACE,
            requires_grad=False,
        )
        made.here = here
        return made

    def __init__(self, here: Tensor) -> None:
        pass

    def __repr__(self, **_: Any) -> str:
        return f"There({self.here!r})"

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, other: Tensor) -> None:
        if not isinstance(other, There):
            raise RuntimeError("a parameter's data were put on another device")
        self.here = other.here
        Tensor.data.__set__(self, other)  # pyright: ignore[reportAttributeAccessIssue]

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            made: Tensor = There(self.here.clone())
            if isinstance(self, torch.nn.Parameter):
                made = torch.nn.Parameter(made, self.requires_grad)
            memo[id(self)] = made
        return memo[id(self)]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatched(func, args, kwargs or {})


class SecondDevice(TorchDispatchMode):
    """While it is on, tensors can be made on the second device and moved there."""

    def __enter__(self) -> "SecondDevice":
        # so that torch.tensor(..., device=...) is seen, as it is by torch's own fake tensors
        self._lifted = torch._C._only_lift_cpu_tensors()
        torch._C._set_only_lift_cpu_tensors(True)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        torch._C._set_only_lift_cpu_tensors(self._lifted)
        super().__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatched(func, args, kwargs or {})


def dispatched(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Compute where the tensors say they are, after a look at whether they may meet."""
    tensors = [*tensors_in(args), *tensors_in(kwargs.values())]
    there = [tensor for tensor in tensors if isinstance(tensor, There)]
    if there and func not in CROSSING:
        check(func, args, tensors)
    asked = kwargs.get("device")
    goes = bool(there) if asked is None else torch.device(asked).type == NAME
    if func is aten.copy_.default:
        goes = isinstance(args[0], There)
    if asked is not None:
        kwargs = kwargs | {"device": torch.device("cpu")}
    made = computed(func, *changed(There, lambda tensor: tensor.here, (args, kwargs)))
    if not goes:
        return made
    same = {id(tensor.here): tensor for tensor in there}  # what works in place gives it back
    land = lambda part: same[id(part)] if id(part) in same else There(part)  # noqa: E731
    return changed(Tensor, land, made)


def tensors_in(parts: Iterable[Any]) -> Iterator[Tensor]:
    """Those among the parts and in their lists."""
    for part in parts:
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, list | tuple):
            yield from tensors_in(part)


def changed(kind: type, change: Callable[[Any], Any], part: Any) -> Any:
    """Of lists, tuples and dictionaries the like with what is of a kind changed; torch's own walk
    took longer than all that is computed."""
    if isinstance(part, kind):
        return change(part)
    if isinstance(part, list | tuple):
        return type(part)([changed(kind, change, one) for one in part])
    if isinstance(part, dict):
        return {name: changed(kind, change, one) for name, one in part.items()}
    return part


def computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The operation on the processor.

    Products of half precision are computed in full and rounded, as a card adds them up, where few
    processors have instructions for them; of two precisions they fail as they do anywhere.
    """
    dtypes = {part.dtype for part in tensors_in(args)} if func in PRODUCTS else ()
    if dtypes not in ({torch.float16}, {torch.bfloat16}):
        return func(*args, **kwargs)
    wide = changed(Tensor, Tensor.float, (args, kwargs))
    return changed(Tensor, lambda part: part.to(*dtypes), func(*wide[0], **wide[1]))


def check(func: Any, args: Any, tensors: list[Tensor]) -> None:
    """Refuse what a card refuses."""
    into = args[0]
    if func in INDEXING:
        values = args[2] if len(args) > 2 else None
        lost = isinstance(values, Tensor) and values.ndim and is_there(values) != is_there(into)
        if lost or not is_there(into):
            raise RuntimeError(f"{func}: indices or values lie on another device")
        return
    if any(tensor.ndim and not is_there(tensor) for tensor in tensors):
        raise RuntimeError(f"{func}: expected all tensors to be on the same device")
    if func._schema.is_mutable and isinstance(into, Tensor) and not is_there(into):
        raise RuntimeError(f"{func}: a number of the processor cannot take a card's values in")


def is_there(tensor: Any) -> bool:
    """Whether it lies on the second device."""
    return isinstance(tensor, There)
