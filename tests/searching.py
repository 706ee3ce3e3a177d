"""Looking for bytes in a data folder."""

from pathlib import Path


def left(data: Path, pieces: list[bytes]) -> list[str]:
    """Files that hold any of some bytes, or have them in their names."""
    found = []
    for file in data.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        if any(piece in held or piece in str(file.relative_to(data)).encode() for piece in pieces):
            found.append(str(file.relative_to(data)))
    return found
