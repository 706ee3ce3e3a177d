"""Colours of made frames matched to the known ones beside them, along a ramp.

A video autoencoder does not return a frame as it was, so that the original pixels, put back, stand
out from their neighbours.  The correction is per channel, by mean and deviation (Reinhard et al.
2001): what takes the decoded known frame to its original.
"""

import torch
from torch import Tensor

MAX_GAIN = 2.0
"""A frame nearly of one colour says little about contrast; its gain is bounded by this and 1/this."""


def matched(frames: Tensor, clip: Tensor, known: tuple[bool, ...], ramp: float) -> Tensor:
    """`frames` uint8 (T, H, W, 3) with the corrections of the known frames of `clip`.

    Between two known frames the correction goes evenly from the one's to the other's; before the
    first and after the last it fades out over `ramp` frames.  A ramp of 0 changes nothing.
    """
    ends = [frame for frame, is_known in enumerate(known) if is_known]
    if not ends or ramp <= 0:
        return frames
    at = {frame: _correction(frames[frame], clip[frame]) for frame in ends}
    none = torch.tensor([[1.0], [0.0]]).expand(2, 3)
    made = []
    for number, frame in enumerate(frames):
        before = max((k for k in ends if k <= number), default=None)
        after = min((k for k in ends if k >= number), default=None)
        if before is None or after is None:
            near = after if before is None else before
            assert near is not None
            share = max(0.0, 1 - abs(number - near) / ramp)
            gain, offset = torch.lerp(none, at[near], share)
        else:
            share = (number - before) / max(1, after - before)
            gain, offset = torch.lerp(at[before], at[after], share)
        made.append((frame.float() * gain + offset).round().clamp(0, 255).to(torch.uint8))
    return torch.stack(made)


def _correction(decoded: Tensor, original: Tensor) -> Tensor:
    """Gain and offset (2, 3) that give a decoded frame (H, W, 3) the colours of the original."""
    decoded, original = decoded.reshape(-1, 3).float(), original.reshape(-1, 3).float()
    gain = (original.std(0) + 1) / (decoded.std(0) + 1)
    gain = gain.clamp(1 / MAX_GAIN, MAX_GAIN)
    return torch.stack([gain, original.mean(0) - gain * decoded.mean(0)])
