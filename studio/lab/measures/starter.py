"""The starter's figures, each column made in another way from the same prompts."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.lab.measures import evaluation, latents
from studio.lab.measures.clips import clip
from studio.lab.measures.evaluation import Observed, Prompt, Table
from studio.spec.progress import silent

OURS = "the starter"
REAL = "real clips through the autoencoder"
CONTROL = "image model frame by frame"
COLUMNS = (OURS, REAL, CONTROL)


def look(video: VideoModel, column: str, prompt: Prompt, seed: int) -> Observed:
    """Make the clip of one column, prompt and seed, and see what is right in it."""
    words, meaning = prompt
    if column == REAL:
        frames = through_autoencoder(video, evaluation.real_clip(meaning, seed, video.card.size[0]))
        return evaluation.see(frames, meaning)
    net = FrameByFrame(video.net) if column == CONTROL else video.net
    return evaluation.see(clip(replace(video, net=net), words, seed), meaning)


def columns(prompts: Sequence[Prompt], observed: Sequence[Observed]) -> dict[str, Table]:
    """A table per column; `seen` holds every column of the first prompt, then of the second..."""
    meanings = [meaning for _, meaning in prompts]
    return {
        name: evaluation.tally(observed[at :: len(COLUMNS)], meanings)
        for at, name in enumerate(COLUMNS)
    }


def through_autoencoder(video: VideoModel, frames: np.ndarray) -> np.ndarray:
    """Frames uint8 (T, H, W, 3), encoded and decoded one by one."""
    with torch.no_grad():
        z = latents.encode(video.backbone.vae, frames.astype(np.float32) / 255)
    return decode(video.backbone, z, silent).numpy()


class FrameByFrame(nn.Module):
    """A video network whose temporal branch is not computed, each frame from noise of its own, or from
    noise that frames have in common: the control."""

    def __init__(self, net: VideoUNet, shared_noise: float = 0.0) -> None:
        super().__init__()
        self.net, self.image, self.temporal = net, net.image, copy(net.temporal)
        self.temporal.config = replace(net.temporal.config, shared_noise=shared_noise)

    def forward(self, *args, **kwargs) -> Tensor:
        """As `VideoUNet.forward`."""
        return self.net(*args, **kwargs | {"image_only": True})
