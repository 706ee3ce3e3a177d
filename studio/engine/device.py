"""Which device computes, in what precision, with which attention kernel.  Asked, never assumed."""

from dataclasses import dataclass

import torch
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from torch import nn

from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch spells it ("cpu", "cuda", "mps", "xpu"); `dtype` of the networks."""

    name: str
    dtype: torch.dtype
    described: str

    def free(self) -> None:
        """Give cached memory back to the system."""
        if self.name != "cpu":
            getattr(torch, self.name).empty_cache()


def available() -> tuple[str, ...]:
    """Device names on this machine, best first; ROCm answers to "cuda"."""
    accelerators = [n for n in ("cuda", "mps", "xpu") if getattr(torch, n).is_available()]
    return (*accelerators, "cpu")


def choose(name: str | None = None) -> Device:
    """The best device, or the one asked for; a missing one is refused."""
    name = name or available()[0]
    if name not in available():
        raise Refusal(
            f'This computer has no device called "{name}".', f"Use {' or '.join(available())}."
        )
    dtype = torch.float32 if name == "cpu" else torch.float16
    return Device(name, dtype, describe(name))


def describe(name: str) -> str:
    """A device in words, e.g. "NVIDIA GeForce RTX 3060" or "CPU, 8 threads"."""
    if name == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU, {torch.get_num_threads()} threads" if name == "cpu" else name.upper()


def in_half(device: torch.device) -> torch.autocast:
    """A context in which training computes in bfloat16, on processors that have instructions for it.

    Others would do each product in software, many times slower than in full precision.
    """
    able = device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=able)


def set_attention(net: nn.Module, device: Device) -> None:
    """Plain matrix products on a CPU, where fused kernels lose at these sizes; fused elsewhere."""
    processor = AttnProcessor() if device.name == "cpu" else AttnProcessor2_0()
    for layer in net.modules():
        if hasattr(layer, "set_processor"):
            layer.set_processor(processor)
