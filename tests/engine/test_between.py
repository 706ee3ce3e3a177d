"""Holes between known frames: windows of their own, and what is started from."""

import torch

from studio.engine.between import blended


def test_holes_show_the_known_frames_around_them_by_nearness():
    clip = torch.tensor([9.0, 0, 0, 0, 8, 0, 9])[:, None]
    known = (False, True, False, False, True, False, False)
    clip[1] = 2
    found = blended(clip, known)[:, 0]
    torch.testing.assert_close(found, torch.tensor([2.0, 2, 4, 6, 8, 8, 8]))


def test_known_frames_stay_what_they_are():
    clip, known = torch.randn(5, 3, 2), (True, False, True, True, False)
    found = blended(clip, known)
    for frame, is_known in enumerate(known):
        assert torch.equal(found[frame], clip[frame]) is is_known
