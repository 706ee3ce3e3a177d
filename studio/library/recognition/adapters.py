"""LoRAs in every spelling that loaders read, LyCORIS, and embeddings of words."""

import re
from collections import Counter

from studio.library.recognition.found import Found
from studio.library.recognition.image_networks import BY_TEXT_WIDTH
from studio.library.recognition.names import Names

DOWN = {
    "kohya": r"^lora_(unet|te\d?|transformer)_.*\.lora_down\.weight$",
    "ComfyUI": r"^diffusion_model\..*\.(lora_A|lora_down)\.weight$",
    "raw PEFT": r"^base_model\.model\..*\.lora_A(\.default)?\.weight$",
    "DiffSynth": r"\.lora_A\.default\.weight$",
    "PEFT": r"\.lora_A\.weight$",
    "diffusers 2023": r"\.processor\.to_\w+_lora\.down\.weight$",
    "diffusers": r"\.(lora\.down|lora_linear_layer\.down)\.weight$",
    "plain": r"\.lora_down\.weight$",
}
"""By spelling, the names of the matrices that lead into the low rank."""
OTHER_KINDS = {"LoHa": r"\.hada_w1_a$", "LoKr": r"\.lokr_w[12]"}
FAMILIES = {
    "Wan": r"(?<!transformer_)blocks[._]0[._](self_attn|cross_attn|attn1|attn2|ffn)[._]",
    "FLUX": r"(double_blocks|single_transformer_blocks)[._]0[._]",
    "SDXL": r"(lora_te2_|text_encoder_2\.|input_blocks_[78]_1_transformer_blocks_9|"
    r"down_blocks[._]2[._]attentions[._]0[._]transformer_blocks[._]9)",
}
"""What tells for which network a LoRA was trained, before the width of its text is asked."""
MOST = 200
"""Vectors of an embedding."""
TEXT_KEYS = r"attn2[._](processor\.)?to_k"


def recognise(names: Names) -> Found | None:
    """A LoRA with the family it was trained for, or an embedding."""
    kind = next((kind for kind, ending in OTHER_KINDS.items() if names.any(ending)), "")
    spelling = next((name for name, down in DOWN.items() if names.any(down)), "")
    if not kind and not spelling:
        return _embedding(names)
    family = _family(names)
    variant = kind or ("DoRA" if names.any(r"\.dora_scale$") else "")
    return Found(
        "LoRA", family, variant, spelling or "kohya", fits=(family,) if family else (),
        rank=_rank(names, DOWN[spelling]) if spelling else 0,
    )  # fmt: skip


def _family(names: Names) -> str:
    for family, pattern in FAMILIES.items():
        if names.any(pattern):
            return _wan_of(names) if family == "Wan" else family
    down = rf"{TEXT_KEYS}.*(lora_A|lora_down|lora\.down|_lora\.down|lora_linear_layer\.down)"
    width = names.side(names.first(down), -1)
    if width in BY_TEXT_WIDTH:
        return BY_TEXT_WIDTH[width]
    text = names.first(r"(lora_te_|text_encoder\.).*q_proj.*(lora_A|down)\.?")
    return {768: "SD 1.x", 1024: "SD 2.x"}.get(names.side(text, -1), "")


def _wan_of(names: Names) -> str:
    """Which Wan: by the width that its attention reads."""
    down = names.first(r"blocks[._]0[._](self_attn|attn1)[._].*(lora_A|lora_down).*weight$")
    sizes = {1536: "Wan 1.3B", 3072: "Wan 2.2 5B", 5120: "Wan 14B"}
    return sizes.get(names.side(down, -1), "Wan")


def _rank(names: Names, down: str) -> int:
    search = re.compile(down).search
    ranks = Counter(names.side(name, 0) for name in names if search(name))
    return ranks.most_common(1)[0][0]


def _embedding(names: Names) -> Found | None:
    """Textual inversion: a few vectors of the text encoder's width."""
    if len(names) > 3:
        return None
    if "clip_g" in names and "clip_l" in names:
        return Found("embedding", "SDXL", fits=("SDXL",))
    shapes = [names.shape(name) for name in names if "." not in name]
    vectors = [
        shape for shape in shapes if len(shape) in (1, 2) and max(shape[:-1], default=1) <= MOST
    ]
    widths = {shape[-1] for shape in vectors}
    if len(vectors) < len(names) or len(widths) != 1:
        return None
    family = {768: "SD 1.x", 1024: "SD 2.x"}.get(widths.pop())
    return Found("embedding", family, fits=(family,)) if family else None
