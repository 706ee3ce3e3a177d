"""`disk`: what a project takes, by the three classes of files, and the bound of what is derived."""

from __future__ import annotations

from argparse import Namespace

from studio.media.places import place
from studio.project.disk_classes import classes_of, drop_files
from studio.project.remembered import Remembered, is_project
from studio.project.tidying import alone_in, tidy
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal
from studio.terminal.session import Session
from studio.terminal.voice import Answer


def disk(args: Namespace, session: Session) -> Answer:
    """Say it of a project, of the terminal's own by default; set the bound where one is given."""
    remembered = Remembered(session.folders.remembered)
    if args.limit is not None:
        if not 0 < args.limit < 2**40:
            raise Refusal("That is no size for a disk.", "Give gigabytes, such as 20.")
        remembered.set_derived_bytes(round(args.limit * 2**30))
    folder = place(args.project).absolute() if args.project else session.folders.scratch
    if args.project and not is_project(folder):
        raise Refusal(f"There is no project in {folder}.", "Give a project's folder.")
    limit, takes, freed = remembered.derived_bytes(), session.handlers().takes(folder), 0
    if args.limit is not None and folder.is_dir():
        freed = tidy(takes, alone_in(folder), limit)
        freed += drop_files(folder, max(0, limit - takes.usage().derived))
    found = classes_of(folder, takes, session.folders.subjects)
    lines = [
        f"Made by hand (photos, shots, timeline): {memory(found.by_hand)}, never removed",
        f"Costly (latents, trainings): {memory(found.costly)}, removed only by you",
        f"Derived (frames, files): {memory(found.derived)} of {memory(limit)}, oldest dropped first",
    ]
    if freed:
        lines.append(f"{memory(freed)} were dropped; rendering brings them back.")
    facts = {
        "project": str(folder), "by_hand": found.by_hand, "costly": found.costly,
        "derived": found.derived, "limit": limit, "freed": freed,
    }  # fmt: skip
    return Answer("\n".join(lines), facts)
