"""`subject train`: photos to a subject, begun, gone on with, learned on from."""

from __future__ import annotations

import hashlib
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.library import models as library
from studio.project import trainings
from studio.project.subject import MOST_STEPS, Subject, check_room, checked_name
from studio.project.subjects import SubjectStore
from studio.spec.plan import words as plan_words
from studio.spec.quantities import count, duration
from studio.spec.refusal import Refusal
from studio.terminal.arguments import DEFAULT_MODEL
from studio.terminal.session import KEPT, Session
from studio.terminal.subjects import adopted, facts_of, found, open_each
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.handlers import JobHandlers


def train(args: Namespace, session: Session) -> Answer:
    """Make a subject from photos, or go on with one, and train it."""
    handlers = session.handlers()
    name = checked_name(args.name)
    model = library.find(_model_of(name, args, handlers), handlers.model_folders)
    if args.steps is not None and args.steps < 1:
        raise Refusal(f"{args.steps} steps teach nothing.", "Use 1 step or more.")
    if args.steps is not None and args.steps > MOST_STEPS:
        raise Refusal("So many steps would never end.", f"Use {MOST_STEPS} at most.")
    _check_size(args.size, model)
    if args.method or not args.resume:  # before photos are taken in for nothing
        model.card.subjects.check(model.card.name, args.method or "lora")
    if args.plan:
        return plan(args, model, handlers)
    if not args.resume and not args.anew:
        subject = adopted(name, args, session, handlers)
        return trained(subject, model.card.id, session, handlers, size=args.size or 0)
    subject = _gone_on(name, args, model, session, handlers)
    method = args.method or subject.method
    steps = args.steps or (
        0 if args.anew or _is_started(subject, method, handlers) else subject.steps
    )
    return trained(
        replace(subject, method=method, steps=steps),
        model.card.id,
        session,
        handlers,
        anew=args.anew,
        size=args.size or 0,
    )


def _check_size(size: int | None, model: library.Model) -> None:
    """Refuse sides that the model's latents do not hold."""
    step, largest = model.card.size_multiple, model.card.largest
    if size is not None and (size < step or size > largest or size % step):
        raise Refusal(
            f"{model.card.name} learns no pictures of {size} pixels a side.",
            f"Use a multiple of {step} up to {largest}, or leave --size out.",
        )


def plan(args: Namespace, model: library.Model, handlers: JobHandlers) -> Answer:
    """What a training would take: nothing is loaded, nothing learned, no subject made."""
    method, steps = args.method or "lora", args.steps or model.card.subjects.steps
    needed = handlers.planner.plan_training(model, method, steps, args.size or 0)
    assert needed is not None  # what was not known was found out
    words = f"{count(steps, 'step')} by {method} with {model.card.name}. {plan_words.whole(needed)}"
    return Answer(words, {"takes": plan_words.facts(needed), "steps": steps, "method": method})


def trained(
    subject: Subject,
    model: str,
    session: Session,
    handlers: JobHandlers,
    *,
    anew: bool = False,
    size: int = 0,
) -> Answer:
    """Train a subject of the store with the method and steps that it is handed over with."""
    from studio.jobs.subject_training import order

    started, name = time.monotonic(), subject.name
    there = library.find(model, handlers.model_folders)
    payload = order(name, subject.method, subject.steps, there, anew=anew, size=size)
    how = {"name": name, "model": model, "method": subject.method}
    session.if_stopped(f"{KEPT} {session.command('subject', 'train', '--resume', **how)}")
    _say_what_is_replaced(subject, there, session)
    _say_what_it_takes(payload, there, session, handlers)
    made = session.do(handlers, "train_subject", payload)
    for note in made["notes"]:
        session.voice.remark(note)
    subject = handlers.subjects.get(name)
    prompt = f"a {subject.token} {subject.class_noun} moving right"
    use = session.command("generate", prompt, subject=name, model=model, out=f"./{name}.mp4")
    seconds, losses = time.monotonic() - started, made["losses"]
    facts = {
        **facts_of(subject),
        "seconds": round(seconds, 3),
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
    }
    return Answer(
        f"“{name}” is trained ({count(subject.trained_steps, 'step')}, {duration(seconds)}). Use it: {use}",
        facts,
    )


