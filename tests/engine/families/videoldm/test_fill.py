"""A clip with holes: the known frames stay, the rest is filled, and depends on them."""

from dataclasses import replace
from itertools import product
from unittest.mock import patch

import pytest
import torch
from diffusers import StableDiffusionPipeline

from studio.engine.backbone import encode_text
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.families.videoldm.videomodel import pattern_of
from studio.engine.noise import clip_noise
from studio.engine.schedulers import SAMPLERS
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from tests.engine.families.videoldm.filling import SHAPE, clip, spec
from tests.engine.tiny_video import model

PATTERNS = [p for count in range(1, 6) for p in product((False, True), repeat=count)]


@pytest.fixture(scope="module")
def video():
    return model()


@pytest.fixture(scope="module")
def text(video):
    words = encode_text(video.backbone, ["a red ball", ""])
    return Text(words[:1], words[1:], words[:1], words[1:])


def holed():
    """All that have holes; of the longest a few stand for the rest."""
    few = ((True, False, False, False, True), (False, True, False, False, False))
    for known in (p for p in PATTERNS if not all(p)):
        rest = () if len(known) < 5 or known in few else pytest.mark.long
        yield pytest.param(known, marks=rest, id=f"{known}")


@pytest.mark.parametrize("known", list(holed()))
def test_known_frames_stay_and_move_their_neighbours(video, text, known):
    frames = torch.tensor(known)
    given = clip(len(known))
    nothing = torch.full((), torch.nan)
    given = torch.where(frames[:, None, None, None], given, nothing)  # holes are never looked at
    filled = fill(video, given, known, text, spec(len(known)), silent)
    assert torch.equal(filled[frames], given[frames])
    assert filled.isfinite().all()
    assert (filled.dtype, filled.shape) == (torch.float32, given.shape)
    for moved in frames.nonzero().flatten().tolist():
        other = given.clone()
        other[moved] += 1
        again = fill(video, other, known, text, spec(len(known)), silent)
        near = [t for t in (moved - 1, moved + 1) if 0 <= t < len(known) and not known[t]]
        assert all((again[t] - filled[t]).abs().max() > 1e-5 for t in near)


