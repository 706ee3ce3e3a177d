"""The measure of a card tried with tiny networks on the processor; fallbacks where memory is short."""

import time
from dataclasses import replace

import torch

from studio.engine.device import PROCESSOR
from studio.lab.measures import speeds


def test_every_case_is_measured_with_tiny_networks(monkeypatch):
    monkeypatch.setattr(speeds, "RUNS", 1)
    smallest = replace(speeds.TINY, smaller=16)
    found = list(speeds.speeds(PROCESSOR, smallest, time.monotonic() + 600))
    assert [speed.what for speed in found] == list(speeds.CASES)
    assert all(speed.seconds > 0 and speed.peak > 0 and not speed.how for speed in found)
    table = speeds.markdown(found)
    assert table.count("\n") == len(found) + 1


def test_where_memory_is_short_weights_are_streamed_and_else_it_is_said(monkeypatch):
    tries = []

    def build(device, home, scale):
        tries.append(home.name)
        if len(tries) != 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        net = torch.nn.Linear(4, 4)
        return [net], lambda: net(torch.ones(1, 4))

    monkeypatch.setattr(speeds, "CASES", {"one": build, "other": build})
    one, other = speeds.speeds(PROCESSOR, speeds.TINY, time.monotonic() + 60)
    assert one.seconds > 0
    assert "layer by layer" in one.how
    assert (other.seconds, "not enough memory" in other.how) == (None, True)
    assert "| other | – | – |" in speeds.markdown([other])


def test_what_the_time_is_up_for_is_left_out():
    found = list(speeds.speeds(PROCESSOR, speeds.TINY, time.monotonic() - 1))
    assert {speed.seconds for speed in found} == {None}
    assert len(found) == len(speeds.CASES)
