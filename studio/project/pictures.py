"""Pictures that the user brought into a project: kept byte for byte, named by their hash."""

import hashlib
import re
from pathlib import Path

from studio.project.files import write_whole
from studio.spec.refusal import Refusal

SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


class PictureStore:
    """Keeps files in a project's folder; none of them is ever changed or removed by the program."""

    def __init__(self, project: Path) -> None:
        self._folder = project / "pictures"

    def keep(self, data: bytes, suffix: str = ".png") -> str:
        """The identity under which `path` finds these bytes: 32 hex digits of their BLAKE2b."""
        identity = hashlib.blake2b(data, digest_size=16).hexdigest()
        if not self._found(identity):
            suffix = suffix.lower() if SUFFIX.fullmatch(suffix.lower()) else ""
            write_whole(self._folder / f"{identity}{suffix}", data)
        return identity

    def take_in(self, path: Path) -> str:
        """Keep a copy of a file of the user's; refused when it cannot be read."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Refusal(f"{path.name} cannot be read.", "Check where it lies.") from error
        return self.keep(data, path.suffix)

    def path(self, identity: str) -> Path:
        """Where a picture lies; refused when it is gone."""
        if found := self._found(identity):
            return found
        raise Refusal(
            "A picture of the keyframes is missing from the project.",
            f"Put it back into {self._folder}, or delete that keyframe.",
        )

    def _found(self, identity: str) -> Path | None:
        return next(iter(sorted(self._folder.glob(f"{identity}*"))), None)
