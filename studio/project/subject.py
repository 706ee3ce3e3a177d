"""A subject: the person, animal or thing that a handful of photos teach."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from studio.spec.bounds import (
    LABEL,
    RESERVED,
    TEXT,
    anything,
    between,
    either,
    is_file_name,
    is_name,
    misfits,
    nothing,
    several,
)
from studio.spec.card import Card
from studio.spec.refusal import Refusal, shown
from studio.spec.request import SubjectUse
from studio.spec.subjects import MOST_PHOTOS

LONGEST_NAME = 80
FORBIDDEN = frozenset('<>:"/\\|?*')
METHODS = ("lora", "dreambooth")
"""Ways to train, as they are stored; the folder of a training is called after its own."""
MOST_STEPS = 10_000_000
STEPS = between(0, MOST_STEPS)
WEIGHTS = several(several(LABEL), most=100)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo as it was brought: `file` lies in the subject's photo folder, bytes untouched.

    `name` is what the user called it; `identity` is the SHA-256 of its bytes.
    """

    file: str
    name: str
    identity: str
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no photo that was brought has."""
        yield from misfits(self, file=is_file_name, name=LABEL, identity=LABEL)


@dataclass(frozen=True, slots=True)
class Version:
    """One finished training of a subject: `file` lies among its versions.

    `identity` is the SHA-256 of that file.  `model` and `model_name` are id and name of the model
    that it was trained for, `weights` the hashes of those networks of it that it changes, by role;
    all empty where nobody wrote them down.  `made` is the UTC time of its end, ISO 8601.  `network` is
    what it is made for ("SD 1.x", as `Card.network`), "" where nobody knows; `words` are others that
    it was taught, of a LoRA of somebody else.
    """

    file: str
    identity: str
    method: str = "lora"
    trained_steps: int = 0
    model: str = ""
    model_name: str = ""
    weights: tuple[tuple[str, str], ...] = ()
    made: str = ""
    network: str = ""
    words: tuple[str, ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no training writes down."""
        yield from misfits(
            self, file=is_file_name, identity=LABEL, method=METHODS.__contains__,
            trained_steps=STEPS, model=either(nothing, is_name), model_name=LABEL, weights=WEIGHTS,
            made=LABEL, network=LABEL, words=several(LABEL),
        )  # fmt: skip

    def fits(self, weights: tuple[tuple[str, str], ...], network: str = "") -> bool:
        """Whether it was made for a model of these weights, or of this network where it was made for
        any of them; of some nobody knows: they may."""
        there = dict(weights)
        if not self.weights and self.network:
            return self.network == network
        return all(there.get(role) == identity for role, identity in self.weights)

    def carries_over(self, network: str) -> bool:
        """Whether it goes on other models of a network: a LoRA does on fine-tunes of the same, whole
        weights of DreamBooth would make another model of them."""
        return self.method == "lora" and bool(network) and self.network == network


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a subject.  `versions` are its trainings, oldest first; `used` names the
    files of those in use, one for each model, the one chosen last at the end.

    `method` and `steps` are what was asked for at first; 0 steps are the usual number.
    """

    name: str
    class_noun: str
    token: str = "sks"
    photos: tuple[Photo, ...] = ()
    method: str = "lora"
    steps: int = 0
    versions: tuple[Version, ...] = ()
    used: tuple[str, ...] = ()
    is_person: bool = False
    consent: bool = False
    notes: str = ""
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody could have asked for."""
        yield from misfits(
            self, name=either(nothing, is_name), class_noun=LABEL, token=LABEL,
            photos=several(anything), method=METHODS.__contains__, steps=STEPS,
            versions=several(anything), used=several(is_file_name), notes=TEXT,
        )  # fmt: skip

    @property
    def is_trained(self) -> bool:
        """Whether a clip can be made with it now, with some model."""
        return self.version() is not None

    @property
    def identity(self) -> str:
        """The SHA-256 of the adapter chosen last, or ""."""
        version = self.version()
        return version.identity if version else ""

    @property
    def trained_steps(self) -> int:
        """Updates that the adapter chosen last has seen."""
        version = self.version()
        return version.trained_steps if version else 0

    def version(
        self, weights: tuple[tuple[str, str], ...] | None = None, network: str = ""
    ) -> Version | None:
        """The version in use with a model of these weights, else one that carries over to it from
        another of its network; without weights that chosen last.  None where none is."""
        by_file = {version.file: version for version in self.versions}
        used = [by_file[file] for file in reversed(self.used) if file in by_file]
        if weights is None:
            return next(iter(used), None)
        mine = (v for v in used if v.fits(weights, network))
        return next(mine, next((v for v in used if v.carries_over(network)), None))

    def remark(self, model: Card, weights: tuple[tuple[str, str], ...]) -> str:
        """What there is to say of its use with a model, or "": that it was trained for another."""
        version = self.version(weights, model.network)
        if version is None or version.fits(weights, model.network):
            return ""
        other = version.model_name or version.model
        if other == model.name:
            other = f"other weights of {other}"
        return (
            f"“{self.name}” was trained for {other}, also {version.network}: likeness may differ. "
            f"For its best, train it for {model.name}."
        )

    def with_version(self, version: Version) -> "Subject":
        """With a version, new or known, in use in place of that of the same model."""
        others = tuple(v for v in self.versions if v.file != version.file)
        same = (version.model, "" if version.model else version.network)
        mine = {v.file for v in others if (v.model, "" if v.model else v.network) == same}
        mine |= {version.file}
        known = any(v.file == version.file for v in self.versions)
        versions = self.versions if known else (*others, version)
        used = (*(file for file in self.used if file not in mine), version.file)
        return replace(self, versions=versions, used=used)

    def use(
        self,
        strength: float = 1.0,
        model: Card | None = None,
        weights: tuple[tuple[str, str], ...] | None = None,
    ) -> SubjectUse:
        """This subject in a request, at a strength of 0..1.5, with `model`, whose weights these
        are; refused while it is not trained for it."""
        if not self.is_trained:
            raise Refusal(f"The subject “{self.name}” is not trained yet.", "Train it first.")
        network = model.network if model else ""
        version = self.version(weights, network)
        if version is None:
            raise self._elsewhere(model.name if model else "this model")
        if not 0.0 <= strength <= 1.5:  # also false for nan
            raise Refusal(
                f"A strength of {strength} has no meaning.", "Use a number from 0 to 1.5."
            )
        return SubjectUse(self.name, version.identity, self.token, self.class_noun, strength)

    def _elsewhere(self, wanted: str) -> Refusal:
        used = [v for v in self.versions if v.file in self.used]
        trained = sorted({v.model_name or v.model or v.network for v in used})
        others = ", ".join("other weights of it" if name == wanted else name for name in trained)
        return Refusal(
            f"“{self.name}” is not trained for {wanted}: it was trained for {others}.",
            f"Train it for {wanted} first, or choose another model.",
        )


