"""The walk over spans: made once, read from the memo, the same bytes however it is cut."""

import json
import weakref
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from peft import LoraConfig

from studio.engine.film import Models, film
from studio.engine.lora import adapter, adapter_file
from studio.spec import strip as strips
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.request import SubjectUse
from studio.spec.spans import spans
from tests.engine.memory import Memory
from tests.engine.tiny_backbone import tiny, traces
from tests.engine.tiny_video import in_memory, model, request, video_of

SUBJECT = SubjectUse("rex", "1f", "sks", "dog", 1.0)


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def models():
    return in_memory(model())


@pytest.fixture(scope="module")
def whole(models):
    """An unbroken run."""
    memory = Memory()
    film(spans(request()), models, memory, silent)
    return memory


def test_stored_types_and_shapes(whole):
    keys, first, rest = (whole[span.key] for span in spans(request()))
    assert {n: (a.dtype, a.shape) for n, a in keys.items()} == {
        "latents": (np.float32, (10, 4, 8, 8))
    }
    assert {n: (a.dtype, a.shape) for n, a in first.items()} == {
        "frames": (np.uint8, (8, 32, 32, 3))
    }
    assert rest["frames"].shape == (2, 32, 32, 3)
    assert len(np.unique(rest["frames"])) > 20


def test_made_once_in_order_and_reused(models):
    memory, loads = Memory(), []

    def load(part, role):
        loads.append(role)
        return models.load(part, role)

    keys = [span.key for span in spans(request())]
    first = film(spans(request()), Models(load), memory, silent)
    assert (first.made, first.reused) == (keys, [])
    assert set(first.seconds) == {"keyframes", "decode"}
    loads.clear()
    second = film(spans(request()), Models(load), memory, silent)
    assert (second.made, second.reused, dict(second.seconds)) == ([], keys, {})
    assert loads == []  # nothing to make: no model is loaded


def test_only_what_changed_is_made_again(models, whole):
    memory = Memory(whole)
    weights = tuple((role, "new" if role == "autoencoder" else w) for role, w in request().weights)
    walked = film(spans(request(weights=weights)), models, memory, silent)
    assert walked.reused == [spans(request())[0].key]
    assert len(walked.made) == 2


@pytest.mark.parametrize("finished", range(3))
def test_killed_between_spans_and_resumed(models, whole, finished):
    memory = Memory()

    class Dying(Memory):
        def put(self, key, arrays):
            if len(memory) == finished:
                raise Killed
            memory.put(key, arrays)

        def has(self, key):
            return key in memory

        def get(self, key):
            return memory.get(key)

    with pytest.raises(Killed):
        film(spans(request()), models, Dying(), silent)
    assert len(memory) == finished
    walked = film(spans(request()), models, memory, silent)
    assert len(walked.reused) == finished
    assert memory.bytes() == whole.bytes()


@pytest.mark.parametrize("stage", [0, 1], ids=["what is read", "what is only there"])
def test_what_is_damaged_when_it_is_read_is_made_again(models, whole, stage):
    """The lookup says yes, reading finds damage: as the take store does, which sets it aside."""
    walk = spans(request())
    lost = walk[stage].key

    class Damaged(Memory):
        def get(self, key):
            if key == lost and not self.found:
                self.found = True
                del self[key]
            return super().get(key)

    memory = Damaged({span.key: whole[span.key] for span in walk[:-1]})
    memory.found = False
    walked = film(walk, models, memory, silent)
    expected = {span.key: whole[span.key] for span in walk}
    assert memory.bytes() == Memory(expected).bytes()
    assert set(walked.made) == ({lost, walk[-1].key} if stage == 0 else {walk[-1].key})
    assert sorted(walked.made + walked.reused) == sorted(span.key for span in walk)


@pytest.mark.parametrize(
    "stored",
    [
        {"frames": np.zeros((8, 64, 64, 3), np.uint8)},
        {"latents": np.zeros((2, 4, 8, 8), np.float32)},
        {"latents": np.zeros((9, 4, 4, 4), np.float32)},
    ],
    ids=["frames", "too few", "of another size"],
)
def test_a_locked_keyframe_that_is_no_latent_of_this_clip_is_refused(models, stored):
    asked = request()
    words = strips.fresh(asked.keyframes, asked.keyframes)
    locked = replace(asked, strip=strips.locked(words, 1, "ab" * 16, 5), interpolate=0)
    memory = Memory({"ab" * 16: stored})
    with pytest.raises(Refusal, match="another take"):
        film(spans(locked), models, memory, silent)


def test_no_network_is_referred_to_when_the_next_span_is_made():
    """So that loading an upsampler finds the video model gone, not held by the last span."""
    seen = []

    def load(part, role):
        assert [ref for ref in seen if ref() is not None] == []
        fresh = in_memory(model())
        seen.append(weakref.ref(video_of(fresh).net))
        return fresh.load(part, role)

    film(spans(request()), Models(load), Memory(), silent)
    assert len(seen) == 3


@pytest.mark.parametrize("number", range(3), ids=["keyframes", "first frames", "last frames"])
def test_cancelled_at_every_tick_of_a_span(models, whole, number):
    """Finished spans stay, the unfinished one leaves nothing; going on ends in the same bytes."""
    before = {span.key: whole[span.key] for span in spans(request())[:number]}
    ticks = {"keyframes": 3, "first frames": 9, "last frames": 3}
    memory = Memory(before)
    for stop in range(list(ticks.values())[number]):
        heard = []

        def tick(progress, heard=heard, stop=stop):
            heard.append(progress)
            if len(heard) > stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            film(spans(request()), models, memory, tick)
        assert memory.keys() == before.keys()
    film(spans(request()), models, memory, silent)
    assert memory.bytes() == whole.bytes()


