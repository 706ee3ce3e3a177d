"""`import`: another program's timeline (.otio) in the place of a project's own."""

from __future__ import annotations

from argparse import Namespace

from studio.media.places import place
from studio.project.otio_files import SUFFIX, read_otio
from studio.project.store import ProjectStore
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.terminal.export import project_folder
from studio.terminal.session import Session
from studio.terminal.voice import Answer


def read(args: Namespace, _session: Session) -> Answer:
    """Read a timeline, check that the project can hold it, save; older versions stay."""
    folder, path = project_folder(args.project), place(args.file).absolute()
    if path.suffix.lower() != SUFFIX:
        raise Refusal(f"{path.name} is no timeline.", "Give an .otio file.")
    with ProjectStore(folder) as store:
        if store.only_read:
            raise Refusal(str(store.only_read))
        project, aside = read_otio(path, store.project)
        store.save(project)
    clips = sum(len(track.clips) for track in project.timeline.tracks)
    words = [f"{count(clips, 'clip')} on the timeline of {folder}."]
    words += [f"Kept aside, unknown here: {one}." for one in aside]
    facts = {"project": str(folder), "clips": clips, "aside": list(aside)}
    return Answer("\n".join(words), facts)
