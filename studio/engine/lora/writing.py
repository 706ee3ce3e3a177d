"""A subject's LoRA in the spelling of another program, with its true alpha."""

import json
from pathlib import Path

import torch
from torch import Tensor

from studio.engine.checkpoints.tensor_file import save_whole
from studio.engine.checkpoints.wan_names import original_path
from studio.engine.lora.adapter_file import read_adapter
from studio.engine.lora.changes import LowRank
from studio.engine.lora.network_names import original_name
from studio.engine.lora.reading import layers_of
from studio.engine.lora.spellings import COMFY, KOHYA, TRANSFORMER, flat
from studio.spec.refusal import Refusal

Ranks = dict[tuple[str, str], LowRank]
"""By part of the model and module."""


def export(file: Path, out: Path, spelling: str, title: str) -> int:
    """Write the LoRA in `file` to `out`, as "kohya", "peft", "diffusers" or "comfyui" call its layers;
    how many there are.  Refused for DreamBooth weights, which are no LoRA."""
    adapter = read_adapter(file)
    if adapter.label.method == "dreambooth":
        raise Refusal(
            f"“{title}” was trained by DreamBooth: it is whole networks, no LoRA.",
            "Train it with --method lora, and export that.",
        )
    ranks: Ranks = {}
    for name, layer in layers_of(adapter.tensors, adapter.alphas, file.name).items():
        part, _, path = name.partition(".")
        (change,) = layer.changes()
        if part not in KOHYA or not isinstance(change, LowRank):
            raise Refusal(f"“{title}” is spelled as another program's.", "Copy its own file.")
        ranks[part, path] = change
    tensors, header = SPELLINGS[spelling](ranks)
    label = adapter.label
    trigger = f"{label.token} {label.class_noun}".strip()
    about = {"format": "pt", "modelspec.title": title, "modelspec.sai_model_spec": "1.0.1"}
    if trigger:
        about["modelspec.trigger_phrase"] = trigger
        about["ss_tag_frequency"] = json.dumps({title: {trigger: 1}})
    save_whole(out, tensors, about | header)
    return len(ranks)


def _kohya(ranks: Ranks) -> tuple[dict[str, Tensor], dict[str, str]]:
    tensors = {}
    for (part, path), change in ranks.items():
        name = KOHYA[part] + flat(original_path(path) if part == TRANSFORMER else path)
        tensors |= {f"{name}.lora_down.weight": change.down, f"{name}.lora_up.weight": change.up}
        tensors[f"{name}.alpha"] = torch.tensor(change.alpha)
    some = next(iter(ranks.values()))
    return tensors, {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(some.rank),
        "ss_network_alpha": str(some.alpha),
    }


def _peft(ranks: Ranks) -> tuple[dict[str, Tensor], dict[str, str]]:
    tensors, config = {}, {}
    for (part, path), change in ranks.items():
        tensors[f"{part}.{path}.lora_A.weight"] = change.down
        tensors[f"{part}.{path}.lora_B.weight"] = change.up
        config.setdefault(f"{part}.r", change.rank)
        config.setdefault(f"{part}.lora_alpha", change.alpha)
        config.setdefault(f"{part}.target_modules", []).append(path)
    return tensors, {"lora_adapter_metadata": json.dumps(config)}


def _diffusers(ranks: Ranks) -> tuple[dict[str, Tensor], dict[str, str]]:
    """This spelling has no alpha: the scale goes into the matrices."""
    tensors = {}
    for (part, path), change in ranks.items():
        end = "lora" if part == "unet" else "lora_linear_layer"
        down, up = f"{end}.down", f"{end}.up"
        if part == TRANSFORMER:
            down, up = "lora_A", "lora_B"  # is newer than the others
        tensors[f"{part}.{path}.{down}.weight"] = change.down
        tensors[f"{part}.{path}.{up}.weight"] = change.up * (change.alpha / change.rank_scale)
    return tensors, {}


def _comfyui(ranks: Ranks) -> tuple[dict[str, Tensor], dict[str, str]]:
    paths = tuple(path for part, path in ranks if part == "unet")
    tensors = {}
    for (part, path), change in ranks.items():
        name = f"text_encoders.{COMFY.get(part)}.transformer.{path}"
        if part == TRANSFORMER:
            name = f"diffusion_model.{original_path(path)}"
        if part == "unet":
            name = f"diffusion_model.{original_name(path, paths)}"
        tensors |= {f"{name}.lora_A.weight": change.down, f"{name}.lora_B.weight": change.up}
        tensors[f"{name}.alpha"] = torch.tensor(change.alpha)
    return tensors, {}


SPELLINGS = {"kohya": _kohya, "peft": _peft, "diffusers": _diffusers, "comfyui": _comfyui}
