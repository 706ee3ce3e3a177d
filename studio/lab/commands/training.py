"""`train`: the embedded model made again, and parts of models taught."""

import time
from argparse import Namespace
from pathlib import Path

from studio.library import models as library
from studio.media.places import is_folder, place
from studio.spec.quantities import count, duration
from studio.spec.refusal import Refusal
from studio.terminal.session import KEPT, Session
from studio.terminal.voice import Answer

MOST_STEPS = 1_000_000


def train_starter(said: Namespace, session: Session) -> Answer:
    """Train the starter's parts one after another; a run that was stopped goes on."""
    if not 0 < said.scale <= 1000:  # also false for nan
        raise Refusal(f"A scale of {said.scale} has no meaning.", "Use a number such as 1 or 0.1.")
    if said.seed < 0:
        raise Refusal(f"The seed {said.seed} is out of range.", "Use 0 or more.")
    out = _folder(said.out)
    works = session.works()
    model = said.model and library.find(said.model, works.model_folders)
    from studio.lab.training import starter

    session.if_stopped(f"{KEPT} {session.again()}")
    started = time.monotonic()
    scale = starter.Scale().times(said.scale)
    start = model.folder if model else None
    device = works.models.device()
    folder = starter.train(said.seed, scale, out, start=start, device=device, tick=session.tick)
    seconds = time.monotonic() - started
    return Answer(
        f"{folder}: trained in {duration(seconds)}. Copy it into the models folder to use it.",
        {"path": str(folder), "seconds": round(seconds, 3), "seed": said.seed},
    )


def train_decoder(said: Namespace, session: Session) -> Answer:
    """Teach a model's decoder from clips, drawn ones or those of a folder."""
    if not 0 < said.steps <= MOST_STEPS:
        raise Refusal(f"{said.steps} updates cannot be done.", f"Use 1 to {MOST_STEPS}.")
    if said.seed < 0:
        raise Refusal(f"The seed {said.seed} is out of range.", "Use 0 or more.")
    out, works = _folder(said.out), session.works()
    model = library.find(said.model, works.model_folders)
    clips = place(said.clips) if said.clips else None
    if said.drawn is not None and (clips is not None or said.drawn < 1):
        raise Refusal(
            f"{count(said.drawn, 'clip')} cannot be drawn.",
            "Use 1 or more, and no folder of clips.",
        )
    from studio.lab.training.clips import DRAWN, teach_decoder

    session.if_stopped(f"{KEPT} {session.again()}")
    started = time.monotonic()
    critics = ("clips", "pictures") if said.picture_critic else ("clips",)
    file = teach_decoder(
        model,
        clips,
        out,
        seed=said.seed,
        steps=said.steps,
        drawn=said.drawn or DRAWN,
        critics=critics,
        device=said.device,
        tick=session.tick,
    )
    seconds = time.monotonic() - started
    return Answer(
        f"{file}: trained in {duration(seconds)}. Copy it into the model's folder, and name it there "
        f'in model.toml under [weights]: decoder = "{file.name}".',
        {"path": str(file), "seconds": round(seconds, 3), "seed": said.seed},
    )


def train_upsampler(said: Namespace, session: Session) -> Answer:
    """Teach an upsampler for a model: an image network first, then layers over time."""
    steps = (said.steps, said.steps_over_time)
    for asked in steps:
        if not 0 < asked <= MOST_STEPS:
            raise Refusal(f"{asked} updates cannot be done.", f"Use 1 to {MOST_STEPS}.")
    if said.pairs < 1:
        raise Refusal(f"{said.pairs} clips teach nothing.", "Use 1 or more.")
    if said.seed < 0:
        raise Refusal(f"The seed {said.seed} is out of range.", "Use 0 or more.")
    out, works = _folder(said.out), session.works()
    model = library.find(said.model, works.model_folders)
    from studio.lab.evaluations.upsamplers import teach_upsampler

    session.if_stopped(f"{KEPT} {session.again()}")
    started = time.monotonic()
    made = teach_upsampler(
        model,
        said.kind,
        out,
        seed=said.seed,
        steps=steps,
        pairs=said.pairs,
        device=said.device,
        tick=session.tick,
    )
    seconds = time.monotonic() - started
    return Answer(
        f"{made}: trained in {duration(seconds)}. Copy it into the model's folder.",
        {"path": str(made), "seconds": round(seconds, 3), "seed": said.seed},
    )


def _folder(asked: str) -> Path:
    out = place(asked).absolute()
    if not is_folder(out.parent):
        raise Refusal(f"The folder {out.parent} does not exist.", "Make it or choose another.")
    return out
