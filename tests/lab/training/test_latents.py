"""Clips as latents, made once."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.lab.drawing import grammar, grounds, scenes
from studio.lab.training import autoencoder, latents
from studio.spec.progress import Cancelled


@pytest.fixture(scope="module")
def vae():
    return autoencoder.fresh(1).eval().requires_grad_(False)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "clips.safetensors"


def test_shapes_and_meanings(vae, path):
    clips = latents.make(vae, 7, 5, path)
    assert (clips.latents.dtype, clips.latents.shape) == (torch.float16, (5, 8, 4, 16, 16))
    assert (clips.masks.dtype, clips.masks.shape) == (torch.float16, (5, 8, 16, 16))
    assert len(set(clips.meanings)) == 5
    for index, meaning in enumerate(clips.meanings):
        scene = latents.teachable(np.random.default_rng((7, index, 3)))
        assert meaning == scene.meaning
        expected = latents.encode(vae, scenes.draw(scene)).half()
        assert torch.equal(clips.latents[index], expected)
        assert not grammar.held_out(meaning)


def test_made_once(vae, path):
    heard = []
    first = latents.make(vae, 7, 3, path, tick=heard.append)
    assert [(p.step, p.total) for p in heard] == [(1, 3), (2, 3), (3, 3)]
    again = latents.make(vae, 7, 3, path, tick=heard.append)
    assert len(heard) == 3
    assert torch.equal(first.latents, again.latents)
    assert first.meanings == again.meanings
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("other", ["seed", "count", "autoencoder", "damaged", "flipped"])
def test_made_anew_when_something_else_is_asked(vae, path, other):
    latents.make(vae, 7, 2, path)
    if other == "damaged":
        path.write_bytes(path.read_bytes()[:100])
    if other == "flipped":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    seed, count = (8 if other == "seed" else 7), (3 if other == "count" else 2)
    asked = autoencoder.fresh(2).eval() if other == "autoencoder" else vae
    found = latents.make(asked, seed, count, path)
    fresh = latents.make(asked, seed, count, path.with_name("fresh.safetensors"))
    assert torch.equal(found.latents, fresh.latents)
    assert found.meanings == fresh.meanings


def test_a_file_without_notes_is_taken_for_what_it_holds(vae, path):
    made = latents.make(vae, 7, 2, path)
    save_file(load_file(path), path)
    heard = []
    assert torch.equal(latents.make(vae, 7, 2, path, tick=heard.append).latents, made.latents)
    assert heard == []


def test_cancelled_leaves_no_file(vae, path):
    def tick(progress):
        if progress.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        latents.make(vae, 7, 3, path, tick=tick)
    assert not path.parent.exists() or not list(path.parent.iterdir())


def test_masks_cover_the_object():
    scene = scenes.random_scene(np.random.default_rng(3))
    ground = grounds.draw_ground(scene.meaning.place, np.random.default_rng(scene.ground_seed))
    seen = torch.from_numpy(np.abs(scenes.draw(scene) - ground).max(-1) > 1e-3).float()
    cells = torch.nn.functional.avg_pool2d(seen[:, None], 4)[:, 0]
    mask = latents.object_mask(scene)
    assert mask.min() >= 0
    assert mask.max() <= 1
    torch.testing.assert_close(mask, cells, atol=0.5, rtol=0)
    assert (mask - cells).abs().mean() < 0.05  # it reaches a little beyond the rim


def test_scaled(vae):
    double = autoencoder.fresh(1).eval()
    double.register_to_config(scaling_factor=2 * vae.config.scaling_factor)
    frames = scenes.draw(scenes.random_scene(np.random.default_rng(1)), (0,))
    torch.testing.assert_close(latents.encode(double, frames), 2 * latents.encode(vae, frames))
