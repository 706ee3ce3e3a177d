"""The components of the Video LDM family: the one table from which keys, cards and loaders take them.

What a stage computes with is in the key of its spans by the hashes of these files, and of the
settings beside them where these are not the ones that the model's card pins.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

FILES: Mapping[str, str] = MappingProxyType(
    {
        "image": "unet/diffusion_pytorch_model.safetensors",
        "temporal": "temporal.safetensors",
        "text": "text_encoder/model.safetensors",
        "autoencoder": "vae/diffusion_pytorch_model.safetensors",
        "decoder": "decoder.safetensors",
        "upsampler": "upsampler/unet/diffusion_pytorch_model.safetensors",
        "upsampler over time": "upsampler/temporal.safetensors",
        "upsampler autoencoder": "upsampler/vae/diffusion_pytorch_model.safetensors",
        "upsampler text": "upsampler/text_encoder/model.safetensors",
    }
)
"""By component, the file inside a model's folder that the engine opens for it, and no other."""
SETTINGS = "settings"
"""The component of configs, schedulers and tokenizers, of any family; it has no one file, and no card
names it."""

USES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "keyframes": ("image", "temporal", "text", SETTINGS),
        "holes": ("image", "temporal", "text", SETTINGS),
        "interpolator": ("image", "temporal", "text", SETTINGS),
        "codec": ("autoencoder", "decoder", SETTINGS),
        "picture": ("autoencoder", SETTINGS),
        "upscaler": (
            "upsampler",
            "upsampler over time",
            "upsampler autoencoder",
            "upsampler text",
            SETTINGS,
        ),
    }
)
"""By role, and "picture" for what the codec encodes with, the components that decide its result."""
NEEDED = ("image", "temporal", "text", "autoencoder")
"""Components without which nothing can be made."""
NEEDED_TO_UPSAMPLE = ("upsampler", "upsampler over time")


def unknown(components: Iterable[str]) -> list[str]:
    """Those that no stage's key would hold: whatever changed their weights would go unseen."""
    return sorted(set(components) - set(FILES) - {SETTINGS})