def _say_what_it_takes(
    payload: Mapping[str, Any], model: library.Model, session: Session, handlers: JobHandlers
) -> None:
    """By what is known: to find out more would keep everybody waiting (`--plan` does)."""
    method, size = payload["method"], payload["size"]
    steps = payload["steps"] or model.card.subjects.steps
    known = handlers.planner.plan_training(model, method, steps, size, find_out=False)
    if known and known.peak is not None:
        session.voice.say(f"{count(steps, 'step')}. {plan_words.whole(known)}")


def _say_what_is_replaced(subject: Subject, model: library.Model, session: Session) -> None:
    if version := subject.version(model.weights):
        back = session.command("subject", "versions", subject.name)
        session.voice.say(
            f"The version in use now ({version.method}, {count(version.trained_steps, 'step')}) makes room "
            f"for the new one; it is kept: {back}"
        )


def _model_of(name: str, args: Namespace, handlers: JobHandlers) -> str:
    """The id of the model that is meant: without --model that which the subject was trained for."""
    if args.model or not (args.resume or args.anew):
        return args.model or DEFAULT_MODEL
    subject = handlers.subjects.get(name)
    earlier, _ = handlers.subjects.standing(subject, args.method or subject.method)
    version = subject.version()
    return (earlier and earlier.model) or (version and version.model) or DEFAULT_MODEL


def _is_started(subject: Subject, method: str, handlers: JobHandlers) -> bool:
    return handlers.subjects.standing(subject, method)[0] is not None


def _gone_on(
    name: str, args: Namespace, model: library.Model, session: Session, handlers: JobHandlers
) -> Subject:
    """The subject whose training goes on or begins anew; all is checked before anything is
    written."""
    store = handlers.subjects
    subject = store.get(name)
    for given, has in ((args.class_noun, subject.class_noun), (args.token, subject.token)):
        if given not in (None, has):
            raise Refusal(f"“{name}” was begun with “{has}”, not “{given}”.", "Leave it out.")
    photos = _added(subject, found(args.photos, session) if args.photos else ())
    method = args.method or subject.method
    weights = (model.card.id, model.card.name, model.weights)
    asked = ("anew" * args.anew, args.size or 0)
    order = trainings.wanted(subject, method, args.steps or 0, *weights, *asked)
    order = replace(order, photos=(*order.photos, *photos))
    earlier, _ = store.standing(subject, method)
    if photos and not (earlier and earlier.is_finished) and not args.anew:
        raise Refusal(
            f"“{name}” was begun with other photos.",
            "Leave the photos out to go on, or start anew with them: --anew.",
        )
    training, _ = trainings.decided(name, earlier, order, model.card.subjects.steps)
    if not args.anew:
        _check_something_to_learn(subject, earlier, training, store)
    if photos:
        open_each(list(photos.values()), session, handlers.read)
        return store.add_photos(name, list(photos.values()))
    return subject


def _check_something_to_learn(
    subject: Subject,
    earlier: trainings.Training | None,
    training: trainings.Training,
    store: SubjectStore,
) -> None:
    """Refuse where the training is over, and its adapter is there as it was made."""
    if earlier is None and subject.is_trained:
        raise Refusal(
            f"“{subject.name}” is trained already, and nothing is left to go on from.",
            "Use it, or start anew: --anew.",
        )
    if earlier is None or not earlier.is_finished or training != earlier:
        return
    if store.has_whole(subject.name, earlier.identity):
        raise Refusal(
            f"“{subject.name}” is trained already, with {count(earlier.steps, 'step')}.",
            f"Use it, ask for more than {earlier.steps} --steps, or start anew: --anew.",
        )


def _added(subject: Subject, photos: Sequence[Path]) -> dict[str, Path]:
    """Photos that the subject has not, by identity."""
    known = {photo.identity for photo in subject.photos}
    by_identity = {hashlib.sha256(photo.read_bytes()).hexdigest(): photo for photo in photos}
    added = {identity: path for identity, path in by_identity.items() if identity not in known}
    check_room(subject, len(added))
    return added
