"""A timeline of thousands of clips in the real window, of one take whose frames are stored."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

from studio.jobs.job import Job
from studio.project import edits
from studio.project.project import Project
from studio.project.timeline_edits import shot_of
from studio.spec.spans import last_keys, spans
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track
from studio.ui.shell.studio_window import StudioWindow
from tests.gui.handlers import DENSE, JobHandlers
from tests.spec.timeline.timelines import ids

SHOT, TAKE = "5" * 12, "d" * 12
REQUEST = DENSE.card.request("a red ball", 7, DENSE.weights, keyframes=10)
TRACKS = 8


def laid(studio: StudioWindow, handlers: JobHandlers, clips: int) -> None:
    """Put so many clips on eight tracks, of 145 frames and ten keyframes each, a gap before every
    fifth."""
    job = SimpleNamespace(payload={"project": str(studio.document.folder)})
    handlers.put(cast(Job, job), REQUEST, spans(REQUEST))
    keys, new, rows = last_keys(spans(REQUEST)), ids(), []
    footage = Footage(REQUEST.rate, shot=SHOT, take=TAKE)
    for row in range(TRACKS):
        placed = tuple(
            Clip(new(), REQUEST.frames, 7 * (n % 5 == 0), footage=footage)
            for n in range(clips // TRACKS)
        )
        rows.append(Track(new(), "video", f"Film {row + 1}", placed, synced=False))
    timeline = Timeline(Fraction(24), tuple(rows))

    def with_it(project: Project) -> Project:
        if all(render.id != TAKE for render in project.renders):
            project = edits.add_shot(project, shot_of(REQUEST, SHOT))
            project = edits.add_render(project, SHOT, REQUEST, keys, thumbnail=keys[0], id=TAKE)
        return replace(project, timeline=timeline)

    studio.document.change(with_it, "Lay out")
