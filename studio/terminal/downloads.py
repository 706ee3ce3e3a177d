"""`library download`, `downloads`, `token`: the only commands that open a connection, each when asked."""

import getpass
import sys
from argparse import Namespace
from collections.abc import Sequence
from functools import cache, partial

from studio.downloads import access_token, hub
from studio.downloads.asking import LookUp, licence_card, look_ups
from studio.downloads.connections import ConnectionLog
from studio.downloads.downloading import download, left_to_come
from studio.downloads.journal import READY, Journal, Record
from studio.downloads.links import PICKLES
from studio.downloads.offer import FIRST, Offer
from studio.downloads.online import Online, online
from studio.downloads.pending import bytes_here
from studio.downloads.together import together
from studio.jobs.handlers import BUILT_IN
from studio.library.catalogue import Catalogue, CatalogueModel, read_catalogue
from studio.library.scan import Entry, scan
from studio.project.files import check_writable
from studio.spec.progress import PULSE
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal
from studio.terminal.consent import YES, answered
from studio.terminal.session import KEPT, Session
from studio.terminal.voice import Answer

CATALOGUE = BUILT_IN / "catalogue.toml"


def download_models(args: Namespace, session: Session) -> Answer:
    """Show licence and size, ask, download, check, say what came; without a name, what there is."""
    catalogue = read_catalogue(CATALOGUE)
    if not args.name:
        return _offered(catalogue)
    wanted = look_ups(args.name, args.sha256, lambda: catalogue)
    check_writable(session.folders.models)
    token = cache(access_token.stored)  # asked for once, and only if the hub wants it
    session.if_stopped(f"{KEPT} {session.again()}")
    with online(ConnectionLog(session.folders.connections)) as door:
        offers = _looked_up(wanted, token, door, session)
        _ask(offers, args, session)
        journal = Journal(session.folders.downloads)
        records = download(
            offers, session.folders.models, journal, token, door, session.voice.say, session.tick
        )
    return _came(offers, records, session)


def list_downloads(_: Namespace, session: Session) -> Answer:
    """Every download: ready, or how much of it is here and how to go on."""
    journal = Journal(session.folders.downloads)
    lines, facts = [], []
    for record in journal.all():
        here = bytes_here(record, session.folders.models)
        whole = sum(file.size or 0 for file in record.files)
        runs = journal.is_running(record.id)
        lines.append(f"  {_state(record, here, whole, runs, session)}")
        facts.append(_fact(record, here, whole) | {"running": runs})
    log = session.folders.connections
    words = [*(lines or ["Nothing was downloaded."]), f"Every connection is in {log}."]
    return Answer("\n".join(words), {"downloads": facts, "log": str(log)})


def change_token(args: Namespace, session: Session) -> Answer:
    """Keep the token that is typed or piped in, or forget the one there is."""
    if args.forget:
        was = access_token.forget()
        words = "The token is forgotten." if was else "There was no token."
        return Answer(words, {"forgotten": was})
    access_token.keep(_typed_token(session))
    return Answer("The token is in the system's keyring.", {"kept": True})


def _typed_token(session: Session) -> str:
    """Typed unseen, or the first line of what is piped in; never a word of the command line."""
    if sys.stdin and sys.stdin.isatty():
        with session.interrupt.at_once():
            return getpass.getpass("Token (from huggingface.co/settings/tokens): ")
    return sys.stdin.readline() if sys.stdin else ""


def _looked_up(
    wanted: Sequence[LookUp],
    token: hub.Token,
    door: Online,
    session: Session,
) -> list[Offer]:
    calls = [partial(look, token, door) for look in wanted]
    return together(calls, door, session.voice.say, lambda: session.tick(PULSE))


