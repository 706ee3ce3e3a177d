"""Which models are on this computer: folders with a `model.toml`, read by their headers alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from studio.library.card import CARD, read_card
from studio.library.hashes import KNOWN
from studio.library.headers import check
from studio.library.settings import settings_of
from studio.library.strays import check_strays
from studio.spec.card import Card
from studio.spec.components import SETTINGS
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded: its folder, its card, and the hashes and sizes in bytes of its
    weights by component."""

    card: Card
    folder: Path
    weights: tuple[tuple[str, str], ...]
    sizes: tuple[tuple[str, int], ...] = field(default=(), compare=False)

    def size(self, role: str) -> int:
        """Bytes of the weight files that decide what it does in a role; 0 where none is known."""
        used = {name for known, names in self.card.uses if known == role for name in names}
        return sum(size for name, size in self.sizes if name in used)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A folder that lays claim to an id: with its card, or with what is wrong with that."""

    id: str
    folder: Path
    card: Card | None = None
    trouble: Refusal | None = None


def scan(folders: Iterable[Path]) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    """The models that work and, for each that does not, a sentence that says why."""
    models, troubles = [], []
    for claim in _claims(folders):
        try:
            models.append(_model(claim))
        except Refusal as refusal:
            troubles.append(str(refusal))
    return tuple(models), tuple(troubles)


def find(name: str, folders: Iterable[Path]) -> Model:
    """The model with that id, whatever its folder is called.

    Refused with the ids there are, or with what is wrong with it.
    """
    claims = list(_claims(folders))
    for claim in claims:
        if claim.id == name:
            return _model(claim)
    known = ", ".join(dict.fromkeys(claim.id for claim in claims if claim.card)) or "none"
    raise Refusal(f'There is no model called "{name}".', f"There is: {known}.")


def promised(request: ClipRequest, folders: Iterable[Path]) -> dict[str, Model]:
    """By id, the models that a request was made for: its own and those of its parts, by the hashes
    it carries, however long it waited.

    Refused where other weights lie there by now: what is stored under a key is what the key says.
    """
    folders = tuple(folders)
    wanted = {part.model: part.weights for part in request.parts}
    wanted[request.model] = request.weights
    return {name: _promised(name, weights, folders) for name, weights in wanted.items()}


def _promised(name: str, weights: tuple[tuple[str, str], ...], folders: Iterable[Path]) -> Model:
    model = find(name, folders)
    if sorted(model.weights) != sorted(weights):
        raise _replaced(model)
    return model


def check_unchanged(model: Model) -> None:
    """Refuse a model whose weights were replaced since it was found, while they were loaded say."""
    if read(model.folder).weights != model.weights:
        raise _replaced(model)


def read(folder: Path) -> Model:
    """A model folder; a missing, truncated or second-hand weight file is refused by name."""
    return _opened(folder, read_card(folder))


def _opened(folder: Path, card: Card) -> Model:
    weights = tuple((role, identity(folder / file)) for role, file in card.files)
    check_strays(folder, card)
    if (settings := settings_of(folder, card.family)) != card.settings:
        weights = (*weights, (SETTINGS, settings))
    sizes = tuple((role, (folder / file).stat().st_size) for role, file in card.files)
    return Model(card, folder, weights, sizes)


def identity(path: Path) -> str:
    """BLAKE2b (32 hex digits) of a weight file, after its header has been checked."""
    check(path)
    try:
        return KNOWN.of(path)
    except OSError as error:
        raise Refusal(f"The weight file {path} cannot be read.", "Allow reading it.") from error


def _claims(folders: Iterable[Path]) -> Iterator[_Claim]:
    """Every model folder in order; of those with one id the first has it, working or not.

    Where a card cannot be read its folder's name stands for the id: no other takes its place
    while it is damaged.
    """
    taken: dict[str, Path] = {}
    for folder, trouble in _places(folders):
        claim = _claim(folder, trouble)
        if (first := taken.setdefault(claim.id, folder)) != folder and claim.card:
            claim = _Claim(claim.id, folder, None, _taken(claim, first))
        yield claim


def _claim(folder: Path, trouble: Refusal | None) -> _Claim:
    try:
        if trouble:
            raise trouble
        card = read_card(folder)
    except Refusal as refusal:
        return _Claim(folder.name, folder, None, refusal)
    return _Claim(card.id, folder, card)


def _model(claim: _Claim) -> Model:
    if claim.card is None:
        assert claim.trouble is not None
        raise claim.trouble
    return _opened(claim.folder, claim.card)


def _places(folders: Iterable[Path]) -> Iterator[tuple[Path, Refusal | None]]:
    """The folders that hold a card, and those that cannot be looked into."""
    for folder in folders:
        try:
            names = sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            continue
        except OSError as error:
            yield folder, _unreadable(folder, error)
            continue
        for place in (folder / name for name in names):
            try:
                (place / CARD).lstat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                yield place, _unreadable(place, error)
            else:
                yield place, None


def _unreadable(folder: Path, error: OSError) -> Refusal:
    why = (error.strerror or "the disk does not say why").lower()
    return Refusal(f"The folder {folder} cannot be read: {why}.", "Allow reading it, or remove it.")


def _taken(claim: _Claim, first: Path) -> Refusal:
    return Refusal(
        f'The model in {claim.folder} is not used: its id "{claim.id}" is that of the one in {first}.',
        f"Give it another id in its {CARD}.",
    )


def _replaced(model: Model) -> Refusal:
    return Refusal(
        f"The model {model.card.name} was replaced since this was ordered.", "Order it again."
    )
