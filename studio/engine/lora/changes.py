"""Changes of a layer's weight, ΔW, as their publications write them; all in fp32.

LoRA (Hu et al. 2021), with a core for convolutions as LyCORIS has it; LoHa and LoKr (Yeh et al. 2023);
DoRA (Liu et al. 2024); and whole differences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

EPSILON = torch.finfo(torch.float32).eps


Extent = tuple[int, int]
"""Rows of a ΔW, and all of its numbers."""


class Change(Protocol):
    """What an adapter does to one weight; `strength` scales it, any number."""

    @property
    def extent(self) -> Extent: ...

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        """ΔW in fp32, of the shape of `weight` and where that is."""
        ...


def _at(weight: Tensor, tensor: Tensor) -> Tensor:
    return tensor.to(weight.device, torch.float32)


@dataclass(frozen=True, slots=True)
class LowRank:
    """LoRA: ΔW = alpha/r · B A, `down` A (r, in, …) and `up` B (out, r, …).

    `rank_scale`: what alpha is divided by, r, or its square root (rsLoRA)."""

    down: Tensor
    up: Tensor
    alpha: float
    rank_scale: float

    @property
    def rank(self) -> int:
        return len(self.down)

    @property
    def extent(self) -> Extent:
        return len(self.up), self.up.numel() * self.down.numel() // self.rank**2

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        up, down = _at(weight, self.up), _at(weight, self.down)
        scale = strength * self.alpha / self.rank_scale
        return scale * (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)


@dataclass(frozen=True, slots=True)
class Cored:
    """A convolution's LoRA with a core: `mid` (r, r, k, k) between 1×1 `down` and `up`."""

    down: Tensor
    mid: Tensor
    up: Tensor
    scale: float

    @property
    def extent(self) -> Extent:
        kernel = self.mid.numel() // len(self.mid) // self.mid.shape[1]
        return len(self.up), len(self.up) * self.down.shape[1] * kernel

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        up, down = (_at(weight, t).flatten(1) for t in (self.up, self.down))
        whole = torch.einsum("op,pqkl,qi->oikl", up, _at(weight, self.mid), down)
        return strength * self.scale * whole.reshape(weight.shape)


@dataclass(frozen=True, slots=True)
class Hadamard:
    """LoHa: ΔW = scale · (w1a w1b) ⊙ (w2a w2b), with cores t1, t2 for convolutions."""

    tensors: Mapping[str, Tensor]
    scale: float

    @property
    def extent(self) -> Extent:
        return _product_extent(self.tensors, "hada_w1", "hada_t1")

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        one, two = (
            _product(self.tensors, f"hada_w{side}", f"hada_t{side}", weight) for side in "12"
        )
        return strength * self.scale * (one * two).reshape(weight.shape)


@dataclass(frozen=True, slots=True)
class Kronecker:
    """LoKr: ΔW = scale · w1 ⊗ w2, each whole or as a product of two."""

    tensors: Mapping[str, Tensor]
    scale: float

    @property
    def extent(self) -> Extent:
        one = _product_extent(self.tensors, "lokr_w1", "")
        two = _product_extent(self.tensors, "lokr_w2", "lokr_t2")
        return one[0] * two[0], one[1] * two[1]

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        one = _product(self.tensors, "lokr_w1", "", weight)
        two = _product(self.tensors, "lokr_w2", "lokr_t2", weight)
        one = one.reshape(*one.shape, *(1,) * (two.ndim - one.ndim))
        return strength * self.scale * torch.kron(one, two.contiguous()).reshape(weight.shape)


def _product(tensors: Mapping[str, Tensor], name: str, core: str, weight: Tensor) -> Tensor:
    """A matrix that is there whole, as a product of two, or with a core between them."""
    if (whole := tensors.get(name)) is not None:
        return _at(weight, whole)
    a, b = (_at(weight, tensors[f"{name}_{half}"]) for half in "ab")
    if (between := tensors.get(core)) is not None:
        return torch.einsum("pqkl,qi,po->oikl", _at(weight, between), b, a)
    return a @ b


def _product_extent(tensors: Mapping[str, Tensor], name: str, core: str) -> Extent:
    if (whole := tensors.get(name)) is not None:
        return len(whole), whole.numel()
    a, b = (tensors[f"{name}_{half}"] for half in "ab")
    if (between := tensors.get(core)) is not None:
        return a.shape[1], a.shape[1] * b.shape[1] * between[0, 0].numel()
    return len(a), len(a) * b.shape[1]


@dataclass(frozen=True, slots=True)
class Whole:
    """The difference itself."""

    difference: Tensor

    @property
    def extent(self) -> Extent:
        return len(self.difference), self.difference.numel()

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        return strength * _at(weight, self.difference).reshape(weight.shape)


@dataclass(frozen=True, slots=True)
class Decomposed:
    """DoRA: the changed weight's rows get the norms `magnitude`, W' = m · (W + ΔW) / ‖W + ΔW‖.

    `magnitude` has one number a row, or a column where LyCORIS was told so.  At another strength
    the change W' − W is scaled as a whole, as ComfyUI does.
    """

    change: Change
    magnitude: Tensor

    @property
    def extent(self) -> Extent:
        return self.change.extent

    def delta(self, weight: Tensor, strength: float) -> Tensor:
        before = weight.float()
        changed = before + self.change.delta(weight, 1.0)
        by_row = self.magnitude.ndim == 1 or self.magnitude.shape[0] == len(weight)
        sides = changed if by_row else changed.transpose(0, 1)
        norms = sides.flatten(1).norm(dim=1) + EPSILON
        magnitude = _at(weight, self.magnitude).flatten()
        scaled = sides * (magnitude / norms).reshape(-1, *(1,) * (sides.ndim - 1))
        return strength * ((scaled if by_row else scaled.transpose(0, 1)) - before)


def change_of(tensors: Mapping[str, Tensor], alpha: float | None, *, root: bool) -> Change | None:
    """The change that a layer's tensors are, by what they are of it; None where one is missing.

    `root`: alpha is divided by the root of the rank."""
    made = _without_magnitude(tensors, alpha, root=root)
    if made is not None and "magnitude" in tensors:
        return Decomposed(made, tensors["magnitude"])
    return made


def _without_magnitude(
    tensors: Mapping[str, Tensor], alpha: float | None, *, root: bool
) -> Change | None:
    try:
        if any(name.startswith("hada_") for name in tensors):
            return Hadamard(tensors, _scale(alpha, tensors["hada_w1_b"].shape[0]))
        if any(name.startswith("lokr_") for name in tensors):
            return Kronecker(tensors, _kronecker_scale(tensors, alpha))
        down, up = tensors["down"], tensors["up"]
    except KeyError:
        return None
    if (mid := tensors.get("mid")) is not None:
        return Cored(down, mid, up, _scale(alpha, len(down)))
    rank = len(down)
    return LowRank(down, up, rank if alpha is None else alpha, rank**0.5 if root else rank)


def _kronecker_scale(tensors: Mapping[str, Tensor], alpha: float | None) -> float:
    """Two whole matrices have no rank, and no scale."""
    for side in ("lokr_w2_b", "lokr_w1_b"):
        if side in tensors:
            return _scale(alpha, tensors[side].shape[0])
    return 1.0


def _scale(alpha: float | None, rank: int) -> float:
    return 1.0 if alpha is None else alpha / rank
