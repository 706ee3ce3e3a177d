"""Adapter files: safetensors, ours in PEFT/diffusers spelling, with a label of the studio's."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from studio.durable import sync_folder
from studio.engine.checkpoints.tensor_file import save_whole
from studio.engine.lora.reading import Alphas, said_alphas
from studio.engine.lora.spellings import parsed
from studio.spec.refusal import Refusal

VERSION = 1
PARTS = ("unet", "text_encoder", "transformer")
"""Networks that subjects are learned by."""
_hashes: dict[tuple[str, int, int, int], str] = {}


@dataclass(frozen=True, slots=True)
class Label:
    """What an adapter file says about itself; `backbone` is the identity of `weights_identity`."""

    method: str  # "lora" or "dreambooth"
    rank: int
    alpha: float
    token: str = ""
    class_noun: str = ""
    backbone: str = ""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter as read: its label, its tensors by their names in the file, and what its header,
    or a file beside it, says of alpha."""

    label: Label
    tensors: dict[str, Tensor]
    alphas: Alphas = field(default_factory=Alphas)


def read_adapter(file: Path, identity: str = "") -> Adapter:
    """Read an adapter file in any spelling, with or without the studio's label.

    Refused where its SHA-256 is not the `identity` that it is known by, if it has one.
    """
    try:
        if identity:
            _check_identity(file, identity)
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
        label = _label(metadata, tensors)
        return Adapter(label, tensors, _alphas(label, metadata, file))
    except FileNotFoundError:
        raise Refusal(f"The adapter file {file} is missing.", "Train the subject again.") from None
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(file) from error


def damaged(file: Path) -> Refusal:
    """That a file is not what it should be."""
    return Refusal(
        f"The adapter file {file} cannot be read; it is damaged or cut short.",
        "Train the subject again, or copy the file from where it came.",
    )


def metadata_of(label: Label, targets: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The header of an adapter file; `targets` names the adapted layers of each part.

    `lora_adapter_metadata` is what stock diffusers reads rank and alpha from.
    """
    config = {
        f"{part}.{key}": value
        for part, names in targets.items()
        for key, value in (
            ("r", label.rank),
            ("lora_alpha", label.alpha),
            ("target_modules", list(names)),
        )
    }
    header = {"format": "pt", "format_version": str(VERSION), "studio": json.dumps(asdict(label))}
    return header | (
        {"lora_adapter_metadata": json.dumps(config)} if label.method == "lora" else {}
    )


def write_adapter(
    folder: Path, tensors: dict[str, Tensor], label: Label, targets: dict[str, tuple[str, ...]]
) -> tuple[Path, str]:
    """Write `adapter-<hash>.safetensors` and return it with the SHA-256 of its bytes.

    A new name for new bytes: an older adapter may be open, and is never overwritten.
    """
    draft = folder / "adapter.draft"
    save_whole(draft, tensors, metadata_of(label, targets))
    with draft.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    file = folder / f"adapter-{digest[:12]}.safetensors"
    draft.replace(file)
    sync_folder(folder)
    return file, digest


def _check_identity(file: Path, identity: str) -> None:
    """Refuse a file whose bytes are not those of `identity`, a SHA-256; read once while it stays
    what it is: path, size, time and inode."""
    stat = file.stat()
    key = (str(file), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    if key not in _hashes:
        with file.open("rb") as opened:
            _hashes[key] = hashlib.file_digest(opened, "sha256").hexdigest()
    if _hashes[key] != identity:
        raise Refusal(
            f"The adapter file {file} is damaged: it is not what was trained.",
            "Choose another version of the subject, or train it again.",
        )


def weights_identity(*modules: nn.Module) -> str:
    """A hash of names, types and bytes of every weight; equal hashes, equal networks."""
    digest = hashlib.blake2b(digest_size=16)
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def own_name(name: str, known: Mapping[str, tuple[int, ...]]) -> str:
    """Files say `text_model.` before the names of a CLIP text model; some versions of it do not."""
    prefixed = any(key.startswith("text_model.") for key in known)
    return name if prefixed else name.removeprefix("text_model.")


def file_name(part: str, name: str) -> str:
    """How a parameter of `part` is called in files, whatever the network's library calls it."""
    if part == "text_encoder" and not name.startswith("text_model."):
        name = "text_model." + name
    return f"{part}.{name}"


def _label(metadata: dict[str, str], tensors: dict[str, Tensor]) -> Label:
    for key in tensors:
        if key.endswith(".lora_A.weight"):
            tensors[key.replace(".lora_A.", ".lora_B.")]  # a missing half is a broken file
    if "studio" in metadata:
        return Label(**json.loads(metadata["studio"]))
    ranks = [len(t) for key, t in tensors.items() if (parsed(key) or ("", ""))[1] == "down"]
    config = json.loads(metadata.get("lora_adapter_metadata", "{}"))
    rank = max(ranks, default=0)
    alpha = config.get("unet.lora_alpha", rank)
    return Label("lora", rank, float(alpha))


def _alphas(label: Label, metadata: dict[str, str], file: Path) -> Alphas:
    if "studio" in metadata:
        return Alphas({part: {"lora_alpha": label.alpha} for part in ("", *PARTS)})
    return said_alphas(metadata, file)
