"""The walk from noise to latents."""

import pytest
import torch
from diffusers import DDIMScheduler

from studio.engine.sampling import Contrast, ddim, guided
from studio.spec.progress import Cancelled, Preview, silent


def scheduler(prediction: str) -> DDIMScheduler:
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        prediction_type=prediction,
        rescale_betas_zero_snr=prediction == "v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
    )


def knows(x0: torch.Tensor, schedule: DDIMScheduler):
    """A denoiser that knows the answer and says which noise or v leads to it."""

    def denoise(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        kept = schedule.alphas_cumprod[t]
        noise = (x - kept.sqrt() * x0) / (1 - kept).sqrt()
        if schedule.config.prediction_type == "epsilon":
            return noise
        return kept.sqrt() * noise - (1 - kept).sqrt() * x0

    return denoise


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(
    ("steps", "rest"), [(1, 1e-3), (2, 1e-3), (20, 1e-3), (50, 1e-3), (7, 0.1)]
)
def test_a_denoiser_that_knows_arrives(prediction, steps, rest):
    """Where 1000 / steps rounds up, diffusers' last step stops at t = 0, which is not quite clean."""
    schedule, x0 = scheduler(prediction), torch.randn(2, 4, 4, 4)
    found = ddim(knows(x0, schedule), schedule, torch.randn(x0.shape), steps, silent)
    torch.testing.assert_close(found, x0, atol=rest, rtol=rest)


def test_the_scheduler_is_not_shared():
    schedule = scheduler("v_prediction")
    before = schedule.timesteps.clone()
    ddim(lambda x, t: x, schedule, torch.randn(1, 4, 4, 4), 3, silent)
    assert torch.equal(schedule.timesteps, before)


def test_one_tick_a_step_with_a_preview_of_the_answer():
    heard, seen = [], []
    schedule, x0 = scheduler("v_prediction"), torch.randn(1, 4, 4, 4)

    def preview(guess: torch.Tensor) -> Preview:
        seen.append(guess)
        return Preview(1, 4, 4, bytes(48))

    ddim(knows(x0, schedule), schedule, torch.randn(x0.shape), 5, heard.append, preview=preview)
    assert [(p.step, p.total, p.preview is not None) for p in heard] == [
        (done, 5, done > 0) for done in range(6)
    ]
    for guess in seen:  # what the clip will be, not the noisy state
        torch.testing.assert_close(guess, x0, atol=1e-3, rtol=1e-3)


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
        ddim(denoise, schedule, torch.randn(1, 4, 4, 4), 4, tick)
    assert len(calls) == stop


@pytest.mark.parametrize("guidance", [0.0, 0.5, 3.0, 7.5])
def test_guidance_goes_from_the_one_beyond_the_other(guidance):
    x, t = torch.randn(2, 3), torch.tensor(0)
    found = guided(lambda x, _: 2 * x, Contrast(lambda x, _: -x, guidance))(x, t)
    torch.testing.assert_close(found, -x + guidance * 3 * x)


def test_guidance_ends_where_the_noise_is_low():
    told, x = [], torch.ones(2)

    def without(x, t):
        told.append(int(t))
        return -x

    denoise = guided(lambda x, _: 2 * x, Contrast(without, 3.0, ends=350.0))
    assert [float(denoise(x, torch.tensor(t))[0]) for t in (900, 350, 349, 0)] == [8, 8, 2, 2]
    assert told == [900, 350]


def test_guidance_of_one_saves_the_second_run():
    def never(x, t):
        raise AssertionError

    one = guided(lambda x, _: x, Contrast(never, 1.0), Contrast(never, 1.0))
    assert torch.equal(one(torch.ones(3), torch.tensor(0)), torch.ones(3))


def test_two_guidances_add_up():
    """Each leads away from its own poorer guess, as if the other were not there."""
    text, context = Contrast(lambda x, _: 0 * x, 3.0), Contrast(lambda x, _: x, 1.5)
    x, t = torch.ones(2), torch.tensor(5)
    both = guided(lambda x, _: 4 * x, text, context)(x, t)
    torch.testing.assert_close(both, torch.full((2,), 4 + 2 * 4 + 0.5 * 3))


def test_what_is_known_is_put_in_before_every_step():
    seen = []

    def denoise(x, t):
        seen.append(x[0, 0, 0, 0].item())
        return torch.zeros_like(x)

    def hold(x, t):
        x = x.clone()
        x[0] = float(t)
        return x

    ddim(denoise, scheduler("epsilon"), torch.randn(1, 4, 4, 4), 4, silent, hold=hold)
    assert len(set(seen)) == 4
    assert seen == sorted(seen, reverse=True)


def test_no_gradient_is_kept():
    weight = torch.ones(1, requires_grad=True)
    start = torch.randn(1, 4, 4, 4)
    assert not ddim(lambda x, t: weight * x, scheduler("epsilon"), start, 2, silent).requires_grad
