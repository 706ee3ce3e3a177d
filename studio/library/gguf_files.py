"""GGUF files by their headers (`studio.spec.gguf_header`): milliseconds, however large they are."""

from pathlib import Path

from studio.spec.gguf_header import DAMAGE, MAGIC, GgufFile
from studio.spec.gguf_header import read as read_header
from studio.spec.refusal import Refusal

__all__ = ["MAGIC", "read"]


def read(path: Path) -> GgufFile:
    """A file's header, refused where it is damaged or the file cut short."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return read_header(file, size)
    except (OSError, *DAMAGE) as error:
        raise Refusal(
            f"The weight file {path} is cut short or damaged.",
            "Restore the file, or download the model again.",
        ) from error
