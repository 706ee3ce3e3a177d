"""AnimateDiff and SparseCtrl against diffusers' own pipelines, and what they do with given frames."""

import numpy as np
import pytest
import torch
from diffusers import (
    AnimateDiffSparseControlNetPipeline,
    EulerDiscreteScheduler,
    LCMScheduler,
)
from PIL import Image

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.device import Device
from studio.engine.families.animatediff.contexts import Contexts
from studio.engine.roles import FillSpec
from studio.engine.schedulers import scheduler_named
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from tests.engine.families.animatediff import tiny
from tests.engine.families.animatediff.stock import (
    FRAMES,
    WORDS,
    away,
    pipeline,
    spec,
    stock_latents,
)
from tests.engine.tiny_backbone import traces

OPEN = (False,) * FRAMES


def filled(model, clip, known, how: FillSpec | None = None, tick=silent) -> torch.Tensor:
    with model.prompt(WORDS, None) as prompt:
        return model.fill(clip, known, prompt, how or spec(len(known)), tick)


def free(model, frames: int = FRAMES, **changes) -> torch.Tensor:
    return filled(model, torch.zeros(frames, 4, 4, 4), (False,) * frames, spec(frames, **changes))


def modules():
    """Every version in either layout; a slice in which each comes, and the rest."""
    for number, version in enumerate(tiny.MOTION):
        for turn, layout in enumerate(("original", "diffusers")):
            rest = () if number % 2 == turn else pytest.mark.long
            yield pytest.param(version, layout, marks=rest)


@pytest.mark.parametrize(("version", "layout"), list(modules()))
def test_a_motion_module_moves_as_in_the_stock_pipeline(tmp_path, version, layout):
    """The largest difference is 4e-6 of a standard deviation on a CPU in fp32."""
    tiny.make(tmp_path, version, layout=layout)
    model = tiny.load(tmp_path, controlled=False, layout=layout)
    assert away(free(model), stock_latents(pipeline(model, version))) < 1e-5


@pytest.mark.parametrize("sampler", ["dpm++ 2m karras", "euler"])
def test_with_other_samplers_as_well(model, sampler):
    stock = pipeline(model)
    stock.scheduler = scheduler_named(sampler, model.backbone.scheduler)
    assert away(free(model, sampler=sampler), stock_latents(stock)) < 1e-4


