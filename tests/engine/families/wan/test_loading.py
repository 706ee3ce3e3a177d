"""How Wan's folders are opened, and its text encoder dropped."""

import gc
import json
import shutil
import weakref

import pytest
import torch
from diffusers import WanTransformer3DModel
from transformers import UMT5EncoderModel

from studio.engine.families.wan import family
from studio.engine.families.wan.text import TOKENS, Texts
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.engine.families.wan import tiny


@pytest.mark.parametrize(
    ("layout", "roles"),
    [
        ("i2v", {"holes", "interpolator", "codec"}),
        ("t2v", {"keyframes", "codec"}),
        ("ti2v", {"holes", "keyframes", "codec"}),
    ],
)
def test_the_roles_that_a_folder_fills(tmp_path, layout, roles):
    parts = family.load(tiny.make(tmp_path, layout), tiny.CARD, "holes", tiny.CPU, silent)
    assert set(parts) == roles


def test_loading_ticks_for_every_part(folder):
    heard = []
    family.load(folder, tiny.CARD, "holes", tiny.CPU, lambda p: heard.append((p.step, p.note)))
    assert heard == [
        (0, "transformer"), (1, "transformer_2"), (2, "vae"), (3, "scheduler"), (4, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("fault", ["missing", "cut"])
@pytest.mark.parametrize("part", ["transformer", "transformer_2", "vae", "scheduler"])
def test_a_bad_part_is_refused_by_name(folder, tmp_path, part, fault):
    broken = shutil.copytree(folder, tmp_path / "model")
    for file in (broken / part).iterdir():
        if fault == "missing":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(Refusal, match=f'part "{part}" cannot be read'):
        tiny.load(broken)


def test_a_bad_index_is_refused(folder, tmp_path):
    broken = shutil.copytree(folder, tmp_path / "model")
    (broken / "model_index.json").write_text("{")
    with pytest.raises(Refusal, match=r"model_index\.json"):
        tiny.load(broken)


def test_another_models_autoencoder_is_refused(folder, tmp_path):
    mixed = shutil.copytree(folder, tmp_path / "model")
    shutil.rmtree(mixed / "vae")
    tiny.vae("ti2v").save_pretrained(mixed / "vae")
    with pytest.raises(Refusal, match="makes latents of 16 channels, its autoencoder reads 48"):
        tiny.load(mixed)


def test_a_model_that_reads_pictures_through_clip_is_refused(folder, tmp_path):
    """Wan 2.1's image to video; without the embedding it would be told nothing of the picture."""
    other = shutil.copytree(folder, tmp_path / "model")
    config = other / "transformer" / "config.json"
    told = json.loads(config.read_text("utf-8")) | {"image_dim": 8, "added_kv_proj_dim": 24}
    shutil.rmtree(other / "transformer")
    told = {key: value for key, value in told.items() if not key.startswith("_")}
    WanTransformer3DModel(**told).save_pretrained(other / "transformer")
    with pytest.raises(Refusal, match="picture encoder, which is not there"):
        tiny.load(other)


def test_a_scheduler_of_no_known_class_is_refused(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "model")
    config = {"_class_name": "DiffusionPipeline"}
    (other / "scheduler" / "scheduler_config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(Refusal, match="scheduler"):
        tiny.load(other)


def test_text_is_encoded_once_and_the_encoder_dropped(folder, monkeypatch):
    opened, own = [], UMT5EncoderModel.from_pretrained.__func__

    def counted(kind, *args, **more):
        net = own(kind, *args, **more)
        opened.append(weakref.ref(net))
        return net

    monkeypatch.setattr(UMT5EncoderModel, "from_pretrained", classmethod(counted))
    texts = Texts(folder, tiny.CPU)
    one, none = texts.encoded("a red  ball", "")
    assert torch.equal(texts.encoded("a red ball")[0], one)
    assert len(opened) == 1
    gc.collect()
    assert opened[0]() is None
    texts.encoded("grass")
    assert len(opened) == 2
    assert one.shape == (1, TOKENS, 16)
    assert not one[0, 3:].any()  # what no word fills is zeros
    assert none.isfinite().all()
    assert one.isfinite().all()


def test_a_text_encoder_that_is_gone_is_refused(folder, tmp_path):
    bare = shutil.copytree(folder, tmp_path / "model")
    shutil.rmtree(bare / "text_encoder")
    with pytest.raises(Refusal, match="text encoder cannot be read"):
        Texts(bare, tiny.CPU).encoded("a ball")


def test_previews_have_the_colours_of_what_is_encoded(model):
    assert model.model.preview_factors.shape == (17, 3)
    assert model.model.preview_factors.isfinite().all()
