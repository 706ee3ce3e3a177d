"""What a file says of how it was made."""

from studio.project.plain import to_plain
from studio.spec.request import ClipRequest


def recipe(request: ClipRequest) -> dict:
    """What a file says of how it was made; no clock time, no path."""
    return {"studio": 1, "request": to_plain(request)}