@pytest.mark.parametrize(
    ("sampler", "kind", "more"),
    [
        ("lcm", LCMScheduler, {}),
        ("euler trailing", EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    ],
)
def test_few_steps_are_those_that_modules_were_distilled_for(model, sampler, kind, more):
    """As the cards of AnimateLCM and AnimateDiff-Lightning have diffusers make the schedulers."""
    found = scheduler_named(sampler, model.backbone.scheduler)
    published = kind.from_config(pipeline(model).scheduler.config, beta_schedule="linear", **more)
    for each in (found, published):
        each.set_timesteps(4)
    assert torch.equal(found.timesteps, published.timesteps)
    assert torch.equal(found.alphas_cumprod, published.alphas_cumprod)
    assert found.config.beta_schedule == "linear"


@pytest.mark.parametrize("at", [(0,), (0, 3), (2,), (1, 3)])
def test_sparse_control_fills_as_in_the_stock_pipeline(model, at):
    pictures = np.random.default_rng(5).integers(0, 256, (FRAMES, 16, 16, 3), np.uint8)
    clip = AutoencoderCodec(model.backbone.vae).encode(torch.from_numpy(pictures))
    known = tuple(k in at for k in range(FRAMES))
    ours = filled(model, clip, known)
    stock = pipeline(model, kind=AnimateDiffSparseControlNetPipeline, controlnet=model.control)
    theirs = stock_latents(
        stock,
        conditioning_frames=[Image.fromarray(pictures[k]) for k in at],
        controlnet_frame_indices=list(at),
    )
    holes = [not k for k in known]
    assert away(ours[holes], theirs[holes]) < 1e-5
    assert torch.equal(ours[list(at)], clip[list(at)])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision(folder, model, dtype):
    """Latents stay in fp32; what is made lies near what full precision makes."""
    half = tiny.load(folder, device=Device("cpu", dtype))
    known, clip = (True, False, False, True), torch.randn(FRAMES, 4, 4, 4)
    found, expected = filled(half, clip, known), filled(model, clip, known)
    assert found.dtype == torch.float32
    assert torch.equal(found[[0, 3]], clip[[0, 3]])
    assert away(found, expected) < (0.02 if dtype == torch.float16 else 0.2)


@pytest.mark.parametrize("replaced", [0.0, 1.0])
def test_every_given_frame_matters_to_the_frames_beside_it(model, replaced):
    clip, how = torch.randn(FRAMES, 4, 4, 4), spec(options=(("replace_known", replaced),))
    known = (True, False, True, False)
    before = filled(model, clip, known, how)
    for frame in (0, 2):
        moved = clip.clone()
        moved[frame] += 1
        after = filled(model, moved, known, how)
        assert (after - before).abs().amax((1, 2, 3))[[1, 3]].min() > 1e-2


def test_holes_are_never_looked_at(model):
    clip, known = torch.randn(FRAMES, 4, 4, 4), (True, False, False, True)
    spoilt = torch.where(torch.tensor(known)[:, None, None, None], clip, torch.tensor(torch.nan))
    assert torch.equal(filled(model, spoilt, known), filled(model, clip, known))


@pytest.mark.parametrize(
    ("name", "value"),
    [("context_guidance", 1.5), ("context_noise", 0.3), ("start_step", 1), ("seed", 8)],
)
def test_what_a_spec_says_is_done(model, name, value):
    clip, known = torch.randn(FRAMES, 4, 4, 4), (True, False, False, True)
    changed = filled(model, clip, known, spec(**{name: value}))
    assert away(changed, filled(model, clip, known)) > 1e-3
    assert torch.equal(changed[0], clip[0])


def test_with_all_steps_skipped_given_frames_are_blended(model):
    clip, known = torch.randn(3, 4, 4, 4), (True, False, True)
    found = filled(model, clip, known, spec(3, start_step=2))
    torch.testing.assert_close(found[1], (clip[0] + clip[2]) / 2)


def test_a_long_clip_is_made_in_contexts_that_overlap(model):
    """At one place as in a clip of its own where no context overlaps; else they are mixed."""
    how = {"options": (("context_length", 4.0), ("context_overlap", 0.0))}
    apart = free(model, 8, **how)
    torch.testing.assert_close(apart[:4], free(model, 4, **how), atol=1e-4, rtol=1e-4)
    how = {"options": (("context_length", 4.0), ("context_overlap", 2.0))}
    mixed = free(model, 8, **how)
    assert away(mixed[:4], apart[:4]) > 1e-3
    long = free(model, 34, steps=1)  # longer than a context, and than there are positions
    assert away(long[:16], free(model, 16, steps=1)) > 1e-3


def test_a_given_frame_reaches_every_context_in_time(model):
    clip, known = torch.randn(6, 4, 4, 4), (True, *(False,) * 5)
    how = spec(6, steps=3, options=(("context_length", 4.0), ("context_overlap", 2.0)))
    moved = clip.clone()
    moved[0] += 1
    changed = (filled(model, moved, known, how) - filled(model, clip, known, how)).abs()
    assert changed.amax((1, 2, 3))[1:].min() > 1e-3


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 28, 29, 48])
def test_contexts_cover_a_clip_on_a_grid_that_starts_with_it(frames):
    contexts = Contexts(16, 4).of(frames)
    assert {frame for context in contexts for frame in context} == set(range(frames))
    assert all(len(context) == min(16, frames) for context in contexts)
    assert [context.start for context in contexts[:-1]] == list(range(0, frames - 16, 12))
    whole = Contexts(16, 4).mixed(frames, lambda context: torch.ones(len(context), 2))
    torch.testing.assert_close(whole, torch.ones(frames, 2))


def test_contexts_that_share_all_they_have_are_no_contexts():
    with pytest.raises(ValueError, match="cannot share"):
        Contexts(4, 4)


def test_without_sparse_control_given_frames_are_refused(folder):
    bare = tiny.load(folder, controlled=False)
    assert bare.refuses(OPEN) is None
    known = (True, False, False, False)
    with pytest.raises(Refusal, match="has no SparseCtrl network"):
        filled(bare, torch.zeros(FRAMES, 4, 4, 4), known)


def test_what_cannot_be_filled_is_refused(model):
    assert "no open frame" in model.refuses((True,) * 3)
    assert "at most 48 frames" in model.refuses((False,) * 49)
    with pytest.raises(Refusal, match="no such options: sharpness"):
        free(model, options=(("sharpness", 1.0),))


@pytest.mark.parametrize("stop", range(2))
def test_cancelled_at_any_tick_it_leaves_no_trace(model, stop):
    heard = []

    def tick(progress):
        heard.append((progress.step, progress.total, progress.preview is not None))
        if progress.step == stop:
            raise Cancelled

    before = traces(model.unet, model.control)
    with pytest.raises(Cancelled):
        filled(model, torch.zeros(FRAMES, 4, 4, 4), OPEN, tick=tick)
    assert heard == [(step, 2, step > 0) for step in range(stop + 1)]
    assert traces(model.unet, model.control) == before


def test_sizes_of_latents(model):
    assert model.latents_shape(64, 32, 7) == (7, 4, 8, 16)
