"""The spans of a strip's sources, in latents or in frames, and what leads from one to the other.

Where a family fills holes behind the codec, the frames that it is given are *shown* first, each
decoded alone: whoever looks at a keyframe and whoever fills around it see the same pixels.  What
goes on in latents from frames is encoded again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from studio.spec.meaning import context, meant
from studio.spec.part import FRAMES, LATENTS
from studio.spec.request import ClipRequest
from studio.spec.span import Frame, Span, encode_reads, reads_of, span_key
from studio.spec.strip import Keyframe, Source, Strip


@dataclass(slots=True)
class Sources:
    """`spans` has one span per source; `walk` those that are to be made, with what leads from
    latents to frames and back, each after those that it reads."""

    request: ClipRequest
    strip: Strip
    spans: list[Span] = field(default_factory=list)
    walk: list[Span] = field(default_factory=list)
    _across: dict[tuple[str, str, int], Span] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for source in self.strip.sources:
            self.spans.append(self._span(source))

    def frame(self, key: Keyframe) -> Frame:
        """Where a keyframe is found, as its source makes it."""
        span = self.spans[key.source]
        return Frame(span.key, key.frame, self.strip.position(key), space_of(span))

    def keyframes(self) -> tuple[Frame, ...]:
        """Where each keyframe of the strip is found."""
        return tuple(self.frame(key) for key in self.strip.keys)

    def shown(self, key: Keyframe) -> Frame:
        """A keyframe as a frame: that of its source, or its latent decoded."""
        frame = self.frame(key)
        if frame.space == FRAMES:
            return frame
        whole = self.request.part("codec").grid.temporal > 1
        place = ("show", frame.key, 0 if whole else frame.frame)
        if (span := self._across.get(place)) is None:
            span = self._shown(self.spans[key.source], frame, whole=whole)
            self._across[place] = span
            self.walk.append(span)
        return Frame(span.key, frame.frame if whole else 0, frame.position, FRAMES)

    def encoded(self, key: Keyframe) -> Frame:
        """A keyframe as a latent: that of its source, or its frame encoded."""
        frame = self.frame(key)
        if frame.space == LATENTS:
            return frame
        place = ("encode", frame.key, frame.frame)
        if (span := self._across.get(place)) is None:
            span = self._encoded(self.spans[key.source].source, frame)
            self._across[place] = span
            self.walk.append(span)
        return Frame(span.key, 0, frame.position)

    def _span(self, source: Source) -> Span:
        """A taken frame's is already made."""
        if source.take:
            return Span("take", (), (), (), source.take, self.request, source)
        made = picture_span(self.request, source) if source.picture else self._fill(source)
        self.walk.append(made)
        return made

    def _fill(self, source: Source) -> Span:
        """All frames of a window at once: they share attention, so they are one span.

        Made by the first part that can fill around the frames that are given.
        """
        known = tuple(key is not None for key in source.given)
        role = "holes" if any(known) else "keyframes"
        part = self.request.part(role, known)
        apart = role == "holes" and part.holes_space == FRAMES
        found = self.shown if apart else self.encoded
        given = [key and found(key) for key in source.given]
        inputs, reads = reads_of([frame and (frame.key, frame.frame) for frame in given])
        makes = tuple(range(source.first, source.first + len(source.given)))
        decides = meant(self.request, part, role, source)
        if inputs:
            decides |= context(self.request, part, reads)
        if apart:
            decides["space"] = part.holes_space
        key = span_key("keyframes", makes, inputs, decides)
        return Span(
            "keyframes", makes, reads, inputs, key, self.request, source, role=role, part=part
        )

    def _shown(self, made: Span, frame: Frame, *, whole: bool) -> Span:
        """A latent decoded alone, or all of a window where a latent means nothing without others."""
        part, makes, latents = self.request.part("codec"), (frame.position,), (frame.frame,)
        if whole:
            makes, latents = made.makes, tuple(range(part.grid.latents(len(made.makes))))
        inputs, reads = reads_of([(frame.key, latent) for latent in latents])
        decides = {"weights": part.named("codec"), "reads": encode_reads(reads)}
        key = span_key("show", makes, inputs, decides)
        return Span(
            "show", makes, reads, inputs, key, self.request, made.source, role="codec", part=part
        )

    def _encoded(self, source: Source, frame: Frame) -> Span:
        part, makes = self.request.part("codec"), (frame.position,)
        inputs, reads = reads_of([(frame.key, frame.frame)])
        decides = {"weights": part.encoding(), "reads": encode_reads(reads)}
        key = span_key("encode", makes, inputs, decides)
        return Span(
            "encode", makes, reads, inputs, key, self.request, source, role="codec", part=part
        )


def space_of(span: Span) -> str:
    """Whether a source's span holds latents or frames."""
    if span.stage == "take":
        return span.source.space
    return span.part.holes_space if span.role == "holes" else LATENTS


def picture_span(request: ClipRequest, source: Source) -> Span:
    """A picture that the user brought, fitted to the clip's size and encoded."""
    part = request.part("codec")
    decides = {
        "picture": source.picture,
        "size": (request.width, request.height),
        "weights": part.encoding(),
    }
    key = span_key("picture", (0,), (), decides)
    return Span("picture", (0,), (), (), key, request, source, role="codec", part=part)


def gathered(request: ClipRequest, shown: Sequence[Frame], chunk: int) -> list[Span]:
    """Frames that are there already, in the order of the clip: chunks of so many, decoded by nobody."""
    made = []
    for first in range(0, len(shown), chunk):
        some = shown[first : first + chunk]
        inputs, reads = reads_of([(frame.key, frame.frame) for frame in some])
        makes = tuple(frame.position for frame in some)
        decides = {"space": FRAMES, "reads": encode_reads(reads)}
        key = span_key("decode", makes, inputs, decides)
        made.append(Span("decode", makes, reads, inputs, key, request))
    return made
