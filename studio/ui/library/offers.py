"""What may be downloaded, and what is being downloaded, as rows: begun ones first, then the catalogue
by the size of the graphics card."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from studio.downloads.asking import fitting
from studio.library.catalogue import CARDS, Bundle, Catalogue, CatalogueModel
from studio.spec.quantities import memory
from studio.ui.state.downloads import Downloads, Kept, Transfer

UNITS = {"Bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "MiB": 2**20, "GiB": 2**30}
LARGE = (".safetensors", ".gguf")
_SIZE = re.compile(r"~?([\d.]+)\s*([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A row: a heading (no `about`), or what can be looked up by `source` or gone on with.

    `lines` is all that is known before its hosts are asked; `page` a link to read more.
    """

    name: str
    about: str | None = None
    source: str = ""
    lines: tuple[str, ...] = ()
    page: str = ""
    is_here: bool = False
    kept: Kept | None = None
    transfer: Transfer | None = None
    why: str = ""


def rows(catalogue: Catalogue, downloads: Downloads) -> Iterator[OfferRow]:
    """Headings and what is below them."""
    here = {kept.record.source for kept in downloads.kept if kept.is_ready}
    pending = list(_begun(downloads))
    if pending:
        yield OfferRow(f"Begun · {len(pending)}")
        yield from pending
    for card in CARDS:
        bundles = [bundle for bundle in catalogue.bundles if bundle.card == card]
        models = [model for model in catalogue.models if model.card == card]
        yield OfferRow(f"For a card of {card} GB")
        yield from (_bundle(bundle, catalogue, here) for bundle in bundles)
        yield from (_model(model, catalogue, here) for model in models)
    yield OfferRow("Parts, and others")
    yield from (_model(model, catalogue, here) for model in catalogue.models if not model.card)
    if catalogue.not_offered:
        yield OfferRow("Opened where you bring the files")
    for other in catalogue.not_offered:
        why = f"It is not offered: {other.why}."
        lines = (f"Licence: {other.licence}.", why, "Drop its files on the library.")
        yield OfferRow(other.name, why, "", lines, why=why)


def _begun(downloads: Downloads) -> Iterator[OfferRow]:
    known = {kept.record.id: kept for kept in downloads.kept}
    for transfer in downloads.transfers:
        yield OfferRow(transfer.name, transfer.words, transfer=transfer, lines=(transfer.words,))
    running = {id for transfer in downloads.transfers for id in transfer.ids}
    for id, kept in known.items():
        if id in running or kept.is_ready:
            continue
        words, record = _standing(kept), kept.record
        lines = (words, f"Licence: {record.licence}." if record.licence else "")
        yield OfferRow(
            record.name, words, record.source, tuple(filter(None, lines)), record.page, kept=kept,
            why=record.why,
        )  # fmt: skip


def _standing(kept: Kept) -> str:
    """How far a download is that does not run here."""
    amount = f"{memory(kept.here)} of {memory(kept.whole)}" if kept.whole else memory(kept.here)
    if kept.elsewhere:
        return f"{amount} here, being downloaded by another process"
    return f"Paused, {amount} here. {kept.record.why}".rstrip()


def _bundle(bundle: Bundle, catalogue: Catalogue, here: set[str]) -> OfferRow:
    models = catalogue.wanted(bundle.id)
    size = said_size(models)
    about = f"{len(models)} models{f' · {size}' if size else ''}"
    lines = [bundle.does, f"Size: {size}." if size else ""]
    lines += [
        f"• {m.name}: {m.licence}{', is here' if m.id in here else ''}. {m.terms}".rstrip()
        for m in models
    ]
    is_here = all(model.id in here for model in models)
    return OfferRow(
        f"All of it for {bundle.card} GB", about, bundle.id, tuple(filter(None, lines)),
        is_here=is_here,
    )  # fmt: skip


def _model(model: CatalogueModel, catalogue: Catalogue, here: set[str]) -> OfferRow:
    size = said_size((model,))
    about = " · ".join(filter(None, (model.role, model.licence, size)))
    needed = [other.name for other in catalogue.wanted(model.id) if other.id != model.id]
    lines = (
        model.not_yet,
        model.does,
        f"{model.role[0].upper()}{model.role[1:]} of {model.family}.",
        f"Licence: {model.licence}. {model.terms}".rstrip(),
        f"Size: {size}." if size else "Its size is asked of its host first.",
        f"It {fitting(model)}.".replace("; ran", "; it ran") if fitting(model) else "",
        f"Comes with what it needs: {', '.join(needed)}." if needed else "",
    )
    return OfferRow(
        model.name, about, model.id, tuple(filter(None, lines)), model.page,
        is_here=model.id in here, why=model.not_yet,
    )  # fmt: skip


def said_size(models: tuple[CatalogueModel, ...]) -> str:
    """The sizes that sources say of models' files, together; "over" it where they do not say all,
    "" where none."""
    files = [file for model in models for file in model.files]
    sizes = [file.bytes or _bytes(file.size) for file in files]
    total = sum(sizes)
    large = [s for f, s in zip(files, sizes, strict=True) if f.path.endswith(LARGE)]
    return f"{'' if all(large) else 'over '}{memory(total)}" if total else ""


def _bytes(size: str) -> float:
    found = _SIZE.fullmatch(size)
    return float(found.group(1)) * UNITS.get(found.group(2), 0) if found else 0
