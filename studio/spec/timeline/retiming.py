"""Speed, rate and take of what clips show: time is kept where only the counting changes."""

from dataclasses import replace
from fractions import Fraction

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import FASTEST_SPEED, SLOWEST_SPEED, Clip
from studio.spec.timeline.cutting import check_end, moving, replaced, rippled, title, unlocked
from studio.spec.timeline.media import Media
from studio.spec.timeline.timeline import Marker, Timeline, medium_of
from studio.spec.timeline.track import Placed, laid
from studio.spec.timeline.trimming import fitted
from studio.spec.timing import FASTEST, SLOWEST

HALF = Fraction(1, 2)


def retime(
    timeline: Timeline, id: str, speed: Fraction, media: Media, *, ripple: bool = False
) -> Timeline:
    """With a clip, and what is linked with it, played at another speed: frames are dropped or
    repeated, none is made.

    It shows the same range in another time, as far as the gap after it or, with `ripple`, at all.
    """
    if not SLOWEST_SPEED <= speed <= FASTEST_SPEED:
        least, most = float(SLOWEST_SPEED), FASTEST_SPEED
        raise Refusal("That speed cannot be played.", f"Use {least:g} to {most} times.")
    last, length = timeline.start(id) + timeline.clip(id).length, timeline.clip(id).length
    group = [one for one in timeline.linked(id) if timeline.clip(one).footage]
    for one in group:
        timeline = _retimed(timeline, one, speed, media, ripple=ripple)
    if ripple and group:
        own = {timeline.where(one)[0].id for one in group}
        others = [track for track in moving(timeline, *own) if track.id not in own]
        timeline = rippled(timeline, others, last, timeline.clip(id).length - length)
    return check_end(timeline)


def set_blended(timeline: Timeline, id: str, on: bool) -> Timeline:
    """With a clip that mixes the two frames between which it lies, or shows the nearest."""
    clip = timeline.clip(id)
    if clip.kind != "video" or clip.footage is None or clip.footage.blended == on:
        return timeline
    return replaced(timeline, replace(clip, footage=replace(clip.footage, blended=on)))


def _retimed(
    timeline: Timeline, id: str, speed: Fraction, media: Media, *, ripple: bool
) -> Timeline:
    track, number = timeline.where(id)
    clip = track.clips[number]
    assert clip.footage is not None
    wanted = max(1, (clip.length * clip.footage.speed / speed + HALF).__floor__())
    after = track.clips[number + 1] if number + 1 < len(track.clips) else None
    if not ripple and after:
        wanted = min(wanted, clip.length + after.gap)
    first = replace(clip.footage, begin=_whole(clip.footage.begin), speed=speed)
    new = fitted(timeline, replace(clip, footage=first), wanted, media)
    timeline = replaced(timeline, new)
    if not ripple and after:
        gap = after.gap - (new.length - clip.length)
        timeline = replaced(timeline, replace(after, gap=gap))
    return timeline


def _whole(begin: Fraction) -> Fraction:
    """The frame that is shown first: another speed begins with it, and fractions stay small."""
    return Fraction((begin + HALF).__floor__())


def at_rate(timeline: Timeline, rate: Fraction, media: Media) -> Timeline:
    """The timeline at another rate: everything begins and ends at the frame nearest to its time."""
    if not SLOWEST <= rate <= FASTEST:
        raise Refusal("That rate cannot be played.", f"Use {float(SLOWEST):g} to {FASTEST}.")
    factor = rate / timeline.rate

    def there(frame: int) -> int:
        return (frame * factor + HALF).__floor__()

    tracks, new = [], replace(timeline, rate=rate)
    for track in timeline.tracks:
        placed: list[Placed] = []
        end = 0
        for start, clip in unlocked(track).placed():
            first = max(end, there(start))
            clip = _counted(new, clip, max(1, there(start + clip.length) - first), factor, media)
            placed.append((first, clip))
            end = first + clip.length
        tracks.append(laid(track, placed))
    marks = (timeline.mark_in, timeline.mark_out)
    mark_in, mark_out = (mark if mark is None else there(mark) for mark in marks)
    if mark_out is not None:
        mark_out = max(mark_out, (mark_in or 0) + 1)
    markers = tuple(_moved(marker, there) for marker in timeline.markers)
    return check_end(
        replace(new, tracks=tuple(tracks), markers=markers, mark_in=mark_in, mark_out=mark_out)
    )


def _counted(new: Timeline, clip: Clip, length: int, factor: Fraction, media: Media) -> Clip:
    """A clip of a timeline at a new rate, its fades as long as they were."""
    sound = clip.sound and replace(
        clip.sound,
        fade_in=round(clip.sound.fade_in * factor),
        fade_out=round(clip.sound.fade_out * factor),
    )
    clip = replace(clip, sound=sound)
    if clip.footage is None:
        return replace(clip, length=length)
    counted = fitted(new, clip, length, media)
    return replace(counted, held_head=clip.held_head, held_tail=clip.held_tail)


def _moved(marker: Marker, there) -> Marker:
    frame = there(marker.frame)
    return replace(marker, frame=frame, length=there(marker.frame + marker.length) - frame)


def choose(timeline: Timeline, id: str, take: str, media: Media, shot: str = "") -> Timeline:
    """With another take on a clip, of its shot or another, from the same time on.

    Refused where that take is shorter than the clip: no clip shrinks by itself.
    """
    clip = timeline.clip(id)
    medium = medium_of(timeline, take, media)
    if clip.footage is None or medium is None:
        raise KeyError(take)
    footage = clip.footage.of_take(take, shot or clip.footage.shot, medium.rate)
    last = footage.frame(clip.length - 1, timeline.rate)
    if last >= medium.frames:
        raise Refusal(
            f"This take is shorter than {title(clip)}.", "Trim the clip first, or extend the take."
        )
    return replaced(timeline, replace(clip, footage=footage))
