"""Imports of the engine, by one thread at a time.

Its libraries import one another in circles, which Python resolves within a thread alone: two that
begin at once leave one of them with a half-made module (accelerate's `dispatch_model`).  A plan is made
on one thread while a job begins on another.
"""

import importlib
import threading
from types import ModuleType

CORE = ("studio.engine.film", "studio.engine.backbone", "studio.engine.families.videoldm.family")
"""What brings torch, diffusers, transformers and accelerate."""
WITH_SUBJECTS = (*CORE, "studio.engine.subjects.subject")
"""And peft."""
_lock = threading.RLock()


def fetch(*names: str) -> ModuleType:
    """Import modules while no other thread does; gives the last."""
    with _lock:
        return [importlib.import_module(name) for name in names][-1]
