"""The studio's own family as a student: its image model learns, and samples move by its layers over
time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from studio.engine.backbone import encode_text
from studio.engine.diffusers_calls import config_of
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.roles import FillSpec
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.student import Nets, Sampler
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.progress import Preview, silent

STEPS = 8
MOTION = "moving right"


@dataclass(frozen=True, slots=True)
class VideoStudent(ImageStudent):
    """A video model whose image model learns."""

    video: VideoModel

    @property
    def idle(self) -> Sequence[nn.Module]:
        decoder = self.video.decoder
        others = [self.video.net.temporal, *([] if decoder is None else [decoder])]
        return [self.backbone.vae, *others]

    def moving(self, spec: SubjectSpec) -> Sampler | None:
        """A sampler of short clips of the subject as trained so far, in few steps.

        The temporal layers' prompt is encoded here, before the text encoder begins to learn.
        """
        video = self.video
        time_text = encode_text(video.backbone, [f"a {spec.class_noun} {MOTION}", ""])

        def sample(nets: Nets) -> Preview:
            text_encoder = nets.get("text_encoder", video.backbone.text_encoder)
            of_it = {"unet": nets["unet"], "text_encoder": text_encoder}
            backbone = replace(video.backbone, **of_it)  # pyright: ignore[reportArgumentType]
            net = VideoUNet(backbone.unet, video.net.temporal)
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
