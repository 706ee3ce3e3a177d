"""`evaluate`: the tables of a model card."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.lab.evaluations.parallel import MOST_PROCESSES
from studio.library import models as library
from studio.media.places import place
from studio.spec.refusal import Refusal
from studio.terminal.consent import person_who_agreed
from studio.terminal.session import KEPT, NOT_KEPT, Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.lab.evaluations.evaluation import PhotoSet

FLAGS = {
    "prompts": ("count", "photos"),
    "filling": ("count", "sheet"),
    "roll-outs": ("minutes", "sheet"),
    "longer clips": ("count",),
    "decoding": ("count", "decoder", "clips"),
    "upsampling": ("count", "sheet", "upsampler"),
    "subjects": ("method", "seeds", "steps"),
}
"""What is measured, and the flags that have a meaning only there."""
ASKED_BY = {
    "filling": "--filling",
    "roll-outs": "--rollout",
    "longer clips": "--longer",
    "decoding": "--decoding",
    "upsampling": "--upsampling",
    "subjects": "--subject or --characters",
}
SHORTEST, LONGEST = 0.5, 60.0
"""Minutes of a roll-out, which is measured half a minute at a time."""


def evaluate(said: Namespace, session: Session) -> Answer:
    """The table of prompts, of filled frames, of long roll-outs, or of subjects."""
    what = _asked(said)
    _check(said, what)
    folders = session.works().model_folders
    library.find(said.model, folders)
    session.if_stopped(f"{KEPT} {session.again()}" if what == "subjects" else NOT_KEPT)
    started = time.monotonic()
    facts = MEASURES[what](said, session, folders)
    seconds = round(time.monotonic() - started, 3)
    return Answer(str(facts["table"]), {"model": said.model, **facts, "seconds": seconds})


def _prompts(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.evaluation import evaluate

    count = said.count or 300
    photos = place(said.photos) if said.photos else None
    table = evaluate(
        said.model,
        folders,
        count=count,
        seed=said.seed,
        photos=photos,
        jobs=said.jobs,
        device=said.device,
        tick=session.tick,
    )
    return {"prompts": count, "table": table}


def _filling(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.evaluation import evaluate_filling

    count = said.count or 24
    table = evaluate_filling(
        said.model,
        folders,
        count=count,
        seed=said.seed,
        jobs=said.jobs,
        sheet=_sheet(said.sheet),
        device=said.device,
        tick=session.tick,
    )
    return {"prompts": count, "table": table}


def _rollouts(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.evaluation import evaluate_rollouts

    minutes = said.minutes or 5.0
    table = evaluate_rollouts(
        said.model,
        folders,
        minutes=minutes,
        prompts=said.rollout,
        seed=said.seed,
        sheet=_sheet(said.sheet),
        device=said.device,
        tick=session.tick,
    )
    return {"prompts": said.rollout, "minutes": minutes, "table": table}


def _longer(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.longer import evaluate_longer

    count = said.count or 24
    table = evaluate_longer(
        said.model,
        folders,
        count=count,
        seed=said.seed,
        jobs=said.jobs,
        device=said.device,
        tick=session.tick,
    )
    return {"prompts": count, "table": table}


def _decoding(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.decoding import evaluate_decoding

    count = said.count or 256
    table = evaluate_decoding(
        said.model,
        folders,
        count=count,
        seed=said.seed,
        others=[place(path) for path in said.decoder or ()],
        clips=place(said.clips) if said.clips else None,
        device=said.device,
        tick=session.tick,
    )
    return {"clips": count, "table": table}


def _upsampling(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.upsamplers import evaluate_upsampling

    count = said.count or 32
    table = evaluate_upsampling(
        said.model,
        folders,
        count=count,
        seed=said.seed,
        others=[place(path) for path in said.upsampler or ()],
        jobs=said.jobs,
        sheet=_sheet(said.sheet),
        device=said.device,
        tick=session.tick,
    )
    return {"clips": count, "table": table}


def _sheet(asked: str | None) -> Path | None:
    if asked is None:
        return None
    path = place(asked).absolute()
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise Refusal(f"The sheet cannot be {path.name}.", "Name a .png in a folder that is there.")
    return path


def _subjects(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.lab.evaluations.evaluation import METHODS, evaluate_subjects
    from studio.spec.subjects import DEFAULT_STEPS

    sets = _sets(said, session)
    adapters = session.folders.make().data / "evaluation"
    session.voice.say(f"Adapters are kept in {adapters} and used again; what is stopped goes on.")
    methods = (said.method,) if said.method else METHODS
    table = evaluate_subjects(
        said.model,
        folders,
        sets,
        adapters,
        methods=methods,
        seeds=said.seeds or 8,
        steps=said.steps or DEFAULT_STEPS,
        jobs=said.jobs,
        device=said.device,
        tick=session.tick,
    )
    names = [known.name for known in sets]
    return {"subjects": names, "methods": methods, "table": table, "adapters": str(adapters)}


def _sets(said: Namespace, session: Session) -> list[PhotoSet]:
    """What the flags ask for, every photo opened before anything is trained."""
    from studio.lab.evaluations.evaluation import character_set, photo_set

    places = [_place(asked) for asked in said.subject]
    names = [folder.name for folder, _ in places]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Refusal(f"Two of the folders are called “{twice}”.", "Rename one: it names a column.")
    for noun in {noun: None for _, noun in places}:
        person_who_agreed(noun, said, session)
    sets = [photo_set(folder, noun, session.tick) for folder, noun in places]
    return sets + [character_set(k + 1, said.seed) for k in range(said.characters or 0)]


def _place(asked: str) -> tuple[Path, str]:
    """FOLDER:NOUN; the last colon counts, for a folder may begin with a drive."""
    folder, _, noun = asked.rpartition(":")
    if not folder or not noun.strip() or set("/\\") & set(noun):
        raise Refusal(f"“{asked}” does not say what its photos show.", "Write it like rex:dog.")
    return place(folder).resolve(), noun.strip()


def _asked(said: Namespace) -> str:
    """What is to be measured; refused where that is two things."""
    wanted = {
        "filling": said.filling,
        "roll-outs": bool(said.rollout),
        "longer clips": said.longer,
        "decoding": said.decoding,
        "upsampling": said.upsampling,
        "subjects": bool(said.subject) or said.characters is not None,
    }
    asked = [what for what, is_wanted in wanted.items() if is_wanted]
    if len(asked) > 1:
        raise Refusal(f"{asked[0].capitalize()} and {asked[1]} are two tables.", "Ask for one.")
    return asked[0] if asked else "prompts"


def _check(said: Namespace, what: str) -> None:
    everywhere = {flag for flags in FLAGS.values() for flag in flags}
    useless = sorted(everywhere - set(FLAGS[what]))
    if flag := next((name for name in useless if getattr(said, name) is not None), ""):
        where = next(w for w, flags in FLAGS.items() if flag in flags)
        other = f"with {what}" if what != "prompts" else f"without {where}"
        hint = f"Add {ASKED_BY[where]}." if what == "prompts" else "Leave it out."
        raise Refusal(f"--{flag} has no meaning {other}.", hint)
    counts = {"prompts": "count", "characters": "characters", "seeds": "seeds", "steps": "steps"}
    for name_of, name in counts.items():
        if (number := getattr(said, name)) is not None and number < 1:
            raise Refusal(f"{number} {name_of} measure nothing.", "Use 1 or more.")
    if said.minutes is not None and not SHORTEST <= said.minutes <= LONGEST:  # also for nan
        raise Refusal(
            f"{said.minutes:g} minutes cannot be measured, half a minute at a time.",
            f"Use {SHORTEST:g} to {LONGEST:g}.",
        )
    if not 1 <= said.jobs <= MOST_PROCESSES:
        raise Refusal(f"{said.jobs} processes cannot work.", f"Use 1 to {MOST_PROCESSES}.")
    if said.seed < 0:
        raise Refusal(f"The seed {said.seed} is out of range.", "Use 0 or more.")


MEASURES = {
    "prompts": _prompts,
    "filling": _filling,
    "roll-outs": _rollouts,
    "longer clips": _longer,
    "decoding": _decoding,
    "upsampling": _upsampling,
    "subjects": _subjects,
}