def check_room(subject: Subject, added: int) -> None:
    """Refuse more photos than a subject has."""
    if (many := len(subject.photos) + added) > MOST_PHOTOS:
        raise Refusal(
            f"“{subject.name}” would have {many} photos.",
            f"A subject has {MOST_PHOTOS} at most; leave some out.",
        )


def checked_name(name: str) -> str:
    """The name in its one spelling (Unicode NFC), or a refusal that says what is wrong with it.

    A name becomes a folder on any system, so it is held to what all of them can keep.
    """
    name = unicodedata.normalize("NFC", name)
    if wrong := _wrong(name):
        raise Refusal(
            f"A subject cannot be called “{shown(name)}”: {wrong}.",
            "Use letters, digits, spaces or dashes, for example “rex”.",
        )
    return name


def _wrong(name: str) -> str:
    if not name.strip():
        return "the name is empty"
    if len(name) > LONGEST_NAME or len(name.encode(errors="replace")) > 2 * LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} characters"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        return "it holds a control character"
    if found := FORBIDDEN & set(name):
        return f"it holds {' '.join(sorted(found))}"
    if name != name.strip(" .") or name[0].isspace() or name[-1].isspace():
        return "it begins or ends with a dot or a space"
    if name.split(".")[0].rstrip().casefold() in RESERVED:
        return "Windows keeps that name for itself"
    return ""
