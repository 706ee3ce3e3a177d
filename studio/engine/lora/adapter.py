"""Inject a job's adapter into the backbone and remove it again, leaving no trace.

A LoRA stays beside the loaded weights (never fused into them); DreamBooth weights, and changes of
full rank (LoHa, LoKr, DoRA), replace the loaded ones while the `with` lasts.  Afterwards modules, keys and bytes are those of before,
whatever happened inside.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn

from studio.engine.lora.changes import LowRank
from studio.engine.lora.fitting import PARTS as PARTS
from studio.engine.lora.fitting import AdapterMatch, AdapterUse, Networks, Share, fit, networks_of
from studio.engine.lora.weights import weights_changed

NAME = "studio"  # what peft calls our adapter while it is on


@contextmanager
def adapted(
    networks: Networks, file: Path, strength: float = 1.0, identity: str = ""
) -> Iterator[AdapterMatch]:
    """`with_adapters` for one alone, at a strength that is any finite number."""
    with with_adapters(networks, (AdapterUse(file, strength, identity),)) as (match,):
        yield match


@contextmanager
def with_adapters(
    networks: Networks | Mapping[str, nn.Module], adapters: Sequence[AdapterUse]
) -> Iterator[tuple[AdapterMatch, ...]]:
    """The networks with all of the adapters while the `with` lasts.

    `AdapterUse.strength` scales an adapter's effect: 0 leaves the networks untouched bit for bit, 1 is as
    trained, less than 0 leads away from it.  Text encoders change too where an adapter holds layers
    for them, so encode the temporal layers' prompt before.  Raises `Refusal` for a missing or broken
    file, for one made for networks of other shapes, and for one that fits no layer.
    """
    check_bare(networks)
    parts = networks_of(networks)
    fitted = [fit(parts, use) for use in adapters]
    with ExitStack() as stack:
        for part, module in parts.items():
            shares = [one.share(part) for one in fitted if one.strength and one.has(part)]
            stack.enter_context(weights_changed(module, shares))
            stack.enter_context(_injected(module, [s for s in shares if s.beside]))
        yield tuple(one.match for one in fitted)


def check_bare(networks: Networks | Mapping[str, nn.Module]) -> None:
    """RuntimeError where an adapter is on: what is computed then belongs to no plain request."""
    for network in networks_of(networks).values():
        _check_bare(network)


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
    """The weights of `module` in another precision, packed ones as they are; afterwards the same
    tensors as before."""
    plain = (parameter for parameter in module.parameters() if parameter.is_floating_point())
    kept = {parameter: parameter.data for parameter in plain}
    try:
        for parameter in kept:
            parameter.data = parameter.data.to(dtype)
        yield
    finally:
        for parameter, data in kept.items():
            parameter.data = data


@contextmanager
def _injected(module: nn.Module, shares: Sequence[Share]) -> Iterator[None]:
    """LoRAs of low rank beside the weights, which stay as they are."""
    if not shares:
        yield
        return
    names = [NAME if not number else f"{NAME}{number}" for number in range(len(shares))]
    with frozen(module):
        try:
            for name, share in zip(names, shares, strict=True):
                vars(module).pop("peft_config", None)  # peft warns of what others put there
                with torch.random.fork_rng(devices=[]):
                    inject_adapter_in_model(_config(share), module, adapter_name=name)
                for path, change in share.beside.items():
                    _fill(module.get_submodule(path), name, change, share.strength)
            if len(names) > 1:
                _all_on(module, names)
            yield
        finally:
            remove_lora(module)


def _config(share: Share) -> LoraConfig:
    ranks = {re.escape(path): change.rank for path, change in share.beside.items()}
    usual = max(ranks.values())
    return LoraConfig(
        r=usual,
        lora_alpha=usual,
        target_modules=list(share.beside),
        rank_pattern={path: rank for path, rank in ranks.items() if rank != usual},
    )


@torch.no_grad()
def _fill(layer: nn.Module, name: str, change: LowRank, strength: float) -> None:
    assert isinstance(layer, LoraLayer)
    layer.lora_A[name].weight.copy_(change.down)  # type: ignore[operator]
    layer.lora_B[name].weight.copy_(change.up)  # type: ignore[operator]
    layer.scaling[name] = strength * change.alpha / change.rank_scale


def _all_on(module: nn.Module, names: list[str]) -> None:
    for layer in module.modules():
        if isinstance(layer, LoraLayer):
            layer.set_adapter(names)
