"""Colours of made frames beside known ones."""

import torch

from studio.engine.colours import matched


def scene(frames: int = 9) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    still = torch.randint(40, 200, (8, 8, 3), generator=generator)
    return still.expand(frames, -1, -1, -1).to(torch.uint8)


def known_at(*at: int, frames: int = 9) -> tuple[bool, ...]:
    return tuple(k in at for k in range(frames))


def seen(clip: torch.Tensor, gain: float, offset: float) -> torch.Tensor:
    """A clip as an autoencoder with a cast would return it."""
    return (clip.float() * gain + offset).round().clamp(0, 255).to(torch.uint8)


def test_a_cast_that_lies_on_the_whole_clip_is_gone_between_known_frames():
    clip = scene()
    decoded = seen(clip, 0.9, 12)
    found = matched(decoded, clip, known_at(0, 8), 16)
    assert (found.float() - clip.float()).abs().max() <= 1
    assert (decoded.float() - clip.float()).abs().max() > 5


def test_the_correction_goes_evenly_from_one_known_frame_to_the_next():
    clip, decoded = scene(), scene().clone()
    decoded[8] = seen(clip[8:], 1, 16)[0]  # as it is at one end, 16 too light at the other
    found = matched(decoded, clip, known_at(0, 8), 16).float()
    darker = (clip.float() - found).mean((1, 2, 3))
    assert torch.allclose(darker[:8], torch.arange(8) * 2.0, atol=0.6)


def test_it_fades_out_after_the_last_known_frame():
    clip = scene()
    found = matched(seen(clip, 1, 16), clip, known_at(0), 4).float()
    lighter = (found - clip.float()).mean((1, 2, 3))
    assert torch.allclose(lighter, torch.tensor([0, 4, 8, 12, 16, 16, 16, 16, 16.0]), atol=0.6)
    before = matched(seen(clip, 1, 16), clip, known_at(8), 4).float()
    assert torch.allclose((before - clip.float()).mean((1, 2, 3)), lighter.flip(0), atol=0.6)


def test_a_frame_of_one_colour_has_a_bounded_gain():
    clip, decoded = scene(2), scene(2).clone()
    decoded[0] = 128  # says nothing about contrast
    found = matched(decoded, clip, (True, False), 16).float()
    assert (found[1].std((0, 1)) <= 2.1 * clip[1].float().std((0, 1))).all()


def test_without_known_frames_or_a_ramp_nothing_changes():
    clip = scene()
    decoded = seen(clip, 0.9, 12)
    assert matched(decoded, clip, known_at(), 16) is decoded
    assert matched(decoded, clip, known_at(0, 8), 0) is decoded
