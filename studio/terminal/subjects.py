"""`subject …`: photos to a subject, and what becomes of it."""

from __future__ import annotations

import hashlib
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.library import models as library
from studio.media.places import place
from studio.project.plain import to_plain
from studio.project.subject import Subject, checked_name
from studio.project.subjects import SubjectStore
from studio.spec.refusal import Refusal
from studio.spec.subjects import FEWEST_PHOTOS, MOST_PHOTOS
from studio.terminal.consent import person_who_agreed
from studio.terminal.session import KEPT, Session
from studio.terminal.voice import Answer, lasting

if TYPE_CHECKING:
    from studio.jobs.work import Works


def train(said: Namespace, session: Session) -> Answer:
    """Make a subject from photos, or go on with one, and train it."""
    works = session.works()
    library.find(said.model, works.model_folders)
    name = checked_name(said.name)
    if said.steps is not None and said.steps < 1:
        raise Refusal(f"{said.steps} steps teach nothing.", "Use 1 step or more.")
    if said.resume:
        subject = _begun(name, said, works.subjects)
    else:
        subject = _adopted(name, said, session, works.subjects)
    return trained(subject, said.model, session, works)


def trained(subject: Subject, model: str, session: Session, works: Works) -> Answer:
    """Train a subject of the store with the method and steps that it was given."""
    started = time.monotonic()
    payload = {
        "subject": subject.name,
        "method": subject.method,
        "steps": subject.steps,
        "resume": True,
        "model": model,
    }
    going_on = session.command("subject", "train", "--resume", name=subject.name, model=model)
    session.if_stopped(f"{KEPT} {going_on}")
    made = session.do(works, "train_subject", payload)
    for note in made["notes"]:
        session.voice.remark(note)
    subject = works.subjects.get(subject.name)
    prompt = f"a {subject.token} {subject.class_noun} moving right"
    out = f"./{subject.name}.mp4"
    use = session.command("generate", prompt, subject=subject.name, out=out)
    seconds, losses = time.monotonic() - started, made["losses"]
    facts = {
        **_facts(subject),
        "seconds": round(seconds, 3),
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
    }
    return Answer(
        f"“{subject.name}” is trained ({subject.trained_steps} steps, {lasting(seconds)}). "
        f"Use it: {use}",
        facts,
    )


def list_all(said: Namespace, session: Session) -> Answer:
    """Every subject, a line each."""
    store = SubjectStore(session.folders.subjects)
    subjects = store.list()
    lines = [
        f"{s.name}: {s.class_noun}, {len(s.photos)} photos, "
        + (f"{s.method}, {s.trained_steps} steps" if s.is_trained else "not trained")
        for s in subjects
    ]
    lines += [f"{name}: damaged, cannot be read" for name in store.damaged()]
    words = "\n".join(lines) or "There are no subjects yet; make one with: subject train PHOTOS"
    facts = {"subjects": [_facts(s) for s in subjects], "damaged": list(store.damaged())}
    return Answer(words, facts)


def show(said: Namespace, session: Session) -> Answer:
    """Everything known of one subject."""
    subject = SubjectStore(session.folders.subjects).get(said.name)
    facts = to_plain(subject) | {"trained": subject.is_trained}
    photos = ", ".join(photo.name for photo in subject.photos)
    trained_with = f"{subject.method}, {subject.trained_steps} steps"
    lines = [
        f"name         {subject.name}",
        f"prompt words {subject.token} {subject.class_noun}",
        f"photos       {len(subject.photos)}: {photos}",
        f"trained      {trained_with if subject.is_trained else 'no'}",
    ]
    return Answer("\n".join(lines), facts)


def remove(said: Namespace, session: Session) -> Answer:
    """Put a subject into the bin."""
    store = SubjectStore(session.folders.subjects)
    name = store.get(said.name).name
    store.remove(name)
    return Answer(
        f"“{name}” is in the bin. To have it back, move its folder out of there: {store.binned}",
        {"removed": name, "bin": str(store.binned)},
    )


def _begun(name: str, said: Namespace, store: SubjectStore) -> Subject:
    """The subject that was begun, with what this command changes; its photos stay its own."""
    subject = store.get(name)
    kept = {photo.identity for photo in subject.photos}
    if said.photos and not _identities(_found(said.photos)) <= kept:
        raise Refusal(
            f"“{name}” was begun with other photos.",
            "Leave the photos out to go on, or train a new subject under another name.",
        )
    for asked, has in ((said.class_noun, subject.class_noun), (said.token, subject.token)):
        if asked not in (None, has):
            raise Refusal(f"“{name}” was begun with “{has}”, not “{asked}”.", "Leave it out.")
    method = said.method or subject.method
    steps = subject.steps if said.steps is None else said.steps
    if subject.is_trained and (method, steps) == (subject.method, subject.steps):
        raise Refusal(f"“{name}” is trained already.", "Use it, or ask for other --steps.")
    return store.update(replace(subject, method=method, steps=steps))


def _adopted(name: str, said: Namespace, session: Session, store: SubjectStore) -> Subject:
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
            "Choose another name, or add --resume to go on with its training.",
        )
    person = person_who_agreed(noun, said, session)
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
    from studio.media.photo import open_photo
    from studio.spec.progress import Progress

    photos = _found(places)
    if not FEWEST_PHOTOS <= len(photos) <= MOST_PHOTOS:
        hint = "Add photos that show it from several sides."
        raise Refusal(
            f"A subject needs {FEWEST_PHOTOS} to {MOST_PHOTOS} photos; there are {len(photos)}.",
            hint if len(photos) < FEWEST_PHOTOS else "Leave some out.",
        )
    for done, photo in enumerate(photos):
        session.tick(Progress("reading photos", done, len(photos)))
        open_photo(photo, longest=1024)
    return photos


def _found(places: Sequence[str]) -> tuple[Path, ...]:
    from studio.media.photo import find_photos

    return find_photos([place(asked) for asked in places])


def _identities(photos: Sequence[Path]) -> set[str]:
    return {hashlib.sha256(photo.read_bytes()).hexdigest() for photo in photos}


def _facts(subject: Subject) -> dict[str, object]:
    return {
        "name": subject.name,
        "class_noun": subject.class_noun,
        "token": subject.token,
        "photos": len(subject.photos),
        "method": subject.method,
        "trained": subject.is_trained,
        "trained_steps": subject.trained_steps,
    }
