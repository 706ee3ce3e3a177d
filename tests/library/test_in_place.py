"""Files without a card are found by their names and become models, or are refused in a sentence."""

import time
from pathlib import Path

import pytest

from studio.library import models as library
from studio.library.derived.derived import LAYOUTS
from studio.library.tensor_hash import known_hash
from studio.spec.components import SETTINGS
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from tests.library.headers import WAN, checkpoint, motion, put, shapes_of
from tests.library.weight_builder import safetensors


def test_a_checkpoint_is_an_image_model_with_the_numbers_of_its_family(tmp_path):
    checkpoint(tmp_path / "a" / "dream shaper.safetensors")
    checkpoint(tmp_path / "v2-1_768.safetensors", 1024)
    checkpoint(tmp_path / "v2-1_512-base.safetensors", 1024)
    checkpoint(tmp_path / "v.safetensors", **{"modelspec.prediction_type": "v"})
    one = library.find("dream shaper", [tmp_path])
    assert (one.card.family, one.card.size, one.folder) == ("stills", (512, 512), LAYOUTS / "sd1")
    assert one.card.roles == ("keyframes", "codec")
    assert [name for name, _ in one.weights] == ["image", "text", "autoencoder", SETTINGS]
    size = (tmp_path / "a" / "dream shaper.safetensors").stat().st_size
    assert (one.size("keyframes"), one.size("codec")) == (size, size)
    found = {n: library.find(n, [tmp_path]) for n in ("v2-1_768", "v2-1_512-base", "v")}
    assert [(m.folder.name, m.card.size[0]) for m in found.values()] == [
        ("sd2_v", 768), ("sd2", 512), ("sd1_v", 512),
    ]  # fmt: skip


@pytest.mark.parametrize(("sample", "side"), [(64, 512), (96, 768), (None, 512)])
def test_a_pipeline_makes_the_size_that_it_learned(tmp_path, sample, side):
    folder = tmp_path / "two"
    for part, file in {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model",
                       "text_encoder": "model"}.items():  # fmt: skip
        (folder / part).mkdir(parents=True)
        safetensors(folder / part / f"{file}.safetensors", {"a": (4, 4)})
    unet = {
        "conv_in.weight": (32, 4, 3, 3),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (32, 1024),
    }
    safetensors(folder / "unet" / "diffusion_pytorch_model.safetensors", unet)
    (folder / "model_index.json").write_text("{}")
    config = "{}" if sample is None else f'{{"sample_size": {sample}}}'
    (folder / "unet" / "config.json").write_text(config)
    model = library.find("two", [tmp_path])
    assert (model.card.size, model.folder) == ((side, side), folder)


def test_a_list_of_folders_that_is_damaged_later_hides_no_other_folder(tmp_path):
    checkpoint(tmp_path / "models" / "dream.safetensors")
    lists = tmp_path / "extra_model_paths.yaml"
    lists.write_text("a: {base_path: ., checkpoints: gone}\n")
    assert library.scan([lists]) == ((), ())
    lists.write_text("a: [")
    assert library.find("dream", [lists, tmp_path / "models"]).card.id == "dream"


def test_the_names_of_two_files_are_a_model_together(tmp_path):
    checkpoint(tmp_path / "dream.safetensors")
    motion(tmp_path / "mm_v3.safetensors")
    found, other = (library.find(n, [tmp_path]) for n in ("dream+mm_v3", "mm_v3+dream"))
    assert found.card.family == "animatediff"
    assert (found.card.files, found.weights) == (other.card.files, other.weights)
    assert dict(found.card.files)["motion"] == str(tmp_path / "mm_v3.safetensors")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mm", "needs one"),
        ("two+mm", "a motion module for SD 1.x, two.safetensors is SD 2.x"),
        ("one+mm_sdxl", "a motion module for SDXL"),
        ("one+one", "no model that this version knows"),
        ("paint", "a model for inpainting"),
        ("flux", "with which alone this version makes nothing"),
        ("wan", "transformer alone"),
        ("page", "is a web page"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path, name, said):
    checkpoint(tmp_path / "one.safetensors")
    checkpoint(tmp_path / "two.safetensors", 1024)
    checkpoint(tmp_path / "paint.safetensors", channels=9)
    motion(tmp_path / "mm.safetensors")
    motion(tmp_path / "mm_sdxl.safetensors", levels=3)
    put(tmp_path / "flux.safetensors", "FLUX image model")
    put(tmp_path / "wan.safetensors", "wan2.2_ti2v_5B")
    (tmp_path / "page.safetensors").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(Refusal, match=said) as refused:
        library.find(name, [tmp_path])
    assert refused.value.hint


