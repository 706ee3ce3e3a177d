"""One role of a clip by another model: --keyframes-model, --holes-model, --between-model,
--decoder, --upscaler."""

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from studio.library import models as library
from studio.library.stacks import FILLS
from studio.spec.card import Card
from studio.spec.part import Part
from studio.spec.refusal import Refusal
from studio.spec.request import Upsampling
from studio.spec.sizes import snapped
from studio.terminal.session import Session


def others(args: Namespace, folders: Iterable[Path]) -> dict[str, library.Model]:
    """By role, the models that flags name for it; refused where one cannot fill any of its roles."""
    found: dict[str, library.Model] = {}
    for flag, roles in FILLS.items():
        if not (name := getattr(args, flag)):
            continue
        model = library.find(name, folders)
        filled = [role for role in roles if role in model.card.roles]
        if not filled:
            raise Refusal(
                f"{model.card.name} cannot be used with --{flag.replace('_', '-')}.",
                _those_that_can(roles, folders),
            )
        found |= dict.fromkeys(filled, model)
    return found


def upsampling(args: Namespace, card: Card) -> Upsampling | None:
    """How frames are made larger by the card; None where nobody asks for it."""
    if args.keyframes_only or not (args.upsample or args.upscaler):
        return None
    if card.upsampling is None:
        raise Refusal(f"{card.name} has no upsampler.", "Leave --upsample out.")
    return card.upsampling


def side(
    name: str, wanted: int | None, card: Card, parts: tuple[Part, ...], session: Session
) -> int | None:
    """A side that the card and the parts beside it can make; None where nothing is asked for."""
    if wanted is None:
        return None
    made = snapped(wanted, card, parts)
    if made != wanted:
        session.voice.remark(f"{card.name} makes a {name} of {made} pixels instead of {wanted}.")
    return made


def _those_that_can(roles: tuple[str, ...], folders: Iterable[Path]) -> str:
    there, _ = library.scan(folders)
    names = [model.card.id for model in there if set(roles) & set(model.card.roles)]
    return f"Models that can: {', '.join(names)}." if names else "Leave it out."
