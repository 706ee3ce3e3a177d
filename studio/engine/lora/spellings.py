"""Names of tensors in LoRA files: which layer of which network, and which matrix of its change.

A *layer* is named as in the file; `Places` finds it in loaded networks, whatever the spelling: kohya,
PEFT, diffusers of 2023 and now, ComfyUI, LyCORIS, DiffSynth, OneTrainer.
"""

import re
from collections.abc import Iterable, Mapping

from studio.engine.checkpoints.wan_names import original_path
from studio.engine.lora.network_names import original_name

ENDINGS: Mapping[str, str] = {
    r"\.lora_down\.weight": "down", r"\.lora_up\.weight": "up", r"\.lora_mid\.weight": "mid",
    r"\.lora_A(\.default)?(\.weight)?": "down", r"\.lora_B(\.default)?(\.weight)?": "up",
    r"\.lora_B(\.default)?\.bias": "up bias",
    r"_lora\.down\.weight": "down", r"_lora\.up\.weight": "up",
    r"\.lora\.down\.weight": "down", r"\.lora\.up\.weight": "up",
    r"\.lora_linear_layer\.down\.weight": "down", r"\.lora_linear_layer\.up\.weight": "up",
    r"\.dora_scale": "magnitude", r"\.lora_magnitude_vector(\.default)?(\.weight)?": "magnitude",
    r"\.(hada_w[12]_[ab]|hada_t[12])": "", r"\.(lokr_w[12](_[ab])?|lokr_t2)": "",
    r"\.alpha": "alpha", r"\.diff": "diff", r"\.diff_b": "diff bias",
}  # fmt: skip
"""By how a tensor's name ends, what it is of its layer's change; "" for what the ending itself says."""
FOREIGN: Mapping[str, str] = {
    r"\.oft_(blocks|diag)|\.oft_R\.": "OFT", r"\.ia3_l|\.on_input$": "IA³",
    r"\.[ab][12]\.weight$": "GLoRA", r"\.vera_lambda|vera_[AB]$": "VeRA",
    r"\.boft_": "BOFT", r"\.lora_embedding_[AB]": "LoRA of an embedding table",
    r"\.[wb]_norm$": "LoRA of norms", r"\.(set|reshape)_weight$": "patch of ComfyUI",
}  # fmt: skip
"""Kinds that are known and not read, by what their tensors are called."""
_ENDING = re.compile("|".join(f"(?P<e{n}>{ending})$" for n, ending in enumerate(ENDINGS)))
_SLOTS = tuple(ENDINGS.values())
_IN_MOTION = (
    (".temporal_transformer.", "."), (".attention_blocks.0.", ".attn1."),
    (".attention_blocks.1.", ".attn2."),
)  # fmt: skip
TRANSFORMER = "transformer"
_TEXT_2023 = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}


def parsed(name: str) -> tuple[str, str] | None:
    """The layer that a tensor belongs to and what it is of its change; None for other tensors."""
    found = _ENDING.search(name)
    if not found:
        return None
    number = next(int(group[1:]) for group, text in found.groupdict().items() if text)
    return name[: found.start()], _SLOTS[number] or found.group().lstrip(".")


def foreign_kind(names: Iterable[str]) -> str:
    """Which kind that is known and not read has such a name, or ""."""
    for name in names:
        for ending, kind in FOREIGN.items():
            if re.search(ending, name):
                return kind
    return ""


def flat(path: str) -> str:
    """A module's path as kohya spells it."""
    return path.replace(".", "_")


class Places:
    """Where layers of files are in an image UNet and its text encoders, or in Wan's transformer, by
    every spelling."""

    def __init__(self, modules: Mapping[str, Iterable[str]]) -> None:
        """`modules` are the paths of a network's layers by its part: "unet", "text_encoder"…, or
        "transformer"."""
        self._by_name: dict[str, tuple[str, str]] = {}
        alone = "text_encoder_2" not in modules
        for part, paths in modules.items():
            paths = tuple(paths)
            for path in paths:
                names = _names(part, path, paths)
                for name in (*names, *(_alone_names(path) if alone and part != "unet" else ())):
                    self._by_name.setdefault(name, (part, path))

    def find(self, layer: str) -> tuple[str, str] | None:
        """The part and the path of a file's layer; None where the networks have none like it."""
        return self._by_name.get(_plain(layer))


def _names(part: str, path: str, paths: tuple[str, ...]) -> Iterable[str]:
    if part == TRANSFORMER:
        return _transformer_names(path)
    return _unet_names(path, paths) if part == "unet" else _text_names(part, path)


def _plain(layer: str) -> str:
    """Without what was written by attention processors of 2023, and by AnimateDiff's."""
    layer = layer.replace(".processor.", ".")
    if ".motion_modules." in layer:
        for old, new in _IN_MOTION:
            layer = layer.replace(old, new)
    if ".self_attn.to_" in layer:
        before, _, last = layer.rpartition(".")
        return f"{before}.{_TEXT_2023.get(last, last)}"
    return layer + ".0" if re.search(r"attn[12]\.to_out$", layer) else layer


def _transformer_names(path: str) -> Iterable[str]:
    """Of Wan's transformer."""
    for name in (path, original_path(path)):
        yield from (name, f"diffusion_model.{name}", f"model.diffusion_model.{name}")
        yield from (f"transformer.{name}", f"base_model.model.{name}")
        yield from (f"lora_unet_{flat(name)}", f"lora_transformer_{flat(name)}")


def _unet_names(path: str, paths: tuple[str, ...]) -> Iterable[str]:
    original = original_name(path, paths)
    yield from (f"unet.{path}", path, f"lora_unet_{flat(path)}", f"base_model.model.{path}")
    yield from (f"base_model.model.unet.{path}", f"unet.base_model.model.{path}")
    yield from (f"diffusion_model.{original}", f"lora_unet_{flat(original)}")
    yield from (f"model.diffusion_model.{original}", f"base_model.model.{original}")


KOHYA = {
    "unet": "lora_unet_", "text_encoder": "lora_te_", "text_encoder_2": "lora_te2_",
    TRANSFORMER: "lora_unet_",
}  # fmt: skip
COMFY = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
"""How kohya, and ComfyUI, call networks; SDXL's first text encoder is `lora_te1_` to kohya."""


def _text_names(part: str, path: str) -> Iterable[str]:
    full = with_model(path)
    yield from (f"{part}.{full}", f"{part}.{path}", f"{part}.base_model.model.{full}")
    yield from _comfy_names(COMFY[part], full)
    yield KOHYA[part] + flat(full)
    if part == "text_encoder":
        yield from ("lora_te1_" + flat(full), full, path, f"base_model.model.{full}")
        yield f"base_model.model.text_encoder.{full}"


def _alone_names(path: str) -> Iterable[str]:
    """Of the one text encoder of Stable Diffusion 1 or 2."""
    for name in ("clip_h", "clip_g"):
        yield from _comfy_names(name, with_model(path))


def _comfy_names(name: str, full: str) -> Iterable[str]:
    yield from (f"text_encoders.{name}.transformer.{full}", f"{name}.transformer.{full}")


def with_model(path: str) -> str:
    """A module of a CLIP text model as files call it, whatever version of the library it is from."""
    return path if path.startswith("text_model.") else f"text_model.{path}"
