"""The starter's recipe: what is drawn, what is said of it, and what training must not change."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from studio.engine.subjects.loop import Plan
from studio.lab.drawing.grammar import PLACES
from studio.lab.starter import animation, clips, codec, figures, reader, wording
from studio.lab.starter.animation import KINDS, MOTIONS, Stage
from studio.lab.starter.figures import CLASSES, HELD_OUT, NAMES
from studio.lab.training.trainer import fit
from studio.spec.progress import Cancelled, Progress


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage.make(figures.pool(0, 24), 1, 32, 0, "cpu")


def test_an_individual_is_the_same_whoever_asks_for_it():
    alone = figures.individuals(np.asarray([41]))
    among = figures.individuals(np.arange(40, 44))
    for name in ("top", "bottom", "hat", "ears", "spots"):
        assert torch.equal(getattr(alone, name)[0], getattr(among, name)[1])


def test_no_pool_holds_an_individual_that_is_held_out(monkeypatch):
    asked: list[np.ndarray] = []
    monkeypatch.setattr(figures, "individuals", asked.append)
    for seed in (0, 1, 7):
        figures.pool(seed, 1000)
    for numbers in asked:
        assert not np.isin(numbers, np.asarray(HELD_OUT)).any()


def test_a_scene_is_drawn_alike_in_any_company(stage: Stage):
    rng = np.random.default_rng(3)
    scene = animation.scenes(rng, 6, stage.cast, 1)
    times = np.tile(np.arange(2.0), (6, 1))
    together = stage.draw(scene, times)
    columns = {f: getattr(scene, f)[2:3] for f in scene.__slots__}
    alone = stage.draw(animation.Scenes(**columns), times[2:3])
    assert torch.allclose(together[2], alone[0], atol=1e-5)


def test_a_caption_says_what_is_drawn():
    row = dict.fromkeys(wording.ASPECTS, -1) | {
        "kind": KINDS.index("robot"),
        "colour": NAMES.index("orange"),
        "hat": figures.HATS.index("cap"),
        "hat_colour": NAMES.index("orange"),
        "motion": MOTIONS.index("left"),
        "place": PLACES.index("grass"),
    }
    plainly = [0.0] * wording.CHANCES
    said = wording.caption(plainly, list(row.values()))
    assert said == "an orange robot with an orange hat moving left over grass"


def test_meanings_are_those_of_the_figure(stage: Stage):
    scene = animation.scenes(np.random.default_rng(5), 40, stage.cast, 1, shapes=0.0)
    meant = wording.meanings(scene, stage.cast)
    kinds = [KINDS[k] for k in meant.column("kind")]
    assert kinds == [CLASSES[int(stage.cast.kind[who])] for who in scene.who]
    assert (meant.column("ears") == stage.cast.ears.numpy()[scene.who]).all()


def test_captions_become_the_numbers_that_the_tokenizer_gives(stage: Stage):
    words = reader.tokenizer()
    rng = np.random.default_rng(1)
    scene = animation.scenes(rng, 50, stage.cast, 1)
    told = wording.captions(rng, wording.meanings(scene, stage.cast), ["qwvx"] * 50)
    told += ["", "a " * 40]
    how = {"padding": "max_length", "truncation": True, "max_length": reader.POSITIONS}
    assert torch.equal(reader.ids(words, told), words(told, return_tensors="pt", **how).input_ids)


def test_normalising_latents_changes_nothing_in_what_is_decoded(stage: Stage):
    vae = codec.fresh(0).eval().requires_grad_(False)
    with torch.no_grad():
        vae.quant_conv.bias.normal_(0, 3)
    pool = codec.pictures(stage, 0, 12)
    shown = pool.float() / 127.5 - 1
    before = vae.decode(vae.encode(shown).latent_dist.mean).sample
    codec.normalised(vae, pool)
    z = vae.encode(shown).latent_dist.mean
    assert torch.allclose(vae.decode(z).sample, before, atol=1e-3)
    assert torch.allclose(z.std((0, 2, 3)), torch.ones(codec.CHANNELS), atol=1e-2)
    assert torch.allclose(z.mean((0, 2, 3)), torch.zeros(codec.CHANNELS), atol=1e-2)


PLAN = Plan("small", 30, rate=1e-2, warmup=3)


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(4, 3)


def loss_of(net: nn.Module):
    def loss_at(step: int, done: float) -> torch.Tensor:
        x = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        return (net(x) - x[:, :3]).square().mean()

    return loss_at


def test_a_stage_that_was_stopped_ends_as_an_unbroken_one(tmp_path: Path):
    net = small()
    unbroken = fit(net, loss_of(net), PLAN, tmp_path / "a")

    def stopping(progress: Progress) -> None:
        if progress.step == 11:
            raise Cancelled

    net = small()
    with pytest.raises(Cancelled):
        fit(net, loss_of(net), PLAN, tmp_path / "b", tick=stopping)
    net = small()
    resumed = fit(net, loss_of(net), PLAN, tmp_path / "b")
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)


def test_an_update_whose_gradient_is_no_number_is_left_out(tmp_path: Path):
    net, sound = small(), small()

    def spoilt(step: int, done: float) -> torch.Tensor:
        return loss_of(net)(step, done) * (float("nan") if step == 5 else 1.0)

    found = fit(net, spoilt, PLAN, tmp_path / "a")
    assert all(torch.isfinite(value).all() for value in found.values())
    assert not torch.equal(
        found["weight"], fit(sound, loss_of(sound), PLAN, tmp_path / "b")["weight"]
    )


def test_a_stage_that_is_given_seconds_keeps_its_number_of_updates(tmp_path: Path):
    net = small()
    fit(net, loss_of(net), PLAN, tmp_path, seconds=0.5)
    planned = json.loads((tmp_path / "pace.json").read_text())["steps"]
    assert planned > 6
    seen: list[Progress] = []
    net = small()
    fit(net, loss_of(net), PLAN, tmp_path, seconds=30.0, tick=seen.append)
    assert seen[-1].step == seen[-1].total == planned


def test_clips_are_drawn_once_and_damaged_ones_again(tmp_path: Path, monkeypatch):
    stage = Stage.make(figures.pool(0, 24), 1, codec.SIZE, 0, "cpu")
    vae, words = codec.fresh(0).eval(), reader.tokenizer()
    encoder = reader.fresh(words, 0)
    made = partial(clips.make, stage, vae, words, encoder, 3, 4, portion=2)
    whole, first = made(), made(folder=tmp_path)
    files = sorted(tmp_path.rglob("*.safetensors"))
    assert len(files) == 2
    held = bytearray(files[0].read_bytes())
    held[-1] ^= 1
    files[0].write_bytes(held)
    drawn = []
    draw = clips._draw
    monkeypatch.setattr(clips, "_draw", lambda *with_: drawn.append(1) or draw(*with_))
    again = made(folder=tmp_path)
    assert len(drawn) == 1
    for found in (first, again):
        for name in ("latents", "masks", "texts", "vague"):
            assert torch.equal(getattr(found, name), getattr(whole, name))
        assert np.array_equal(found.meant.columns, whole.meant.columns)
