"""`subject import`: a LoRA of somebody else becomes a subject, or a version of one."""

from __future__ import annotations

from argparse import Namespace

from studio.jobs.subject_import import Brought, look, matched
from studio.jobs.subject_import import take_in as keep
from studio.media.places import place
from studio.project.subject import Subject, checked_name
from studio.spec.quantities import listed
from studio.spec.refusal import Refusal
from studio.terminal.consent import answered, person_who_agreed
from studio.terminal.session import Session
from studio.terminal.voice import Answer


def take_in(args: Namespace, session: Session) -> Answer:
    """All is checked before anything is written."""
    handlers = session.handlers()
    name, file = checked_name(args.name), place(args.file).absolute()
    if not file.is_file():
        raise Refusal(f"There is no file {file}.", "Name a .safetensors file.")
    brought = look(file)
    sentence, network = matched(brought, args.model, handlers.model_folders, handlers.models)
    store = handlers.subjects
    there = store.get(name) if name in store.names() else None
    subject = _known(there, args) if there else _new(name, brought, args, session)
    session.folders.make()
    keep(store, subject, brought, network)
    prompt = f"a {subject.token} {subject.class_noun} moving right"
    use = session.command("generate", prompt, subject=name, out=f"./{name}.mp4")
    words = f" It was taught: {listed(list(brought.words))}." if brought.words else ""
    return Answer(
        f"{sentence}{words}\n“{name}” can be used with every model of {network}: {use} --model …",
        {"name": name, "network": network, "words": list(brought.words), "matched": sentence},
    )


def _known(subject: Subject, args: Namespace) -> Subject:
    """A subject that there is: its words are those that it has."""
    for given, has in ((args.class_noun, subject.class_noun), (args.token, subject.token)):
        if given not in (None, has):
            raise Refusal(f"“{subject.name}” is called “{has}”, not “{given}”.", "Leave it out.")
    return subject


def _new(name: str, brought: Brought, args: Namespace, session: Session) -> Subject:
    taught = f" It was taught: {listed(list(brought.words))}." if brought.words else ""
    noun = (args.class_noun or answered(f"{taught} What does it show? ".lstrip(), session)).strip()
    if not noun:
        raise Refusal(f"Nothing says what the LoRA shows.{taught}", "Add --class-noun, e.g. dog.")
    token = (args.token or answered("Which word calls it? ", session)).strip()
    if not token or len(token.split()) > 1:
        raise Refusal(
            f"Nothing says which word calls what the LoRA shows.{taught}",
            "Add --token with one word, e.g. sks.",
        )
    person = person_who_agreed(noun, args, session)
    return Subject(name, noun, token, is_person=person, consent=person)