def test_holes_begin_as_the_noise_of_their_frames(video, text):
    """Other frame positions, another clip; the same positions, the same."""
    holes = (False,) * 3
    runs = [
        fill(video, torch.zeros(3, *SHAPE), holes, text, spec(3, frames=frames), silent)
        for frames in ((0, 1, 2), (0, 1, 2), (4, 5, 6))
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.allclose(runs[0], runs[2], atol=1e-2)


def test_what_was_not_taught_is_refused(text):
    """Every pattern with a known frame, and a clip without holes, before any work."""
    video, ticks = model(frozenset({"keyframes"})), []
    for known in PATTERNS:
        if any(known):
            with pytest.raises(Refusal, match=r"not trained|no open frame"):
                fill(video, clip(len(known)), known, text, spec(len(known)), ticks.append)
    assert ticks == []


@pytest.mark.parametrize(
    ("known", "pattern"),
    [
        ((0, 0, 0), "keyframes"),
        ((1, 0, 0, 0, 1), "interpolation"),
        ((1, 1, 0, 0), "prediction"),
        ((0, 0, 1), "prediction"),
        ((0, 1, 0), "prediction"),
        ((1, 0, 1, 0, 1), "interpolation"),
    ],
)
def test_patterns_have_names(video, known, pattern):
    known = tuple(map(bool, known))
    assert pattern_of(known) == pattern
    assert video.refuses(known) is None
    assert pattern in replace(video, taught=frozenset()).refuses(known)


def test_more_frames_than_it_can_are_refused(video, text):
    with pytest.raises(Refusal, match="at most 12"):
        fill(video, clip(13), (False,) * 13, text, spec(13), silent)


@pytest.mark.parametrize("stop", range(3))
def test_cancelled_at_any_tick_leaves_nothing_behind(video, text, stop):
    known = (True, False, False)
    before = fill(video, clip(3), known, text, spec(3), silent)

    def tick(progress):
        if progress.step == stop:
            raise Cancelled

    with pytest.raises(Cancelled):
        fill(video, clip(3), known, text, spec(3), tick)
    assert torch.equal(fill(video, clip(3), known, text, spec(3), silent), before)


@pytest.mark.parametrize(("guidance", "runs"), [(1.0, 2), (3.0, 4), (0.0, 4)])
def test_guidance_of_one_saves_the_second_run(video, text, guidance, runs):
    calls = []
    handle = video.net.register_forward_hook(lambda *_: calls.append(1))
    fill(video, clip(2), (False, False), text, spec(2, guidance=guidance), silent)
    handle.remove()
    assert len(calls) == runs


@pytest.mark.parametrize(("ends", "runs"), [(0.0, 4), (0.6, 3), (1.0, 2)])
def test_the_layers_say_where_guidance_ends(video, text, ends, runs):
    calls, layers = [], video.net.temporal
    handle = video.net.register_forward_hook(lambda *_: calls.append(1))
    with patch.object(layers, "config", replace(layers.config, guidance_ends=ends)):
        fill(video, clip(2), (False, False), text, spec(2, guidance=3.0), silent)
    handle.remove()
    assert len(calls) == runs


@pytest.mark.parametrize("known", [(False, False), (True, False)])
def test_the_layers_say_where_their_mixes_open(video, text, known):
    seen, layers = [], video.net.temporal
    handle = video.net.register_forward_pre_hook(
        lambda _, args, kw: seen.append((int(args[1][0]), kw["temporal_gate"])), with_kwargs=True
    )
    config = replace(layers.config, gate_start=0.4, gate_end=0.8)
    with patch.object(layers, "config", config):
        fill(video, clip(2), known, text, replace(spec(2, guidance=1.0), steps=5), silent)
    handle.remove()
    for t, opening in seen:
        expected = min(max((t / 1000 - 0.4) / 0.4, 0.0), 1.0)
        torch.testing.assert_close(opening, torch.full((2,), expected))
    assert len({float(opening[0]) for _, opening in seen}) > 2


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_steps_that_are_spared_are_not_walked(video, text, skip):
    """With all of them spared the holes show their neighbours mixed, and the network is not asked."""
    calls, heard = [], []
    handle = video.net.register_forward_hook(lambda *_: calls.append(1))
    filled = fill(video, clip(3), (True, False, True), text, spec(3, start_step=skip), heard.append)
    handle.remove()
    assert len(calls) == 2 - skip
    mixed = torch.lerp(clip(3)[0], clip(3)[2], 0.5)
    assert torch.allclose(filled[1], mixed) == (skip == 2)
    assert heard[-1].step == heard[-1].total > 0


@pytest.mark.parametrize(("known", "runs"), [((False, False), 4), ((True, False), 6)])
def test_context_guidance_has_a_run_of_its_own(video, text, known, runs):
    calls = []
    handle = video.net.register_forward_hook(lambda *_: calls.append(1))
    fill(video, clip(2), known, text, spec(2, guidance=3.0, context_guidance=2.0), silent)
    handle.remove()
    assert len(calls) == runs


def test_context_guidance_and_augmentation_steer(video, text):
    known = (True, False, False)
    runs = [
        fill(video, clip(3), known, text, spec(3, **more), silent)
        for more in ({}, {"context_guidance": 3.0}, {"context_noise": 0.5})
    ]
    for run in runs:
        assert torch.equal(run[0], clip(3)[0])
    assert all((run[1] - runs[0][1]).abs().max() > 1e-4 for run in runs[1:])


def test_the_network_is_told_how_noisy_its_copy_is(video, text):
    seen = []
    handle = video.net.register_forward_pre_hook(
        lambda _, args, kw: seen.append(kw["condition"]), with_kwargs=True
    )
    fill(video, clip(2), (True, False), text, spec(2, context_noise=0.3), silent)
    handle.remove()
    for seen_clip, mask in seen:
        torch.testing.assert_close(mask[0], torch.full_like(mask[0], 0.7))
        assert not mask[1].any()
        assert not torch.allclose(seen_clip[0], clip(2)[0], atol=0.1)


def test_known_frames_are_as_noisy_as_the_holes(video, text):
    """What the network sees of them at each step is what it saw in training."""
    seen, given = [], clip(2)
    handle = video.net.register_forward_pre_hook(
        lambda _, args, kw: seen.append((args[0][0], int(args[1][0]))), with_kwargs=True
    )
    fill(video, given, (True, False), text, spec(2, steps=4), silent)
    handle.remove()
    held = clip_noise(3, "keyframes", (0, 1), SHAPE, purpose="held")
    for frame, t in seen:
        expected = video.backbone.scheduler.add_noise(given[:1], held[:1], torch.tensor([t]))
        torch.testing.assert_close(frame, expected[0])


def test_where_frames_are_given_no_noise_is_shared(video, text):
    """Who knows a frame knows its noise, and would take a hole's for known."""
    starts, call = (
        [],
        video.net.register_forward_pre_hook(lambda _, args: starts.append(args[0].clone())),
    )
    config = replace(video.net.temporal.config, shared_noise=1.0)
    with patch.object(video.net.temporal, "config", config):
        fill(video, clip(3), (False,) * 3, text, spec(3, steps=1, guidance=1.0), silent)
        fill(video, clip(3), (True, False, False), text, spec(3, steps=1, guidance=1.0), silent)
    call.remove()
    assert torch.equal(starts[0][1], starts[0][2])
    one, two = starts[1][1].flatten(), starts[1][2].flatten()
    assert torch.corrcoef(torch.stack([one, two]))[0, 1].abs() < 0.3


def test_a_walk_that_skips_steps_starts_from_the_neighbours_mixed(video, text):
    """Nearly at its end a walk has no way left from there."""
    held, known = clip(3), (True, False, True)
    whole = replace(spec(3, steps=8, guidance=1.0))
    ends = [fill(video, held, known, text, replace(whole, start_step=k), silent) for k in (0, 4, 7)]
    mixed = torch.lerp(held[0], held[2], 0.5)
    far = [(end[1] - mixed).abs().mean() for end in ends]
    assert far[2] < far[1] < far[0]
    assert all(torch.equal(end[0], held[0]) and torch.equal(end[2], held[2]) for end in ends)


def test_negative_prompt_and_guidance_steer(video, text):
    runs = [
        fill(video, clip(2), (False, False), t, spec(2, guidance=g), silent)
        for t, g in (
            (text, 1.0),
            (text, 4.0),
            (replace(text, negative=-text.prompt), 4.0),
            (replace(text, time_negative=-text.time_prompt), 4.0),
        )
    ]
    for one in range(4):
        assert all(not torch.allclose(runs[one], runs[k], atol=1e-3) for k in range(one))


def test_previews_have_a_picture_for_each_frame(video, text):
    heard = []
    fill(video, clip(3), (False,) * 3, text, spec(3), heard.append)
    assert heard[0].preview is None
    for progress in heard[1:]:
        seen = progress.preview
        assert (seen.frames, seen.height, seen.width, len(seen.rgb)) == (3, 8, 8, 3 * 8 * 8 * 3)


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_one_frame_without_time_is_the_stock_pipeline(text, guidance):
    """Fresh layers are the image network: then our loop must be diffusers' own."""
    video = model(fresh=True)
    parts = video.backbone
    pipe = StableDiffusionPipeline(
        parts.vae,
        parts.text_encoder,
        parts.tokenizer,
        parts.unet,
        parts.scheduler,
        None,
        None,
        None,
        False,
    )
    pipe.set_progress_bar_config(disable=True)
    theirs = pipe(
        prompt_embeds=text.prompt,
        negative_prompt_embeds=text.negative,
        latents=clip_noise(3, "keyframes", (0,), SHAPE),
        height=32,
        width=32,
        num_inference_steps=4,
        guidance_scale=guidance,
        output_type="latent",
    ).images
    how = spec(1, steps=4, guidance=guidance)
    ours = fill(video, torch.zeros(1, *SHAPE), (False,), text, how, silent)
    if guidance == 1.0:
        assert torch.equal(ours, theirs)
    # they run both prompts as one batch, whose sums are taken in another order
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - {"flow euler"}))
def test_any_sampler_fills_around_known_frames_the_same_twice(video, text, sampler):
    """What a sampler draws belongs to seed, frame and step, whoever else draws meanwhile."""
    known, how = (True, False, True), spec(3, steps=3, sampler=sampler)
    made = []
    for drawn in (1, 2):
        torch.manual_seed(drawn)
        made.append(fill(video, clip(3), known, text, how, silent))
    assert torch.equal(made[0], made[1])
    assert torch.equal(made[0][[0, 2]], clip(3)[[0, 2]])
    assert made[0].isfinite().all()
    again = fill(video, clip(3), known, text, replace(how, seed=4), silent)
    assert (again[1] - made[0][1]).abs().max() > 1e-3
