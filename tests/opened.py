"""What fills a role of a model by its name, through the studio's own cache."""

from pathlib import Path
from typing import Any

from studio.engine.device import Device
from studio.jobs.model_cache import ModelCache
from studio.library import models as library
from studio.spec.progress import silent


def opened(models: Path, name: str, role: str, device: Device | None = None) -> Any:
    """On a device that nobody can ask for, such as a processor in half precision, too."""
    cache = ModelCache("cpu")
    if device:
        cache.device = lambda: device
    return cache.part(library.find(name, [models]), role, silent)
