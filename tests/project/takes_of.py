"""A project whose takes are those of the random timelines."""

from dataclasses import replace

from studio.project import edits
from studio.project.project import Project
from studio.project.shot import Shot
from tests.spec.requests import PLAIN
from tests.spec.timeline.timelines import MEDIA, SHOT, TAKES, empty


def with_media() -> Project:
    """An empty timeline and all media that random edits put on it."""
    made = edits.add_shot(Project("x"), Shot(SHOT))
    for number, (id, medium) in enumerate(TAKES.items()):
        passes = 2 if medium.every == 16 else 0
        keys = (medium.frames - 1) // 16 + 1 if passes else medium.frames
        request = replace(
            PLAIN, keyframes=keys, window=keys, fps=medium.rate / 4**passes,
            interpolate=passes, seed=number,
        )  # fmt: skip
        made = edits.add_render(made, SHOT, request, ("ab" * 16, f"{number:032x}"), id=id)
    assert {id: (m.frames, m.rate) for id, m in made.media.items()} == {
        id: (m.frames, m.rate) for id, m in MEDIA.items() if id in TAKES
    }
    return replace(made, timeline=empty())
