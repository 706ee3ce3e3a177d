"""`library scan`: what models lie in folders, and why a weight file is none."""

from argparse import Namespace

from studio.library.scan import Entry, Scan, scan
from studio.library.scan_index import Index
from studio.media.places import is_folder, place
from studio.spec.quantities import count, memory
from studio.spec.refusal import Refusal
from studio.terminal.session import Session
from studio.terminal.voice import Answer


def scan_folders(args: Namespace, session: Session) -> Answer:
    """The models in the named folders, or in the studio's own: a line each, then how many."""
    folders = [place(folder) for folder in args.folders] or [session.folders.models]
    for folder in folders:
        if not is_folder(folder):
            raise Refusal(f"{folder} is no folder.", "Name a folder that holds models.")
    found = scan(folders, Index(session.folders.models_index), session.tick)
    for folder in found.unread:
        session.voice.remark(f"{folder} cannot be read.")
    return Answer("\n".join([*map(_line, found.entries), _summary(found)]), _facts(found))


def _line(entry: Entry) -> str:
    if entry.found is None:
        return f"  unknown  {entry.path}: {entry.why}"
    return f"  {entry.found}  {entry.path} ({memory(entry.size)}, {entry.precision})"


def _summary(found: Scan) -> str:
    kinds = [
        f"{number} unknown" if role == "unknown" else count(number, role)
        for role, number in found.counts().items()
    ]
    return f"Found {', '.join(kinds)}." if kinds else "Found no models."


def _facts(found: Scan) -> dict[str, object]:
    return {
        "counts": found.counts(),
        "models": [_fact(entry) for entry in found.entries],
        "unread": [str(path) for path in found.unread],
    }


def _fact(entry: Entry) -> dict[str, object]:
    about: dict[str, object] = {"path": str(entry.path), "bytes": entry.size}
    if (found := entry.found) is None:
        return about | {"role": "unknown", "why": entry.why}
    return about | {
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