def _ask(offers: Sequence[Offer], args: Namespace, session: Session) -> None:
    """Show what would come; refused without a yes."""
    models, journal = session.folders.models, Journal(session.folders.downloads)
    left = left_to_come(offers, models, journal)
    if left == 0:
        return
    for offer in offers:
        session.voice.say("\n  ".join(licence_card(offer)))
    size = memory(left) if left is not None else "an unknown number of bytes"
    if args.yes:
        return
    if answered(f"Download {size} under these licences? [y/N] ", session) not in YES:
        raise Refusal(f"Nothing was downloaded: {size} would come.", "Add --yes to say yes.")


def _offered(catalogue: Catalogue) -> Answer:
    lines = ["Bundles by graphics card:"]
    lines += [f"  {b.id}: {b.does} ({', '.join(b.models)})" for b in catalogue.bundles]
    lines.append("Models:")
    lines += [f"  {_named(model)}" for model in catalogue.models]
    lines.append("Not offered, opened where you bring the files:")
    lines += [f"  {other.name}: {other.why}." for other in catalogue.not_offered]
    facts = {
        "bundles": [{"id": b.id, "card": b.card, "models": b.models} for b in catalogue.bundles],
        "models": [
            {"id": m.id, "name": m.name, "role": m.role, "family": m.family, "licence": m.licence}
            for m in catalogue.models
        ],
        "not_offered": [{"id": o.id, "why": o.why} for o in catalogue.not_offered],
    }
    return Answer("\n".join(lines), facts)


def _named(model: CatalogueModel) -> str:
    not_yet = f" {model.not_yet}" if model.not_yet else ""
    return f"{model.id}: {model.name} ({model.role}; {model.licence}).{not_yet}"


def _came(offers: Sequence[Offer], records: Sequence[Record], session: Session) -> Answer:
    """Where everything is, what it was checked against, and what a scan of it finds."""
    models = session.folders.models
    folders = list(dict.fromkeys(models / offer.folder for offer in offers))
    came = {models / offer.folder / file.path for offer in offers for file in offer.files}
    found = [e for e in scan(folders, tick=session.tick).entries if e.path in {*came, *folders}]
    lines = [f"{record.name} is in {models / record.folder}: {_how(record)}." for record in records]
    lines += [f"  {_scanned(entry, session)}" for entry in found]
    facts = {
        "downloads": [_fact(r, *[sum(f.size or 0 for f in r.files)] * 2) for r in records],
        "models": [{"path": str(e.path), "is": str(e.found or e.why)} for e in found],
    }
    return Answer("\n".join(lines), facts)


def _scanned(entry: Entry, session: Session) -> str:
    """What a scan makes of a file, and what to do with one that nothing reads yet."""
    if entry.path.suffix.lower() in PICKLES:
        convert = session.command("library", "convert", str(entry.path))
        return f"{entry.path} is a pickle; use it after: {convert}"
    return f"{entry.found or entry.why}  {entry.path}"


def _how(record: Record) -> str:
    against = {file.checked for file in record.files}
    return f"checksum {FIRST}" if against == {FIRST} else f"checked ({', '.join(sorted(against))})"


def _state(record: Record, here: int, whole: int, runs: bool, session: Session) -> str:
    if record.state == READY:
        if here < whole:
            return (
                f"{record.name}: files are missing; bring them back with: {_again(record, session)}"
            )
        return f"{record.name}: ready, {memory(whole)}, {_how(record)}"
    why = f" {record.why}" if record.why else ""
    of = f" of {memory(whole)}" if whole else ""
    if runs:
        return f"{record.name}: {memory(here)}{of} here, being downloaded now"
    return f"{record.name}: {memory(here)}{of} here.{why} Go on with: {_again(record, session)}"


def _again(record: Record, session: Session) -> str:
    return session.command("library", "download", record.source)


def _fact(record: Record, here: int, whole: int) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "source": record.source,
        "licence": record.licence,
        "state": record.state,
        "why": record.why,
        "bytes": here,
        "of": whole,
        "files": [{"path": f.path, "sha256": f.found, "checked": f.checked} for f in record.files],
    }
