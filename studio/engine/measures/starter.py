"""The starter's figures, each column made in another way from the same prompts."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.decode import decode
from studio.engine.film import Models
from studio.engine.measures import evaluation
from studio.engine.measures.clips import clip
from studio.engine.measures.evaluation import Prompt, Table
from studio.engine.training import latents
from studio.engine.video_unet import VideoUNet
from studio.engine.videomodel import VideoModel
from studio.spec.progress import Tick, silent


def columns(video: VideoModel, asked: tuple[Prompt, ...], tick: Tick = silent) -> dict[str, Table]:
    """Ours, real clips through the autoencoder, and the image model frame by frame."""
    meanings = dict(asked)

    def real(prompt: str, seed: int) -> np.ndarray:
        return through_autoencoder(video, evaluation.real_clip(meanings[prompt], seed))

    alone = replace(video, net=FrameByFrame(video.net))
    return {
        "the starter": evaluation.evaluate(lambda p, s: clip(Models(video), p, s), asked, tick),
        "real clips through the autoencoder": evaluation.evaluate(real, asked, tick),
        "image model frame by frame": evaluation.evaluate(
            lambda p, s: clip(Models(alone), p, s), asked, tick
        ),
    }


def through_autoencoder(video: VideoModel, frames: np.ndarray) -> np.ndarray:
    """Frames uint8 (T, H, W, 3), encoded and decoded one by one."""
    with torch.no_grad():
        z = latents.encode(video.backbone.vae, frames.astype(np.float32) / 255)
    return decode(video.backbone, z, silent).numpy()


class FrameByFrame(nn.Module):
    """A video network whose temporal side stays shut: the control."""

    def __init__(self, net: VideoUNet) -> None:
        super().__init__()
        self.net, self.temporal = net, net.temporal

    def forward(self, *args, **kwargs) -> Tensor:
        """As `VideoUNet.forward`."""
        return self.net(*args, **kwargs, shut=True)
