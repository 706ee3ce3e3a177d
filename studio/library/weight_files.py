"""Weight files by their headers alone, whatever the container: names, types and shapes of tensors.

What is no weight file, or holds numbers that would load wrong, is said in a sentence.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from stat import S_ISREG

from studio.library import gguf_files, headers
from studio.spec.refusal import Refusal

BEGINNING = 512
"""Bytes by which a file that is no weight file is told."""
SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".pkl")
"""Of files that may hold weights."""
SCALED = (".scale_weight", ".weight_scale", ".scale_input")
"""Ends of names beside which 8-bit weights stand that were divided by a scale of their own."""


def is_weight_file(place: Path) -> bool:
    """Whether a place that was added is a single file that may hold weights."""
    try:
        return place.suffix.lower() in SUFFIXES and place.is_file()
    except OSError:  # a name too long, or a place where nobody may look
        return False


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """The type of a tensor, as its container spells it, and its shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """Numbers that it holds."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file's tensors by name, and the notes that its writer left."""

    path: Path
    container: str  # "safetensors" or "gguf"
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def precision(self) -> str:
        """The type of most of its numbers, e.g. "F16", "BF16", "F8_E4M3", "Q4_K"."""
        numbers: Counter[str] = Counter()
        for tensor in self.tensors.values():
            numbers[tensor.dtype] += tensor.count
        return numbers.most_common(1)[0][0] if numbers else ""

    @property
    def is_scaled(self) -> bool:
        """Whether 8-bit weights stand beside scales, without which they are other numbers."""
        return any(name.endswith(SCALED) or name == "scaled_fp8" for name in self.tensors)

    @property
    def parameters(self) -> int:
        return sum(tensor.count for tensor in self.tensors.values())


def read(path: Path) -> WeightFile:
    """A weight file's header; refused in a sentence where it is none, is cut short, or is of a kind
    that other programs load wrong without an error."""
    beginning = _beginning(path)
    if why := not_weights(beginning, path.suffix.lower()):
        raise Refusal(f"{path.name} {why}.", _ADVICE.get(why, "Choose another file."))
    if beginning.startswith(gguf_files.MAGIC):
        found = gguf_files.read(path)
        tensors = {name: TensorInfo(*info) for name, info in found.tensors.items()}
        return WeightFile(path, "gguf", tensors, found.metadata)
    entries, notes = headers.check(path)
    tensors = {
        name: TensorInfo(entry["dtype"], tuple(entry["shape"])) for name, entry in entries.items()
    }
    if not tensors:
        raise Refusal(f"{path.name} holds no tensors.", "Choose another file.")
    return WeightFile(path, "safetensors", tensors, notes)


def scaled(path: Path) -> Refusal:
    """Of a file that other loaders would take for its bare 8-bit numbers."""
    return Refusal(
        f"{path.name} holds 8-bit weights with scales beside them (fp8_scaled), which would load "
        "wrong.",
        "Use the fp16, bf16 or GGUF file of this model.",
    )


def _beginning(path: Path) -> bytes:
    try:
        if not S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise Refusal(f"{path} is no file.", "Choose a weight file.")
        with path.open("rb") as file:
            return file.read(BEGINNING)
    except OSError as error:
        raise Refusal(
            f"{path} cannot be read: {(error.strerror or 'the disk does not say why').lower()}.",
            "Check the file and that reading it is allowed.",
        ) from error


def not_weights(beginning: bytes, suffix: str = "") -> str:
    """What a file is that holds no weights, or none that may be read, by its first bytes: a
    predicate, or "" where it may be a weight file."""
    text = beginning.lstrip().lower()
    if not beginning:
        return "is empty"
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the weights"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not the weights"
    if beginning.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return "is a pickle, which could run any program when it is opened"
    if suffix in (".ckpt", ".pt", ".pth", ".bin", ".pkl"):
        return "is no weight file that this version reads"
    return ""


_ADVICE = {
    "is empty": "Download it again.",
    "is a Git LFS pointer, not the weights": "Fetch the file itself: git lfs pull, or download it.",
    "is a web page, not the weights": (
        "Download it again; the site may ask for a login or for its licence to be accepted."
    ),
    "is a pickle, which could run any program when it is opened": (
        "Use the model's .safetensors file, or make one with: library convert."
    ),
}
