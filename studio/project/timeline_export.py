"""What an export of a timeline needs: the takes that it shows, its size, and what is still lacking."""

from collections.abc import Iterator

from studio.project.project import Project, Render
from studio.project.recipe import recipe
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.timeline.playing import Run, runs
from studio.spec.timeline.timeline import Timeline

NAMED = 3
"""Clips that a refusal names."""


def check_range(timeline: Timeline, first: int, end: int) -> None:
    """Refuse what lies outside a timeline, or is empty."""
    if not timeline.length:
        raise Refusal("The timeline is empty.", "Put a take on it first.")
    if not 0 <= first < end <= timeline.length:
        raise Refusal(
            f"Frames {first + 1} to {end} are no part of a timeline of {timeline.length} frames.",
            "Choose a range within it.",
        )


def shown_takes(project: Project, timeline: Timeline, first: int, end: int) -> tuple[Render, ...]:
    """The takes that play from `first` to before `end`, each once, in the order in which they come.

    Refused where a clip's take is yet to be made, or its file is not known: those are named.
    """
    known = {render.id: render for render in project.renders}
    found: dict[str, Render] = {}
    lacking: list[str] = []
    for run in _pictures(timeline, first, end):
        assert run.shown is not None
        footage = run.shown.clip.footage
        if footage is None or footage.asset:
            continue
        if footage.take in known:
            found[footage.take] = known[footage.take]
        else:
            lacking.append(f"“{run.shown.clip.name or run.shown.clip.id}”")
    if lacking:
        some = ", ".join(dict.fromkeys(lacking[:NAMED]))
        more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
        raise Refusal(
            f"Of the clip {some}{more} nothing is made yet.",
            "Render it, or take it off the timeline.",
        )
    return tuple(found.values())


def size_of(takes: tuple[Render, ...]) -> tuple[int, int] | None:
    """The size of the largest take, (width, height); None without one."""
    sizes = [take.request.size for take in takes]
    return max(sizes, key=lambda size: size[0] * size[1]) if sizes else None


def film_size(project: Project, timeline: Timeline | None = None) -> tuple[int, int] | None:
    """The size of a timeline's frame, (width, height): that of the largest take that plays on it, or
    of the first file that says one; even, so that every format holds it.  None without either.

    What is exported is as large as what was previewed, of a part of the timeline too.
    """
    timeline = project.timeline if timeline is None else timeline
    known = {render.id: render for render in project.renders}
    assets = {asset.id: (asset.width, asset.height) for asset in timeline.assets}
    takes: dict[str, Render] = {}
    files: list[tuple[int, int]] = []
    for run in _pictures(timeline, 0, timeline.length):
        footage = run.shown.clip.footage if run.shown else None
        if footage is not None and footage.take in known:
            takes[footage.take] = known[footage.take]
        elif footage is not None and all(assets.get(footage.asset, (0, 0))):
            files.append(assets[footage.asset])
    size = size_of(tuple(takes.values())) or next(iter(files), None)
    return even(size) if size else None


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The size, or the next larger one that every format holds."""
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def recipe_of(requests: list[ClipRequest], licences) -> dict:
    """What a file says of how it was made; of several takes, the recipe of each in order."""
    if len(requests) == 1:
        return recipe(requests[0], licences)
    made = [recipe(request) for request in requests]
    whole = {"studio": 1, "requests": [one["request"] for one in made]}
    return {**whole, "licences": dict(licences)} if licences else whole


def _pictures(timeline: Timeline, first: int, end: int) -> Iterator[Run]:
    return (run for run in runs(timeline, first, end) if run.shown is not None)
