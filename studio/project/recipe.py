"""What a file says of how it was made."""

from collections.abc import Mapping

from studio.project.plain import to_plain
from studio.spec.request import ClipRequest


def recipe(request: ClipRequest, licences: Mapping[str, str] | None = None) -> dict:
    """What a file says of how it was made, and the licences of models where they are known, by
    name; no clock time, no path."""
    plain = {"studio": 1, "request": to_plain(request)}
    return {**plain, "licences": dict(licences)} if licences else plain
