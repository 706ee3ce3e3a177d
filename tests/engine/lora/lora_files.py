"""LoRAs with random matrices for the tiny backbone, in the spellings of programs that write them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.engine.backbone import Backbone
from studio.engine.lora.network_names import original_name

TARGETS = {
    "unet": ("to_q", "to_v", "to_out.0", "proj_in", "ff.net.2", "conv1", "conv_shortcut"),
    "text_encoder": ("q_proj", "out_proj", "mlp.fc1"),
}


@dataclass(frozen=True)
class Pair:
    """A (r, in, …), B (out, r, …)."""

    down: Tensor
    up: Tensor
    alpha: float | None = None


Layers = Mapping[tuple[str, str], Pair]


def modules(backbone: Backbone) -> dict[tuple[str, str], nn.Module]:
    """Modules with weights by part and path."""
    return {
        (part, path): module
        for part, targets in TARGETS.items()
        for path, module in getattr(backbone, part).named_modules()
        if path.endswith(targets) and hasattr(module, "weight")
    }


def drawn(
    backbone: Backbone,
    *,
    alphas: tuple[float | None, ...] = (1.0, 2.0, 3.0),
    ranks: tuple[int, ...] = (4, 2),
) -> Layers:
    """Random pairs of several ranks, large enough to be seen; alphas are not the ranks."""
    found = {}
    for number, (place, module) in enumerate(modules(backbone).items()):
        rank, weight = ranks[number % len(ranks)], module.weight
        down = random(number, rank, *weight.shape[1:])
        up = random(number + 1000, weight.shape[0], rank, *(1,) * (weight.ndim - 2))
        found[place] = Pair(down, up, alphas[number % len(alphas)])
    return found


def random(seed: int, *shape: int) -> Tensor:
    return 0.2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _full(path: str) -> str:
    return path if path.startswith("text_model.") else f"text_model.{path}"


def kohya(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_"}
    return _written(
        layers,
        lambda part, path: prefix[part] + (_full(path) if part != "unet" else path).replace(".", "_"),
        ".lora_down.weight", ".lora_up.weight",
    )  # fmt: skip


def kohya_original(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    """With the blocks as Stability calls them, as LoRAs of SDXL have it."""
    paths = tuple(name for name, _ in backbone.unet.named_modules())

    def name(part: str, path: str) -> str:
        if part == "unet":
            return "lora_unet_" + original_name(path, paths).replace(".", "_")
        return "lora_te1_" + _full(path).replace(".", "_")

    return _written(layers, name, ".lora_down.weight", ".lora_up.weight")


def comfy(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    paths = tuple(name for name, _ in backbone.unet.named_modules())

    def name(part: str, path: str) -> str:
        if part == "unet":
            return "diffusion_model." + original_name(path, paths)
        return "text_encoders.clip_l.transformer." + _full(path)

    return _written(layers, name, ".lora_A.weight", ".lora_B.weight")


def _dotted(part: str, path: str) -> str:
    return f"{part}.{_full(path) if part != 'unet' else path}"


def peft(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    return _written(layers, _dotted, ".lora_A.weight", ".lora_B.weight")


def diffsynth(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    return _written(layers, _dotted, ".lora_A.default.weight", ".lora_B.default.weight")


def raw_peft(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    """As PEFT itself saves one network, without a word of which it is."""
    return _written(
        layers,
        lambda part, path: "base_model.model." + (_full(path) if part != "unet" else path),
        ".lora_A.weight", ".lora_B.weight",
    )  # fmt: skip


def diffusers_now(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    ends = {"unet": ".lora", "text_encoder": ".lora_linear_layer"}
    return {
        name: tensor
        for (part, path), pair in layers.items()
        for name, tensor in _written(
            {(part, path): pair}, _dotted, f"{ends[part]}.down.weight", f"{ends[part]}.up.weight"
        ).items()
    }


def diffusers_2023(layers: Layers, backbone: Backbone) -> dict[str, Tensor]:
    """Attention processors of the UNet, as `pytorch_lora_weights` of 2023."""

    def name(part: str, path: str) -> str:
        before, _, last = path.removesuffix(".0").rpartition(".")
        return f"{part}.{before}.processor.{last}"

    return _written(layers, name, "_lora.down.weight", "_lora.up.weight")


Spelling = Callable[[Layers, Backbone], dict[str, Tensor]]


def _written(
    layers: Layers, name: Callable[[str, str], str], down: str, up: str
) -> dict[str, Tensor]:
    tensors = {}
    for (part, path), pair in layers.items():
        named = name(part, path)
        tensors |= {named + down: pair.down, named + up: pair.up}
        if pair.alpha is not None:
            tensors[named + ".alpha"] = torch.tensor(pair.alpha)
    return tensors


def write(
    file: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> Path:
    save_file({name: t.contiguous() for name, t in tensors.items()}, file, metadata)
    return file


def of_xl(folder: Path, nets: Any) -> Path:
    """`style`, a LoRA as kohya writes SDXL's (Stability's names of the UNet, both text encoders), and
    `rexy`, an embedding of two vectors for each encoder."""
    paths = tuple(name for name, _ in nets.unet.named_modules())
    named = {
        "unet": lambda path: original_name(path, paths),
        "te1": _full,
        "te2": _full,
    }
    whose = {"unet": nets.unet, "te1": nets.text_encoder, "te2": nets.text_encoder_2}
    tensors: dict[str, Tensor] = {}
    for part, net in whose.items():
        ends = ("to_q", "to_v", "ff.net.2", "conv1") if part == "unet" else ("q_proj", "mlp.fc1")
        found = [(path, m) for path, m in net.named_modules() if path.endswith(ends)]
        for number, (path, module) in enumerate(found):
            layer, weight = f"lora_{part}_{named[part](path).replace('.', '_')}", module.weight
            tensors[f"{layer}.lora_down.weight"] = 0.5 * random(number, 4, *weight.shape[1:])
            up = random(number + 700, len(weight), 4, *(1,) * (weight.ndim - 2))
            tensors[f"{layer}.lora_up.weight"] = 0.5 * up
            tensors[f"{layer}.alpha"] = torch.tensor(4.0)
    write(folder / "style.safetensors", tensors)
    vectors = {"clip_l": 0.3 * random(1, 2, 768), "clip_g": 0.3 * random(2, 2, 1280)}
    write(folder / "rexy.safetensors", vectors)
    return folder
