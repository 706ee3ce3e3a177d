"""`evaluate`: the tables of a model card."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.lab.evaluations.frame import METHODS, Options
from studio.lab.evaluations.frame import evaluate as measure
from studio.lab.evaluations.parallel import MOST_PROCESSES
from studio.library import models as library
from studio.media.places import place
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS
from studio.terminal.consent import person_who_agreed
from studio.terminal.session import KEPT, NOT_KEPT, Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.lab.evaluations.subjects import PhotoSet


@dataclass(frozen=True, slots=True)
class Kind:
    """A table: the flag that asks for it, flags that mean something there alone, and how many
    prompts or clips it is `usually` made of."""

    flag: str
    flags: tuple[str, ...]
    usually: int = 0
    of: str = "prompts"


KINDS = {
    "prompts": Kind("", ("count", "photos"), 300),
    "filling": Kind("--filling", ("count", "sheet"), 24),
    "roll-outs": Kind("--rollout", ("minutes", "sheet")),
    "longer clips": Kind("--longer", ("count",), 24),
    "decoding": Kind("--decoding", ("count", "decoder", "clips"), 256, "clips"),
    "upsampling": Kind("--upsampling", ("count", "sheet", "upsampler"), 32, "clips"),
    "subjects": Kind("--subject or --characters", ("method", "seeds", "steps")),
    "individuals": Kind("--individuals", ("method", "seeds", "steps"), of="individuals"),
}
TRAINS = ("subjects", "individuals")
"""Tables for which subjects are learned."""
MINUTES, SHORTEST, LONGEST = 5.0, 0.5, 60.0
"""Of a roll-out, which is measured half a minute at a time."""


def evaluate(args: Namespace, session: Session) -> Answer:
    """One of the tables; the flags say which."""
    what = _asked(args)
    _check(args, what)
    folders = session.handlers().model_folders
    library.find(args.model, folders)
    options = _options(args, session, what)
    session.if_stopped(f"{KEPT} {session.again()}" if what in TRAINS else NOT_KEPT)
    started = time.monotonic()
    table = measure(what, args.model, folders, options, session.tick)
    seconds = round(time.monotonic() - started, 3)
    facts = {"model": args.model, **_facts(what, options), "table": table, "seconds": seconds}
    return Answer(table, facts)


def _options(args: Namespace, session: Session, what: str) -> Options:
    folder = args.photos or args.clips
    subjects = {}
    if what == "subjects":
        subjects["sets"] = _sets(args, session)
    if what in TRAINS:
        subjects["adapters"] = _adapters(session)
    return Options(
        count=args.individuals or args.count or KINDS[what].usually,
        seed=args.seed,
        jobs=args.jobs,
        device=args.device,
        sheet=_sheet(args.sheet),
        folder=place(folder) if folder else None,
        others=tuple(place(path) for path in args.decoder or args.upsampler or ()),
        prompts=tuple(args.rollout),
        minutes=args.minutes or MINUTES,
        methods=(args.method,) if args.method else METHODS,
        seeds=args.seeds or (1 if what == "individuals" else 8),
        steps=args.steps or DEFAULT_STEPS,
        **subjects,
    )


def _facts(what: str, options: Options) -> dict[str, object]:
    """What was measured, for `--json`."""
    if what == "roll-outs":
        return {"prompts": options.prompts, "minutes": options.minutes}
    if what == "subjects":
        names = [known.name for known in options.sets]
        return {"subjects": names, "methods": options.methods, "adapters": str(options.adapters)}
    return {KINDS[what].of: options.count}


def _adapters(session: Session) -> Path:
    folder = session.folders.make().data / "evaluation"
    session.voice.say(f"Adapters are kept in {folder} and used again; what is stopped goes on.")
    return folder


def _sheet(given: str | None) -> Path | None:
    if given is None:
        return None
    path = place(given).absolute()
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise Refusal(f"The sheet cannot be {path.name}.", "Name a .png in a folder that is there.")
    return path


def _sets(args: Namespace, session: Session) -> tuple[PhotoSet, ...]:
    """What the flags ask for, every photo opened before anything is trained."""
    from studio.lab.evaluations.subjects import character_set, photo_set

    places = [_place(given) for given in args.subject]
    names = [folder.name for folder, _ in places]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Refusal(f"Two of the folders are called “{twice}”.", "Rename one: it names a column.")
    for noun in {noun: None for _, noun in places}:
        person_who_agreed(noun, args, session)
    sets = [photo_set(folder, noun, session.tick) for folder, noun in places]
    drawn = (character_set(k + 1, args.seed) for k in range(args.characters or 0))
    return (*sets, *drawn)


def _place(given: str) -> tuple[Path, str]:
    """FOLDER:NOUN; the last colon counts, for a folder may begin with a drive."""
    folder, _, noun = given.rpartition(":")
    if not folder or not noun.strip() or set("/\\") & set(noun):
        raise Refusal(f"“{given}” does not say what its photos show.", "Write it like rex:dog.")
    return place(folder).resolve(), noun.strip()


def _asked(args: Namespace) -> str:
    """What is to be measured; refused where that is two things."""
    wanted = {
        "filling": args.filling,
        "roll-outs": bool(args.rollout),
        "longer clips": args.longer,
        "decoding": args.decoding,
        "upsampling": args.upsampling,
        "subjects": bool(args.subject) or args.characters is not None,
        "individuals": args.individuals is not None,
    }
    given = [what for what, is_wanted in wanted.items() if is_wanted]
    if len(given) > 1:
        raise Refusal(f"{given[0].capitalize()} and {given[1]} are two tables.", "Ask for one.")
    return given[0] if given else "prompts"


def _check(args: Namespace, what: str) -> None:
    everywhere = {flag for kind in KINDS.values() for flag in kind.flags}
    useless = sorted(everywhere - set(KINDS[what].flags))
    if flag := next((name for name in useless if getattr(args, name) is not None), ""):
        where = next(w for w, kind in KINDS.items() if flag in kind.flags)
        other = f"with {what}" if what != "prompts" else f"without {where}"
        hint = f"Add {KINDS[where].flag}." if what == "prompts" else "Leave it out."
        raise Refusal(f"--{flag} has no meaning {other}.", hint)
    counts = {name: name for name in ("characters", "individuals", "seeds", "steps")}
    counts["prompts"] = "count"
    for name_of, name in counts.items():
        if (number := getattr(args, name)) is not None and number < 1:
            raise Refusal(f"{number} {name_of} measure nothing.", "Use 1 or more.")
    if args.minutes is not None and not SHORTEST <= args.minutes <= LONGEST:  # also for nan
        raise Refusal(
            f"{args.minutes:g} minutes cannot be measured, half a minute at a time.",
            f"Use {SHORTEST:g} to {LONGEST:g}.",
        )
    if not 1 <= args.jobs <= MOST_PROCESSES:
        raise Refusal(f"{args.jobs} processes cannot work.", f"Use 1 to {MOST_PROCESSES}.")
    if args.seed < 0:
        raise Refusal(f"The seed {args.seed} is out of range.", "Use 0 or more.")
