"""A window whose project has takes of two shots, and a timeline of them."""

from types import SimpleNamespace
from typing import cast

import pytest

from studio.jobs.job import Job
from studio.project import edits
from studio.project.project import Project
from studio.project.timeline_edits import shot_of
from studio.spec.spans import last_keys, spans
from studio.ui.shell.studio_window import StudioWindow
from tests.gui.handlers import DENSE

PROMPTS = ("a red ball moving left", "a blue star")


@pytest.fixture
def rendered(open_studio, handlers) -> StudioWindow:
    """Two shots with a take of each, 113 frames at 24 a second, as the queue would have made them."""
    studio = open_studio(models=(DENSE,))
    studio.window.resize(1366, 768)
    job = SimpleNamespace(payload={"project": str(studio.document.folder)})
    for number, prompt in enumerate(PROMPTS):
        request = DENSE.card.request(prompt, 7 + number, DENSE.weights)
        handlers.put(cast(Job, job), request, spans(request))
        keys, id = last_keys(spans(request)), f"{'a0'}{number:010x}"
        studio.document.keep(lambda p, r=request, i=id: edits.add_shot(p, shot_of(r, i)))
        studio.document.keep(
            lambda p, r=request, i=id, k=keys: edits.add_render(p, i, r, k, thumbnail=k[0])
        )
    return studio


@pytest.fixture
def film(rendered, until) -> StudioWindow:
    """Both takes on the timeline, one after the other, looked up, none of them chosen."""
    rendered.timeline_edits.lay_out()
    clips = clip_ids(rendered.document.project)
    until(lambda: all(rendered.project.timeline_look.state(clip) for clip in clips))
    return rendered


def clip_ids(project: Project) -> list[str]:
    """The clips of pictures, in the order in which they play."""
    tracks = (track for track in project.timeline.tracks if track.kind == "video")
    return [clip.id for track in tracks for clip in track.clips]
