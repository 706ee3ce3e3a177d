"""The card of a tiny starter as text, as the first release wrote it: its keys must stay readable."""

from pathlib import Path

from studio.engine.families.videoldm.family import DECODER
from studio.engine.families.videoldm.upsampler import FOLDER as UPSAMPLER
from studio.engine.families.videoldm.upsampler import TEMPORAL as OVER_TIME

TAUGHT = ("keyframes", "prediction", "interpolation")
CARD = """\
[family]
id = "starter"
name = "Starter"
native_fps = "1.5"
frames_per_call = 8
most_frames = 16
size = 64
size_multiple = 16
largest = 128
steps = 20
guidance = 2.5
passes = 2
predicts = true
walked = [1.0, 0.4, 0.0, 0.0]
notice = "A 64-pixel demonstration; add a model for real quality."

[weights]
image = "unet/diffusion_pytorch_model.safetensors"
temporal = "temporal.safetensors"
text = "text_encoder/model.safetensors"
autoencoder = "vae/diffusion_pytorch_model.safetensors"
"""
LARGER = {
    "decoder": DECODER,
    "upsampler": f"{UPSAMPLER}/unet/diffusion_pytorch_model.safetensors",
    "upsampler over time": f"{UPSAMPLER}/{OVER_TIME}",
    "upsampler autoencoder": f"{UPSAMPLER}/vae/diffusion_pytorch_model.safetensors",
}
"""Weights that lie beside those of `CARD` where they have been taught, by their roles."""
UPSAMPLING = """
[family.upsampling]
steps = 2
level = 100
tile = 24
overlap = 4
"""


def beside(folder: Path) -> str:
    """Lines of a card for the parts that lie in a folder beside those of `CARD`."""
    there = {role: file for role, file in LARGER.items() if (folder / file).is_file()}
    names = {role: f'"{role}"' if " " in role else role for role in there}
    lines = "".join(f'{names[role]} = "{file}"\n' for role, file in there.items())
    return lines + (UPSAMPLING if "upsampler" in there else "")
