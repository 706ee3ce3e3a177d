"""Films whose decoder sees time: the same frames on every way to them."""

import dataclasses

import numpy as np
import pytest
import torch

from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.decoder import DecoderConfig, DecoderLayers
from studio.engine.film import film
from studio.spec.progress import Cancelled, silent
from studio.spec.spans import spans
from tests.engine.memory import Memory
from tests.engine.tiny_video import in_memory, model, request, video_of


@pytest.fixture(scope="module")
def models():
    video = model()
    torch.manual_seed(3)
    layers = DecoderLayers(video.backbone.vae.decoder, DecoderConfig(norm_groups=4)).eval()
    with torch.no_grad():
        for parameter in layers.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.2)
    return in_memory(dataclasses.replace(video, decoder=layers.requires_grad_(False)))


def asked(**more):
    weights = (*request().weights, ("decoder", "d"))
    small = {"width": 16, "height": 16, "keyframes": 3, "steps": 1, "guidance": 1.0}
    return request(**small | {"interpolate": 2, "weights": weights} | more)


@pytest.fixture(scope="module")
def whole(models):
    memory = Memory()
    film(spans(asked()), models, memory, silent)
    return memory


def decoded(walk):
    return [span for span in walk if span.stage == "decode"]


def test_every_frame_is_made_once_and_sees_its_neighbours(models, whole):
    walk = decoded(spans(asked()))
    frames = [whole[span.key]["frames"] for span in walk]
    assert [len(part) for part in frames] == [len(span.makes) for span in walk] == [8] * 4 + [1]
    latents = {}
    for span in spans(asked()):
        for number, position in enumerate(span.makes if "latents" in whole[span.key] else ()):
            scale = 4 ** (
                2 - span.pass_index
            )  # keyframes, then passes: positions at the clip's rate
            latents[position * scale] = torch.from_numpy(whole[span.key]["latents"][number])
    seen = torch.stack([latents[k] for k in range(4, 20)])
    again = decode(video_of(models).backbone, seen, silent, video_of(models).decoder)[4:12]
    np.testing.assert_array_equal(frames[1], again.numpy())


def test_a_run_that_was_stopped_ends_in_the_same_bytes(models, whole):
    memory, ticks = Memory(), 0

    def tick(progress):
        nonlocal ticks
        ticks += progress.stage == "decode"
        if ticks == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        film(spans(asked()), models, memory, tick)
    made = len([span for span in decoded(spans(asked())) if span.key in memory])
    assert 0 < made < 5
    film(spans(asked()), models, memory, silent)
    for span in decoded(spans(asked())):
        np.testing.assert_array_equal(memory[span.key]["frames"], whole[span.key]["frames"])


def test_steps_add_up(models):
    heard = []
    film(spans(asked()), models, Memory(), heard.append)
    steps = [(p.step, p.total) for p in heard if p.stage == "decode"]
    assert steps[-1][0] == steps[-1][1]
    assert steps == sorted(steps)
