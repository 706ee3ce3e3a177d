"""`subject …`: photos to a subject, and what becomes of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.media.places import place
from studio.project.plain import to_plain
from studio.project.subject import Subject, Version
from studio.project.subject_versions import identity_of
from studio.project.subjects import SubjectStore
from studio.spec.quantities import count, listed
from studio.spec.refusal import Refusal
from studio.spec.subjects import FEWEST_PHOTOS, MOST_PHOTOS, is_ordinary
from studio.terminal.consent import person_who_agreed
from studio.terminal.session import Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    import numpy as np

    from studio.jobs.handlers import JobHandlers


def list_all(args: Namespace, session: Session) -> Answer:
    """Every subject, a line each."""
    store = SubjectStore(session.folders.subjects)
    subjects = store.list()
    lines = [
        f"{s.name}: {s.class_noun}, {count(len(s.photos), 'photo')}, {_trained_with(s) or 'not trained'}"
        for s in subjects
    ]
    damaged = store.damaged()
    lines += [f"{name}: damaged, cannot be read" for name in damaged]
    words = "\n".join(lines) or _none_yet(session)
    _say_restored(store, session)
    return Answer(words, {"subjects": [facts_of(s) for s in subjects], "damaged": list(damaged)})


def _none_yet(session: Session) -> str:
    first = session.command("subject", "train", "photos", name="rex", class_noun="dog")
    return f"There are no subjects yet. Make one of a folder of photos: {first}"


def show(args: Namespace, session: Session) -> Answer:
    """Everything known of one subject."""
    store = SubjectStore(session.folders.subjects)
    subject = store.get(args.name)
    photos = ", ".join(photo.name for photo in subject.photos)
    lines = [
        f"name         {subject.name}",
        f"prompt words {subject.token} {subject.class_noun}",
        f"photos       {len(subject.photos)}: {photos}",
        f"trained      {_trained_with(subject) or 'no'}",
    ]
    training, step = store.standing(subject, subject.method)
    if training and not training.is_finished:
        lines.append(f"in training  {training.method}, {step} of {count(training.steps, 'step')}")
    _say_restored(store, session)
    return Answer("\n".join(lines), to_plain(subject) | {"trained": subject.is_trained})


def versions(args: Namespace, session: Session) -> Answer:
    """Every version of a subject; with --use another one is used."""
    store = SubjectStore(session.folders.subjects)
    subject, there = store.get(args.name), store.versions(args.name)
    if args.use is not None:
        if not 1 <= args.use <= len(there):
            raise Refusal(
                f"“{subject.name}” has no version {args.use}.",
                f"See those there are: {session.command('subject', 'versions', subject.name)}",
            )
        subject = store.use_version(subject.name, there[args.use - 1].file)
    lines = [_version(k, v, v.file in subject.used) for k, v in enumerate(there, 1)]
    plain = [to_plain(v) | {"used": v.file in subject.used} for v in there]
    words = "\n".join(lines) or f"“{subject.name}” is not trained yet."
    return Answer(words, {"name": subject.name, "versions": plain})


def _version(number: int, version: Version, used: bool) -> str:
    made = version.made[:16].replace("T", " ") or "some time ago"
    steps = version.trained_steps
    learned = count(steps, "step") if steps else "steps unknown"
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


def remove(args: Namespace, session: Session) -> Answer:
    """Put a subject into the bin, also one that cannot be read."""
    store = SubjectStore(session.folders.subjects)
    name = store.remove(args.name)
    return Answer(
        f"“{name}” is in the bin. To have it back, move its folder out of there: {store.binned}",
        {"removed": name, "bin": str(store.binned)},
    )


def adopted(name: str, args: Namespace, session: Session, handlers: JobHandlers) -> Subject:
    """A new subject with copies of the photos, each of which has been opened once."""
    noun = (args.class_noun or "").strip()
    if not noun:
        raise Refusal("Nothing says what the subject is.", "Add --class-noun, e.g. dog.")
    token = "sks" if args.token is None else args.token.strip()
    if not token or len(token.split()) > 1:
        raise Refusal(f"“{token}” is no token.", "Use one rare word, e.g. sks.")
    if name in handlers.subjects.names():
        raise Refusal(
            f"There is a subject called “{name}” already.",
            "Choose another name, add --resume to go on with its training, or --anew.",
        )
    if is_ordinary(token):
        session.voice.remark(
            f"“{token}” is an ordinary word: prompts that mean something else by it will show "
            f"“{name}” as well. A rare one is better, e.g. sks."
        )
    person = person_who_agreed(noun, args, session)
    photos = _checked(args.photos, session, handlers.read)
    session.folders.make()
    subject = Subject(
        name,
        noun,
        token,
        method=args.method or "lora",
        steps=args.steps or 0,
        is_person=person,
        consent=person,
    )
    return handlers.subjects.adopt(subject, photos)


def _checked(
    places: Sequence[str], session: Session, read: dict[str, np.ndarray]
) -> tuple[Path, ...]:
    """The photos to learn from, each opened once; what is left out is printed."""
    from studio.media.choosing import most_different

    photos = open_each(found(places, session), session, read)
    if len(photos) < FEWEST_PHOTOS:
        raise Refusal(
            f"A subject needs {FEWEST_PHOTOS} to {MOST_PHOTOS} photos; there "
            f"{'is' if len(photos) == 1 else 'are'} {len(photos)}.",
            "Add photos that show it from several sides.",
        )
    kept = most_different(list(photos.values()), MOST_PHOTOS)
    names = list(photos)
    if left := [path.name for number, path in enumerate(names) if number not in set(kept)]:
        session.voice.remark(
            f"Of {len(names)} photos the {MOST_PHOTOS} most different are used; "
            f"left out: {listed(left)}."
        )
    return tuple(names[number] for number in kept)


def open_each(
    photos: Sequence[Path], session: Session, read: dict[str, np.ndarray]
) -> dict[Path, np.ndarray]:
    """Open every photo once, so that one which cannot be is named before anything is made.

    Gives what each looks like; of those that show the same the first counts, which is printed.  What
    may be learned from goes to `read`, by identity.
    """
    from studio.jobs.subject_training import LONGEST, READING
    from studio.media.choosing import check_teaches, double_of, look
    from studio.media.photo import open_photo
    from studio.spec.progress import Progress

    looks: dict[Path, np.ndarray] = {}
    for done, photo in enumerate(photos):
        session.tick(Progress(READING, done, len(photos), note=photo.name))
        pixels = open_photo(photo, longest=LONGEST, tick=session.tick)
        check_teaches(photo.name, pixels)
        new = look(pixels)
        same = double_of(new, list(looks.values()))
        if same is None:
            looks[photo] = new
            if len(read) < MOST_PHOTOS:
                read[identity_of(photo)] = pixels
        else:
            first = list(looks)[same].name
            session.voice.remark(f"{photo.name} shows the same as {first}; it counts once.")
    return looks


def found(places: Sequence[str], session: Session) -> tuple[Path, ...]:
    """The photos in files and folders; what lies beside them is counted and printed."""
    from studio.media.photo_files import find_photos, found_photos

    paths = [place(path) for path in places]
    photos = find_photos(paths)
    for remark in found_photos(paths).remarks:
        session.voice.remark(remark)
    return photos


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
