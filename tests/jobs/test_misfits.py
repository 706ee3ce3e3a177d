"""Takes that are not what a project says of them: one sentence, not a fault."""

from fractions import Fraction

import numpy as np
import pytest

from studio.project.stored_frames import in_order, stored_frames
from studio.project.takes import TakeStore
from studio.spec.refusal import Refusal
from studio.spec.timing import retimed

FRAMES, LATENTS, GONE = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def takes(tmp_path):
    def save(path, frames):
        path.write_bytes(frames.tobytes())

    made = np.zeros((3, 8, 8, 3), np.uint8)
    takes = TakeStore(tmp_path, save, lambda path: iter(made), ".raw")
    takes.put(FRAMES, {"frames": made})
    takes.put(LATENTS, {"latents": np.zeros((3, 4), np.float32)})
    return takes


@pytest.mark.parametrize("key", [LATENTS, GONE])
def test_a_clip_of_takes_without_frames_is_refused(takes, key):
    with pytest.raises(Refusal, match="no longer stored"):
        list(stored_frames(takes, [FRAMES, key]))


def test_a_clip_with_fewer_frames_than_it_says_is_refused(takes):
    order = retimed(3, Fraction(8), Fraction(8))
    assert len(list(in_order(stored_frames(takes, [FRAMES]), order))) == 3
    with pytest.raises(Refusal, match="fewer frames"):
        list(in_order(stored_frames(takes, [FRAMES]), (*order, 3)))
