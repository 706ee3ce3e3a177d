"""`train starter`: the embedded model, made again."""

import time
from argparse import Namespace

from studio.library import models as library
from studio.media.places import is_folder, place
from studio.spec.refusal import Refusal
from studio.terminal.session import Session
from studio.terminal.voice import Answer, lasting


def train_starter(said: Namespace, session: Session) -> Answer:
    """Train the starter's parts one after another; a run that was stopped goes on."""
    if not 0 < said.scale <= 1000:  # also false for nan
        raise Refusal(f"A scale of {said.scale} has no meaning.", "Use a number such as 1 or 0.1.")
    if said.seed < 0:
        raise Refusal(f"The seed {said.seed} is out of range.", "Use 0 or more.")
    out = place(said.out).absolute()
    if not is_folder(out.parent):
        raise Refusal(f"The folder {out.parent} does not exist.", "Make it or choose another.")
    model = said.model and library.find(said.model, session.works().model_folders)
    from studio.engine.training import starter

    started = time.monotonic()
    scale = starter.Scale().times(said.scale)
    start = model.folder if model else None
    folder = starter.train(said.seed, scale, out, start=start, tick=session.tick)
    seconds = time.monotonic() - started
    return Answer(
        f"{folder}: trained in {lasting(seconds)}. Copy it into the models folder to use it.",
        {"path": str(folder), "seconds": round(seconds, 3), "seed": said.seed},
    )
