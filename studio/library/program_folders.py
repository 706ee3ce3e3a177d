"""Where other programs keep their models: a folder that a person names, and the folders in it to look
into.  All are read in place; nothing is ever written there.

Known: the Hugging Face cache, ComfyUI with its `extra_model_paths.yaml`, A1111's webui and its
kin, InvokeAI.  Of any other folder all is looked into.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.spec.refusal import Refusal

EXTRA_PATHS = "extra_model_paths.yaml"
LARGEST = 1_000_000
"""Bytes of such a file."""
REPOSITORY = "models--"
"""What the name of a model's folder begins with in the Hugging Face cache."""
_NO_MODELS = ("custom_nodes", "is_default", "base_path")
"""Keys of a block that name no folder of models."""


@dataclass(frozen=True, slots=True)
class Places:
    """The program that a folder belongs to, "" for none that is known, and where its models lie."""

    program: str
    folders: tuple[Path, ...]


def places_of(folder: Path) -> Places:
    """Where to look for models in `folder`, or those that an `extra_model_paths.yaml` names.

    Refused where such a file cannot be read; one inside a ComfyUI is then left out.
    """
    if is_list(folder):
        return Places("ComfyUI", tuple(_named_in(folder)))
    for program, ask in PROGRAMS.items():
        if found := tuple(ask(folder)):
            return Places(program, found)
    return Places("", (folder,))


def is_list(place: Path) -> bool:
    """Whether a place that was added is a file that lists folders."""
    return place.suffix.lower() in (".yaml", ".yml") and place.is_file()


def hub_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """The Hugging Face cache of this user, there or not."""
    if place := environ.get("HF_HUB_CACHE"):
        return _expanded(place)
    if home := environ.get("HF_HOME"):
        return _expanded(home) / "hub"
    caches = environ.get("XDG_CACHE_HOME") or Path(_home(environ), ".cache")
    return Path(caches, "huggingface", "hub")


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or environ.get("USERPROFILE") or os.sep


def _hub(folder: Path) -> Iterator[Path]:
    """Of each repository the newest snapshot: older ones hold the same weights again."""
    for root in (folder, folder / "hub"):
        for repository in _below(root, REPOSITORY):
            yield from _newest(repository)


def _newest(repository: Path) -> Iterator[Path]:
    """The snapshot that `refs/main` names, else the one written last."""
    snapshots = [path for path in _below(repository / "snapshots") if path.is_dir()]
    try:
        named = (repository / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        named = ""
    if there := [path for path in snapshots if path.name == named]:
        yield there[0]
    elif snapshots:
        yield max(snapshots, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _comfy(folder: Path) -> Iterator[Path]:
    models = folder / "models"
    if not (models / "checkpoints").is_dir() or (models / "Stable-diffusion").is_dir():
        return
    yield models
    file = folder / EXTRA_PATHS
    if file.is_file():
        try:
            yield from _named_in(file)
        except Refusal:
            return


def _webui(folder: Path) -> Iterator[Path]:
    """A1111, Forge and SD.Next."""
    if (folder / "models" / "Stable-diffusion").is_dir():
        yield folder / "models"
        if (folder / "embeddings").is_dir():
            yield folder / "embeddings"


def _invoke(folder: Path) -> Iterator[Path]:
    if (folder / "invokeai.yaml").is_file() and (folder / "models").is_dir():
        yield folder / "models"


PROGRAMS = {
    "Hugging Face cache": _hub,
    "A1111": _webui,
    "InvokeAI": _invoke,
    "ComfyUI": _comfy,
}
"""By program, what yields the folders of its models, none where the folder is not one of its."""


def _named_in(file: Path) -> Iterator[Path]:
    """The folders that the blocks of an `extra_model_paths.yaml` name, each once.

    A block has a `base_path` and, by kind of model, folders below it, one a line.
    """
    seen = set()
    for block in _blocks(file).values():
        if not isinstance(block, dict):
            continue
        base = file.parent / _expanded(str(block.get("base_path") or ""))
        for kind, lines in block.items():
            if kind in _NO_MODELS or not isinstance(lines, str):
                continue
            for line in lines.split("\n"):
                place = base / _expanded(line.strip())
                if line.strip() and place not in seen:
                    seen.add(place)
                    yield place


def _blocks(file: Path) -> dict[Any, Any]:
    import yaml  # few have such a file

    try:
        if file.stat().st_size > LARGEST:
            raise ValueError("it is too long")
        found = yaml.safe_load(file.read_text("utf-8")) or {}
        if not isinstance(found, dict):
            raise ValueError("it has no blocks")
        return found
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise Refusal(
            f"{file} cannot be read: it is no list of folders as ComfyUI has it.",
            "Correct it, or add the folders themselves.",
        ) from error


def _expanded(text: str) -> Path:
    """A path with ~ and variables put in, as ComfyUI does."""
    return Path(os.path.expanduser(os.path.expandvars(text)))  # noqa: PTH111 - "~nobody" stays


def _below(folder: Path, beginning: str = "") -> list[Path]:
    """What lies in a folder, by name; of thousands only those that begin so become paths."""
    try:
        names = sorted(i.name for i in os.scandir(folder) if i.name.startswith(beginning))
    except OSError:
        return []
    return [folder / name for name in names]
