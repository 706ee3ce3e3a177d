"""Where the files lie that clips of a timeline show: as a path or a URL, whole or from the project."""

from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from studio.spec.refusal import Refusal
from studio.spec.timeline.media import Asset


def file_of(asset: Asset, folder: Path) -> Path:
    """The file of an asset of the project in `folder`; refused where nothing lies there."""
    for path in _places(asset.place, folder):
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # no name that a disk holds
            continue
    raise Refusal(
        f"The file “{asset.name or asset.place}” of the timeline is not there.",
        "Put it back, or take its clips off the timeline.",
    )


def _places(place: str, folder: Path) -> list[Path]:
    """What a place can mean: other programs write URLs, with escapes or without."""
    url = urlparse(place)
    if url.scheme == "file":
        return [Path(url2pathname(url.path)), Path(unquote(url.path))]
    return [folder / place, folder / unquote(place)]
