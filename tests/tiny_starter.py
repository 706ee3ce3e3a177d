"""A whole model folder like the starter's, made in a second: its layout, tiny, random, seeded."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.starter import tokenizer
from tests.tiny_card import CARD, TAUGHT

STARTER = Path(__file__).resolve().parents[1] / "models" / "starter"
UNET = {
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (16, 32),
    "attention_head_dim": (1, 2),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}
"""What is smaller than the starter's: fewer channels, a level with attention and one without."""
TEXT_LAYERS = 2

AUTOENCODER = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "block_out_channels": (32, 64, 96),
    "layers_per_block": 1,
    "latent_channels": 4,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "sample_size": 64,
}
"""As the starter's, of a level less and half the channels."""
SCHEDULER = DDIMScheduler.from_pretrained(STARTER / "scheduler", local_files_only=True)
TEMPORAL = TemporalConfig(
    reach=7, norm_groups=8, shared_noise=1.0, gate_start=0.6, gate_end=0.9, condition_width=32,
    words=True, motion_prior=64, motion_compensation=True, passes=True,
)  # fmt: skip
PLAIN = {
    'native_fps = "1.5"': 'native_fps = "4"',
    "passes = 2\n": "",
    "predicts = true\n": "",
    "walked = [1.0, 0.4, 0.0, 0.0]\n": "",
}
"""What a model that makes keyframes only says of itself."""
SUBJECTS = {
    "batch = 6\nprior_batch = 2\nsteps = 600\n": "",
    "prior_weight = 0.3\n": "prior_weight = 0.3\nprior_pictures = 2\n",
    "[subjects.paths]\n": "[subjects.paths]\nper_prompt = 1\n",
    ', "moving right"]': "]",
    ', "moving down"]': "]",
    ', "shrinking", "standing still", "jumping", "spinning", "waving"]': "]",
}
"""Of what subjects are taught with there is little: it is half of what a short training takes."""


def make(folder: Path, seed: int = 0, *, plain: bool = True) -> Path:
    """Write the model to `folder`, whose name is its id; weights depend on the seed alone.

    A `plain` one makes keyframes from words and nothing else, four a second.
    """
    with torch.random.fork_rng():
        words = CLIPTokenizer.from_pretrained(STARTER / "tokenizer", local_files_only=True)
        unet = _unet(seed)
        net = awake(_over_time(unet, seed))
        parts = {
            "vae": AutoencoderKL(**AUTOENCODER | {"block_out_channels": (8, 16, 16)}),
            "text_encoder": _text_encoder(words, seed),
            "unet": unet,
        }
    folder.mkdir(parents=True)
    words.save_pretrained(folder / "tokenizer")
    for name, part in parts.items():
        part.half().save_pretrained(folder / name)
    SCHEDULER.save_pretrained(folder / "scheduler")
    save_layers(net.temporal, folder, ("keyframes",) if plain else TAUGHT)
    for file in ("words.toml", "grounds.png"):
        shutil.copy(STARTER / file, folder)
    subjects = "".join((STARTER / "model.toml").read_text("utf-8").partition("[subjects]")[1:])
    for said, instead in SUBJECTS.items():
        assert said in subjects, said
        subjects = subjects.replace(said, instead)
    card = 'words = "words.toml"\n\n' + subjects + CARD
    card = card.replace('id = "starter"', f'id = "{folder.name}"')
    for said, instead in PLAIN.items() if plain else ():
        card = card.replace(said, instead)
    (folder / "model.toml").write_text(card, "utf-8")
    return folder


def autoencoder(seed: int) -> AutoencoderKL:
    """An autoencoder with random weights: 64×64 pixels to 4×16×16 latents."""
    torch.manual_seed(seed)
    return AutoencoderKL(**AUTOENCODER)


def _text_encoder(words: CLIPTokenizer, seed: int) -> CLIPTextModel:
    config = tokenizer.fresh(words, seed).config
    config.num_hidden_layers = TEXT_LAYERS
    torch.manual_seed(seed)
    return CLIPTextModel(config)


def _unet(seed: int) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    config = UNet2DConditionModel.load_config(STARTER / "unet", local_files_only=True)
    unet = UNet2DConditionModel.from_config(config | UNET)
    unet.set_attn_processor(AttnProcessor())
    return unet


def _over_time(unet: UNet2DConditionModel, seed: int) -> VideoUNet:
    torch.manual_seed(seed)
    net = VideoUNet(unet, TemporalLayers(unet, TEMPORAL))
    net.image.requires_grad_(False)
    for layer in net.modules():
        if hasattr(layer, "set_processor"):
            layer.set_processor(AttnProcessor())
    return net


def awake(net: VideoUNet) -> VideoUNet:
    """Untrained temporal layers change nothing; here they do, so that frames depend on them.

    Its frames share little of their noise: without training nothing else sets them apart.
    """
    net.temporal.config = replace(net.temporal.config, shared_noise=0.5)
    with torch.no_grad():
        for parameter in net.temporal.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.05)
    return net


def save_layers(
    layers: TemporalLayers, folder: Path, taught: tuple[str, ...] = ("keyframes",)
) -> None:
    """The temporal weights, with preview factors that show the first three latent channels."""
    factors = [[0.2 * (row == column) for column in range(3)] for row in range(4)] + [[0.5] * 3]
    notes = {"taught": json.dumps(taught), "preview_factors": json.dumps(factors)}
    layers.half().save(folder / "temporal.safetensors", "text_encoder", notes)
