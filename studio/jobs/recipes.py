"""What a file says of how it was made, with the licences of the models that made it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.project.folders import Folders
from studio.project.timeline_export import recipe_of
from studio.spec.request import ClipRequest


def licensed(
    requests: Sequence[ClipRequest], folders: Folders, model_folders: Iterable[Path]
) -> dict:
    """The recipe of clips, with the licences of downloaded models."""
    from studio.downloads.journal import Journal
    from studio.downloads.licences import licences_of

    ids = [
        id for request in requests
        for id in (request.model, *(part.model for part in request.parts))
    ]  # fmt: skip
    journal = Journal(folders.downloads)
    licences = licences_of(tuple(dict.fromkeys(ids)), journal, folders.models, model_folders)
    return recipe_of(list(requests), licences)
