"""Spans from latents to frames: one grid, and how far beyond its chunk a decoder looks."""

from dataclasses import replace

import pytest

from studio.spec import strip as strips
from studio.spec.frame_spans import DECODE_CHUNK, DECODE_MARGIN, around, whole_chunks
from studio.spec.spans import spans
from tests.spec.requests import ASKED

SEES = (("autoencoder", "v"), ("decoder", "d"))


def decoded(**more):
    asked = replace(ASKED, interpolate=2, weights=SEES, **more)
    return [span for span in spans(asked) if span.stage == "decode"]


def test_an_image_decoder_reads_what_it_makes():
    plain = decoded()
    blind = [s for s in spans(replace(plain[0].request, weights=SEES[:1])) if s.stage == "decode"]
    assert all(len(span.reads) == len(span.makes) and not span.context_before for span in blind)
    assert [span.makes for span in blind] == [span.makes for span in plain]
    assert not {span.key for span in blind} & {span.key for span in plain}


def test_a_decoder_that_sees_time_looks_beyond_its_chunk_and_makes_the_same_frames():
    first, *middle, before, last = decoded()
    assert first.context_before == 0
    assert len(first.reads) == DECODE_CHUNK + DECODE_MARGIN
    for span in middle:
        assert (span.context_before, len(span.makes)) == (DECODE_MARGIN, DECODE_CHUNK)
        assert len(span.reads) == DECODE_CHUNK + 2 * DECODE_MARGIN
    assert len(before.reads) == DECODE_MARGIN + DECODE_CHUNK + 1
    assert (last.context_before, len(last.makes), len(last.reads)) == (
        DECODE_MARGIN,
        1,
        DECODE_MARGIN + 1,
    )


def test_in_a_loop_it_looks_over_the_end():
    first, *_, last = decoded(loop=True)
    assert first.context_before == DECODE_MARGIN
    assert last.inputs[-1] in first.inputs
    assert len(last.reads) == len(last.makes) + 2 * DECODE_MARGIN


def test_chunks_read_on_from_one_another():
    frames = list(range(20))
    assert around(frames, 8, 16, 4, loop=False) == (frames[4:20], 4)
    assert around(frames, 0, 8, 4, loop=False) == (frames[:12], 0)
    assert around(frames, 16, 20, 4, loop=True) == ([*frames[12:], *frames[:4]], 4)


def test_a_new_keyframe_costs_its_intervals_and_a_chunk_on_either_side():
    window = ASKED.window
    strip = strips.fresh(8, window)
    edited = strips.rerolled(strip, [3], window, seed=9)
    old = {span.key for span in decoded(strip=strip)}
    new = [span for span in decoded(strip=edited) if span.key not in old]
    assert sum(len(span.makes) for span in new) == 4 * DECODE_CHUNK + 2 * DECODE_CHUNK


@pytest.mark.parametrize("passes", [0, 1, 2])
@pytest.mark.parametrize("loop", [False, True])
def test_a_range_ends_where_its_spans_do(passes, loop):
    asked = replace(ASKED, interpolate=passes, loop=loop)
    for first, last in ((0, 0), (3, 6), (6, 7), (asked.frames - 1, asked.frames - 1)):
        only = whole_chunks(asked, first, last)
        assert only[0] <= first <= last <= only[1]
        part = replace(asked, only=only)
        made = [p for span in spans(part) if span.stage == "decode" for p in span.makes]
        assert len(made) == part.frames
        assert whole_chunks(asked, *only) == only
