"""Stable Diffusion XL's two text encoders (Podell et al. 2023): CLIP ViT-L and OpenCLIP ViT-bigG.

Cross-attention reads what the layer before the last says in both, side by side; the second also gives
each text as a whole, which the network reads beside the sizes.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer


@dataclass(frozen=True, slots=True)
class SecondText:
    """OpenCLIP ViT-bigG with its tokenizer, which fills up with "!".

    `zeros` says that no text at all is zeros, as the released model was taught
    (`force_zeros_for_empty_prompt`), not the embeddings of an empty text.
    """

    encoder: CLIPTextModelWithProjection
    tokenizer: CLIPTokenizer
    zeros: bool = True


@torch.no_grad()
def encode_both(
    first: CLIPTextModel, tokenizer: CLIPTokenizer, second: SecondText, text: str
) -> tuple[Tensor, Tensor]:
    """A text → its token embeddings (1, L, D + D'), of both encoders, and its pooled one (1, P)."""
    one: Any = first(_ids(tokenizer, text, first), output_hidden_states=True)
    ids = _ids(second.tokenizer, text, second.encoder)
    two: Any = second.encoder(ids, output_hidden_states=True)
    tokens = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1)
    if second.zeros and not text:
        return torch.zeros_like(tokens), torch.zeros_like(two.text_embeds)
    return tokens, two.text_embeds


def _ids(tokenizer: CLIPTokenizer, text: str, encoder: Any) -> Tensor:
    longest = encoder.config.max_position_embeddings
    found = tokenizer(
        [text], padding="max_length", truncation=True, max_length=longest, return_tensors="pt"
    )
    return found.input_ids.to(encoder.device)