def test_a_key_is_that_of_the_tensors_wherever_the_file_lies_and_whatever_it_says(tmp_path):
    file = checkpoint(tmp_path / "one.safetensors")
    before = library.find("one", [tmp_path])
    moved = tmp_path / "sub" / "one.safetensors"
    moved.parent.mkdir()
    file.rename(moved)
    assert library.find("one", [tmp_path]).weights == before.weights
    checkpoint(moved, **{"modelspec.title": "Another title"})
    after = library.find("one", [tmp_path])
    assert (after.weights, after.card.name) == (before.weights, "Another title")
    with moved.open("r+b") as opened:
        opened.seek(-1, 2)
        opened.write(b"x")
    assert library.find("one", [tmp_path]).weights != before.weights


def test_a_request_is_not_made_with_other_weights_under_the_same_name(tmp_path):
    file = checkpoint(tmp_path / "one.safetensors")
    model = library.find("one", [tmp_path])
    request = model.card.request("a ball", 1, model.weights)
    assert library.promised(request, [tmp_path])["one"].weights == model.weights
    library.check_unchanged(model)
    checkpoint(file, 1024)
    with pytest.raises(Refusal, match="was replaced"):
        library.promised(request, [tmp_path])
    with pytest.raises(Refusal, match="was replaced"):
        library.check_unchanged(model)


def test_two_of_one_name_are_refused_unless_they_are_the_same(tmp_path):
    for place in ("a", "b"):
        checkpoint(tmp_path / place / "one.safetensors")
    assert library.find("one", [tmp_path]).card.id == "one"
    checkpoint(tmp_path / "b" / "one.safetensors", 1024)
    with pytest.raises(Refusal, match="Several models are called “one”"):
        library.find("one", [tmp_path])


def test_a_card_of_the_studio_comes_before_a_file_of_its_name(tiny_home, tmp_path):
    checkpoint(tmp_path / "tiny.safetensors")
    assert not library.find("tiny", [tmp_path, tiny_home / "models"]).in_place
    with pytest.raises(Refusal, match=r'no model called "gone".*There is: tiny'):
        library.find("gone", [tmp_path])


def wan_folder(folder: Path, kind: str, *, experts: int = 1, shards: int = 1) -> Path:
    """Headers of a folder as diffusers saves it."""
    names = dict(WAN_PARTS)
    shapes = {
        "patch_embedding.weight": WAN[kind][0]["patch_embedding.weight"],
        "blocks.0.attn1.to_q.weight": (8, 8),
    }
    for part in ("transformer", "transformer_2")[:experts]:
        place = folder / part
        place.mkdir(parents=True)
        if shards == 1:
            safetensors(place / "diffusion_pytorch_model.safetensors", shapes)
            continue
        (place / "diffusion_pytorch_model.safetensors.index.json").write_text("{}")
        for n, pair in enumerate(shapes.items(), 1):
            safetensors(
                place / f"diffusion_pytorch_model-0000{n}-of-00002.safetensors", dict([pair])
            )
    for part, file in names.items():
        (folder / part).mkdir()
        safetensors(folder / part / file, {"a": (4, 4)})
    (folder / "model_index.json").write_text("{}")
    return folder


WAN_PARTS = {"vae": "diffusion_pytorch_model.safetensors", "text_encoder": "model.safetensors"}


