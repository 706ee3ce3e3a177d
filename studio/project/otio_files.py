"""Timelines as files for other programs (.otio): written whole, read within a bound."""

from dataclasses import replace
from pathlib import Path

from studio.project.files import read_whole, write_whole
from studio.project.project import Project
from studio.project.timeline_edits import edit_timeline
from studio.spec.refusal import Refusal

SUFFIX = ".otio"
LARGEST = 256 * 2**20
"""Bytes of a file that is read."""


def write_otio(project: Project, path: Path) -> None:
    """Write the project's timeline to a file; refused where nothing is on it."""
    from studio.project.otio_out import to_otio  # its library takes a while to load

    if not any(track.clips for track in project.timeline.tracks):
        raise Refusal("The timeline is empty.", "Put a take on it first.")
    write_whole(path, to_otio(project).encode())


def read_otio(path: Path, project: Project) -> tuple[Project, tuple[str, ...]]:
    """The project with the timeline of a file in the place of its own, and what of it nothing here
    knows, in a few words each; refused where it cannot be read.

    Files that it names from where it lies are named from there on with their whole paths.
    """
    from studio.project.otio_in import from_otio

    try:
        text = read_whole(path, LARGEST).decode()
    except OSError as error:
        raise Refusal(f"{path.name} cannot be read.", "Check where it lies.") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"{path.name} is no text.", "Choose an .otio file.") from error
    found = from_otio(text, project)
    assets = tuple(
        replace(asset, place=_from_there(asset.place, path.parent))
        for asset in found.timeline.assets
    )
    timeline = replace(found.timeline, assets=assets)
    return edit_timeline(project, lambda _: timeline), found.aside


def _from_there(place: str, folder: Path) -> str:
    """A relative place that names a file beside the timeline, whole; others as they are."""
    if not place or ":" in place.split("/")[0]:
        return place
    try:
        there = folder / place
        return str(there.absolute()) if not Path(place).is_absolute() and there.is_file() else place
    except (OSError, ValueError):
        return place
