"""UMT5's text embeddings: encoded once, the encoder then dropped, since it is larger than a film."""

import html
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer, UMT5EncoderModel

from studio.engine.backbone import shaped
from studio.engine.device import SHAPES, Device
from studio.engine.loading import loading
from studio.engine.memory.streaming import stream
from studio.spec.refusal import Refusal

TOKENS = 512
"""That Wan's transformer reads; what is not filled by words is zeros."""
KEPT = 64
"""Texts whose embeddings stay in memory, 4 MB each in half precision."""


class Texts:
    """Embeddings by text.  `open_both` opens tokenizer and text encoder; without it they lie in
    `folder`, as `tokenizer` and `text_encoder`."""

    def __init__(
        self, folder: Path, device: Device, open_both: Callable[[], tuple[Any, Any]] | None = None
    ) -> None:
        self._folder, self._device = folder, device
        self._open = open_both or self._opened
        self._known: OrderedDict[str, Tensor] = OrderedDict()

    def encoded(self, *texts: str) -> list[Tensor]:
        """Of each text (1, TOKENS, D), on the device."""
        clean = [_clean(text) for text in texts]
        if missing := sorted(set(clean) - self._known.keys()):
            self._known |= dict(zip(missing, self._encode(missing), strict=True))
        for text in clean:
            self._known.move_to_end(text)
        while len(self._known) > max(KEPT, len(clean)):
            self._known.popitem(last=False)
        return [self._known[text].to(self._device.name) for text in clean]

    @torch.no_grad()
    def _encode(self, texts: list[str]) -> list[Tensor]:
        try:
            with loading():
                tokenizer, encoder = self._open()
            if self._device.streams:
                stream(encoder, self._device.name)
            given = tokenizer(
                texts,
                padding="max_length",
                max_length=TOKENS,
                truncation=True,
                return_attention_mask=True,
                return_tensors="pt",
            ).to(self._device.name)
            hidden = encoder(given.input_ids, given.attention_mask).last_hidden_state
            return list((hidden * given.attention_mask[..., None]).cpu().split(1))
        finally:
            encoder = None
            self._device.free()

    def _opened(self) -> tuple[Any, Any]:
        try:
            tokenizer = AutoTokenizer.from_pretrained(
                self._folder / "tokenizer", local_files_only=True
            )
            encoder = self._encoder(self._folder / "text_encoder")
        except (OSError, ValueError, KeyError) as error:
            raise Refusal(
                "The model's text encoder cannot be read.",
                f"Restore or download the model in {self._folder} again.",
            ) from error
        return tokenizer, encoder

    def _encoder(self, folder: Path) -> Any:
        device = self._device
        if device.name == SHAPES:
            encoder: Any = torch.nn.Module.to(shaped(UMT5EncoderModel, folder), device.dtype)
        else:
            found: Any = UMT5EncoderModel.from_pretrained(
                folder, local_files_only=True, dtype=device.dtype
            )
            encoder = found.to(device.home).eval().requires_grad_(False)
        return encoder


def _clean(text: str) -> str:
    """As Wan's own code has it: entities resolved, runs of white space one blank."""
    return " ".join(html.unescape(html.unescape(text)).split())
