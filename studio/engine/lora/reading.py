"""LoRA files: tensors by layer, with the alphas that stand in the file, its header or beside it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.engine.lora.changes import Change, Whole, change_of
from studio.engine.lora.spellings import foreign_kind, parsed
from studio.spec.refusal import Refusal

BIASES = ("diff bias", "up bias")
PART = re.compile(r"(unet|transformer|text_encoder_2|text_encoder)\.")


@dataclass(frozen=True, slots=True)
class LayerFile:
    """Of one layer of a file the tensors by what they are of its change, and alpha, None for the
    rank; `root`: it is divided by the rank's root (rsLoRA)."""

    tensors: Mapping[str, Tensor]
    alpha: float | None = None
    root: bool = False

    def changes(self) -> list[Change]:
        """Those of the weight; ValueError where a matrix is missing."""
        found: list[Change] = []
        if "diff" in self.tensors:
            found.append(Whole(self.tensors["diff"]))
        if set(self.tensors) - {"diff", *BIASES}:
            made = change_of(self.tensors, self.alpha, root=self.root)
            if made is None:
                raise ValueError("a half of a LoRA is missing")
            found.append(made)
        return found

    def bias_changes(self) -> list[Whole]:
        """Those of the bias."""
        found = [Whole(self.tensors["diff bias"])] if "diff bias" in self.tensors else []
        if "up bias" in self.tensors:
            rank = len(self.tensors["down"])
            scale = (rank if self.alpha is None else self.alpha) / (
                rank**0.5 if self.root else rank
            )
            found.append(Whole(scale * self.tensors["up bias"].float()))
        return found


@dataclass(frozen=True, slots=True)
class Alphas:
    """What a header, or a file beside, says of alpha by part of the model: `lora_alpha`, patterns."""

    by_part: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, layer: str) -> tuple[float | None, bool]:
        """Alpha of a layer, None for its rank, and whether the rank's root divides it."""
        part = PART.match(layer)
        stated = self.by_part.get(part[1] if part else "", {})
        alpha = stated.get("lora_alpha")
        for pattern, other in (stated.get("alpha_pattern") or {}).items():
            if re.match(rf"(.*\.)?({pattern})$", layer):  # as peft reads it
                alpha = other
        return (None if alpha is None else float(alpha)), bool(stated.get("use_rslora"))


def layers_of(tensors: Mapping[str, Tensor], alphas: Alphas, name: str) -> dict[str, LayerFile]:
    """By layer, as the file calls it, its tensors.

    Refused where the file holds another kind of adapter, by its name, or none."""
    by_layer: dict[str, dict[str, Tensor]] = {}
    strange = []
    for key, tensor in tensors.items():
        if found := parsed(key):
            by_layer.setdefault(found[0], {})[found[1]] = tensor
        else:
            strange.append(key)
    if strange:
        _refuse(strange, name)
    found = {}
    for layer, those in by_layer.items():
        own = those.pop("alpha", None)
        alpha, root = alphas.of(layer)
        if those:
            found[layer] = LayerFile(those, alpha if own is None else float(own), root)
    return found


def said_alphas(metadata: Mapping[str, str], file: Path) -> Alphas:
    """From diffusers' header, or from PEFT's `adapter_config.json` beside a file of PEFT's."""
    if text := metadata.get("lora_adapter_metadata"):
        parts: dict[str, dict[str, Any]] = {}
        for key, value in json.loads(text).items():
            part, _, what = key.partition(".")
            parts.setdefault(part, {})[what] = value
        return Alphas({**parts, "": parts.get("unet", {})})
    if (config := beside(file)) is not None:
        stated = json.loads(config.read_text("utf-8"))
        return Alphas(dict.fromkeys(("", "unet", "transformer", "text_encoder"), stated))
    return Alphas()


def beside(file: Path) -> Path | None:
    """The config that PEFT writes beside a file that it saves; None without."""
    config = file.with_name("adapter_config.json")
    return config if file.name.startswith("adapter_model") and config.is_file() else None


def _refuse(strange: list[str], name: str) -> None:
    kind = foreign_kind(strange)
    what = f"{name} is {kind}, a kind of adapter that this version does not read."
    if not kind:
        what = f"{name} holds tensors that belong to no LoRA, such as {strange[0]}."
    raise Refusal(what, "Use a LoRA, LoHa, LoKr or DoRA.")
