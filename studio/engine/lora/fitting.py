"""An adapter's layers found in loaded networks, by part, with what has no place there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from studio.engine.checkpoints.packed import PackedLinear
from studio.engine.lora.adapter_file import Adapter, Label, damaged, own_name, read_adapter
from studio.engine.lora.changes import Change, LowRank
from studio.engine.lora.reading import LayerFile, layers_of
from studio.engine.lora.spellings import Places
from studio.spec.refusal import Refusal

PARTS = ("unet", "text_encoder")
SECOND_TEXT = "text_encoder_2"
"""SDXL's."""


class Networks(Protocol):
    """Anything that holds an image UNet and its text encoder, or two; a `Backbone` does."""

    @property
    def unet(self) -> nn.Module: ...
    @property
    def text_encoder(self) -> nn.Module: ...


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """An adapter to put on: its file, how strongly, any finite number, and the SHA-256 that it is
    known by, "" for none; `name` is what the user calls it, `expert` the one of two transformers
    that it goes on ("high" or "low" noise), "" for both."""

    file: Path
    strength: float = 1.0
    identity: str = ""
    name: str = ""
    expert: str = ""


@dataclass(frozen=True, slots=True)
class AdapterMatch:
    """How an adapter fits a model: `matched` of its `layers` have a place there, `missing` (as its
    file calls them) have none."""

    matched: int
    layers: int
    label: Label
    missing: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What an adapter does to one network: by module the low ranks `beside` its weight, and by
    parameter the changes `onto` it and the weights `instead` of it."""

    strength: float
    beside: dict[str, LowRank] = field(default_factory=dict)
    onto: dict[str, list[Change]] = field(default_factory=dict)
    instead: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """An adapter with its shares by part of the model."""

    strength: float
    match: AdapterMatch
    shares: Mapping[str, Share]

    def has(self, part: str) -> bool:
        """Whether it changes that network."""
        return part in self.shares

    def share(self, part: str) -> Share:
        return self.shares[part]


def networks_of(networks: Networks | Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """The networks that adapters change, by part."""
    if isinstance(networks, Mapping):
        return dict(networks)
    found = {part: getattr(networks, part) for part in PARTS}
    second = getattr(networks, "second", None)
    return found if second is None else found | {SECOND_TEXT: second.encoder}


def fit(networks: Mapping[str, nn.Module], use: AdapterUse) -> Fitted:
    """Read an adapter and find its layers; refused where none has a place, or one another shape."""
    if not isfinite(use.strength):
        raise Refusal("The strength of an adapter is not a number.", "Use a number such as 0.8.")
    adapter = read_adapter(use.file, use.identity)
    shapes = {part: _shapes(network) for part, network in networks.items()}
    fits = _whole_weights if adapter.label.method == "dreambooth" else _changes
    shares, layers, missing = fits(adapter, shapes, use)
    match = AdapterMatch(
        layers - len(missing), layers, adapter.label, tuple(missing), use.name or use.file.stem
    )
    if missing and any(".motion_modules." in layer for layer in missing):
        raise Refusal(
            f"{use.file.name} was made for AnimateDiff's motion module v2, and this one is another.",
            "Use it with mm_sd_v15_v2, or leave it out.",
        )
    if not match.matched:
        raise Refusal(
            f"None of the {layers} layers of {use.file.name} has a place in this model.",
            "Choose the model it was made for.",
        )
    return Fitted(use.strength, match, shares)


Shapes = Mapping[str, tuple[int, ...]]
Found = tuple[dict[str, Share], int, list[str]]
"""Shares by part, the number of layers in the file, and those that have no place."""


def _shapes(module: nn.Module) -> Shapes:
    """Of parameters, those of packed weights as they are meant."""
    packed = {
        f"{name}.weight": layer.form.shape
        for name, layer in module.named_modules()
        if isinstance(layer, PackedLinear)
    }
    return {name: tuple(p.shape) for name, p in module.named_parameters()} | packed


def _whole_weights(adapter: Adapter, shapes: Mapping[str, Shapes], use: AdapterUse) -> Found:
    """DreamBooth: the networks' own parameters, tuned."""
    shares: dict[str, Share] = {}
    missing = []
    for key, tensor in adapter.tensors.items():
        part = next((part for part in shapes if key.startswith(part + ".")), "")
        known = shapes.get(part, {})
        name = own_name(key[len(part) + 1 :], known)
        if name not in known:
            missing.append(key)
            continue
        _check_shape(name, tuple(tensor.shape) == known[name])
        shares.setdefault(part, Share(use.strength)).instead[name] = tensor
    return shares, len(adapter.tensors), missing


def _changes(adapter: Adapter, shapes: Mapping[str, Shapes], use: AdapterUse) -> Found:
    """LoRA and its kin, in any spelling."""
    layers = layers_of(adapter.tensors, adapter.alphas, use.file.name)
    places = Places({part: _modules(known) for part, known in shapes.items()})
    shares: dict[str, Share] = {}
    missing = []
    for layer, stored in layers.items():
        if (place := places.find(layer)) is None:
            missing.append(layer)
            continue
        part, path = place
        share = shares.setdefault(part, Share(use.strength))
        _put(share, path, stored, shapes[part], use.file)
    return shares, len(layers), missing


def _modules(known: Shapes) -> list[str]:
    return [name.removesuffix(".weight") for name in known if name.endswith(".weight")]


def _put(share: Share, path: str, stored: LayerFile, known: Shapes, file: Path) -> None:
    """One layer's changes of weight and bias."""
    shape = known[path + ".weight"]
    whole = shape[0], _size(shape)
    try:
        biases = stored.bias_changes()
        changes = [(change, change.extent) for change in stored.changes()]
    except (ValueError, KeyError, IndexError) as error:  # a matrix is missing
        raise damaged(file) from error
    for bias in biases:
        _check_shape(path, tuple(bias.difference.shape) == known.get(path + ".bias"))
        share.onto.setdefault(path + ".bias", []).append(bias)
    for change, extent in changes:
        if isinstance(change, LowRank) and len(shape) > 1:
            share.beside[path] = _as_matrices(path, change, shape)
        else:
            _check_shape(path, extent == whole)
            share.onto.setdefault(path + ".weight", []).append(change)


def _as_matrices(path: str, change: LowRank, shape: tuple[int, ...]) -> LowRank:
    """The low rank as the module computes with it: some files write 1×1 convolutions as matrices,
    or the other way round."""
    down, up = (change.rank, *shape[1:]), (shape[0], change.rank, *(1,) * (len(shape) - 2))
    same = change.down.shape[1] == shape[1] and change.up.shape[0] == shape[0]
    fits = change.down.numel() == _size(down) and change.up.numel() == _size(up)
    _check_shape(path, same and fits)
    return LowRank(
        change.down.reshape(down), change.up.reshape(up), change.alpha, change.rank_scale
    )


def _size(shape: Sequence[int]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def _check_shape(name: str, fits: bool) -> None:
    if not fits:
        raise Refusal(
            f"The adapter was made for another model: {name} has another shape here.",
            "Choose the model it was made for.",
        )
