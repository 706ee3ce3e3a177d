"""A clip gone on from: a shot that begins with the exact last frames of another clip, whatever that
shows, and leads nowhere in particular."""

from dataclasses import replace

from studio.project.project import Project, new_id
from studio.project.timeline_edits import NO_PICTURES, requests, with_filling
from studio.spec.request import ClipRequest
from studio.spec.timeline import filling
from studio.spec.timeline.cutting import NewId, moving, rippled
from studio.spec.timeline.gaps import range_of
from studio.spec.timeline.holding import Pictures


def go_on(
    project: Project,
    clip: str,
    length: int,
    request: ClipRequest,
    pictures: Pictures = NO_PICTURES,
    new: NewId = new_id,
) -> tuple[Project, ClipRequest]:
    """With a shot of `length` frames after a clip, around its last frames alone, and the request for
    it; what follows makes room where there is too little."""
    timeline = project.timeline
    track, number = timeline.where(clip)
    end = track.end(number)
    if number + 1 < len(track.clips) and track.clips[number + 1].gap < length:
        lacking = length - track.clips[number + 1].gap
        timeline = rippled(timeline, moving(timeline, track.id), end, lacking)
    gap = range_of(timeline, track.id, end, length)
    assert gap is not None
    alone = replace(gap, after=None)
    made = filling.fill(alone, timeline.rate, request, project.media, requests(project), pictures)
    return with_filling(project, timeline, gap, made, new), made.request