def test_folders_of_wan_have_the_limits_of_their_release(tmp_path):
    wan_folder(tmp_path / "five", "wan2.2_ti2v_5B")
    wan_folder(tmp_path / "small", "wan2.1_t2v_1.3B")
    wan_folder(tmp_path / "two experts", "Wan2.2-I2V-A14B-LowNoise", experts=2, shards=2)
    five, small, two = (library.find(n, [tmp_path]) for n in ("five", "small", "two experts"))
    assert (five.card.window.usual, five.card.grid.spatial, float(five.card.fps)) == (121, 16, 24)
    assert set(five.card.roles) == {"keyframes", "holes", "codec"}
    assert set(small.card.roles) == {"keyframes", "codec"}
    assert set(two.card.roles) == {"holes", "interpolator", "codec"}
    assert [n for n, _ in two.weights] == [
        "high", "high 2", "low", "low 2", "text", "autoencoder", SETTINGS,
    ]  # fmt: skip
    assert two.card.interpolation is not None
    assert (two.card.interpolation.factor, two.card.interpolation.space) == (16, "frames")
    (tmp_path / "small" / "vae" / WAN_PARTS["vae"]).unlink()
    with pytest.raises(Refusal, match="The part “vae”"):
        library.find("small", [tmp_path])


@pytest.mark.shared
def test_published_headers_become_cards(tmp_path):
    for file, keys in (
        ("v1-5-pruned", "sd15_checkpoint_ldm"),
        ("mm_sd_v15_v2", "animatediff_v2_original"),
        ("v3_sd15_mm", "animatediff_v3_original"),
        ("vae", "sd15_vae_diffusers"),
    ):
        put_keys(tmp_path / f"{file}.safetensors", keys)
    ids = ("v1-5-pruned", "v1-5-pruned+v3_sd15_mm", "v1-5-pruned+mm_sd_v15_v2", "vae")
    derived = [library.in_place.the_one(name, [tmp_path]) for name in ids[3:]]
    assert [d.card.family for d in derived if d] == ["autoencoder"]
    for name in ids[:3]:
        (model,) = library.in_place.bearing(name, [tmp_path])
        assert not isinstance(model, Refusal)
        assert model.card.id == name


def put_keys(path: Path, keys: str) -> None:
    safetensors(path, shapes_of(keys))


def test_a_scan_offers_what_was_read_before_and_reads_nothing_itself(tmp_path, monkeypatch):
    checkpoint(tmp_path / "dream.safetensors")
    motion(tmp_path / "mm.safetensors")
    safetensors(tmp_path / "vae.safetensors", VAE)
    monkeypatch.setattr(library.in_place.KNOWN, "_now", lambda: time.time_ns() + 10**10)
    assert library.scan([tmp_path]) == ((), ())
    library.find("vae", [tmp_path])
    assert offered(tmp_path) == ["vae"]
    library.find("dream+mm", [tmp_path])
    assert offered(tmp_path) == ["dream", "dream+mm", "vae"]
    checkpoint(tmp_path / "dream.safetensors", 1024)
    assert offered(tmp_path) == ["vae"]


VAE = {"decoder.conv_in.weight": (32, 4, 3, 3), "decoder.up.0.block.0.norm1.weight": (32,)}


def offered(folder: Path) -> list[str]:
    models, troubles = library.scan([folder])
    assert troubles == ()
    return sorted(model.card.id for model in models)


def test_verifying_reads_with_ticks_and_says_what_is_wrong(run, home):
    folder = home / "models"
    checkpoint(folder / "dream.safetensors")
    safetensors(folder / "vae.safetensors", VAE)
    motion(folder / "mm.safetensors")
    done = run("library", "verify", "--json")
    assert done.code == 0
    assert done.answer["models"].keys() == {"dream", "vae"}
    assert "reading weights" in done.err
    assert run("library", "verify", "mm").code == 2
    listed = run("library", "list", "--json").answer["uses"]
    assert listed == {"dream": ["keyframes", "codec"], "vae": ["codec"], "mm": [], "tiny": []}
    assert "for keyframes, codec" in run("library", "list").out


def test_a_hash_that_is_stopped_is_not_kept(tmp_path):
    file = checkpoint(tmp_path / "one.safetensors")

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        library.find("one", [tmp_path], stop)
    assert not known_hash(file)


@pytest.mark.parametrize(
    ("name", "steps", "sampler"),
    [("AnimateLCM_sd15_t2v", 6, "lcm"), ("animatediff_lightning_2step", 2, "euler trailing")],
)
def test_the_schedule_follows_the_module(tmp_path, name, steps, sampler):
    checkpoint(tmp_path / "dream.safetensors")
    motion(tmp_path / f"{name}.safetensors")
    defaults = library.card_of(f"dream+{name}", [tmp_path]).defaults
    assert (defaults.steps, defaults.sampler) == (steps, sampler)
