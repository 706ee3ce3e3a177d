"""An upsampler ×4, opened part by part: a stock x4 upscaler's folder with temporal layers beside it.

Latent, as the public ×4 upscaler is: 7 input channels, the noise level as a class, an autoencoder
and a text encoder of its own.  Without an autoencoder it works on pixels, as the paper's upsampler
for driving scenes does (Video LDM section 3.4), and predicts the residual to the bicubic frames
(SRDiff, Li et al. 2021): a small network has little left to learn.  Without a text encoder it takes
no prompt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.backbone import Open, autoencoder, network, plain
from studio.engine.checkpoints import names
from studio.engine.checkpoints.opening import Source, open_parts
from studio.engine.device import Device, set_attention
from studio.engine.diffusers_calls import config_of
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.loading import loading
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.request import UPSCALE_FACTOR

FOLDER, TEMPORAL = "upsampler", "temporal.safetensors"
"""The upsampler's folder inside a model's, and the file of its temporal layers."""
PARTS: tuple[tuple[str, Open], ...] = (
    ("unet", network(UNet2DConditionModel)),
    ("vae", autoencoder(unsaid=True)),  # the public one overflows in fp16 and does not say so
    ("text_encoder", network(CLIPTextModel, "dtype")),
    ("tokenizer", plain(CLIPTokenizer)),
    ("scheduler", plain(DDIMScheduler)),
    ("low_res_scheduler", plain(DDPMScheduler)),
)
RESIDUAL_SCALE = 8.0
"""The residual is multiplied by this: its deviation is then about that of a picture."""
OF_FILE = (names.IMAGE, names.AUTOENCODER, names.TEXT)
"""Components that a file in the names of the release holds."""
OPTIONAL = ("vae", "text_encoder", "tokenizer")


@dataclass(frozen=True, slots=True)
class Upsampler:
    """`low_scheduler` noises the small frames; `vae` and `text_encoder` with `tokenizer` may be
    absent."""

    net: VideoUNet
    scheduler: DDIMScheduler
    low_scheduler: DDPMScheduler
    device: Device
    vae: AutoencoderKL | None = None
    text_encoder: CLIPTextModel | None = None
    tokenizer: CLIPTokenizer | None = None

    @property
    def channels(self) -> int:
        """Output channels: those of latents, or 3 of pixels."""
        return config_of(self.net.image).out_channels

    @property
    def latents_per_pixel(self) -> int:
        """Output cells along one side of a small frame's pixel."""
        if self.vae is None:
            return UPSCALE_FACTOR
        return UPSCALE_FACTOR // 2 ** (len(config_of(self.vae).block_out_channels) - 1)

    @torch.no_grad()
    def encode_text(self, prompt: str) -> Tensor:
        """Embeddings (1, L, D) of a prompt; zeros without a text encoder."""
        if self.text_encoder is None or self.tokenizer is None:
            width = config_of(self.net.image).cross_attention_dim
            return torch.zeros(1, 1, width, device=self.device.name, dtype=self.device.dtype)
        ids = self.tokenizer(
            [prompt],
            padding="max_length",
            truncation=True,
            max_length=self.text_encoder.config.max_position_embeddings,
            return_tensors="pt",
        ).input_ids
        return self.text_encoder(ids.to(self.device.name)).last_hidden_state


def resampled(small: Tensor) -> Tensor:
    """Frames (T, 3, h, w) in -1..1 resized ×4 by bicubic interpolation."""
    return F.interpolate(small, scale_factor=UPSCALE_FACTOR, mode="bicubic")


def load(folder: Path, device: Device, tick: Tick = silent, *, over_time: bool = True) -> Upsampler:
    """Open an upsampler's folder; a part that is missing or damaged is refused by name.

    Not `over_time`: a stock upscaler, whose frames have nothing but their noise in common.
    """
    with loading():
        return _load(folder, device, tick, over_time)


def load_file(file: Path, layout: Path, device: Device, tick: Tick = silent) -> Upsampler:
    """Open the stock upscaler of one file in the names of its release; `layout` holds its configs."""
    source = Source(layout, {part: [file] for part in OF_FILE})
    with loading():
        return _load(layout, device, tick, False, open_parts(source, device))


def _load(
    folder: Path,
    device: Device,
    tick: Tick,
    over_time: bool,
    of_file: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
) -> Upsampler:
    parts: dict[str, Any] = {}
    for done, (name, open_part) in enumerate(PARTS):
        tick(Progress("loading upsampler", done, len(PARTS), note=name))
        if name in of_file:
            parts[name] = of_file[name]()
            continue
        if name in OPTIONAL and not (folder / name).is_dir():
            continue
        try:
            parts[name] = open_part(folder / name, device)
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            raise _unreadable(name, folder) from error
    try:
        if over_time:
            layers, _ = TemporalLayers.load(folder / TEMPORAL, parts["unet"])
        else:
            layers = _none_over_time(parts["unet"])
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise _unreadable(TEMPORAL, folder) from error
    net = VideoUNet(parts.pop("unet"), layers)
    net.to(device.home, device.dtype).eval().requires_grad_(False)
    set_attention(net, device)
    low = parts.pop("low_res_scheduler")
    tick(Progress("loading upsampler", len(PARTS), len(PARTS)))
    return Upsampler(net=net, low_scheduler=low, device=device, **parts)


def _none_over_time(unet: UNet2DConditionModel) -> TemporalLayers:
    """Of a stock upscaler; all its frames start from the same noise."""
    with torch.device("meta"):
        layers = TemporalLayers(unet, TemporalConfig(shared_noise=1.0, attends=False))
    layers.blocks.clear()
    return layers


def _unreadable(part: str, folder: Path) -> Refusal:
    return Refusal(
        f'The upsampler\'s part "{part}" cannot be read.',
        f"Restore or download the model in {folder} again.",
    )
