"""Under which licences models were downloaded, for the recipes of what was made with them."""

from collections.abc import Iterable
from pathlib import Path

from studio.downloads.journal import READY, Journal
from studio.library.in_place import JOINED, named_places


def licences_of(
    ids: Iterable[str], journal: Journal, models: Path, folders: Iterable[Path]
) -> dict[str, str]:
    """By name, the licence of each model that was downloaded into `models`, of those with an id;
    "a+b" are two.  None is given for a name that other files in the folders bear too.
    """
    known = {
        models / record.folder / file.path: record.licence
        for record in journal.all()
        for file in record.files
        if record.state == READY and record.licence
    }
    if not known:
        return {}
    places = named_places(folders)
    found = {}
    for name in {part for id in ids for part in (id, *id.split(JOINED))}:
        stated = {known.get(place, "") for place in places.get(name, ())}
        if len(stated) == 1 and (licence := stated.pop()):
            found[name] = licence
    return dict(sorted(found.items()))
