"""Image networks of the Stable Diffusion family, and newer ones that only keyframes need."""

from dataclasses import replace

from studio.library.recognition.found import Found
from studio.library.recognition.names import Names

BY_TEXT_WIDTH = {768: "SD 1.x", 1024: "SD 2.x", 2048: "SDXL", 1280: "SDXL refiner"}
"""Families by the width of the text that cross-attention reads."""
BY_CHANNELS = {4: "", 9: "inpainting", 8: "editing", 5: "depth"}
"""Variants by the channels of the first convolution."""
NEWER = {
    "double_blocks.0.img_attn.norm.key_norm.scale": "FLUX",
    "double_blocks.0.img_attn.norm.key_norm.weight": "FLUX",
    "joint_blocks.0.context_block.adaLN_modulation.1.bias": "SD 3",
    "single_stream_modulation.lin.weight": "FLUX.2",
    "layers.0.adaLN_modulation.0.weight": "Z-Image",
    "txtfusion.projector.weight": "Krea 2",
    "transformer_blocks.0.img_mod.1.weight": "Qwen-Image",
}
"""A tensor that tells each of the newer image models in its original spelling."""


def recognise(names: Names) -> Found | None:
    """An image network, alone or in a checkpoint with its partners."""
    ldm = names.below("model.diffusion_model.")
    for network, spelling in ((ldm, "original"), (names.unwrapped(), "diffusers")):
        found = _original(network) if spelling == "original" else _diffusers(network)
        if found is None:
            continue
        whole = names.any(r"^first_stage_model\.") and spelling == "original"
        role = "checkpoint" if whole and found.role == "image model" else found.role
        return replace(found, role=role, spelling=spelling, prediction=_prediction(names))
    return _newer(names.unwrapped())


def _original(names: Names) -> Found | None:
    """As CompVis and Stability published: input_blocks, middle_block, output_blocks."""
    channels = names.side("input_blocks.0.0.weight", 1)
    text = names.first(r"^input_blocks\.\d+\.1\.transformer_blocks\.0\.attn2\.to_k\.weight$")
    if not channels or not text:
        return None
    if names.any(r"\.time_stack\."):
        return Found("video model", "SVD", fits=("SVD",))
    if channels == 7:
        return Found("upscaler", "SD ×4", fits=("SD 1.x", "SD 2.x"))
    return _of_stable_diffusion(names.side(text, 1), channels)


def _diffusers(names: Names) -> Found | None:
    channels = names.side("conv_in.weight", 1)
    text = names.first(
        r"^down_blocks\.\d+\.attentions\.0\.transformer_blocks\.0\.attn2\.to_k\.weight$"
    )
    if not channels or not text or names.any(r"^controlnet_|motion_modules"):
        return None
    if names.any(r"\.temporal_transformer_blocks\."):
        return Found("video model", "SVD", fits=("SVD",))
    if channels == 7:
        return Found("upscaler", "SD ×4", fits=("SD 1.x", "SD 2.x"))
    return _of_stable_diffusion(names.side(text, 1), channels)


def _of_stable_diffusion(text: int, channels: int) -> Found | None:
    if text not in BY_TEXT_WIDTH or channels not in BY_CHANNELS:
        return None
    family = BY_TEXT_WIDTH[text]
    return Found("image model", family, BY_CHANNELS[channels], fits=(family,))


def _prediction(names: Names) -> str:
    """What fine-tunes that predict v say by a tensor without numbers; "" where the file is silent."""
    return "v" if "v_pred" in names else ""


def _newer(names: Names) -> Found | None:
    for name, family in NEWER.items():
        if name in names:
            return Found(
                "image model", family, spelling="original", prediction="flow", fits=(family,)
            )
    return None
