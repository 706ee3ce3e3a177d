"""The catalogue of public models that are offered for download: a TOML file, read strictly.

Every value of it was read in a source that a comment beside it names; what is unknown is absent.
Nothing here opens a connection.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from studio.library.recognition.found import Role
from studio.spec.refusal import Refusal, shown

VERSION = 1
CARDS = (8, 12, 16, 24)
"""Sizes of graphics cards, in GB, that bundles are made for."""
_ID = re.compile(r"[a-z0-9][a-z0-9.\-]{0,63}")
_REPO = re.compile(r"[\w.\-]{1,96}/[\w.\-]{1,96}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A file of a repository, or several: "*" in its path stands for any part of a name.  `size` is what its source writes ("1.67 GB"), `bytes` the exact
    number; "" and 0 where no source says it."""

    path: str
    size: str = ""
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that may be downloaded.  `card` is the smallest graphics card, in GB, that a source
    saw it run on; `needs` names what it cannot work without, and `not_yet` says in a sentence why
    this version does nothing with it."""

    id: str
    name: str
    role: str
    family: str
    licence: str
    page: str
    repo: str
    files: tuple[CatalogueFile, ...]
    revision: str = "main"
    terms: str = ""
    does: str = ""
    fits: tuple[str, ...] = ()
    card: int = 0
    needs: tuple[str, ...] = ()
    not_yet: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Models that belong together on a graphics card of `card` GB."""

    id: str
    card: int
    does: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotOffered:
    """A model that is opened where the user brings its files, and why it is not offered."""

    id: str
    name: str
    licence: str
    why: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What may be downloaded, in the order of the file: the freest licences first."""

    models: tuple[CatalogueModel, ...]
    bundles: tuple[Bundle, ...] = ()
    not_offered: tuple[NotOffered, ...] = ()

    def wanted(self, name: str) -> tuple[CatalogueModel, ...]:
        """The models that a name stands for, of a model or a bundle, each once, what they need
        first.  Refused for a name that is not offered or not known."""
        known = {model.id: model for model in self.models}
        bundle = next((b for b in self.bundles if b.id == name), None)
        if bundle is None and name not in known:
            raise self._unknown(name)
        found: dict[str, CatalogueModel] = {}
        for first in bundle.models if bundle else (name,):
            for model in _with_needs(known[first], known):
                found.setdefault(model.id, model)
        return tuple(found.values())

    def _unknown(self, name: str) -> Refusal:
        for other in self.not_offered:
            if name.lower() in (other.id, other.name.lower()):
                return Refusal(
                    f"{other.name} is not offered: {other.why}.",
                    "If you have its files, name their folder with: library add DIR.",
                )
        names = ", ".join(entry.id for entry in (*self.bundles, *self.models))
        return Refusal(
            f"“{shown(name)}” is not in the catalogue.",
            f"There is: {names}. Or paste the link of a file.",
        )


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue at `path`; refused, with the entry that is wrong, where it is not as it must be."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        if tables.pop("version", None) != VERSION:
            raise ValueError(f"its version is not {VERSION}")
        found = Catalogue(
            tuple(_model(entry) for entry in tables.pop("model", [])),
            tuple(Bundle(**_fields(entry, Bundle)) for entry in tables.pop("bundle", [])),
            tuple(NotOffered(**_fields(e, NotOffered)) for e in tables.pop("not_offered", [])),
        )
        if tables:
            raise ValueError(f"nothing is called {min(tables)}")
        for wrong in _faults(found):
            raise ValueError(wrong)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Refusal(
            f"The catalogue {path} cannot be read: {str(error).rstrip('.')}.", "Restore it."
        ) from error
    return found


def _model(entry: Mapping[str, Any]) -> CatalogueModel:
    fields = dict(entry)
    files = tuple(CatalogueFile(**_fields(f, CatalogueFile)) for f in fields.pop("file", []))
    return CatalogueModel(files=files, **_fields(fields, CatalogueModel))


def _fields(entry: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """The fields of an entry, each of the type that `kind` says; ValueError for any other."""
    types = {name: f.type for name, f in kind.__dataclass_fields__.items() if name != "files"}
    about = str(entry.get("id") or entry.get("path") or "an entry")
    for name, value in entry.items():
        if name not in types:
            raise ValueError(f"{about} has no field {name}")
        if types[name] == tuple[str, ...]:
            fits = isinstance(value, list) and all(isinstance(v, str) and v for v in value)
        else:
            fits = type(value) is types[name] and value not in ("", 0)
        if not fits:
            raise ValueError(f"{name} of {about} is not what it must be")
    return {n: tuple(v) if isinstance(v, list) else v for n, v in entry.items()}


def _faults(found: Catalogue) -> Iterator[str]:
    """What is wrong, an entry at a time."""
    entries = (*found.models, *found.bundles, *found.not_offered)
    ids = [entry.id for entry in entries]
    for entry in entries:
        if not _ID.fullmatch(entry.id) or ids.count(entry.id) > 1:
            yield f"the id {entry.id} is no id or there twice"
    known = {model.id: model for model in found.models}
    for model in found.models:
        yield from _faults_of(model, known)
    for bundle in found.bundles:
        if bundle.card not in CARDS:
            yield f"{bundle.id} is for no card of {CARDS}"
        if early := [id for id in bundle.models if id in known and known[id].not_yet]:
            yield f"{bundle.id} has what this version does not run: {early}"
        if not bundle.models or set(bundle.models) - set(known):
            yield f"{bundle.id} names what is not there: {sorted(set(bundle.models) - set(known))}"


def _faults_of(model: CatalogueModel, known: Mapping[str, CatalogueModel]) -> Iterator[str]:
    if model.role not in get_args(Role):
        yield f"{model.id} has a role that does not exist: {model.role}"
    if not _REPO.fullmatch(model.repo):
        yield f"{model.id} names no repository: {model.repo}"
    if not model.page.startswith("https://"):
        yield f"the page of {model.id} is no https link"
    if model.card and model.card not in CARDS:
        yield f"{model.id} is for no card of {CARDS}"
    if missing := sorted(set(model.needs) - set(known)):
        yield f"{model.id} needs what is not there: {missing}"
    elif model in [part for need in model.needs for part in _with_needs(known[need], known)]:
        yield f"{model.id} needs itself"
    yield from _faults_of_files(model)


def _faults_of_files(model: CatalogueModel) -> Iterator[str]:
    paths = [file.path for file in model.files]
    if not paths or len(set(paths)) < len(paths):
        yield f"{model.id} has no files, or one twice"
    for file in model.files:
        if not is_plain_path(file.path.replace("*", "x")):
            yield f"{model.id} has a file outside its folder: {file.path}"
        if "*" in file.path and (file.bytes or file.sha256):
            yield f"{file.path} is several files and has bytes or sha256 of one"
        if file.bytes < 0 or (file.sha256 and not _SHA256.fullmatch(file.sha256)):
            yield f"bytes or sha256 of {file.path} are not what they must be"


def is_plain_path(path: str) -> bool:
    """Whether a path of a repository stays inside a folder, on every system."""
    parts = PurePosixPath(path).parts
    return (
        path == "/".join(parts)
        and path != ""
        and all(part not in ("..", ".", "/") and part == part.strip(" .") for part in parts)
        and not set(path) & set('\\:*?"<>|')
        and path.isprintable()
    )


def _with_needs(
    model: CatalogueModel, known: Mapping[str, CatalogueModel], seen: tuple[str, ...] = ()
) -> Iterator[CatalogueModel]:
    """What a model needs, then itself."""
    for need in model.needs:
        if need not in (*seen, model.id):
            yield from _with_needs(known[need], known, (*seen, model.id))
    yield model
