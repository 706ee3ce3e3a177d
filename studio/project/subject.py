"""A subject: the person, animal or thing that a handful of photos teach."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from studio.spec.refusal import Refusal
from studio.spec.request import SubjectUse

LONGEST_NAME = 80
FORBIDDEN = frozenset('<>:"/\\|?*')
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))]
)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo as it was brought: `file` lies in the subject's photo folder, bytes untouched.

    `name` is what the user called it; `identity` is the SHA-256 of its bytes.
    """

    file: str
    name: str
    identity: str
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a subject.  `adapter` is a file or folder name among its versions, or "".

    `identity` is the SHA-256 of the adapter ("" while untrained); `steps` is what was asked for,
    `trained_steps` what the adapter has seen.
    """

    name: str
    class_noun: str
    token: str = "sks"
    photos: tuple[Photo, ...] = ()
    method: str = "lora"
    steps: int = 0
    adapter: str = ""
    identity: str = ""
    trained_steps: int = 0
    is_person: bool = False
    consent: bool = False
    notes: str = ""
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def is_trained(self) -> bool:
        """Whether a clip can be made with it now."""
        return bool(self.adapter and self.identity)

    def use(self, strength: float = 1.0) -> SubjectUse:
        """This subject in a request, at a strength of 0..1.5; refused while it is untrained."""
        if not self.is_trained:
            raise Refusal(f"The subject “{self.name}” is not trained yet.", "Train it first.")
        if not 0.0 <= strength <= 1.5:  # also false for nan
            raise Refusal(
                f"A strength of {strength} has no meaning.", "Use a number from 0 to 1.5."
            )
        return SubjectUse(self.name, self.identity, self.token, self.class_noun, strength)


def checked_name(name: str) -> str:
    """The name in its one spelling (Unicode NFC), or a refusal that says what is wrong with it.

    A name becomes a folder on any system, so it is held to what all of them can keep.
    """
    name = unicodedata.normalize("NFC", name)
    if wrong := _wrong(name):
        raise Refusal(
            f"A subject cannot be called “{_shown(name)}”: {wrong}.",
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


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in name[:40])
