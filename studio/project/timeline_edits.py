"""Edits of a project that concern its timeline: shots laid out, gaps filled, ranges made anew.

Each takes a project and returns another one, so that the history undoes it as it undoes all else.
What is to be made is an ordinary shot with a strip of its own; its take comes to the clip by its id.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from studio.project import edits
from studio.project.project import Project, Render, new_id
from studio.project.shot import Shot
from studio.spec import strip as strips
from studio.spec.part import ROLES
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.spans import strip_of
from studio.spec.timeline import filling, trimming
from studio.spec.timeline.checking import faults
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.cutting import NewId, moving, rippled
from studio.spec.timeline.edits import append
from studio.spec.timeline.gaps import Gap, gap_after, range_of
from studio.spec.timeline.holding import Pictures
from studio.spec.timeline.playing import shown_by
from studio.spec.timeline.retiming import choose
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track
from studio.spec.timeline.travelling import travelled, words_over
from studio.spec.timeline.trimming import Extension, whole

NO_PICTURES: Pictures = {}
TRACKS = (("prompt", "Words"), ("video", "Film"), ("audio", "Sound"))
"""Of a new timeline, from the bottom up."""


def edit_timeline(project: Project, edit: Callable[[Timeline], Timeline]) -> Project:
    """With an edit of the timeline; ValueError where the edit leaves what could not be opened."""
    changed = replace(project, timeline=edit(project.timeline))
    if changed.timeline is project.timeline:
        return project
    if fault := next(faults(changed.timeline, changed.media, project.timeline), ""):
        raise ValueError(fault)
    return changed


def requests(project: Project) -> Mapping[str, ClipRequest]:
    """What each take was made of, by its id."""
    return {render.id: render.request for render in project.renders}


def new_timeline(rate: Fraction, new: NewId = new_id) -> Timeline:
    """An empty timeline with a track of each kind; words and sound stay where a film is moved."""
    tracks = (Track(new(), kind, name, synced=kind == "video") for kind, name in TRACKS)
    return Timeline(rate, tuple(tracks))


def clip_of(project: Project, render: Render, timeline: Timeline, new: NewId = new_id) -> Clip:
    """A clip of all of a take."""
    footage = Footage(project.media[render.id].rate, shot=render.shot, take=render.id)
    return whole(timeline, Clip(new(), 1, footage=footage), project.media)


def lay_out(project: Project, new: NewId = new_id) -> Project:
    """With a timeline on which the shots play one after another, each its starred or newest take.

    At the rate of the first; shots that nothing was made of yet are left out.
    """
    takes = [take for shot in project.shots if (take := _best(project, shot.id))]
    if not takes:
        raise Refusal("Nothing has been rendered yet.", "Render a shot first.")
    timeline = new_timeline(project.media[takes[0].id].rate, new)
    track = next(track.id for track in timeline.tracks if track.kind == "video")
    for take in takes:
        timeline = append(timeline, track, clip_of(project, take, timeline, new))
    return edit_timeline(project, lambda _: timeline)


def take_alone(project: Project, render: Render, new: NewId = new_id) -> Timeline:
    """A timeline that plays a take and nothing else, at its own rate."""
    timeline = new_timeline(project.media[render.id].rate, new)
    track = next(track.id for track in timeline.tracks if track.kind == "video")
    return append(timeline, track, clip_of(project, render, timeline, new))


def _best(project: Project, shot: str) -> Render | None:
    takes = [render for render in project.takes if render.shot == shot]
    return next((take for take in takes if take.starred), takes[0] if takes else None)


def shot_of(request: ClipRequest, id: str) -> Shot:
    """A shot that asks for the keyframes of a request, and for nothing that a model would choose."""
    use = request.subject
    fills = {role: part.model for part in reversed(request.parts) for role in part.roles}
    return Shot(
        id,
        request.prompt,
        request.negative,
        use.name if use else "",
        use.strength if use else 1.0,
        request.seed,
        True,
        request.model,
        steps=request.steps,
        guidance=request.guidance,
        width=request.width,
        height=request.height,
        fps=request.fps,
        interpolate=request.interpolate,
        strip=request.strip,
        loras=tuple({use.name: use.strength for use in request.loras}.items()),
        parts=tuple((r, fills[r]) for r in ROLES if fills.get(r, request.model) != request.model),
    )


def fill_gap(
    project: Project,
    gap: Gap,
    request: ClipRequest,
    pictures: Pictures = NO_PICTURES,
    new: NewId = new_id,
) -> tuple[Project, ClipRequest]:
    """With a shot and its clip in a gap, around the exact frames beside it, and the request for it.

    Words, seed, subject and numbers are those of `request`.
    """
    rate = project.timeline.rate
    made = filling.fill(gap, rate, request, project.media, requests(project), pictures)
    return with_filling(project, project.timeline, gap, made, new), made.request


def with_filling(
    project: Project, timeline: Timeline, gap: Gap, made: filling.Filling, new: NewId
) -> Project:
    """With a shot for a filling, and its clip in a gap of this timeline."""
    shot = shot_of(made.request, new())
    filled = filling.put_in(timeline, gap, made, new(), shot.id)
    with_shot = edits.select(edits.add_shot(project, shot), project.selected or shot.id)
    return edit_timeline(with_shot, lambda _: filled)


def bridge(
    project: Project,
    clip: str,
    length: int,
    request: ClipRequest,
    pictures: Pictures = NO_PICTURES,
    new: NewId = new_id,
) -> tuple[Project, ClipRequest]:
    """With a shot that leads from a clip to the one after it: in the gap between them, or in one of
    `length` frames that is opened there, and the request for it."""
    track, number = project.timeline.where(clip)
    if number + 1 == len(track.clips):
        raise Refusal("No clip follows this one.", "Choose one that another follows.")
    opened = project.timeline
    if not track.clips[number + 1].gap:
        opened = rippled(opened, moving(opened, track.id), track.end(number), length)
    gap = gap_after(opened, track.id, number)
    assert gap is not None
    return fill_gap(replace(project, timeline=opened), gap, request, pictures, new)


def close_loop(
    project: Project,
    clip: str,
    length: int,
    request: ClipRequest,
    pictures: Pictures = NO_PICTURES,
    new: NewId = new_id,
) -> tuple[Project, ClipRequest]:
    """With a shot of `length` frames after a clip, that leads from its last frame to its first, and
    the request for it: both together play round and round."""
    track, number = project.timeline.where(clip)
    timeline, end = project.timeline, track.end(number)
    opened = rippled(timeline, moving(timeline, track.id), end, length)
    gap = range_of(opened, track.id, end, length)
    assert gap is not None
    around = replace(gap, after=shown_by(opened, opened.clip(clip), 0))
    made = filling.fill(around, opened.rate, request, project.media, requests(project), pictures)
    # what plays after it is not what it leads to
    made = replace(made, held_tail=False)
    return with_filling(project, opened, gap, made, new), made.request


def retake(
    project: Project,
    clip: str,
    first: int,
    end: int,
    request: ClipRequest,
    pictures: Pictures = NO_PICTURES,
    new: NewId = new_id,
) -> tuple[Project, ClipRequest]:
    """With frames `first` to before `end` of the timeline, within a clip, to be made anew, and the
    request for them; what is left of the clip goes on showing the take that it showed."""
    cut, gap = filling.opened(project.timeline, clip, first, end, new)
    return fill_gap(replace(project, timeline=cut), gap, request, pictures, new)


def extend(
    project: Project, clip: str, end: str, by: int, request: ClipRequest
) -> tuple[Project, Extension, ClipRequest]:
    """With an end of a clip dragged outwards, as far as its take goes, its shot as much longer as is
    lacking, and the request for that.

    `request` is what the shot is now; itself where nothing is lacking.  What is there keeps its keys.
    """
    longer, extension = trimming.extend(project.timeline, clip, end, by, project.media)
    project = edit_timeline(project, lambda _: longer)
    if not extension.keyframes:
        return project, extension, request
    strip = strip_of(request)
    if strip.loop:
        raise Refusal("A loop has no end.", "Put it on the timeline again, after itself.")
    strip = strips.extended(strip, extension.keyframes, request.window, before=end == trimming.HEAD)
    footage = longer.clip(clip).footage
    assert footage is not None
    if all(shot.id != footage.shot for shot in project.shots):
        raise Refusal(
            "The shot of this clip was deleted.", "Bring it back, or fill a gap after it."
        )
    shot = replace(project.shot(footage.shot), strip=strip, extend=0, seed=request.seed)
    extended = replace(request, strip=strip, extend=0, only=None)
    return edits.replace_shot(project, shot), extension, extended


def land(project: Project, extension: Extension, render: str) -> Project:
    """With the take that an extension asked for on its clip, and the clip as long as wished; itself
    where the clip or take is gone."""
    if extension.clip not in project.timeline or render not in project.media:
        return project
    return edit_timeline(project, lambda t: trimming.landed(t, extension, render, project.media))


def apply_words(project: Project, clip: str, request: ClipRequest) -> tuple[Project, ClipRequest]:
    """With a clip's shot made of the words that lie over it, keyframe by keyframe, and the request
    for that; itself where it is.  `request` is what the shot is now."""
    footage = project.timeline.clip(clip).footage
    medium = project.media.get(footage.take) if footage else None
    if footage is None or not footage.shot or medium is None:
        raise Refusal("This clip has no keyframes yet.", "Render its shot first.")
    keys = len(strip_of(request).keys)
    extended = travelled(request, words_over(project.timeline, clip, medium, keys))
    if extended is request:
        return project, request
    shot = replace(project.shot(footage.shot), strip=extended.strip, extend=0, loop=extended.loop)
    return edits.replace_shot(project, shot), extended


def show(project: Project, clip: str, render: str) -> Project:
    """With a take on a clip, wherever that lies now; itself where the clip or take is gone."""
    if clip not in project.timeline or render not in project.media:
        return project
    shot = project.render(render).shot
    return edit_timeline(project, lambda t: choose(t, clip, render, project.media, shot))


def place(
    project: Project,
    present: Project,
    clips: Collection[str],
    extension: Extension | None,
    render: str,
) -> Project:
    """With a take on the clips that it was made for; `project` is `present`, or a state of its
    history.

    Where a clip shows another take than at present, or its shot is another one, it was made for what
    is not there: there the clip stays as it is, and so does one that is longer than the take.
    """
    for clip in clips:
        if _stands(project, present, clip):
            with suppress(Refusal):
                if extension is not None and extension.clip == clip:
                    project = land(project, extension, render)
                else:
                    project = show(project, clip, render)
    return project


def _stands(project: Project, present: Project, clip: str) -> bool:
    """Whether a clip shows what it shows at present, of a shot that is what it is at present."""
    if clip not in project.timeline or clip not in present.timeline:
        return False
    footage, now = project.timeline.clip(clip).footage, present.timeline.clip(clip).footage
    if footage is None or now is None or (footage.take, footage.shot) != (now.take, now.shot):
        return False
    shots = [[s for s in each.shots if s.id == footage.shot] for each in (project, present)]
    return shots[0] == shots[1]
