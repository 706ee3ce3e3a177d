"""Which device computes, in what precision, with which attention kernel.

The one place that knows precisions.  What is made is made in fp16 on an accelerator: its frames lie
within 58 dB of a processor's, where bfloat16 has an eighth of its precision.  What learns is held in
fp32 and multiplied in bfloat16 where the device has it; fp16 would need its loss scaled, or small
gradients would be zeros.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from torch import nn

from studio.engine.memory import heap
from studio.spec.quantities import count
from studio.spec.refusal import Refusal

SHAPES = "meta"
"""A device of torch on which tensors have shapes and no values."""
ACCELERATORS = ("cuda", "mps", "xpu")
"""As torch spells them, best first; ROCm answers to "cuda"."""


PLAIN, FUSED = "plain", "fused"
"""Attention as matrix products, whose memory grows with the square of the tokens; or in one kernel."""


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch spells it ("cpu", "cuda", "mps", "xpu"); `dtype` of networks that make things.

    The rest is how it computes where memory is short: with `attention` of one kind, "" for its own;
    `streams`: weights wait on the processor and are brought layer by layer; `tiles`: an autoencoder
    works on a large picture in tiles.
    """

    name: str
    dtype: torch.dtype
    described: str = ""
    attention: str = ""
    streams: bool = False
    tiles: bool = False

    @property
    def attends(self) -> str:
        """The kind of attention: on a processor fused kernels lose at small sizes."""
        return self.attention or (PLAIN if self.name == "cpu" else FUSED)

    @property
    def home(self) -> str:
        """Where weights are kept."""
        return "cpu" if self.streams and self.name != SHAPES else self.name

    @property
    def frozen_dtype(self) -> torch.dtype:
        """Of networks that stand still while others learn through them.

        `dtype` where `in_half` mixes it with what learns, else fp32: on a processor it leaves norms
        in the precision that they have.
        """
        if self.name == SHAPES:
            return self.dtype
        place = torch.device(self.name)
        mixes = place.type != "cpu" and has_bfloat16(place)
        return self.dtype if mixes else torch.float32

    def autoencoder_dtype(self, config: Mapping[str, Any], *, unsaid: bool = False) -> torch.dtype:
        """Of an autoencoder: fp32 where its config says that it overflows in fp16 (`force_upcast`).

        `unsaid` is what a config means that does not speak of it.
        """
        asks = bool(config.get("force_upcast", unsaid))
        return torch.float32 if asks and self.dtype == torch.float16 else self.dtype

    def free_memory(self) -> int | None:
        """Bytes that are free on it, with those that torch keeps for later; None for a processor,
        and where torch does not say.
        """
        if self.name == "mps":
            return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
        if self.name not in ACCELERATORS or not hasattr(getattr(torch, self.name), "mem_get_info"):
            return None
        kind = getattr(torch, self.name)
        return kind.mem_get_info()[0] + kind.memory_reserved() - kind.memory_allocated()

    def peak_memory(self) -> int:
        """Bytes that were taken at most since it was last asked; 0 where torch does not say."""
        if self.name != "cuda":
            return 0
        peak = torch.cuda.max_memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        return peak

    def free(self) -> None:
        """Give cached memory back to the system, the processor's too."""
        heap.give_back()
        if self.name in ACCELERATORS:
            getattr(torch, self.name).empty_cache()


PROCESSOR = Device("cpu", torch.float32)
"""What every machine has."""


def available() -> tuple[str, ...]:
    """Device names on this machine, best first."""
    return (*(n for n in ACCELERATORS if getattr(torch, n).is_available()), "cpu")


def choose(name: str | None = None) -> Device:
    """The best device, or the one asked for; a missing one is refused."""
    there = available()
    name = name or there[0]
    if name not in there:
        raise Refusal(f'This computer has no device called "{name}".', f"Use {' or '.join(there)}.")
    dtype = torch.float32 if name == "cpu" else torch.float16
    return Device(name, dtype, describe(name))


def describe(name: str) -> str:
    """A device in words, e.g. "NVIDIA GeForce RTX 3060" or "CPU, 8 threads"."""
    if name == "cuda":
        return torch.cuda.get_device_name()
    if name == "cpu":
        return f"CPU, {count(torch.get_num_threads(), 'thread')}"
    return name.upper()


def place_of(net: nn.Module) -> torch.device:
    """Where a network is, and so what it is given."""
    return next(net.parameters()).device


def has_bfloat16(device: torch.device) -> bool:
    """Whether it has instructions for bfloat16.

    Others would do each product in software, many times slower than in full precision.
    """
    if device.type == "cpu":
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "xpu" and torch.xpu.is_bf16_supported(including_emulation=False)


def in_half(device: torch.device) -> AbstractContextManager:
    """A context in which training computes in bfloat16, on devices that have it."""
    if not has_bfloat16(device):
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def set_attention(net: nn.Module, device: Device) -> None:
    """Attention of the kind that the device asks for (`Device.attends`), in layers that can have
    either; those of transformers such as Wan's have one of their own.
    """
    processor = AttnProcessor() if device.attends == PLAIN else AttnProcessor2_0()
    for layer in net.modules():
        if isinstance(getattr(layer, "processor", None), AttnProcessor | AttnProcessor2_0):
            layer.set_processor(processor)  # pyright: ignore[reportCallIssue]
