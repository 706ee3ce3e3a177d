"""How products and attention are computed on "meta": as on a card, and not as torch spells them out."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Variable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

from studio.engine.device import SHAPES
from studio.engine.memory.live import Live


class _Throughout(TorchFunctionMode):
    """A mode that also holds while gradients are computed, where checkpointed layers are computed
    again: torch puts it off meanwhile, unless its engine is called itself."""

    def _backward(self, args: Any) -> Any:
        loss: Tensor = args[0]
        how = (False, False, ())  # keeps no graph, makes none, to all leaves
        with self:
            Variable._execution_engine.run_backward(
                (loss,),
                (torch.ones_like(loss),),
                *how,
                allow_unreachable=True,
                accumulate_grad=True,
            )


class Fused(_Throughout):
    """Attention on "meta" as a card's fused kernels take it: the output, and a sum per query."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.backward:
            return self._backward(args)
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            query, key, value = (
                *args,
                *(kwargs[n] for n in ("query", "key", "value") if n in kwargs),
            )[:3]
            if query.device.type == SHAPES:
                self._live.flops += 4 * query.numel() * key.shape[-2]
                return _Attention.apply(query, key, value)
        return func(*args, **kwargs)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        made = torch.empty_like(query)  # in the order of the queries, as the kernels have it
        sums = query.new_empty(query.shape[:-1], dtype=torch.float32)
        ctx.save_for_backward(query, key, value, made, sums)
        return made

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        query, key, value, *_ = ctx.saved_tensors
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


class Mixed(_Throughout):
    """Autocast on "meta", which torch has for no such device: products in `dtype`, norms and losses
    in fp32; each weight is used once, so that nothing is gained by keeping its copy."""

    NARROW = (
        F.linear,
        F.conv2d,
        F.conv3d,
        F.conv1d,
        torch.matmul,
        torch.bmm,
        torch.baddbmm,
        F.scaled_dot_product_attention,
    )
    WIDE = (F.layer_norm, F.group_norm, F.softmax, torch.softmax, F.mse_loss)

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self._dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.backward:
            return self._backward(args)
        wanted = self._dtype if func in self.NARROW else torch.float32
        if func in self.NARROW or func in self.WIDE:
            args, kwargs = tree_map(lambda x: self._cast(x, wanted), (args, kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _cast(self, x: Any, dtype: torch.dtype) -> Any:
        if not isinstance(x, Tensor) or not x.is_floating_point() or x.dtype == dtype:
            return x
        return x.to(dtype)


@contextmanager
def counting(networks: Iterable[nn.Module] = (), *, on_processor: bool = False) -> Iterator[Live]:
    """Count what is computed in the `with`, attention as fused kernels take it."""
    with Live(networks, on_processor=on_processor) as live, Fused(live):
        yield live
