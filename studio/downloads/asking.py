"""What somebody who asks for a download sees before its first byte: what it is, whose, how large, under
which licence and what it is checked against.  The terminal and the window ask through this."""

import re
from collections.abc import Callable, Sequence
from functools import partial

from studio.downloads import hub, plain
from studio.downloads.links import HubFile, is_link, parsed
from studio.downloads.offer import FIRST, Offer
from studio.downloads.online import Online
from studio.library.catalogue import Catalogue, CatalogueModel
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal

LookUp = Callable[[hub.Token, Online], Offer]


def look_ups(wanted: str, sha256: str, catalogue: Callable[[], Catalogue]) -> Sequence[LookUp]:
    """How to look up each thing that a name of the catalogue, or a pasted link, stands for.

    `sha256` is what the page of a link's file publishes, "" where it does not.
    """
    sum_of_link = sha256.strip().lower()
    if sum_of_link and not re.fullmatch("[0-9a-f]{64}", sum_of_link):
        raise Refusal("The SHA-256 is none: that has 64 hexadecimal digits.", "Copy it again.")
    if not is_link(wanted):
        if sum_of_link:
            raise Refusal("A SHA-256 is for links.", "Leave it out: the catalogue's are checked.")
        return [partial(hub.offer_of, model) for model in catalogue().wanted(wanted)]
    link = parsed(wanted)
    if isinstance(link, HubFile):
        return [partial(hub.offer_of_file, link, sum_of_link)]
    return [lambda _, door: plain.offer_of_link(link, sum_of_link, door)]


def licence_card(offer: Offer) -> list[str]:
    """An offer in lines, the first its name."""
    model = offer.model
    size = memory(offer.size) if offer.size else "not said"
    lines = [
        f"{offer.name} ({model.role}, {model.family})" if model else offer.name,
        model.not_yet if model else "",
        model.does if model else "",
        f"licence: {offer.licence or 'not stated; see its page'}",
        model.terms if model else "",
        f"from {offer.page}",
        f"size: {size}; {_checks(offer)}",
        fitting(model) if model else "",
    ]
    return [line for line in lines if line]


def fitting(model: CatalogueModel) -> str:
    """What a model works with, and the smallest card that it was seen on; "" for neither."""
    fits = f"fits {', '.join(model.fits)}" if model.fits else ""
    card = f"ran on cards of {model.card} GB" if model.card else ""
    return "; ".join(filter(None, (fits, card)))


def _checks(offer: Offer) -> str:
    against = sorted({file.checked for file in offer.files})
    return "no published checksum" if against == [FIRST] else f"checked: {', '.join(against)}"
