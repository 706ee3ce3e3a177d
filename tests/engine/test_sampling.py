"""The walk from noise to latents."""

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    UNet2DModel,
)

from studio.engine.noise import step_generators
from studio.engine.sampling import GuidanceTerm, KnownFrames, guided, sample
from studio.engine.schedulers import SAMPLERS, draws_noise, scheduler_named
from studio.spec.progress import Cancelled, Preview, silent
from studio.spec.refusal import Refusal

SHAPE = (3, 4, 8, 8)
FLOW = FlowMatchEulerDiscreteScheduler(shift=3.0)


def scheduler(prediction: str) -> DDIMScheduler:
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        prediction_type=prediction,
        rescale_betas_zero_snr=prediction == "v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
    )


def sampler(name: str):
    """A sampler on the schedule that models of its kind have."""
    return scheduler_named(name, FLOW if name == "flow euler" else scheduler("epsilon"))


def generators(step: int) -> list[torch.Generator]:
    return step_generators(7, "keyframes", (0, 1, 2), step)


def network(dtype: torch.dtype = torch.float32) -> UNet2DModel:
    torch.manual_seed(3)
    net = UNet2DModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D",) * 2,
        up_block_types=("UpBlock2D",) * 2,
        layers_per_block=1,
        norm_num_groups=4,
        add_attention=False,
    )
    return net.to(dtype).eval().requires_grad_(False)


def denoiser(net: UNet2DModel):
    """As families have it: latents in fp32, the network in its own precision."""
    return lambda x, t: net(x.to(net.dtype), torch.full((len(x),), t)).sample.float()


def stock(
    schedule, net, noise: torch.Tensor, steps: int, *, start_step=0, init=None, known=None
) -> torch.Tensor:
    """The loop of diffusers' own pipelines: text to image, image to image, inpainting."""
    schedule.set_timesteps(steps)
    times = schedule.timesteps[start_step:]
    if hasattr(schedule, "set_begin_index") and (start_step or known is not None):
        schedule.set_begin_index(start_step)
    add = getattr(schedule, "add_noise", None) or (
        lambda latents, noise, t: schedule.scale_noise(latents, t, noise)
    )
    x = noise * getattr(schedule, "init_noise_sigma", 1.0)
    x = x if init is None else add(init, noise, times[:1])
    for index, t in enumerate(times):
        if known is not None:
            x = torch.where(known.mask, add(known.latents, known.noise, t[None]), x)
        scaled = schedule.scale_model_input(x, t) if hasattr(schedule, "scale_model_input") else x
        prediction = net(scaled.to(net.dtype), t).sample.float()
        drawn = {"generator": generators(start_step + index)} if draws_noise(schedule) else {}
        x = schedule.step(prediction, t, x, **drawn).prev_sample
    return x if known is None else torch.where(known.mask, known.latents, x)


def known_frame(at: int = 1) -> KnownFrames:
    mask = torch.zeros(3, 1, 1, 1, dtype=torch.bool)
    mask[at] = True
    return KnownFrames(torch.randn(SHAPE), mask, torch.randn(SHAPE))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("name", SAMPLERS)
