"""The order to fill several gaps in one go: a shot for each, of the words and numbers beside it."""

from collections.abc import Callable, Collection

from studio.project import timeline_edits
from studio.project.project import Project
from studio.spec.quantities import count, timecode
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.gaps import Gap, gap_at, gaps_between
from studio.spec.timeline.holding import Pictures
from studio.ui.state.timeline_orders import Made, Order, Piece

Around = Callable[[Clip, int], ClipRequest]
"""What a clip is made of, with the words that lie over a frame."""


def is_take(clip: Clip) -> bool:
    """Whether a clip shows something that was made here."""
    return bool(clip.footage and clip.footage.take)


def beside(gap: Gap) -> Clip:
    """The clip whose words and numbers a gap is filled with: rather a take than a file."""
    clips = [one.clip for one in (gap.before, gap.after) if one]
    return next(filter(is_take, clips), clips[0])


def fill_gaps(
    project: Project,
    clips: Collection[str],
    around: Around,
    check: Callable[[ClipRequest], None],
    pictures: Pictures,
) -> Order:
    """An order that fills all gaps between clips, or those between some; each from the exact frames on
    both its sides.  What cannot be filled is left as it is and said.

    Raises `Refusal` where there is none.
    """
    found = tuple(gaps_between(project.timeline, clips))
    if not found:
        raise Refusal("There is no gap between two clips.", "Move clips apart first.")
    wished = [around(beside(gap), gap.start + (gap.length or 0) // 2) for gap in found]

    def edit(after: Project, _: ClipRequest | None) -> Made:
        pieces: list[Piece] = []
        left: list[str] = []
        for gap, request in zip(found, wished, strict=True):
            at = timecode(gap.start, after.timeline.rate)
            now = gap_at(after.timeline, gap.track, gap.start) or gap
            try:
                filled, asked = timeline_edits.fill_gap(after, now, request, pictures)
                check(asked)
            except Refusal as refusal:
                left.append(f"The gap at {at} stays: {refusal.what}")
                continue
            after, shot = filled, filled.shots[-1].id
            pieces.append(Piece(asked, shot, _clips_of(after, shot), f"Gap at {at}"))
        if not pieces:
            raise Refusal(left[0], "Fill it by itself to choose other words.")
        return Made(after, tuple(pieces), tuple(left))

    title = f"Fill {count(len(found), 'gap')}"
    return Order(title, title, "Fill", edit)


def _clips_of(project: Project, shot: str) -> tuple[str, ...]:
    clips = (clip for track in project.timeline.tracks for clip in track.clips)
    return tuple(clip.id for clip in clips if clip.footage and clip.footage.shot == shot)
