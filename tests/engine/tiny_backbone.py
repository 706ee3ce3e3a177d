"""A backbone of real parts, made tiny: 32×32 pixels, 4×8×8 latents, random seeded weights."""

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from studio.engine.backbone import Backbone
from studio.engine.device import choose
from studio.lab.drawing import characters


def letters() -> CLIPTokenizer:
    """A tokenizer without merges: one token a letter, the same in every process."""
    signs = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*signs, *(s + "</w>" for s in signs), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={t: k for k, t in enumerate(tokens)}, merges=[])


def autoencoder() -> AutoencoderKL:
    """Two levels with attention in the middle, as Stable Diffusion's has."""
    torch.manual_seed(1)
    small = AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
    )
    return small.eval().requires_grad_(False)


def tiny(seed: int = 0, widths: tuple[int, int] = (32, 64)) -> Backbone:
    torch.manual_seed(seed)
    words = letters()
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=widths,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=8,
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(8, 8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        mid_block_add_attention=False,
        sample_size=32,
    )
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
    )
    encoder = CLIPTextModel(config).eval()
    return Backbone(unet.eval(), vae.eval(), encoder, words, scheduler, choose("cpu"))


def photos(count: int = 3, identity: int = 5, size: int = 48) -> list[np.ndarray]:
    who, rng = characters.character(identity), np.random.default_rng(identity)
    return [characters.photo_of(who, rng, size) for _ in range(count)]


def traces(*modules: torch.nn.Module) -> list:
    """Everything that must be as before: modules, keys, bytes, storages and flags."""
    seen: list = []
    for module in modules:
        seen += [(name, id(part), part.training) for name, part in module.named_modules()]
        seen += [(name, p.requires_grad, p.data_ptr()) for name, p in module.named_parameters()]
        state = module.state_dict().items()
        seen += [(name, t.reshape(-1).view(torch.uint8).numpy().tobytes()) for name, t in state]
        seen += [sorted(vars(module))]
    return seen
