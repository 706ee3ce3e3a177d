"""Tiny models of other families than the starter's, on the disk as users have them."""

from pathlib import Path

from tests.engine.families.animatediff import tiny as tiny_animatediff
from tests.engine.families.wan import tiny as tiny_wan

MOTION = """\
[model]
id = "motion"
name = "Tiny AnimateDiff"
family = "animatediff"
native_fps = 4
frames_per_call = 8
most_frames = 48
sizes = [[32, 32]]
size_multiple = 16
largest = 64
steps = 1
guidance = 2
fills = ["keyframes", "any"]
grid = { spatial = 4 }
latent_space = "sd1"

[weights]
image = "unet/diffusion_pytorch_model.safetensors"
motion = "mm.safetensors"
control = "sparsectrl.safetensors"
text = "text_encoder/model.safetensors"
autoencoder = "vae/diffusion_pytorch_model.safetensors"

[uses]
keyframes = ["image", "motion", "text"]
holes = ["image", "motion", "control", "text"]
codec = ["autoencoder"]
"""
BETWEEN = """\
[model]
id = "between"
name = "Tiny Wan"
family = "wan"
native_fps = 4
frames_per_call = 9
most_frames = 17
fewest_frames = 5
frame_step = 4
sizes = [[32, 32]]
size_multiple = 16
largest = 64
steps = 1
guidance = 1
walked = [1.0, 1.0, 1.0]
fills = ["any"]
holes_space = "frames"
interpolation = { passes = 1, factor = 4, space = "frames" }
grid = { spatial = 8, temporal = 4 }

[weights]
high = "transformer/diffusion_pytorch_model.safetensors"
low = "transformer_2/diffusion_pytorch_model.safetensors"
text = "text_encoder/model.safetensors"
autoencoder = "vae/diffusion_pytorch_model.safetensors"

[uses]
holes = ["high", "low", "text", "autoencoder"]
interpolator = ["high", "low", "text", "autoencoder"]
"""


def make(home: Path) -> Path:
    """ "motion", which makes keyframes and fills holes in latents, and "between", which fills holes
    and puts frames between others, both in frames."""
    tiny_animatediff.make(home / "motion")
    tiny_wan.make(home / "between", experts=2)
    for name, card in (("motion", MOTION), ("between", BETWEEN)):
        (home / name / "model.toml").write_text(card, "utf-8")
    return home
