"""Partners of networks: autoencoders, text and image encoders, control networks, image upscalers."""

from studio.library.recognition.found import Found
from studio.library.recognition.image_networks import BY_TEXT_WIDTH
from studio.library.recognition.image_upscalers import image_upscaler
from studio.library.recognition.names import Names

CLIP_WIDTHS = {768: ("CLIP ViT-L", ("SD 1.x", "SDXL")), 1024: ("OpenCLIP ViT-H", ("SD 2.x",)),
               1280: ("OpenCLIP ViT-bigG", ("SDXL",))}  # fmt: skip
LATENTS = {4: ("SD 1.x", "SD 2.x", "SDXL"), 16: ("FLUX", "SD 3", "Z-Image")}
"""Families by the channels of an image autoencoder's latents."""


def recognise(names: Names) -> Found | None:
    """Whatever stands beside an image or a video network."""
    asked = (
        _control, _tiny, _autoencoder, _wan_autoencoder, _text, _image_encoder, image_upscaler,
    )  # fmt: skip
    for ask in asked:
        if found := ask(names):
            return found
    return None


def _control(names: Names) -> Found | None:
    """ControlNet (Zhang et al. 2023) for still pictures."""
    original = names.below("control_model.")
    text = original.first(r"^input_blocks\.\d+\.1\.transformer_blocks\.0\.attn2\.to_k\.weight$")
    if "zero_convs.0.0.weight" in original and text:
        family = BY_TEXT_WIDTH.get(original.side(text, 1), "")
        return Found("control", family, "ControlNet", "original", fits=(family,))
    text = names.first(r"^down_blocks\.\d+\.attentions\.0\.transformer_blocks\.0\.attn2\.to_k\.w")
    if names.any(r"^controlnet_down_blocks\.") and text and not names.any("motion_modules"):
        family = BY_TEXT_WIDTH.get(names.side(text, 1), "")
        return Found("control", family, "ControlNet", "diffusers", fits=(family,))
    return None


def _tiny(names: Names) -> Found | None:
    """TAESD: an autoencoder small enough for previews, in one file or as encoder and decoder."""
    if "decoder.layers.0.weight" in names and "encoder.layers.0.weight" in names:
        latents, spelling = names.side("decoder.layers.0.weight", 1), "diffusers"
    elif names.shape("1.weight")[2:] == (3, 3) and "3.conv.0.weight" in names:
        latents, spelling = names.side("1.weight", 1), "original decoder"
    elif names.shape("0.weight")[1:] == (3, 3, 3) and "1.conv.0.weight" in names:
        return Found("preview autoencoder", "TAESD", spelling="original encoder", fits=LATENTS[4])
    else:
        return None
    return Found("preview autoencoder", "TAESD", spelling=spelling, fits=LATENTS.get(latents, ()))


def _autoencoder(names: Names) -> Found | None:
    """AutoencoderKL, alone or with a decoder over time (SVD)."""
    names = names.below("first_stage_model.", "vae.")
    shape = names.shape("decoder.conv_in.weight")
    if len(shape) != 4 or not names.any(r"^decoder\.(up\.0\.block|up_blocks\.0\.resnets)"):
        return None
    spelling = "original" if names.any(r"^decoder\.up\.0\.block") else "diffusers"
    if names.any(r"\.(time_stack|temporal_res_block)\."):
        return Found(
            "temporal autoencoder", "SVD", spelling=spelling, fits=("SD 1.x", "SD 2.x", "SVD")
        )
    fits = LATENTS.get(shape[1], ())
    return Found("autoencoder", f"{shape[1]} channels", spelling=spelling, fits=fits)


def _wan_autoencoder(names: Names) -> Found | None:
    """A causal video autoencoder, 4× in time: 16 channels (2.1 and A14B) or 48 (5B)."""
    names = names.below("vae.")
    original = "decoder.middle.0.residual.0.gamma" in names
    shape = names.shape("decoder.conv1.weight" if original else "decoder.conv_in.weight")
    if len(shape) != 5 or shape[1] not in (16, 48):
        return None
    five = shape[1] == 48
    return Found(
        "autoencoder", "Wan", "2.2 5B" if five else "2.1", "original" if original else "diffusers",
        fits=("Wan 2.2 5B",) if five else ("Wan 1.3B", "Wan 14B"),
    )  # fmt: skip


def _text(names: Names) -> Found | None:
    clip = names.below("text_encoder.", "cond_stage_model.transformer.", "text_model.")
    tokens = "embeddings.token_embedding.weight"
    width = names.side("text_model." + tokens, 1) or clip.side(tokens, 1)
    if width in CLIP_WIDTHS:
        family, fits = CLIP_WIDTHS[width]
        return Found("text encoder", family, fits=fits)
    words = names.side("shared.weight", 0) or names.side("token_embedding.weight", 0)
    words = words or names.side("token_embd.weight", 0)  # llama.cpp's spelling, in GGUF files
    if words == 256384:
        return Found("text encoder", "UMT5-XXL", fits=("Wan 1.3B", "Wan 14B", "Wan 2.2 5B"))
    if words == 32128:
        return Found("text encoder", "T5-XXL", fits=("FLUX", "SD 3", "LTX"))
    return None


def _image_encoder(names: Names) -> Found | None:
    if names.any(r"^(vision_model|visual)\.") and not names.any(r"^text_model\."):
        return Found("image encoder", "CLIP vision", fits=("SVD", "Wan 14B"))
    return None
