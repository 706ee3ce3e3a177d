"""Places on the disk that a person names; no name is an error before it is used."""

from pathlib import Path


def place(text: str) -> Path:
    """The path that `text` spells; "~" is the home folder, "~nobody" is taken as it stands."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False also for a name too long, or where nobody may look."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether a file is there; False also for a name too long, or where nobody may look."""
    try:
        return path.is_file()
    except OSError:
        return False
