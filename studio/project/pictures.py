"""Pictures that the user brought into a project: kept byte for byte, named by their hash."""

import hashlib
import re
from pathlib import Path

from studio.project.files import write_whole
from studio.spec.refusal import Refusal

SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
IDENTITY = re.compile(r"[0-9a-f]{32}")
LONGEST_NAME = 40


class PictureStore:
    """Keeps files in a project's folder; none of them is ever changed or removed by the program.

    A file is called by its hash and, so that a refusal can say which it is, by the user's name.
    """

    def __init__(self, project: Path) -> None:
        self._folder = project / "pictures"

    def keep(self, data: bytes, suffix: str = ".png", name: str = "") -> str:
        """The identity under which `path` finds these bytes: 32 hex digits of their BLAKE2b.

        What is kept already is written again only where it has been damaged.
        """
        identity = _hash(data)
        found = self._found(identity)
        if found is None or not _holds(found, identity):
            suffix = suffix.lower() if SUFFIX.fullmatch(suffix.lower()) else ""
            called = re.sub(r"[^\w -]+", "_", name)[:LONGEST_NAME].strip()
            new = self._folder / f"{identity}{' ' * bool(called)}{called}{suffix}"
            write_whole(found or new, data)
        return identity

    def take_in(self, path: Path) -> str:
        """Keep a copy of a file of the user's; refused when it cannot be read."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Refusal(f"{path.name} cannot be read.", "Check where it lies.") from error
        return self.keep(data, path.suffix, path.stem)

    def path(self, identity: str) -> Path:
        """Where a picture lies; refused when it is gone."""
        if found := self._found(identity):
            return found
        raise Refusal(
            "A picture of the keyframes is missing from the project.",
            f"Put it back into {self._folder}, or delete that keyframe.",
        )

    def whole(self, identity: str) -> Path:
        """Where a picture lies whose bytes are still those that were brought; refused otherwise."""
        path = self.path(identity)
        if not _holds(path, identity):
            raise Refusal(
                f"{_named(path)} was damaged or replaced inside the project.",
                "Bring it in again, or delete that keyframe.",
            )
        return path

    def _found(self, identity: str) -> Path | None:
        if not IDENTITY.fullmatch(identity):
            return None
        return next(iter(sorted(self._folder.glob(f"{identity}*"))), None)


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _holds(path: Path, identity: str) -> bool:
    try:
        return _hash(path.read_bytes()) == identity
    except OSError:
        return False


def _named(path: Path) -> str:
    """What the user called a kept picture, where that is known."""
    name = path.name[32:].strip()
    return f"The picture “{name}”" if path.stem[32:].strip() else "A picture of the keyframes"
