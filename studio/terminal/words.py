"""Words of `generate`: LoRAs, wildcards, embeddings and weights resolved, and what is said about them."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from studio.library import models as library
from studio.library.reading import first_unread
from studio.spec.prompts import foreign_marks, with_subject
from studio.spec.request import ClipRequest
from studio.spec.tags import Wanted, strength_of
from studio.spec.vocabulary import unknown_words
from studio.spec.wording import reads_weights
from studio.spec.wording import worded as resolved
from studio.terminal.session import Session

if TYPE_CHECKING:
    from studio.jobs.handlers import JobHandlers


def worded(
    request: ClipRequest, args: Namespace, handlers: JobHandlers, session: Session
) -> ClipRequest:
    """The request with nothing open in its words, and the LoRAs of --lora; refused where something
    that is named is missing."""
    shelf = handlers.shelf(session.tick)
    for flag in args.lora_like:
        name, _, like = flag.partition(":")
        shelf.answer(name, "" if like.strip().casefold() == "none" else like.strip())
    return resolved(request, _loras(args.lora), shelf)


def _loras(flags: list[str]) -> Wanted:
    """NAME[:STRENGTH], each; a name cannot hold a colon."""
    parts = [flag.partition(":") for flag in flags]
    return tuple(
        (name, strength_of(strength if colon else None, f"--lora {name}{colon}{strength}"))
        for name, colon, strength in parts
    )


def remark(request: ClipRequest, typed: str, model: library.Model, session: Session) -> None:
    """What is made of words that do not say it themselves, and which mean nothing."""
    if request.prompt != typed.strip() and request.prompt != typed:
        session.voice.remark(f"The prompt is: {request.prompt}")
    for use in request.loras:
        session.voice.remark(f"With the LoRA “{use.name}” at {use.strength:g}.")
    _name_unknown_words(request, model, session)
    if not request.reading:
        _name_cut_words(request, model, session)


def _name_unknown_words(request: ClipRequest, model: library.Model, session: Session) -> None:
    marks = () if reads_weights(request) else foreign_marks(request.prompt)
    if marks:
        session.voice.remark(
            f"Weights and tags of other programs mean nothing to {model.card.name}, and are read as "
            f"words: {', '.join(marks[:4])}."
        )
    if (vocabulary := model.card.subjects.words) is None:
        return
    use = request.subject
    taught = {use.token.lower(), *use.class_noun.lower().split()} if use else set()
    found = (request.prompt[start:end] for start, end in unknown_words(request.prompt, vocabulary))
    if strange := [word for word in found if word.lower() not in taught]:
        session.voice.remark(f"{model.card.name} does not know: {', '.join(strange[:8])}.")


def _name_cut_words(request: ClipRequest, model: library.Model, session: Session) -> None:
    use = request.subject
    prompt = with_subject(request.prompt, use.token, use.class_noun) if use else request.prompt
    for what, text in (("prompt", prompt), ("negative prompt", request.negative)):
        if word := first_unread(model, text):
            session.voice.remark(
                f"The {what} is longer than {model.card.name} can read: "
                f"the first word that is not read is “{word}”."
            )
