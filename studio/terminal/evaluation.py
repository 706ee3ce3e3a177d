"""`evaluate`: the tables of a model card."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.parallel import MOST_PROCESSES
from studio.library import models as library
from studio.media.places import place
from studio.spec.refusal import Refusal
from studio.spec.subjects import names_person
from studio.terminal.session import Session
from studio.terminal.subjects import ask_consent
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.evaluation import PhotoSet

OF_PROMPTS = ("count", "photos")
OF_SUBJECTS = ("method", "seeds", "steps")


def evaluate(said: Namespace, session: Session) -> Answer:
    """The table of prompts, read from the pixels by an oracle, or that of subjects."""
    of_subjects = bool(said.subject) or said.characters is not None
    _check(said, of_subjects)
    folders = session.works().model_folders
    library.find(said.model, folders)
    started = time.monotonic()
    measured = _subjects if of_subjects else _prompts
    facts = measured(said, session, folders)
    seconds = round(time.monotonic() - started, 3)
    return Answer(str(facts["table"]), {"model": said.model, **facts, "seconds": seconds})


def _prompts(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.jobs.evaluation import evaluate

    count = said.count or 300
    photos = place(said.photos) if said.photos else None
    table = evaluate(
        said.model,
        folders,
        count=count,
        seed=said.seed,
        photos=photos,
        jobs=said.jobs,
        tick=session.tick,
    )
    return {"prompts": count, "table": table}


def _subjects(said: Namespace, session: Session, folders: tuple[Path, ...]) -> dict[str, object]:
    from studio.jobs.evaluation import METHODS, evaluate_subjects
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
        tick=session.tick,
    )
    names = [known.name for known in sets]
    return {"subjects": names, "methods": methods, "table": table, "adapters": str(adapters)}


def _sets(said: Namespace, session: Session) -> list[PhotoSet]:
    """What the flags ask for, every photo opened before anything is trained."""
    from studio.jobs.evaluation import character_set, photo_set

    places = [_place(asked) for asked in said.subject]
    names = [folder.name for folder, _ in places]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Refusal(f"Two of the folders are called “{twice}”.", "Rename one: it names a column.")
    if any(names_person(noun) for _, noun in places) and not said.consent:
        ask_consent()
    sets = [photo_set(folder, noun, session.tick) for folder, noun in places]
    return sets + [character_set(k + 1, said.seed) for k in range(said.characters or 0)]


def _place(asked: str) -> tuple[Path, str]:
    """FOLDER:NOUN; the last colon counts, for a folder may begin with a drive."""
    folder, _, noun = asked.rpartition(":")
    if not folder or not noun.strip() or set("/\\") & set(noun):
        raise Refusal(f"“{asked}” does not say what its photos show.", "Write it like rex:dog.")
    return place(folder).resolve(), noun.strip()


def _check(said: Namespace, of_subjects: bool) -> None:
    useless = OF_PROMPTS if of_subjects else OF_SUBJECTS
    if flag := next((name for name in useless if getattr(said, name) is not None), ""):
        raise Refusal(
            f"--{flag} has no meaning {'with' if of_subjects else 'without'} subjects.",
            "Leave it out." if of_subjects else "Add --subject or --characters.",
        )
    counts = {"prompts": "count", "characters": "characters", "seeds": "seeds", "steps": "steps"}
    for what, name in counts.items():
        if (number := getattr(said, name)) is not None and number < 1:
            raise Refusal(f"{number} {what} measure nothing.", "Use 1 or more.")
    if not 1 <= said.jobs <= MOST_PROCESSES:
        raise Refusal(f"{said.jobs} processes cannot work.", f"Use 1 to {MOST_PROCESSES}.")
    if said.seed < 0:
        raise Refusal(f"The seed {said.seed} is out of range.", "Use 0 or more.")
