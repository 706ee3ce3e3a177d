"""The video decoder: an image decoder, untouched, with temporal layers inserted between its blocks.

An image decoder flickers on latents that hold still (Video LDM section 3.1.1).  As in the open SVD
decoder a temporal ResBlock follows every ResBlock of the decoder and a convolution over time its
last layer; nothing attends over time, so that a frame depends on few others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import Decoder
from torch import Tensor, nn

from studio.engine.families.videoldm import layer_file
from studio.engine.families.videoldm.temporal import FrameConv, TemporalConv, zero_init

FORMAT = "studio-decoder"


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """How a decoder's temporal layers are built.

    `norm` and `norm_groups` as in `TemporalConfig`; `eps` keeps a norm from dividing by zero.
    """

    norm: str = "frame"
    norm_groups: int = 32
    eps: float = 1e-6


PUBLIC = DecoderConfig("clip", 32, 1e-5)
"""How public video decoders are built (diffusers' AutoencoderKLTemporalDecoder)."""


class DecoderLayers(nn.Module):
    """All temporal layers for one image decoder layout; the identity when fresh.

    `blocks` is keyed by the dotted name of the ResBlock that each layer follows, with ":" for ".".
    """

    def __init__(self, image: Decoder, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.blocks = nn.ModuleDict(
            {
                name: TemporalConv(
                    channels, None, norm=config.norm, groups=config.norm_groups, eps=config.eps
                )
                for name, channels in insertion_points(image)
            }
        )
        self.time_conv_out = FrameConv(image.conv_out.out_channels)
        zero_init(self.time_conv_out)
        nn.init.dirac_(self.time_conv_out.weight)

    @property
    def receptive_radius(self) -> int | None:
        """Frames on either side that can influence a frame; None for all."""
        return 2 * len(self.blocks) + 1 if self.config.norm == "frame" else None

    def save(self, path: Path) -> None:
        """Write weights with config and format version."""
        layer_file.save(path, self, FORMAT, self.config, {})

    @classmethod
    def load(cls, path: Path, image: Decoder) -> "DecoderLayers":
        """Layers for `image`, in fp32; ValueError for another format, RuntimeError if unfit."""
        tensors, config, _ = layer_file.load(path, FORMAT, shapes=layer_file.is_shapes(image))
        with layer_file.made_beside(image):
            layers = cls(image, DecoderConfig(**config))
        layer_file.fill(layers, tensors)
        return layers


class VideoDecoder(nn.Module):
    """An image decoder with temporal layers; `vae` keeps the keys of the image autoencoder."""

    def __init__(self, vae: AutoencoderKL, temporal: DecoderLayers) -> None:
        super().__init__()
        self.vae = vae
        self.temporal = temporal

    def forward(self, latents: Tensor, frames: int) -> Tensor:
        """Unscaled latents (B T) C h w → pictures (B T) 3 H W in -1..1."""
        image, x = self.vae.decoder, latents
        if self.vae.post_quant_conv is not None:
            x = self.vae.post_quant_conv(x)
        x = self._middle(image, image.conv_in(x), frames)
        blocks: Any = image.up_blocks
        for index, block in enumerate(blocks):
            for number, resnet in enumerate(block.resnets):
                x = self._after(f"up_blocks:{index}:resnets:{number}", resnet(x, None), frames)
            for upsampler in block.upsamplers or ():
                x = upsampler(x)
        x = image.conv_out(image.conv_act(image.conv_norm_out(x)))
        return self.temporal.time_conv_out(x, frames)

    def _middle(self, image: Decoder, x: Tensor, frames: int) -> Tensor:
        """UNetMidBlock2D's forward: attention, where there is one, before every ResBlock but the
        first."""
        block = image.mid_block
        x = self._after("mid_block:resnets:0", block.resnets[0](x, None), frames)
        for number, resnet in enumerate(list(block.resnets)[1:], start=1):
            attention = block.attentions[number - 1]
            x = x if attention is None else attention(x)
            x = self._after(f"mid_block:resnets:{number}", resnet(x, None), frames)
        return x

    def _after(self, name: str, x: Tensor, frames: int) -> Tensor:
        return self.temporal.blocks[name](x, None, frames)


def split(public: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Tensors of a public video decoder, by the names of the image decoder and of `DecoderLayers`.

    Names without a place in either are left out: those of the encoder.
    """
    image, temporal = {}, {}
    for name, tensor in public.items():
        if not name.startswith("decoder."):
            continue
        name = name.removeprefix("decoder.")
        place, inside, rest = name.partition(".temporal_res_block.")
        if inside:
            temporal[f"blocks.{place.replace('.', ':')}.{rest}"] = tensor
        elif name.endswith(".time_mixer.mix_factor"):
            place = name.removesuffix(".time_mixer.mix_factor").replace(".", ":")
            temporal[f"blocks.{place}.mix.mix_factor"] = tensor  # here it weighs time, as ours does
        elif name.startswith("time_conv_out"):
            temporal[name] = tensor
        else:
            image[name.replace(".spatial_res_block", "")] = tensor
    return image, temporal


def insertion_points(image: Decoder) -> Iterator[tuple[str, int]]:
    """(name, channels) behind every ResBlock."""
    blocks: dict[str, Any] = {"mid_block": image.mid_block}
    blocks |= {f"up_blocks:{index}": block for index, block in enumerate(image.up_blocks)}
    for name, block in blocks.items():
        for number, resnet in enumerate(block.resnets):
            yield f"{name}:resnets:{number}", resnet.out_channels
