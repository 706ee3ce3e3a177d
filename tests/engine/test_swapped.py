"""The condition pyramid belongs to the temporal weights: a whole DreamBooth backbone under it."""

import pytest
import torch

from studio.engine.backbone import encode_text
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.lora import adapter, adapter_file
from studio.engine.lora.adapter import adapted
from studio.engine.lora.adapter_file import Label
from studio.spec.progress import silent
from tests.engine.families.videoldm.filling import clip, spec
from tests.engine.tiny_backbone import tiny
from tests.engine.tiny_video import model

KNOWN = [(True, False, False), (False, False, True), (True, False, True), (False, True, False)]


@pytest.fixture(scope="module")
def video():
    return model()


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """Every weight of another backbone's UNet and text encoder, as DreamBooth leaves them."""
    other = tiny(seed=3)
    tensors = {
        adapter_file.file_name(part, name): p.detach()
        for part in adapter.PARTS
        for name, p in getattr(other, part).named_parameters()
    }
    folder = tmp_path_factory.mktemp("tuned")
    return adapter_file.write_adapter(folder, tensors, Label("dreambooth", 0, 0.0), {})[0]


def filled(video, given, known):
    words = encode_text(video.backbone, ["a red ball", ""])
    text = Text(words[:1], words[1:], words[:1], words[1:])
    return fill(video, given, known, text, spec(len(known)), silent)


@pytest.mark.parametrize("known", KNOWN)
def test_known_frames_hold_under_another_backbone(video, tuned, known):
    given, frames = clip(3), torch.tensor(known)
    weights = {k: v.clone() for k, v in video.net.temporal.state_dict().items()}
    plain = filled(video, given, known)
    with adapted(video.backbone, tuned):
        swapped = filled(video, given, known)
        moved = filled(video, given + frames[:, None, None, None], known)
    assert torch.equal(swapped[frames], given[frames])
    assert (swapped[~frames] - plain[~frames]).abs().max() > 1e-2
    assert (moved[~frames] - swapped[~frames]).abs().amax((1, 2, 3)).max() > 1e-5
    now = video.net.temporal.state_dict()
    assert all(torch.equal(now[k], v) for k, v in weights.items())
    assert torch.equal(filled(video, given, known), plain)
