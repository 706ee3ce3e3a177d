"""Exact frames of takes as strips hold them: latents of a span, by its key, or a picture.

What is held by key is the very frame that the take was decoded from: nothing is encoded again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from studio.spec.between_spans import between
from studio.spec.part import FRAMES, Part
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.span import Found
from studio.spec.spans import keyframes, source_spans, strip_of
from studio.spec.strip import Source

Requests = Mapping[str, ClipRequest]
"""What each take was made of, by its id."""
Place = tuple[str, int]
"""A frame of a medium: the id of the take or asset, and which of its frames."""
Pictures = Mapping[Place, str]
"""Frames that were put into the project's pictures, by their identities."""


@dataclass(frozen=True, slots=True)
class Held:
    """A frame that a strip can hold: `frame` of a source that is made already."""

    source: Source
    frame: int


def latent_of(request: ClipRequest, number: int) -> Found | None:
    """In which span's latents a frame of a clip is found, and at which place.

    None where it exists behind the codec only: between keyframes that were interpolated as frames,
    that were filled as frames, or in a latent that holds several.  IndexError for a frame that the clip does not have.
    """
    if request.only is not None:
        number += request.only[0]
    if not 0 <= number < request.whole_frames:
        raise IndexError(number)
    strip = strip_of(request)
    keys = keyframes(strip, source_spans(request, strip))
    at, inside = divmod(number, request.frames_per_keyframe)
    if request.part("codec").grid.temporal > 1 or (inside and request.interpolates_frames):
        return None
    ends = (keys[at], keys[(at + 1) % len(keys)] if inside else keys[at])
    if any(end.space == FRAMES for end in ends):
        return None
    if not inside:
        return keys[at].key, keys[at].frame
    _, frames = between(request, *ends)
    return frames[inside].key, frames[inside].frame


def held(place: Place, request: ClipRequest, takes: Requests, pictures: Pictures) -> Held:
    """A frame for a strip of `request`: by its latents where these are of the same kind, else by the
    picture that was made of it.  Refused where neither is there.
    """
    take = takes.get(place[0])
    if take is not None and _same_latents(take, request) and (found := latent_of(take, place[1])):
        return Held(Source(take=found[0]), found[1])
    if identity := pictures.get(place):
        return Held(Source(picture=identity), 0)
    raise Refusal(
        "A clip beside this is of another model or size, or no take of the studio's.",
        "Choose a take of the same model, or use the frame as a picture.",
    )


def _same_latents(one: ClipRequest, other: ClipRequest) -> bool:
    """Whether latents of one clip can stand in another: of one codec, and of one size."""
    return (one.width, one.height, _codec(one)) == (other.width, other.height, _codec(other))


def _codec(request: ClipRequest) -> tuple[object, ...]:
    part: Part = request.part("codec")
    return part.latent_space, part.grid, tuple(part.encoding())
