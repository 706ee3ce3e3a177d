"""An image model from a stock folder, part by part."""

import json
import shutil

import pytest
import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils import logging

from studio.engine.backbone import (
    PARTS,
    encode_text,
    load_backbone,
    load_teacher,
    token_ids,
)
from studio.engine.device import Device, choose
from studio.lab.starter import packing
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from tests import tiny_starter

NAMES = [name for name, *_ in PARTS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_starter.make(tmp_path_factory.mktemp("models ünï %20") / "tiny")


@pytest.fixture(scope="module")
def backbone(folder):
    return load_backbone(folder, choose("cpu"))


@pytest.fixture
def broken(folder, tmp_path):
    """A copy to be damaged."""
    return shutil.copytree(folder, tmp_path / "broken")


def test_parts_are_frozen_and_in_their_precision(backbone):
    for part in (backbone.unet, backbone.vae, backbone.text_encoder):
        assert not part.training
        assert all(p.dtype == torch.float32 and not p.requires_grad for p in part.parameters())
    assert backbone.reduction == 4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_other_precisions(folder, dtype, capfd):
    loaded = load_backbone(folder, Device("cpu", dtype))
    for part in (loaded.unet, loaded.text_encoder):
        assert {p.dtype for p in part.parameters()} == {dtype}
    assert loaded.vae.dtype == (torch.float32 if dtype == torch.float16 else dtype)
    assert "float32" not in capfd.readouterr().err  # no library grumbles at the user


@pytest.mark.parametrize(("said", "dtype"), [(False, torch.float16), (None, torch.float16)])
def test_an_autoencoder_that_does_not_ask_is_in_half_precision(broken, said, dtype):
    config = broken / "vae" / "config.json"
    kept = json.loads(config.read_text())
    del kept["force_upcast"]
    config.write_text(json.dumps(kept if said is None else kept | {"force_upcast": said}))
    assert load_backbone(broken, Device("cpu", torch.float16)).vae.dtype == dtype
    assert load_teacher(broken, Device("cpu", torch.float16)).dtype == torch.float32


def test_one_tick_a_part(folder):
    heard = []
    load_backbone(folder, choose("cpu"), heard.append)
    assert [p.note for p in heard] == [*NAMES, ""]
    assert [p.step for p in heard] == list(range(len(NAMES) + 1))


@pytest.mark.parametrize("stop", range(len(NAMES) + 1))
def test_cancelled_at_any_tick(folder, stop):
    def tick(progress):
        if progress.step == stop:
            raise Cancelled

    with pytest.raises(Cancelled):
        load_backbone(folder, choose("cpu"), tick)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_part_is_refused_by_name(broken, name):
    shutil.rmtree(broken / name)
    with pytest.raises(Refusal, match=name) as refusal:
        load_backbone(broken, choose("cpu"))
    assert str(broken) in refusal.value.hint


FILES = (
    ("unet", "diffusion_pytorch_model.safetensors"),
    ("vae", "diffusion_pytorch_model.safetensors"),
    ("text_encoder", "model.safetensors"),
    ("unet", "config.json"),
    ("vae", "config.json"),
    ("text_encoder", "config.json"),
    ("scheduler", "scheduler_config.json"),
    ("tokenizer", "tokenizer.json"),
)


@pytest.mark.parametrize("kept", [0.0, 0.5])
@pytest.mark.parametrize(("part", "file"), FILES)
def test_a_truncated_part_is_refused_by_name(broken, part, file, kept):
    path = broken / part / file
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    logging.disable_progress_bar()
    with pytest.raises(Refusal, match=part):
        load_backbone(broken, choose("cpu"))


@pytest.mark.parametrize(("part", "file"), FILES[:3])
def test_missing_weights_are_refused_by_name(broken, part, file):
    (broken / part / file).unlink()
    with pytest.raises(Refusal, match=part):
        load_backbone(broken, choose("cpu"))


def test_prompts_of_any_length_fit(backbone):
    ids = token_ids(backbone, ["", "a red ball", "ball " * 500])
    assert ids.shape == (3, backbone.text_encoder.config.max_position_embeddings)
    words = encode_text(backbone, ["", "a red ball", "ball " * 500])
    assert words.shape == (*ids.shape, backbone.text_encoder.config.hidden_size)
    assert words.isfinite().all()
    assert not words.requires_grad


def test_a_prompt_reads_the_same_in_any_company(backbone):
    alone = encode_text(backbone, ["a red ball"])
    torch.testing.assert_close(
        encode_text(backbone, ["x", "a red ball"])[1:], alone, atol=1e-5, rtol=0
    )


@torch.no_grad()
def test_the_folder_opens_with_the_stock_pipeline(folder, backbone):
    (folder / "model_index.json").write_text(json.dumps(packing.pipeline_index()))
    opened = {"torch_dtype": torch.float32, "local_files_only": True}
    pipe = StableDiffusionPipeline.from_pretrained(folder, **opened)
    pipe.set_progress_bar_config(disable=True)
    for name in ("unet", "vae", "text_encoder"):
        theirs, ours = getattr(pipe, name).state_dict(), getattr(backbone, name).state_dict()
        assert theirs.keys() == ours.keys()
        assert all(torch.equal(theirs[key].float(), ours[key]) for key in ours)
    theirs, ours = dict(pipe.scheduler.config), dict(backbone.scheduler.config)
    assert theirs == ours
    words, nothing = pipe.encode_prompt("a red ball", "cpu", 1, True, "")
    torch.testing.assert_close(
        torch.cat([words, nothing]), encode_text(backbone, ["a red ball", ""]), atol=1e-5, rtol=0
    )
    picture = pipe("a red ball", num_inference_steps=2, output_type="np").images
    assert picture.shape == (1, 64, 64, 3)
