"""`library`: which folders of models are looked into, what lies in them, and why a file is none."""

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from studio.library import models as library
from studio.library.added_folders import AddedFolders, check_place, looked_into
from studio.library.model_names import name_of
from studio.library.overview import roles_of, summary
from studio.library.program_folders import hub_cache, places_of
from studio.library.scan import Entry, Scan, scan
from studio.library.scan_index import Index
from studio.library.seen_models import Gone, compared
from studio.media.places import is_file, is_folder, place
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal
from studio.terminal.session import KEPT, Session
from studio.terminal.voice import Answer


def scan_folders(args: Namespace, session: Session) -> Answer:
    """The models in the named folders, or in all that are looked into: a line each, then how many."""
    folders = [place(folder) for folder in args.folders]
    for folder in folders:
        check_place(folder)
    found = _scanned(folders or _folders(session), session)
    return Answer("\n".join([*map(_line, found.entries), summary(found)]), _facts(found))


def add(args: Namespace, session: Session) -> Answer:
    """Look into a folder from now on; what it holds, and why a file is no model."""
    folder = place(args.folder).absolute()
    check_place(folder)
    places = places_of(folder)
    AddedFolders(session.folders.library).add(folder)
    found = _scanned([folder], session)
    as_what = f" (a folder of {places.program})" if places.program else ""
    unknown = [_line(entry) for entry in found.entries if entry.found is None]
    words = f"{folder}{as_what}: {summary(found)}"
    about = {"folder": str(folder), "program": places.program, **_facts(found)}
    return Answer("\n".join([*unknown, words]), about)


def remove(args: Namespace, session: Session) -> Answer:
    """Look into a folder no more; nothing in it is touched."""
    folder = place(args.folder).absolute()
    AddedFolders(session.folders.library).remove(folder)
    return Answer(f"{folder} is not looked into any more.", {"folder": str(folder)})


def folders(_: Namespace, session: Session) -> Answer:
    """The folders that are looked into, and whose they are."""
    AddedFolders(session.folders.library).all()  # refused where it is damaged
    about = [_about(folder, session) for folder in _folders(session)]
    lines = [
        f"  {fact['folder']} ({fact['of']}{'' if fact['there'] else ', not there now'})"
        for fact in about
    ]
    return Answer("\n".join(lines), {"folders": about})


def list_all(_: Namespace, session: Session) -> Answer:
    """All models, by what they are called, with those that were moved or are missing."""
    where = _folders(session)
    found = _scanned(where, session)
    moved, missing = compared(found.entries, where, session.folders.seen_models)
    uses = {e.path: roles_of(e) for e in found.entries if e.found}
    lines = [
        f"  {name_of(e.path)}: {_line(e).strip()}{_use(uses[e.path])}"
        for e in found.entries
        if e.found
    ]
    lines += [f"  moved  {gone.was} → {gone.now}" for gone in moved]
    lines += [f"  missing  {gone.was} ({gone.what})" for gone in missing]
    return Answer(
        "\n".join([*lines, summary(found)]),
        {
            **_facts(found),
            "uses": {name_of(path): roles for path, roles in uses.items()},
            "moved": _gone(moved),
            "missing": _gone(missing),
        },
    )


def verify(args: Namespace, session: Session) -> Answer:
    """Read the weights of models once, so that no clip waits for it; those that were read and did
    not change are not read again."""
    handlers = session.handlers()
    names = args.names or [
        name_of(e.path) for e in _scanned(_folders(session), session).entries if roles_of(e)
    ]
    session.if_stopped(f"{KEPT} {session.again()}")
    facts, lines = {}, []
    for name in names:
        try:
            model = library.find(name, handlers.model_folders, session.tick)
        except Refusal as refusal:
            lines.append(f"  {name}: {refusal}")
            facts[name] = {"why": str(refusal)}
            continue
        facts[name] = {"weights": dict(model.weights), "roles": list(model.card.roles)}
        lines.append(f"  {name}: whole, for {', '.join(model.card.roles)}")
    wrong = any("why" in fact for fact in facts.values())
    words = "\n".join(lines or ["There is nothing to verify."])
    return Answer(words, {"models": facts}, code=2 if wrong else 0)


def _use(roles: list[str]) -> str:
    return f", for {', '.join(roles)}" if roles else ""


def _folders(session: Session) -> list[Path]:
    return [session.folders.models, *looked_into(session.folders.library)]


def _about(folder: Path, session: Session) -> dict[str, object]:
    there = is_folder(folder) or is_file(folder)
    of = places_of(folder).program if there else ""
    if folder == session.folders.models:
        of = "the studio's own"
    return {
        "folder": str(folder),
        "of": of or "added",
        "there": there,
        "added": folder not in (session.folders.models, hub_cache()),
    }


def _scanned(where: Iterable[Path], session: Session) -> Scan:
    there = [folder for folder in where if is_folder(folder) or is_file(folder)]
    found = scan(there, Index(session.folders.models_index), session.tick)
    for folder in found.unread:
        session.voice.remark(f"{folder} cannot be read.")
    return found


def _line(entry: Entry) -> str:
    if entry.found is None:
        return f"  unknown  {entry.path}: {entry.why}"
    return f"  {entry.found}  {entry.path} ({memory(entry.size)}, {entry.precision})"


def _facts(found: Scan) -> dict[str, object]:
    return {
        "counts": found.counts(),
        "models": [_fact(entry) for entry in found.entries],
        "unread": [str(path) for path in found.unread],
    }


def _gone(models: Iterable[Gone]) -> list[dict[str, object]]:
    return [
        {"was": str(gone.was), "now": gone.now and str(gone.now), "what": gone.what}
        for gone in models
    ]


def _fact(entry: Entry) -> dict[str, object]:
    about: dict[str, object] = {"path": str(entry.path), "bytes": entry.size}
    if (found := entry.found) is None:
        return about | {"role": "unknown", "why": entry.why}
    return about | {
        "id": name_of(entry.path),
        "role": found.role,
        "family": found.family,
        "variant": found.variant,
        "spelling": found.spelling,
        "prediction": found.prediction,
        "fits": list(found.fits),
        "rank": found.rank,
        "precision": entry.precision,
        "parameters": entry.parameters,
        "title": entry.title,
        "identity": entry.identity,
    }
