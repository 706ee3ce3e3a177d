"""Measure longer clips for a model card: convolutional in time beside prediction."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from studio.jobs.model_cache import ModelCache
from studio.lab.evaluations.parallel import running
from studio.library import models as library
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal


def evaluate_longer(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 24,
    seed: int = 1,
    jobs: int = 1,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The table of longer clips in Markdown, each prompt made in both ways."""
    from studio.lab.measures import evaluation, longer

    found = library.find(model, folders)
    if not found.card.predicts:
        raise Refusal(f"{found.card.name} does not predict.", "Measure another model.")
    asked = evaluation.prompts(count, seed)
    tasks = [
        (way, prompt, seed * 100_000 + at) for at, prompt in enumerate(asked) for way in longer.WAYS
    ]
    seen = []
    with running(jobs, found, ModelCache(device), tick) as run:
        for looked in run(longer.look, tasks):
            tick(Progress("longer clips", len(seen), len(tasks)))
            seen.append(looked)
    return longer.markdown(
        {way: seen[at :: len(longer.WAYS)] for at, way in enumerate(longer.WAYS)}
    )
