"""Video networks: Wan, AnimateDiff's motion modules and SparseCtrl, and others by name alone."""

from studio.library.recognition.found import Found
from studio.library.recognition.names import Names

WAN_SIZES = {1536: "1.3B", 2048: "1.3B", 3072: "5B", 5120: "14B"}
"""By the width of the transformer."""
OTHERS = {
    "patchify_proj.weight": "LTX",
    "txt_in.individual_token_refiner.blocks.0.adaLN_modulation.1.bias": "HunyuanVideo",
    "token_refiner.blocks.0.attn.qkv_proj.weight": "MiniMax-H3",
    "blocks.0.attn.qkv_x.weight": "Mochi",
}
"""A tensor that tells each video family that is known and not run."""


def recognise(names: Names, name: str) -> Found | None:
    """A video network; the file's `name` tells apart what has the same tensors."""
    names = names.unwrapped()
    return _motion(names, name) or _wan(names, name) or _others(names)


def _motion(names: Names, name: str) -> Found | None:
    """AnimateDiff (Guo et al. 2023): modules beside a frozen SD network."""
    if not names.any(r"motion_modules\.\d+\.") or names.any(r"^conv_in\.weight$"):
        return _sparse_control(names)
    original = names.any(r"motion_modules\.\d+\.temporal_transformer\.")
    spelling = "original" if original else "diffusers"
    if names.any(r"lora"):
        return Found("motion LoRA", "AnimateDiff", "v2", spelling, fits=("AnimateDiff v2",))
    if not names.any(r"^down_blocks\.3\."):
        return Found("motion module", "AnimateDiff", "SDXL", spelling, fits=("SDXL",))
    positions = names.first(r"pos_en(coder|bed)\.pe$")
    if names.any(r"^mid_block\."):
        variant = "v2"
    else:
        variant = "v1" if names.side(positions, 1) <= 24 else "v3"
    return Found("motion module", "AnimateDiff", _taught(variant, name), spelling, fits=("SD 1.x",))


def _taught(variant: str, name: str) -> str:
    """Modules in few steps have the tensors of the module that they were distilled from."""
    plain = name.lower().replace("_", "").replace("-", "")
    return next((kind for kind in ("AnimateLCM", "Lightning") if kind.lower() in plain), variant)


def _sparse_control(names: Names) -> Found | None:
    """SparseCtrl (Guo et al. 2023): a control network with motion modules of its own."""
    if not names.any(r"motion_modules\.\d+\.") or not names.any(r"^controlnet_cond_embedding\."):
        return None
    colour = "controlnet_cond_embedding.weight" in names
    spelling = "original" if names.any(r"\.temporal_transformer\.") else "diffusers"
    variant = "SparseCtrl RGB" if colour else "SparseCtrl scribble"
    return Found("control", "AnimateDiff", variant, spelling, fits=("SD 1.x",))


def _wan(names: Names, name: str) -> Found | None:
    """Wan's transformers; experts for strong and for weak noise have the same tensors."""
    width, channels = (
        names.side("patch_embedding.weight", 0),
        names.side("patch_embedding.weight", 1),
    )
    original = "blocks.0.self_attn.q.weight" in names
    if width not in WAN_SIZES or not (original or "blocks.0.attn1.to_q.weight" in names):
        return None
    size = "5B" if channels == 48 else WAN_SIZES[width]
    spelling = "original" if original else "diffusers"
    reads_pictures = names.any(r"^(img_emb|condition_embedder\.image_embedder)\.")
    return Found(
        "video model", "Wan", _wan_kind(names, channels, size, name, reads_pictures), spelling,
        "flow", ("Wan 2.2 5B",) if size == "5B" else (f"Wan {size}",),
    )  # fmt: skip


def _wan_kind(names: Names, channels: int, size: str, name: str, reads_pictures: bool) -> str:
    if names.any(r"^vace_"):
        return f"2.1 VACE {size}"
    if names.any(r"^(motion_encoder|face_encoder)\."):
        return f"2.2 Animate {size}"
    if size == "5B":
        return "2.2 TI2V 5B"
    kind = {16: "T2V", 36: "I2V"}.get(channels, f"of {channels} channels")
    if reads_pictures:
        ends = names.any(r"(emb_pos|pos_embed)$")
        return f"2.1 {'FLF2V' if ends else kind} {size}"
    if kind == "I2V":  # the first release read a picture through an encoder of its own
        return f"2.2 I2V A{size}{named_expert(name)}"
    which = named_expert(name)
    return f"2.2 T2V A{size}{which}" if which else f"2.1 or 2.2 {kind} {size}"


def named_expert(name: str) -> str:
    """Which expert of Wan 2.2 a file is, or was made for, as its name says: ", high noise"."""
    plain = name.lower().replace("_", "").replace("-", "")
    for noise in ("high", "low"):
        if f"{noise}noise" in plain or plain.endswith(noise):
            return f", {noise} noise"
    return ""


def _others(names: Names) -> Found | None:
    for name, family in OTHERS.items():
        if name in names:
            return Found("video model", family, prediction="flow", fits=(family,))
    return None