ALL, FRAMES, NONE = ("keyframes", "decode"), ("decode",), ()


def reweighted(role: str) -> tuple[tuple[str, str], ...]:
    return tuple((r, "new" if r == role else w) for r, w in request().weights)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, NONE),
        ({"prompt": "a ring"}, ALL),
        ({"negative": "a ring"}, ALL),
        ({"seed": 8}, ALL),
        ({"width": 48}, ALL),
        ({"height": 48}, ALL),
        ({"keyframes": 11}, ALL),
        ({"fps": Fraction(8)}, ALL),
        ({"steps": 3}, ALL),
        ({"guidance": 2.5}, ALL),
        ({"subject": SUBJECT}, ALL),
        ({"weights": reweighted("image")}, ALL),
        ({"weights": reweighted("temporal")}, ALL),
        ({"weights": reweighted("text")}, ALL),
        ({"weights": reweighted("autoencoder")}, FRAMES),
        ({"model": "renamed"}, NONE),  # weights decide, not what they are called
    ],
    ids=str,
)
def test_keys_change_exactly_when_they_should(changes, expected):
    before, after = spans(request()), spans(request(**changes))
    old = {span.key for span in before}
    assert {span.stage for span in after if span.key not in old} == set(expected)
    kept = [span for span in after if span.key in old]
    assert not expected or {span.stage for span in kept}.isdisjoint(expected)


@pytest.mark.parametrize(
    "change", [{"identity": "2e"}, {"token": "zwx"}, {"class_noun": "cat"}, {"strength": 0.5}]
)
def test_every_part_of_a_subject_counts(change):
    one = spans(request(subject=SUBJECT))
    two = spans(request(subject=replace(SUBJECT, **change)))
    assert {s.key for s in one}.isdisjoint(s.key for s in two)


@pytest.fixture
def lora(tmp_path):
    unet, tensors = tiny().unet, {}
    adapter.inject_lora(unet, LoraConfig(r=4, lora_alpha=8, target_modules=["to_q", "to_v"]), 1)
    for name, p in unet.named_parameters():
        if "lora_" in name:
            name = name.replace(f".{adapter.NAME}.", ".")
            tensors[adapter_file.file_name("unet", name)] = 0.3 * torch.randn(p.shape)
    label = adapter_file.Label("lora", 4, 8.0, "sks", "dog")
    targets = {"unet": ("to_q", "to_v")}
    return adapter_file.write_adapter(tmp_path, tensors, label, targets)


def test_a_subject_is_worn_for_the_keyframes_and_taken_off(models, lora):
    video, (file, identity) = video_of(models), lora
    rex = replace(SUBJECT, identity=identity)
    before = traces(video.net)
    clips = []
    for strength in (0.0, 1.0):
        asked = request(prompt="a dog", subject=replace(rex, strength=strength))
        memory = Memory()
        film(spans(asked), in_memory(video, file), memory, silent)
        clips.append(memory[spans(asked)[0].key]["latents"])
    assert np.abs(clips[0] - clips[1]).max() > 1e-2
    assert traces(video.net) == before

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        film(spans(request(subject=rex)), in_memory(video, file), Memory(), stop)
    assert traces(video.net) == before


@pytest.mark.parametrize("identity", ["1f", "00" * 32])
def test_nothing_is_made_with_another_adapter_than_was_asked_for(models, lora, identity):
    """What is stored under a key that holds an adapter's hash is made with that very adapter."""
    asked, memory = request(subject=replace(SUBJECT, identity=identity)), Memory()
    with pytest.raises(Refusal, match="not what was trained"):
        film(spans(asked), in_memory(video_of(models), lora[0]), memory, silent)
    assert not memory


def test_a_damaged_adapter_is_noticed_after_it_was_read(models, lora):
    file, identity = lora
    asked = request(subject=replace(SUBJECT, identity=identity))
    film(spans(asked)[:1], in_memory(video_of(models), file), Memory(), silent)
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    file.write_bytes(data)
    with pytest.raises(Refusal, match="not what was trained"):
        film(spans(asked)[:1], in_memory(video_of(models), file), Memory(), silent)


def test_the_rare_token_is_kept_from_the_temporal_layers(models):
    """A clip for "sks dog" tells time of a dog only: its time text is that of the plain noun."""
    heard = []
    net = video_of(models).net
    handle = net.register_forward_pre_hook(lambda _, args: heard.append((args[2], args[3])))
    for asked in (
        request(prompt="a sks dog", subject=SUBJECT, guidance=1.0),
        request(prompt="a dog", guidance=1.0),
    ):
        film(spans(asked)[:1], models, Memory(), silent)
    handle.remove()
    worn, plain = heard[0], heard[-1]
    assert torch.equal(worn[1], plain[1])
    assert not torch.equal(worn[0], plain[0])
    assert torch.equal(*plain)


def test_keys_are_stable_across_releases():
    """Written down: a key that changes by accident makes every stored take stale."""
    assert (
        json.dumps([span.key[:8] for span in spans(request())])
        == '["990898a6", "22a32086", "25b233ba"]'
    )
