"""Inject a job's adapter into the backbone and remove it again, leaving no trace.

A LoRA stays beside the loaded weights (never fused into them); DreamBooth weights replace the
loaded ones while the `with` lasts.  Afterwards modules, keys and bytes are those of before,
whatever happened inside.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Protocol

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from studio.engine.adapter_file import Adapter, Label, own_name, read_adapter
from studio.spec.refusal import Refusal

PARTS = ("unet", "text_encoder")
NAME = "studio"  # what peft calls our adapter while it is on
_LORA_KEY = re.compile(r"(.+)\.lora_([AB])\.weight")


class Networks(Protocol):
    """Anything that holds an image UNet and its text encoder; a `Backbone` does."""

    @property
    def unet(self) -> nn.Module: ...
    @property
    def text_encoder(self) -> nn.Module: ...


@dataclass(frozen=True, slots=True)
class AdapterMatch:
    """How an adapter fits a model: `matched` of its `layers` have a place there."""

    matched: int
    layers: int
    label: Label


@contextmanager
def adapted(
    networks: Networks, file: Path, strength: float = 1.0, identity: str = ""
) -> Iterator[AdapterMatch]:
    """The networks with the adapter in `file` while the `with` lasts; `identity` is its SHA-256.

    `strength` scales the adapter's effect: 0 leaves the networks untouched bit for bit, 1 is as
    trained, any finite number is allowed.  The text encoder changes too where the adapter holds
    layers for it, so encode the temporal layers' prompt before.  Raises `Refusal` for a missing
    or broken file, for one made for networks of other shapes, and for one that fits no layer.
    """
    if not isfinite(strength):
        raise Refusal("The subject's strength is not a number.", "Use a number such as 0.8.")
    check_bare(networks)
    adapter = read_adapter(file, identity)
    parts = {part: _share(adapter, part, getattr(networks, part)) for part in PARTS}
    matched, layers = (sum(counts) for counts in zip(*(p[1] for p in parts.values()), strict=True))
    if not matched:
        raise Refusal(
            f"None of the {layers} layers of {file.name} has a place in this model.",
            "Choose the model it was made for.",
        )
    injected = _lora_injected if adapter.label.method == "lora" else _weights_replaced
    with ExitStack() as stack:
        for part, (tensors, _) in parts.items():
            if tensors and strength:
                module = getattr(networks, part)
                stack.enter_context(injected(module, tensors, adapter.label, strength))
        yield AdapterMatch(matched, layers, adapter.label)


def check_bare(networks: Networks) -> None:
    """RuntimeError where an adapter is on: what is computed then belongs to no plain request."""
    for part in PARTS:
        _check_bare(getattr(networks, part))


def inject_lora(module: nn.Module, config: LoraConfig, seed: int) -> None:
    """Wrap the targets of `config` in LoRA layers, in place; `remove_lora` undoes it.

    The layers start from `seed`; torch's own random state is left as it was.
    """
    _check_bare(module)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            inject_adapter_in_model(config, module, adapter_name=NAME)
    except BaseException:
        remove_lora(module)
        raise


def _check_bare(module: nn.Module) -> None:
    if any(isinstance(layer, BaseTunerLayer) for layer in module.modules()):
        raise RuntimeError("an adapter is on already")


def remove_lora(module: nn.Module) -> None:
    """Restore the very modules that `inject_lora` wrapped; nothing where there are none."""
    for name, layer in list(module.named_modules()):
        if isinstance(layer, BaseTunerLayer):
            parent, _, child = name.rpartition(".")
            setattr(module.get_submodule(parent), child, layer.get_base_layer())
    if hasattr(module, "peft_config"):
        del module.peft_config


@contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """Freeze `modules` in evaluation mode; restore every flag afterwards."""
    flags = [(p, p.requires_grad) for module in modules for p in module.parameters()]
    modes = [(part, part.training) for module in modules for part in module.modules()]
    try:
        for module in modules:
            module.eval().requires_grad_(False)
        yield
    finally:
        for parameter, wanted in flags:
            parameter.requires_grad_(wanted)
        for part, training in modes:
            part.training = training


@contextmanager
def widened(module: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """The weights of `module` in another precision; afterwards the same tensors as before."""
    kept = {parameter: parameter.data for parameter in module.parameters()}
    try:
        for parameter in kept:
            parameter.data = parameter.data.to(dtype)
        yield
    finally:
        for parameter, data in kept.items():
            parameter.data = data


def _share(
    adapter: Adapter, part: str, module: nn.Module
) -> tuple[dict[str, Tensor], tuple[int, int]]:
    """The tensors that fit `module`, under its own names, and (matched, layers of this part)."""
    shapes = {name: tuple(p.shape) for name, p in module.named_parameters()}
    mine: dict[str, Tensor] = {}
    layers: set[str] = set()
    for key, tensor in adapter.tensors.items():
        if not key.startswith(part + "."):
            continue
        name = own_name(key[len(part) + 1 :], shapes)
        layer = _LORA_KEY.sub(r"\1", name)
        layers.add(layer)
        weight = shapes.get(layer + ".weight" if layer != name else name)
        if weight is None:
            continue
        _check_shape(name, tensor, weight)
        mine[name] = tensor
    matched = {_LORA_KEY.sub(r"\1", name) for name in mine}
    return mine, (len(matched), len(layers))


def _check_shape(name: str, tensor: Tensor, weight: tuple[int, ...]) -> None:
    found = _LORA_KEY.fullmatch(name)
    if not found:
        fits = tuple(tensor.shape) == weight
    elif found[2] == "A":
        fits = tuple(tensor.shape[1:]) == weight[1:]
    else:
        fits = tensor.shape[0] == weight[0]
    if not fits:
        raise Refusal(
            f"The adapter was made for another model: {name} has another shape here.",
            "Choose the model it was made for.",
        )


@contextmanager
def _lora_injected(
    module: nn.Module, tensors: dict[str, Tensor], label: Label, strength: float
) -> Iterator[None]:
    pairs: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        layer, side = _LORA_KEY.fullmatch(name).groups()  # type: ignore[union-attr]
        pairs.setdefault(layer, {})[side] = tensor
    ranks = {re.escape(layer): len(pair["A"]) for layer, pair in pairs.items()}
    config = LoraConfig(
        r=label.rank,
        lora_alpha=label.alpha,  # type: ignore[arg-type]  # peft divides it by r and nothing else
        target_modules=list(pairs),
        rank_pattern={layer: rank for layer, rank in ranks.items() if rank != label.rank},
    )
    with frozen(module):
        inject_lora(module, config, seed=0)
        try:
            for layer, pair in pairs.items():
                _fill(module.get_submodule(layer), pair, strength)
            yield
        finally:
            remove_lora(module)


@torch.no_grad()
def _fill(layer: nn.Module, pair: dict[str, Tensor], strength: float) -> None:
    assert isinstance(layer, LoraLayer)
    for side, weights in (("A", layer.lora_A), ("B", layer.lora_B)):
        weights[NAME].weight.copy_(pair[side])  # type: ignore[operator]
    layer.set_scale(NAME, strength)


@contextmanager
def _weights_replaced(
    module: nn.Module, tensors: dict[str, Tensor], label: Label, strength: float
) -> Iterator[None]:
    """Tuned weights in place of the loaded ones, interpolated between both by `strength`."""
    del label
    live = {name: p for name, p in module.named_parameters() if name in tensors}
    kept = {name: p.data for name, p in live.items()}
    try:
        for name, parameter in live.items():
            tuned = tensors[name].to(parameter.device, torch.float32)
            blended = torch.lerp(kept[name].float(), tuned, strength)
            parameter.data = blended.to(parameter.dtype)
        yield
    finally:
        for name, parameter in live.items():
            parameter.data = kept[name]
