"""Sample clips of a subject during its training."""

from collections.abc import Callable
from dataclasses import replace

import torch

from studio.engine.backbone import encode_text
from studio.engine.diffusers_calls import config_of
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.roles import FillSpec
from studio.engine.subjects.subject_spec import SubjectSpec, TrainableNetworks
from studio.spec.progress import Preview, silent

STEPS = 8
MOTION = "moving right"


def moving(video: VideoModel, spec: SubjectSpec) -> Callable[[TrainableNetworks], Preview]:
    """A sampler of short clips of the subject as trained so far, in few steps.

    The temporal layers' prompt is encoded here, before the text encoder begins to learn.
    """
    time_text = encode_text(video.backbone, [f"a {spec.class_noun} {MOTION}", ""])

    def sample(networks: TrainableNetworks) -> Preview:
        backbone = replace(video.backbone, unet=networks.unet, text_encoder=networks.text_encoder)
        net = VideoUNet(networks.unet, video.net.temporal)  # pyright: ignore[reportArgumentType]
        student = replace(video, backbone=backbone, net=net)
        words = encode_text(backbone, [f"{spec.prompt} {MOTION}", ""])
        text = Text(words[:1], words[1:], time_text[:1], time_text[1:])
        frames = video.card.window.usual
        width, height = (side // backbone.reduction for side in video.card.size)
        holes = torch.zeros(frames, config_of(backbone.vae).latent_channels, height, width)
        how = FillSpec(
            "sample", tuple(range(frames)), spec.seed, STEPS, video.card.defaults.guidance
        )
        latents = fill(student, holes, (False,) * frames, text, how, silent)
        made = decode(backbone, latents, silent).numpy()
        return Preview(frames, made.shape[1], made.shape[2], made.tobytes())

    return sample
