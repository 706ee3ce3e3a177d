"""Measure a model on prompts held out from its training, for its model card."""

from collections.abc import Iterable
from pathlib import Path

from studio.jobs.residents import Residents
from studio.library import models as library
from studio.spec.progress import Tick, silent


def evaluate(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 300,
    seed: int = 1,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The model card's table in Markdown: ours, real clips, and the image model frame by frame."""
    from studio.engine.measures import evaluation, starter

    video = Residents(device).video(library.find(model, folders), tick)
    return evaluation.markdown(starter.columns(video, evaluation.prompts(count, seed), tick))
