"""Frames in between for a clip that is slower than its take: the take with more passes of
interpolation, which keeps the keys of all that was made before, as a shot of the clip's own."""

from dataclasses import replace

from studio.project import edits
from studio.project.project import Project, new_id
from studio.project.timeline_edits import edit_timeline, shot_of
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.timeline.clip import Footage
from studio.spec.timeline.cutting import NewId, replaced
from studio.spec.timeline.trimming import TAIL, trim

MOST = 3
"""Passes that are asked for at once, at most."""


def finer(project: Project, clip: str) -> tuple[ClipRequest, ...]:
    """What the take of a clip would be with more frames between: first with as many passes as its
    speed asks for, then with fewer.  Refused where it shows no frame twice, or no take."""
    footage, asked = _footage(project, clip), _request(project, clip)
    step, found = footage.step(project.timeline.rate), []
    for more in range(1, MOST + 1):
        if step >= 1:
            break
        found.append(replace(asked, interpolate=asked.interpolate + more))
        step *= found[-1].frames_per_keyframe
        step /= replace(asked, interpolate=asked.interpolate + more - 1).frames_per_keyframe
    if not found:
        raise Refusal("This clip shows no frame twice.", "Slow it down first: Speed (D).")
    return tuple(reversed(found))


def slow(project: Project, clip: str, request: ClipRequest, new: NewId = new_id) -> Project:
    """With a shot for `request`, which the clip shows from then on, as the last one of the project.

    Until it is made the clip shows its take; of its end those frames go that lie behind the last one.
    """
    shot = shot_of(request, new())
    footage = _footage(project, clip)
    counted = footage.of_take(footage.take, shot.id, request.rate)
    length = lasts = project.timeline.clip(clip).length
    while length > 1 and counted.frame(length - 1, project.timeline.rate) >= request.frames:
        length -= 1
    timeline = project.timeline
    if length < lasts:
        timeline = trim(timeline, clip, TAIL, length - lasts, project.media)
    one = timeline.clip(clip)
    timeline = replaced(timeline, replace(one, footage=replace(footage, shot=shot.id)))
    with_shot = edits.select(edits.add_shot(project, shot), project.selected or shot.id)
    return edit_timeline(with_shot, lambda _: timeline)


def _footage(project: Project, clip: str) -> Footage:
    footage = project.timeline.clip(clip).footage
    if footage is None or footage.take not in project.media or not footage.take:
        raise Refusal("This clip shows no take that was made here.", "Choose one that does.")
    return footage


def _request(project: Project, clip: str) -> ClipRequest:
    request = project.render(_footage(project, clip).take).request
    if request.only:
        raise Refusal("This take is a part of a larger clip.", "Render the whole clip first.")
    return request
