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

from studio.spec.quantities import count
from studio.spec.refusal import Refusal

ACCELERATORS = ("cuda", "mps", "xpu")
"""As torch spells them, best first; ROCm answers to "cuda"."""


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch spells it ("cpu", "cuda", "mps", "xpu"); `dtype` of networks that make things."""

    name: str
    dtype: torch.dtype
    described: str = ""

    @property
    def frozen_dtype(self) -> torch.dtype:
        """Of networks that stand still while others learn through them.

        `dtype` where `in_half` mixes it with what learns, else fp32: on a processor it leaves norms
        in the precision that they have.
        """
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

    def free(self) -> None:
        """Give cached memory back to the system."""
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
    """Plain matrix products on a CPU, where fused kernels lose at these sizes; fused elsewhere."""
    processor = AttnProcessor() if device.name == "cpu" else AttnProcessor2_0()
    for layer in net.modules():
        if takes := getattr(layer, "set_processor", None):
            takes(processor)
