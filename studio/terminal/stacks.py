"""`library stack`, `library stacks`, and a stack's models in place of flags: --model NAME."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from studio.library import models as library
from studio.library.stacks import FILLS, PLACES, Stack, Stacks
from studio.spec.card import Card
from studio.spec.check import check
from studio.spec.refusal import Refusal
from studio.terminal.session import Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.handlers import JobHandlers

EXAMPLE = "A stack is tried with these words"
"""A prompt for the request that shows whether its models fit one another."""


def with_stack(args: Namespace, session: Session) -> Namespace:
    """The arguments of a clip with the models of the stack that --model names, where it names one;
    a flag that was given stays, and its upscaler is used where larger frames are wanted."""
    stack = Stacks(session.folders.stacks).all().get(args.model)
    if stack is None:
        return args
    chosen = {role: getattr(args, role) or id for role, id in stack.items() if role != "model"}
    if not args.upsample and not args.upscaler:
        chosen.pop("upscaler", None)
    return Namespace(**{**vars(args), **chosen, "model": stack["model"]})


def keep(args: Namespace, session: Session) -> Answer:
    """Keep a stack after looking whether its models are there and fit; show it, or forget it."""
    stacks = Stacks(session.folders.stacks)
    named = {role: id for role in PLACES if (id := getattr(args, role))}
    if args.remove:
        stacks.remove(args.name)
        return Answer(f"The stack {args.name} is forgotten.", {"name": args.name})
    if not named:
        return _shown(args.name, stacks)
    named.setdefault("model", named.get("keyframes_model", ""))
    if not named["model"]:
        raise Refusal("Nothing makes the keyframes.", "Add --model or --keyframes-model.")
    if named.get("keyframes_model") == named["model"]:
        del named["keyframes_model"]
    _check_fit(args.name, named, session.handlers())
    stacks.put(args.name, named)
    return Answer(_line(args.name, named), {"name": args.name, **named})


def list_all(_: Namespace, session: Session) -> Answer:
    """Every stack and its models."""
    stacks = Stacks(session.folders.stacks).all()
    lines = [_line(name, stack) for name, stack in stacks.items()]
    return Answer("\n".join(lines or ["There are no stacks."]), {"stacks": stacks})


def _shown(name: str, stacks: Stacks) -> Answer:
    stack = stacks.all().get(name)
    if stack is None:
        raise Refusal(f"There is no stack “{name}”.", "Make it: add --model and other flags.")
    return Answer(_line(name, stack), {"name": name, **stack})


def _line(name: str, stack: Stack) -> str:
    return f"{name}: " + ", ".join(f"{role.replace('_', '-')} {id}" for role, id in stack.items())


def _check_fit(name: str, stack: Stack, handlers: JobHandlers) -> None:
    """Refuse models that are missing, cannot take their role, or do not fit one another; and a name
    that a model has."""
    folders = handlers.model_folders
    if library.is_known(name, folders):
        raise Refusal(f"A model is called “{name}”.", "Give the stack another name.")
    card = library.card_of(stack["model"], folders)
    others = dict(_cards(stack, folders))
    between, larger = (others.get(role, card) for role in ("interpolator", "upscaler"))
    request = card.request(
        EXAMPLE,
        0,
        (),
        parts=tuple(other.part((), (role,)) for role, other in others.items()),
        interpolate=between.passes,
        upsample=larger.upsampling if "upscaler" in others else None,
    )
    check(request, card)


def _cards(stack: Stack, folders: Iterable[Path]) -> Iterable[tuple[str, Card]]:
    """By role the cards of the models that are named for it."""
    for flag, roles in FILLS.items():
        if flag not in stack:
            continue
        card = library.card_of(stack[flag], folders)
        filled = [role for role in roles if role in card.roles]
        if not filled:
            raise Refusal(
                f"{card.name} cannot be used with --{flag.replace('_', '-')}.", "Choose another."
            )
        yield from ((role, card) for role in filled)
