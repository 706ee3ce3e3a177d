"""Longer clips in two ways: as many keyframes, from one window or from two."""

from dataclasses import replace

import numpy as np
import pytest

from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import longer
from tests.cards import with_
from tests.engine.tiny_video import model

BALL = Meaning("red", "ball", "grass", "left", "normal", "normally")


@pytest.fixture(scope="module")
def video():
    tiny = model()
    card = with_(tiny.card, passes=2, predicts=True, steps=1, guidance=1.0)
    return replace(tiny, card=card)


def test_175_frames_are_twelve_keyframes(video):
    assert longer.keyframes(video) == 12
    assert longer.keyframes(replace(video, card=with_(video.card, passes=0))) == 175


def test_both_ways_are_seen_in_two_parts(video, monkeypatch):
    lengths = []
    monkeypatch.setattr(
        longer.rollout, "stretch", lambda frames, _: lengths.append(len(frames)) or STRETCH
    )
    observed = {way: [longer.look(video, way, ("a red ball", BALL), 3)] for way in longer.WAYS}
    assert lengths == [8, 5, 8, 5]
    table = longer.markdown(observed).splitlines()
    assert [line.split(" | ")[:2] for line in table[2:]] == [
        ["| convolutional in time", "first"],
        ["| by prediction", "first"],
        ["| convolutional in time", "rest"],
        ["| by prediction", "rest"],
    ]
    assert "| 3.0 |" in table[2]


STRETCH = longer.rollout.Stretch(*np.arange(8.0))
