"""`subject …`: photos to a subject, and what becomes of it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from studio.media.places import place
from studio.project.plain import to_plain
from studio.project.subject import Subject, Version
from studio.project.subjects import SubjectStore
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.subjects import FEWEST_PHOTOS, MOST_PHOTOS, names_person
from studio.terminal.session import Session
from studio.terminal.voice import Answer

CONSENT = (
    "Training lets anyone with this computer make moving pictures of this person.\n"
    "Is it you, or did this person agree? [y/N] "
)


def list_all(said: Namespace, session: Session) -> Answer:
    """Every subject, a line each."""
    store = SubjectStore(session.folders.subjects)
    subjects = store.list()
    lines = [
        f"{s.name}: {s.class_noun}, {count(len(s.photos), 'photo')}, {_trained_with(s) or 'not trained'}"
        for s in subjects
    ]
    damaged = store.damaged()
    lines += [f"{name}: damaged, cannot be read" for name in damaged]
    words = "\n".join(lines) or "There are no subjects yet; make one with: subject train PHOTOS"
    _say_restored(store, session)
    return Answer(words, {"subjects": [facts_of(s) for s in subjects], "damaged": list(damaged)})


def show(said: Namespace, session: Session) -> Answer:
    """Everything known of one subject."""
    store = SubjectStore(session.folders.subjects)
    subject = store.get(said.name)
    photos = ", ".join(photo.name for photo in subject.photos)
    lines = [
        f"name         {subject.name}",
        f"prompt words {subject.token} {subject.class_noun}",
        f"photos       {len(subject.photos)}: {photos}",
        f"trained      {_trained_with(subject) or 'no'}",
    ]
    begun, step = store.standing(subject, subject.method)
    if begun and not begun.is_finished:
        lines.append(f"in training  {begun.method}, {step} of {count(begun.steps, 'step')}")
    _say_restored(store, session)
    return Answer("\n".join(lines), to_plain(subject) | {"trained": subject.is_trained})


def versions(said: Namespace, session: Session) -> Answer:
    """Every version of a subject; with --use another one is used."""
    store = SubjectStore(session.folders.subjects)
    subject, there = store.get(said.name), store.versions(said.name)
    if said.use is not None:
        if not 1 <= said.use <= len(there):
            raise Refusal(
                f"“{subject.name}” has no version {said.use}.",
                f"See those there are: {session.command('subject', 'versions', subject.name)}",
            )
        subject = store.use_version(subject.name, there[said.use - 1].file)
    lines = [_version(k, v, v.file in subject.used) for k, v in enumerate(there, 1)]
    plain = [to_plain(v) | {"used": v.file in subject.used} for v in there]
    words = "\n".join(lines) or f"“{subject.name}” is not trained yet."
    return Answer(words, {"name": subject.name, "versions": plain})


def _version(number: int, version: Version, used: bool) -> str:
    made = version.made[:16].replace("T", " ") or "some time ago"
    steps = version.trained_steps
    learned = f"{steps} step{'s' * (steps != 1)}" if steps else "steps unknown"
    model = version.model_name or "model unknown"
    parts = (f"{number}: {made}", version.method, learned, model, *(["in use"] if used else []))
    return ", ".join(parts)


def _trained_with(subject: Subject) -> str:
    version = subject.version()
    return f"{version.method}, {count(version.trained_steps, 'step')}" if version else ""


def _say_restored(store: SubjectStore, session: Session) -> None:
    for name in store.restored():
        session.voice.remark(
            f"What is known of “{name}” was damaged; this is what was known before, with all its "
            "versions. The damaged file will be kept beside it."
        )


def remove(said: Namespace, session: Session) -> Answer:
    """Put a subject into the bin, also one that cannot be read."""
    store = SubjectStore(session.folders.subjects)
    name = store.remove(said.name)
    return Answer(
        f"“{name}” is in the bin. To have it back, move its folder out of there: {store.binned}",
        {"removed": name, "bin": str(store.binned)},
    )


def adopted(name: str, said: Namespace, session: Session, store: SubjectStore) -> Subject:
    """A new subject with copies of the photos, each of which has been opened once."""
    noun = (said.class_noun or "").strip()
    if not noun:
        raise Refusal("Nothing says what the subject is.", "Add --class-noun, e.g. dog.")
    token = "sks" if said.token is None else said.token.strip()
    if not token or len(token.split()) > 1:
        raise Refusal(f"“{token}” is no token.", "Use one rare word, e.g. sks.")
    if name in store.names():
        raise Refusal(
            f"There is a subject called “{name}” already.",
            "Choose another name, add --resume to go on with its training, or --anew.",
        )
    person = said.person or names_person(noun)
    if person and not said.consent:
        ask_consent(session)
    photos = _checked(said.photos, session)
    session.folders.make()
    subject = Subject(
        name,
        noun,
        token,
        method=said.method or "lora",
        steps=said.steps or 0,
        is_person=person,
        consent=person,
    )
    return store.adopt(subject, photos)


def _checked(places: Sequence[str], session: Session) -> tuple[Path, ...]:
    photos = found(places)
    if not FEWEST_PHOTOS <= len(photos) <= MOST_PHOTOS:
        hint = "Add photos that show it from several sides."
        raise Refusal(
            f"A subject needs {FEWEST_PHOTOS} to {MOST_PHOTOS} photos; there "
            f"{'is' if len(photos) == 1 else 'are'} {len(photos)}.",
            hint if len(photos) < FEWEST_PHOTOS else "Leave some out.",
        )
    open_each(photos, session)
    return photos


def open_each(photos: Sequence[Path], session: Session) -> None:
    """Open every photo once, so that one which cannot be is named before anything is made."""
    from studio.media.photo import open_photo
    from studio.spec.progress import Progress

    for done, photo in enumerate(photos):
        session.tick(Progress("reading photos", done, len(photos)))
        open_photo(photo, longest=1024)


def found(places: Sequence[str]) -> tuple[Path, ...]:
    """The photos in files and folders."""
    from studio.media.photo import find_photos

    return find_photos([place(asked) for asked in places])


def ask_consent(session: Session) -> None:
    """Ask for it in the terminal; refused without a yes, and where nobody can answer."""
    missing = Refusal(
        "A person is trained only with that person's consent.",
        "Add --consent if it is you, or if this person agreed.",
    )
    if not sys.stdin or not sys.stdin.isatty():
        raise missing
    sys.stderr.write(CONSENT)
    sys.stderr.flush()
    with session.interrupt.at_once():
        answer = sys.stdin.readline()
    if answer.strip().lower() not in ("y", "yes"):
        raise missing


def facts_of(subject: Subject) -> dict[str, object]:
    """A subject in JSON."""
    return {
        "name": subject.name,
        "class_noun": subject.class_noun,
        "token": subject.token,
        "photos": len(subject.photos),
        "method": subject.method,
        "trained": subject.is_trained,
        "trained_steps": subject.trained_steps,
    }