def test_as_diffusers_own_loop_has_it(name, dtype):
    """Bit for bit, also where the network is in half precision: text to image, from an estimate,
    and around a known frame."""
    net, noise, init, known = network(dtype), torch.randn(SHAPE), torch.randn(SHAPE), known_frame()
    ways = ({}, {"start_step": 2, "init": init}, {"known": known})
    for way in ways:
        ours = {"init_latents" if k == "init" else k: v for k, v in way.items()}
        found = sample(
            denoiser(net), sampler(name), noise, 5, silent, generators=generators, **ours
        )
        expected = stock(sampler(name), net, noise, 5, **way)
        assert torch.equal(found, expected), way.keys()
        assert found.dtype == torch.float32
        assert found.isfinite().all()


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_known_frame_comes_back_and_leaves_the_others_alone(name):
    """Frame by frame here: what happens to one does not reach the next."""
    net, noise, known = network(), torch.randn(SHAPE), known_frame(at=1)
    free = sample(denoiser(net), sampler(name), noise, 4, silent, generators=generators)
    kept = sample(
        denoiser(net), sampler(name), noise, 4, silent, known=known, generators=generators
    )
    assert torch.equal(kept[1], known.latents[1])
    torch.testing.assert_close(kept[[0, 2]], free[[0, 2]], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", sorted(SAMPLERS.keys() - {"flow euler"}))
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_denoiser_that_knows_arrives_with_any_sampler(name, prediction):
    """So every sampler walks the noise schedule that the model has, default or not."""
    own, x0 = scheduler(prediction), torch.randn(SHAPE)
    heard: list[torch.Tensor] = []

    def preview(clean: torch.Tensor) -> Preview:
        heard.append(clean)
        return Preview(1, 1, 1, bytes(3))

    found = sample(
        knows(x0, own),
        scheduler_named(name, own),
        torch.randn(SHAPE),
        30,
        silent,
        generators=generators,
        preview=preview,
    )
    assert (found - x0).abs().mean() < 0.1, name
    assert (heard[-1] - x0).abs().mean() < 0.1


def test_a_velocity_that_knows_arrives_with_flow_matching():
    x0, noise, seen = torch.randn(SHAPE), torch.randn(SHAPE), []

    def preview(clean: torch.Tensor) -> Preview:
        seen.append(clean)
        return Preview(1, 1, 1, bytes(3))

    for name in ("flow euler", "unipc", "dpm++ 2m"):
        walk = scheduler_named(name, FLOW)
        found = sample(lambda x, t: noise - x0, walk, noise, 8, silent, preview=preview)
        torch.testing.assert_close(found, x0, atol=2e-2, rtol=1e-2)
    for clean in seen:
        torch.testing.assert_close(clean, x0, atol=2e-2, rtol=1e-2)


def knows(x0: torch.Tensor, schedule: DDIMScheduler):
    """A denoiser that knows the answer and says which noise or v leads to it."""

    def denoise(x: torch.Tensor, t: float) -> torch.Tensor:
        kept = torch.from_numpy(_interpolated(schedule.alphas_cumprod.double().numpy(), t)).to(
            x.dtype
        )
        noise = (x - kept.sqrt() * x0) / (1 - kept).sqrt()
        if schedule.config.prediction_type == "epsilon":
            return noise
        return kept.sqrt() * noise - (1 - kept).sqrt() * x0

    return denoise


def _interpolated(alphas, t: float):

    return np.asarray(np.interp(t, np.arange(len(alphas)), alphas))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(
    ("steps", "rest"), [(1, 1e-3), (2, 1e-3), (20, 1e-3), (50, 1e-3), (7, 0.1)]
)
def test_a_denoiser_that_knows_arrives(prediction, steps, rest):
    """Where 1000 / steps rounds up, diffusers' last step stops at t = 0, which is not quite clean."""
    schedule, x0 = scheduler(prediction), torch.randn(2, 4, 4, 4)
    found = sample(knows(x0, schedule), schedule, torch.randn(x0.shape), steps, silent)
    torch.testing.assert_close(found, x0, atol=rest, rtol=rest)


def test_what_a_scheduler_draws_belongs_to_seed_frame_and_step():
    """Whoever else draws meanwhile; another seed draws otherwise."""
    net, noise = network(), torch.randn(SHAPE)

    def made(seed: int) -> torch.Tensor:
        torch.manual_seed(seed * 1000)
        keyed = lambda step: step_generators(seed, "keyframes", (0, 1, 2), step)  # noqa: E731
        return sample(denoiser(net), sampler("lcm"), noise, 4, silent, generators=keyed)

    one = made(1)
    torch.manual_seed(5)
    assert torch.equal(made(1), one)
    assert not torch.equal(made(2), one)
    first, again = (
        step_generators(1, "keyframes", (4, 5), 2),
        step_generators(1, "keyframes", (5,), 2),
    )
    assert torch.equal(torch.randn(3, generator=first[1]), torch.randn(3, generator=again[0]))


@pytest.mark.parametrize("name", [n for n in SAMPLERS if draws_noise(sampler(n))])
def test_a_sampler_whose_noise_nobody_keys_is_refused(name):
    with pytest.raises(Refusal, match="draws noise at every step"):
        sample(lambda x, t: x, sampler(name), torch.randn(SHAPE), 4, silent)


def test_stochastic_solvers_are_found_out():
    assert draws_noise(DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++"))
    assert not draws_noise(DPMSolverMultistepScheduler())


@pytest.mark.parametrize(
    ("name", "own", "words"),
    [
        ("plms", scheduler("epsilon"), 'There is no sampler "plms"'),
        ("flow euler", scheduler("epsilon"), "to predict noise"),
        ("ddim", FLOW, "flow matching"),
        ("dpm++ 2m karras", FLOW, "flow matching"),
    ],
)
def test_a_sampler_that_does_not_fit_is_refused(name, own, words):
    with pytest.raises(Refusal, match=words):
        scheduler_named(name, own)


@pytest.mark.parametrize(("name", "steps"), [("lcm", 60), ("ddim", 1001)])
def test_more_steps_than_a_sampler_has_are_refused(name, steps):
    with pytest.raises(Refusal, match=f"cannot make {steps} steps"):
        sample(
            lambda x, t: x, sampler(name), torch.randn(SHAPE), steps, silent, generators=generators
        )


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_scheduler_is_not_shared(name):
    schedule = sampler(name)
    before = schedule.timesteps.clone()
    sample(lambda x, t: x, schedule, torch.randn(SHAPE), 3, silent, generators=generators)
    assert torch.equal(schedule.timesteps, before)


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_step_reads_anything_back_from_the_device(name):
    """An accelerator would be waited for.  Meta tensors have nothing that could be read."""
    times = []

    def denoise(x, t):
        times.append(t)
        return torch.zeros_like(x)

    noise, known = torch.randn(SHAPE, device="meta"), known_frame()
    known = KnownFrames(*(t.to("meta") for t in (known.latents, known.mask, known.noise)))
    for way in ({"known": known}, {"init_latents": known.latents, "start_step": 1}):
        found = sample(denoise, sampler(name), noise, 4, silent, generators=generators, **way)
        assert found.device.type == "meta"
    assert {type(t) for t in times} <= {int, float}


def test_one_tick_a_step_with_a_preview_of_the_answer():
    heard, seen = [], []
    schedule, x0 = scheduler("v_prediction"), torch.randn(1, 4, 4, 4)

    def preview(clean: torch.Tensor) -> Preview:
        seen.append(clean)
        return Preview(1, 4, 4, bytes(48))

    sample(knows(x0, schedule), schedule, torch.randn(x0.shape), 5, heard.append, preview=preview)
    assert [(p.step, p.total, p.preview is not None) for p in heard] == [
        (done, 5, done > 0) for done in range(6)
    ]
    for clean in seen:  # what the clip will be, not the noisy state
        torch.testing.assert_close(clean, x0, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("stop", range(5))
def test_cancelled_at_any_tick(stop):
    calls, schedule = [], scheduler("v_prediction")

    def tick(progress):
        if progress.step == stop:
            raise Cancelled

    def denoise(x, t):
        calls.append(t)
        return x

    with pytest.raises(Cancelled):
        sample(denoise, schedule, torch.randn(1, 4, 4, 4), 4, tick)
    assert len(calls) == stop


@pytest.mark.parametrize("scale", [0.0, 0.5, 3.0, 7.5])
def test_guidance_goes_from_the_one_beyond_the_other(scale):
    x = torch.randn(2, 3)
    found = guided(lambda x, _: 2 * x, GuidanceTerm(lambda x, _: -x, scale))(x, 0)
    torch.testing.assert_close(found, -x + scale * 3 * x)


def test_guidance_ends_where_the_noise_is_low():
    asked, x = [], torch.ones(2)

    def uncond(x, t):
        asked.append(t)
        return -x

    denoise = guided(lambda x, _: 2 * x, GuidanceTerm(uncond, 3.0, until=350.0))
    assert [float(denoise(x, t)[0]) for t in (900, 350, 349, 0)] == [8, 8, 2, 2]
    assert asked == [900, 350]


def test_guidance_of_one_saves_the_second_run():
    def never(x, t):
        raise AssertionError

    one = guided(lambda x, _: x, GuidanceTerm(never, 1.0), GuidanceTerm(never, 1.0))
    assert torch.equal(one(torch.ones(3), 0), torch.ones(3))


def test_two_guidances_add_up():
    """Each leads away from its own poorer prediction, as if the other were not there."""
    text, context = GuidanceTerm(lambda x, _: 0 * x, 3.0), GuidanceTerm(lambda x, _: x, 1.5)
    both = guided(lambda x, _: 4 * x, text, context)(torch.ones(2), 5)
    torch.testing.assert_close(both, torch.full((2,), 4 + 2 * 4 + 0.5 * 3))


def test_a_walk_of_no_step_left_is_the_estimate():
    init = torch.randn(SHAPE)
    found = sample(
        lambda x, t: x,
        scheduler("epsilon"),
        torch.randn(SHAPE),
        4,
        silent,
        init_latents=init,
        start_step=4,
    )
    assert torch.equal(found, init)


def test_no_gradient_is_kept():
    weight = torch.ones(1, requires_grad=True)
    noise = torch.randn(1, 4, 4, 4)
    assert not sample(lambda x, t: weight * x, scheduler("epsilon"), noise, 2, silent).requires_grad
