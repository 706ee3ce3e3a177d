"""A loaded model of the Video LDM family: backbone, temporal layers, and the patterns that it fills."""

from dataclasses import dataclass

from torch import Tensor

from studio.engine.backbone import Backbone
from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.spec.card import Card
from studio.spec.patterns import pattern_of


@dataclass(frozen=True, slots=True)
class VideoModel:
    """`net.image` is `backbone.unet`; `taught` names the patterns of known frames that it was trained for:
    "keyframes", "prediction", "interpolation".  `preview_factors` (C + 1, 3): latents to colours.
    `decoder` are layers by which the autoencoder's decoder sees time.
    """

    card: Card
    backbone: Backbone
    net: VideoUNet
    taught: frozenset[str]
    preview_factors: Tensor
    decoder: DecoderLayers | None = None

    def refuses(self, known: tuple[bool, ...]) -> str | None:
        """In a sentence, why these frames cannot be filled; None when they can."""
        pattern = pattern_of(known)
        if all(known):
            return "There is no open frame to fill."
        if pattern not in self.taught:
            return f"{self.card.name} was not trained for {pattern} from given frames."
        if len(known) > self.card.window.most:
            return f"{self.card.name} fills at most {self.card.window.most} frames at once."
        return None
