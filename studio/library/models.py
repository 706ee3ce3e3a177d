"""Which models are on this computer: folders with a `model.toml`, read by their headers alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from studio.library import in_place
from studio.library.card import CARD, read_card
from studio.library.derived.derived import Derived
from studio.library.hashes import KNOWN
from studio.library.headers import check
from studio.library.program_folders import is_list
from studio.library.settings import settings_of
from studio.library.strays import check_strays
from studio.library.weight_files import is_weight_file
from studio.spec.card import Card
from studio.spec.components import SETTINGS
from studio.spec.progress import Tick, silent
from studio.spec.quantities import listed
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded: its folder, its card, and the hashes and sizes in bytes of its
    weights by component.  `in_place` says that it has no card of its own: this one was derived from
    its files.
    """

    card: Card
    folder: Path
    weights: tuple[tuple[str, str], ...]
    sizes: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    in_place: bool = False

    def size(self, *roles: str) -> int:
        """Bytes of the weight files that decide what it does in roles; 0 where none is known."""
        used = {name for role, names in self.card.uses if role in roles for name in names}
        return sum(size for name, size in self.sizes if name in used)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A folder that lays claim to an id: with its card, or with what is wrong with that."""

    id: str
    folder: Path
    card: Card | None = None
    trouble: Refusal | None = None


def scan(folders: Iterable[Path]) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    """The models that work and, for each that does not, a sentence that says why; those without a
    card where their weights were read before, since a scan reads no gigabytes."""
    models, troubles, folders = [], [], tuple(folders)
    for claim in _claims(folders):
        try:
            models.append(_model(claim))
        except Refusal as refusal:
            troubles.append(str(refusal))
    taken = {model.card.id for model in models}
    models += [
        _identified(derived)
        for derived in in_place.read_before(folders)
        if derived.card.id not in taken
    ]
    return tuple(models), tuple(troubles)


def find(name: str, folders: Iterable[Path], tick: Tick = silent) -> Model:
    """The model with that id, whatever its folder is called; or files without a card of that name,
    wherever they lie in the folders, with ticks while their weights are read for the first time.

    Refused with the ids there are, or with what is wrong with it.
    """
    folders = tuple(folders)
    claims = list(_claims(folders))
    for claim in claims:
        if claim.id == name:
            return _model(claim)
    if derived := in_place.the_one(name, folders, tick):
        return _identified(derived, tick)
    ours = [claim.id for claim in claims if claim.card]
    known = listed(list(dict.fromkeys([*ours, *in_place.named_places(folders)]))) or "none"
    raise Refusal(f'There is no model called "{name}".', f"There is: {known}.")


def card_of(name: str, folders: Iterable[Path]) -> Card:
    """The card of the model with that id, none of whose weights is read; refused as `find` does."""
    folders = tuple(folders)
    for claim in _claims(folders):
        if claim.id == name and claim.card:
            return claim.card
    for derived in in_place.bearing(name, folders):
        if isinstance(derived, Refusal):
            raise derived
        return derived.card
    return find(name, folders).card


def is_known(name: str, folders: Iterable[Path]) -> bool:
    """Whether a model with a card, or a file without one, has that name."""
    folders = tuple(folders)
    claimed = any(claim.id == name for claim in _claims(folders))
    return claimed or name in in_place.named_places(folders)


def promised(
    request: ClipRequest, folders: Iterable[Path], tick: Tick = silent
) -> dict[str, Model]:
    """By id, the models that a request was made for: its own and those of its parts, by the hashes
    it carries, however long it waited; with ticks while weights are read that were forgotten.

    Refused where other weights lie there by now: what is stored under a key is what the key says.
    """
    folders = tuple(folders)
    wanted = {part.model: part.weights for part in request.parts}
    wanted[request.model] = request.weights
    return {name: _promised(name, weights, folders, tick) for name, weights in wanted.items()}


def _promised(
    name: str, weights: tuple[tuple[str, str], ...], folders: Iterable[Path], tick: Tick
) -> Model:
    model = find(name, folders, tick)
    if sorted(model.weights) != sorted(weights):
        raise _replaced(model)
    return model


def _identified(derived: Derived, tick: Tick = silent) -> Model:
    card, folder = derived.card, derived.folder
    return Model(card, folder, in_place.weights(derived, tick), _sizes(folder, card), in_place=True)


def check_unchanged(model: Model) -> None:
    """Refuse a model whose weights were replaced since it was found, while they were loaded say."""
    if model.in_place:
        now = in_place.weights(Derived(model.card, model.folder))
    else:
        now = read(model.folder).weights
    if now != model.weights:
        raise _replaced(model)


def read(folder: Path) -> Model:
    """A model folder; a missing, truncated or second-hand weight file is refused by name."""
    return _opened(folder, read_card(folder))


def _opened(folder: Path, card: Card) -> Model:
    weights = tuple((role, identity(folder / file)) for role, file in card.files)
    check_strays(folder, card)
    if (settings := settings_of(folder, card.family)) != card.settings:
        weights = (*weights, (SETTINGS, settings))
    return Model(card, folder, weights, _sizes(folder, card))


def _sizes(folder: Path, card: Card) -> tuple[tuple[str, int], ...]:
    """By component; a file that two components of a role share counts for the first."""
    found: dict[str, int] = {}
    for name, file in card.files:
        beside = {n for _, used in card.uses if name in used for n in used}
        shared = any(n in beside and dict(card.files)[n] == file for n in found)
        found[name] = 0 if shared else _size(folder / file)
    return tuple(found.items())


def _size(path: Path) -> int:
    """Bytes of a file that was there just now; 0 where it is not any longer."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


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
        if is_list(folder) or is_weight_file(folder):
            continue
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
