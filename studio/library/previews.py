"""The picture that lies beside a model, by the names that other programs give it."""

from pathlib import Path

ENDINGS = (".preview.png", ".preview.jpg", ".preview.jpeg", ".preview.webp",
           ".png", ".jpg", ".jpeg", ".webp")  # fmt: skip
"""After a file's name without its own ending: as A1111 and its kin write them, then as ComfyUI's."""
IN_FOLDER = ("preview.png", "preview.jpg", "preview.jpeg", "preview.webp")


def preview_of(path: Path) -> Path | None:
    """The picture of a model, a file or a folder; None where there is none."""
    inside = [path / name for name in IN_FOLDER] if path.is_dir() else []
    beside = [path.with_name(path.stem + ending) for ending in ENDINGS]
    return next((found for found in (*inside, *beside) if found.is_file()), None)
