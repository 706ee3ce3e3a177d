"""`train`: the embedded model made again, and parts of models taught."""

import math
import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

from studio.library import models as library
from studio.media.places import is_folder, place
from studio.spec.progress import Cancelled, Tick
from studio.spec.quantities import count, duration
from studio.spec.refusal import Refusal
from studio.terminal.session import KEPT, Session
from studio.terminal.voice import Answer

MOST_STEPS = 1_000_000


def train_starter(args: Namespace, session: Session) -> Answer:
    """Train the starter's parts one after another; a run that was stopped goes on."""
    _check_starter(args)
    out, chosen = _folder(args.out), session.handlers().models.device()
    from studio.lab.starter import later
    from studio.lab.starter.recipe import CARD_SCALE, PROCESSOR_SCALE, Recipe, Slice
    from studio.lab.training.trainer import allow_tf32

    allow_tf32()
    scale = (PROCESSOR_SCALE if chosen.name == "cpu" else CARD_SCALE).times(args.scale)

    def train(seed: int, device: str | None, tick: Tick) -> Path:
        whole = Slice(args.minutes or math.inf, tick)
        recipe = Recipe(out, scale, chosen.name, seed, whole, args.fit)
        recipe.again(*args.again)
        try:
            recipe.train()
            return later.train(recipe)
        except Cancelled as stopped:
            if whole.is_over:
                raise _Over from stopped
            raise

    try:
        return _taught(train, args, session, "Copy it into the models folder to use it.")
    except _Over:
        words = f"{args.minutes:g} minutes are over; what was learned is kept. {session.again()}"
        return Answer(words, {"path": str(out), "done": False, "seed": args.seed})


class _Over(Exception):
    """The slice is over, and the training is not."""


def _check_starter(args: Namespace) -> None:
    if not 0 < args.scale <= 1000:  # also false for nan
        raise Refusal(f"A scale of {args.scale} has no meaning.", "Use a number such as 1 or 0.1.")
    _check(args)
    for minutes in (args.minutes, args.fit):
        if minutes is not None and not 0 < minutes < math.inf:
            raise Refusal(f"{minutes:g} minutes are no time to train.", "Use a number above 0.")


def train_decoder(args: Namespace, session: Session) -> Answer:
    """Teach a model's decoder from clips, drawn ones or those of a folder."""
    _check(args, args.steps)
    out, model = _folder(args.out), library.find(args.model, session.handlers().model_folders)
    clips = place(args.clips) if args.clips else None
    if args.drawn is not None and (clips is not None or args.drawn < 1):
        raise Refusal(
            f"{count(args.drawn, 'clip')} cannot be drawn.",
            "Use 1 or more, and no folder of clips.",
        )
    from studio.lab.training.parts import DRAWN, teach_decoder

    critics = ("clips", "pictures") if args.picture_critic else ("clips",)
    how = {"steps": args.steps, "drawn": args.drawn or DRAWN, "critics": critics}
    return _taught(
        partial(teach_decoder, model, clips, out, **how), args, session,
        "Copy it into the model's folder, and name it there in model.toml under [weights]: "
        'decoder = "decoder.safetensors".',
    )  # fmt: skip


def train_upsampler(args: Namespace, session: Session) -> Answer:
    """Teach an upsampler for a model: an image network first, then layers over time."""
    _check(args, args.steps, args.steps_over_time)
    if args.pairs < 1:
        raise Refusal(f"{args.pairs} clips teach nothing.", "Use 1 or more.")
    out, model = _folder(args.out), library.find(args.model, session.handlers().model_folders)
    from studio.lab.training.parts import teach_upsampler

    how = {"steps": (args.steps, args.steps_over_time), "pairs": args.pairs}
    teach = partial(teach_upsampler, model, args.kind, out, **how)
    return _taught(teach, args, session, "Copy it into the model's folder.")


def _check(args: Namespace, *steps: int) -> None:
    for given in steps:
        if not 0 < given <= MOST_STEPS:
            raise Refusal(f"{given} updates cannot be done.", f"Use 1 to {MOST_STEPS}.")
    if args.seed < 0:
        raise Refusal(f"The seed {args.seed} is out of range.", "Use 0 or more.")


def _taught(teach: Callable[..., Path], args: Namespace, session: Session, then: str) -> Answer:
    """Train, and say where what was learned lies, how long it took, and what to do with it."""
    session.if_stopped(f"{KEPT} {session.again()}")
    started = time.monotonic()
    path = teach(seed=args.seed, device=args.device, tick=session.tick)
    seconds = time.monotonic() - started
    return Answer(
        f"{path}: trained in {duration(seconds)}. {then}",
        {"path": str(path), "seconds": round(seconds, 3), "seed": args.seed},
    )


def _folder(given: str) -> Path:
    out = place(given).absolute()
    if not is_folder(out.parent):
        raise Refusal(f"The folder {out.parent} does not exist.", "Make it or choose another.")
    return out
