"""The stage that trains the image model."""

import numpy as np
import pytest
import torch

from studio.lab.drawing.grammar import Meaning
from studio.lab.training import backbone, text
from studio.lab.training.latents import Clips

WIDTHS = (32, 32, 64)


def clips(count: int = 3) -> Clips:
    """Clips of random latents, each of another meaning."""
    generator = torch.Generator().manual_seed(4)
    meanings = [
        Meaning(c, "ball", "grass", "left", "big", "slowly") for c in ("red", "blue", "pink")
    ]
    latents = torch.randn(count, 8, 4, 16, 16, generator=generator).half()
    return Clips(latents, torch.rand(count, 8, 16, 16).half(), tuple(meanings[:count]))


@pytest.fixture(scope="module")
def reader():
    words = text.tokenizer()
    return words, text.fresh(words, 0).eval().requires_grad_(False)


def test_the_schedule_ends_in_pure_noise():
    schedule = backbone.scheduler()
    assert schedule.alphas_cumprod[-1] == 0
    schedule.set_timesteps(20)
    assert schedule.timesteps[0] == 999
    assert schedule.config.prediction_type == "v_prediction"


def test_fresh_depends_on_the_seed_alone():
    one, two, other = (backbone.fresh(s, WIDTHS).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[k], two[k]) for k in one)
    assert any(not torch.equal(one[k], other[k]) for k in one)


def test_captions_are_those_of_the_clip_and_dropped_at_times(reader):
    sayings = backbone.say(*reader, backbone.several(clips().meanings), 1)
    rng, chosen = np.random.default_rng(1), np.tile(np.arange(3), 40)
    empty = backbone.dropped(rng, len(chosen))
    for clip, gone, said in zip(chosen, empty, sayings.pick(rng, chosen, empty), strict=True):
        assert gone == torch.equal(said, sayings.empty)
        assert gone or any(torch.equal(said, own.float()) for own in sayings.told[clip])
    assert 0.04 < empty.float().mean() < 0.25


def test_captions_vary_and_name_what_is_there(reader):
    said = backbone.captions(np.random.default_rng(1), clips().meanings[:1] * 40)
    assert len(set(said)) > 10
    assert sum("red" in s for s in said) > 20


def test_loss_in_closed_form():
    """A network that says v has no loss; one that says nothing has v's own square, weighted."""
    schedule, x0 = backbone.scheduler(), torch.randn(8, 4, 16, 16)

    class Silent:
        sample = torch.zeros(x0.shape)

    def knows(noisy, t, _):
        kept = schedule.alphas_cumprod[t][:, None, None, None]
        noise = (noisy - kept.sqrt() * x0) / (1 - kept).sqrt()
        found = Silent()
        found.sample = kept.sqrt() * noise - (1 - kept).sqrt() * x0
        return found

    rng, ones = np.random.default_rng, torch.ones(1)
    assert backbone.v_loss(knows, schedule, x0, None, rng(1), ones) < 1e-6
    plain = backbone.v_loss(lambda *_: Silent(), schedule, x0, None, rng(1), ones)
    assert plain == pytest.approx(1.0, abs=0.1)  # both x0 and noise have unit deviation
    weighted = backbone.v_loss(lambda *_: Silent(), schedule, x0, None, rng(1), 3 * ones)
    assert weighted == pytest.approx(3 * float(plain), rel=1e-5)


def test_timesteps_cover_the_schedule_and_lean_to_where_words_decide():
    t = backbone.timesteps(np.random.default_rng(1), 1450, 1000).numpy()
    counts = np.histogram(t, (0, 450, 900, 1000))[0]
    assert np.abs(counts - (450, 900, 100)).max() <= 2
    assert t.min() < 2
    assert t.max() == 999


def test_surroundings_reach_one_cell_further():
    masks = torch.zeros(1, 1, 8, 8)
    masks[..., 3, 4] = 1
    grown = backbone.surroundings(masks)
    assert grown.sum() == 9
    assert grown[..., 2:5, 3:6].all()


def test_two_steps_of_training(reader, tmp_path):
    heard, results = [], []
    for folder in (tmp_path / "a", tmp_path / "b", tmp_path / "b"):
        unet = backbone.fresh(1, WIDTHS)
        trained = backbone.train(unet, *reader, clips(), 7, 2, folder, tick=heard.append)
        assert not trained.training
        assert not any(p.requires_grad for p in trained.parameters())
        results.append({k: v.clone() for k, v in trained.state_dict().items()})
    assert len(heard) == 4  # the third run found everything done
    start = backbone.fresh(1, WIDTHS).state_dict()
    assert any(not torch.equal(results[0][k], start[k]) for k in start)
    assert all(torch.equal(results[0][k], r[k]) for k in start for r in results)
