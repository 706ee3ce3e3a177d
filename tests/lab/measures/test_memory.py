"""What stages take: bytes counted while they live, against sums by hand and against the system."""

import sys
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from studio.engine.device import Device, choose
from studio.engine.memory.live import Live
from studio.lab.measures import memory
from studio.spec.frame_spans import DECODE_MARGIN, UPSAMPLE_MARGIN
from studio.spec.request import Upsampling
from studio.spec.spans import spans
from tests.spec.requests import ASKED


def test_what_is_dropped_counts_no_longer():
    with Live([]) as live:
        first = torch.zeros(1000)
        second = first + 1
        view = second[:10]
        del second
        assert live.now == 8000  # the view holds all of it
        del view
        assert live.now == 4000
        first.add_(1)
        assert live.now == 4000
    assert live.peak == 8000


def test_what_goes_to_a_network_and_comes_back_takes_nothing_on_a_processor():
    """There it is where it was; it was counted on both sides."""
    for on_processor, both in ((True, 4000), (False, 8000)):
        with Live([], on_processor=on_processor) as live:
            there = torch.zeros(1000)
            moved = there.to("meta")
            assert live.now == both
            del there
            assert live.now == 4000
            back = moved[:500].to("cpu", torch.float16)
            assert live.now == 5000
            again = moved.to("cpu")
            assert live.now == both + 1000
            del moved, again
            assert live.now == 1000
            assert back.dtype == torch.float16


def test_weights_do_not_count_and_what_they_make_does():
    net = nn.Linear(100, 50, bias=False)
    with torch.no_grad(), Live([net]) as live:
        made = net(torch.ones(8, 100))
    assert live.peak == 4 * (8 * 100 + 8 * 50)
    assert made.shape == (8, 50)


def test_at_full_size_every_stage_fits_a_card_of_8_gb():
    found = memory.predicted(512, 320, torch.float16)
    assert found["a window of keyframes"].weights / 1e6 == pytest.approx(
        2 * (859.5 + 549.0), rel=0.01
    )
    for need in found.values():
        assert need.weights + need.working < memory.CAP


def test_a_card_is_given_back_whole(monkeypatch):
    """Also where a stage needs more than a card of 8 GB has."""
    said = []
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=4 * memory.CAP)
    )
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", said.append)

    def fails(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(memory, "STAGES", {"a stage": fails})
    with pytest.raises(torch.OutOfMemoryError):
        memory.measured(64, 64, Device("cuda", torch.float16))
    assert said == [0.25, 1.0]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what was used")
def test_what_is_predicted_is_used(monkeypatch):
    only = "a tile as a picture"
    monkeypatch.setattr(memory, "STAGES", {only: memory.STAGES[only]})
    cpu = choose("cpu")
    said, used = (
        f[only] for f in (memory.predicted(64, 64, cpu.dtype), memory.measured(64, 64, cpu))
    )
    assert said.weights == used.weights
    # convolutions on a processor copy what they read into an order of their own, each thread its
    # part; beside other programs as much as three times what is counted was seen
    assert said.working < used.working < 4 * said.working


def test_113_frames_of_512_by_320_are_spans_no_larger_than_those():
    how = Upsampling(steps=2, level=20, tile=memory.TILE, overlap=16)
    asked = replace(ASKED, width=512, height=320, keyframes=8, interpolate=2, upsample=how)
    asked = replace(asked, weights=(*asked.weights, ("decoder", "d")))
    assert (asked.frames, asked.size) == (113, (2048, 1280))
    most = Counter()
    for span in spans(asked):
        most[span.stage] = max(most[span.stage], len(span.reads))
    assert most == {
        "keyframes": memory.WINDOW,
        "interpolation": 17,  # two neighbours at a time and the three between them
        "decode": 8 + 2 * DECODE_MARGIN,
        "upsample": 8 + 2 * UPSAMPLE_MARGIN,
    }
