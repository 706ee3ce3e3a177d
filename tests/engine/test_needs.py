"""What spans take by shapes alone, against what torch's allocator says that they took."""

from collections import Counter
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
import torch

from studio.engine.device import PROCESSOR, SHAPES, Device
from studio.engine.film import STAGES, Models, loaded
from studio.engine.memory.lighter import lighter
from studio.engine.memory.measured import measured
from studio.engine.memory.needs import need_of, run, skeleton
from studio.engine.untouched import networks
from studio.library import models as library
from studio.spec import strip as strips
from studio.spec.card import FAMILIES
from studio.spec.plan.steps import STREAMED
from studio.spec.progress import silent
from studio.spec.spans import spans
from tests import published_models, tiny_families, tiny_parts
from tests.engine.memory import Memory


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_parts.make(tmp_path_factory.mktemp("models"))


def opened(folder: Path, name: str, role: str, device: Device):
    model = library.find(name, [folder])
    family = import_module(FAMILIES[model.card.family])
    return family.load(model.folder, model.card, role, device, silent)


@pytest.fixture(scope="module")
def parts(folder):
    """By role, what "large" is loaded with."""
    video = opened(folder, "large", "keyframes", PROCESSOR)
    return {**video, **opened(folder, "large", "upscaler", PROCESSOR)}


@pytest.fixture(scope="module")
def walk(folder):
    model = library.find("large", [folder])
    asked = model.card.request(
        "a red ball", 7, model.weights, keyframes=2, interpolate=1, steps=2, width=32, height=32,
        upsample=replace(model.card.upsampling, steps=1),
    )  # fmt: skip
    return spans(asked)


def test_each_stage_takes_what_its_shapes_say(folder, parts, walk):
    shapes = {
        role: skeleton(partial(opened, folder, "large", role), PROCESSOR)
        for role in ("keyframes", "upscaler")
    }
    memo, models = Memory(), Models(loaded(parts))
    for span in {(span.stage, span.pass_index, len(span.reads)): span for span in walk}.values():
        stage, role = span.stage, span.role
        said = need_of(span, shapes["upscaler" if role == "upscaler" else "keyframes"], PROCESSOR)
        inputs = {key: memo[key] for key in span.inputs if key in memo}
        made = {}
        used = measured(
            lambda s=span, i=inputs, m=made: m.update(STAGES[s.stage](s, models, i, silent)),
            PROCESSOR,
        )
        assert said.device == pytest.approx(said.weights + used, rel=0.1), stage
        memo.put(span.key, made)


def test_a_known_frame_takes_what_its_encoder_does(folder, parts, walk):
    """A picture that is brought, or a frame that is gone on from, is in the plan as it is encoded."""
    strip = strips.replaced(strips.fresh(2, 2), 0, strips.Source(picture="ab" * 16))
    asked = replace(walk[0].request, width=256, height=256, interpolate=0, upsample=None)
    found = spans(replace(asked, strip=strip))
    (span,) = (span for span in found if span.stage == "picture")
    shapes = skeleton(partial(opened, folder, "large", "keyframes"), PROCESSOR)
    said, used = (
        need_of(span, shapes, PROCESSOR),
        measured(lambda: run(span, parts, Memory()), PROCESSOR),
    )
    assert said.working == pytest.approx(used, rel=0.04)
    assert said.flops > 0


def test_a_card_takes_half_and_streamed_weights_wait_beside_it(folder, walk):
    card = Device("cuda", torch.float16)
    needs = [
        need_of(walk[0], skeleton(partial(opened, folder, "large", "keyframes"), device), device)
        for device in (PROCESSOR, card, lighter(card, [STREAMED]))
    ]
    full, half, streamed = needs
    assert half.weights == pytest.approx(full.weights / 2, rel=0.06)
    assert half.working < full.working
    assert streamed.weights == 0
    assert streamed.host >= half.weights
    assert 0.99 * half.working < streamed.device < half.device / 2
    assert full.flops == half.flops == streamed.flops > 0


def test_shapes_are_nowhere_in_memory(folder):
    parts = skeleton(partial(opened, folder, "large", "keyframes"), PROCESSOR)
    assert {t.device.type for net in networks(parts) for t in net.parameters()} == {SHAPES}


def test_more_steps_are_found_out_as_fast(tmp_path):
    """A network of pictures was computed anew at every step whose timestep is a whole number."""
    published_models.checkpoint(tmp_path / "dream.safetensors")
    model = library.find("dream", [tmp_path])
    family = import_module(FAMILIES[model.card.family])
    parts = skeleton(lambda on: family.load(model.folder, model.card, "", on, silent), PROCESSOR)
    computed: Counter[int] = Counter()
    for layer in (module for net in networks(parts) for module in net.modules()):
        layer.register_forward_pre_hook(lambda *_: computed.update([steps]))
    for steps in (1, 3):
        asked = model.card.request("a ball", 7, model.weights, keyframes=1, steps=steps)
        need_of(spans(asked)[0], parts, PROCESSOR)
    assert computed[3] > 0
    assert computed[3] - computed[1] == 2 * 2  # the calls alone, of both ways


def test_families_are_planned_as_they_load(tmp_path):
    """AnimateDiff makes keyframes, Wan fills around them in frames: nothing of either is known here."""
    home = tiny_families.make(tmp_path)
    motion, between = (library.find(name, [home]) for name in ("motion", "between"))
    parts = (between.card.part(between.weights, ("interpolator",)),)
    asked = motion.card.request(
        "a red ball", 7, motion.weights, parts=parts, keyframes=2, interpolate=1
    )
    walk, memo = spans(asked), Memory()
    for span in walk[: [span.stage for span in walk].index("interpolation") + 1]:
        family = import_module(FAMILIES[span.part.family])
        model = {"motion": motion, "between": between}[span.part.model]
        opening = partial(family.load, model.folder, model.card, span.role)
        real = opening(PROCESSOR, silent)
        said = need_of(span, skeleton(lambda on, o=opening: o(on, silent), PROCESSOR), PROCESSOR)
        made = {}
        used = measured(
            lambda s=span, r=real, m=made: m.update(
                STAGES[s.stage](s, Models(loaded(r)), {k: memo[k] for k in s.inputs}, silent)
            ),
            PROCESSOR,
        )
        assert said.device == pytest.approx(said.weights + used, rel=0.1), span.stage
        memo.put(span.key, made)
