"""Motion modules and SparseCtrl networks as published: every name and shape, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import MotionAdapter, SparseControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from studio.engine.checkpoints.layouts import SD15_UNET
from studio.engine.device import Device
from studio.engine.families.animatediff import family, published
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.engine.families.animatediff import tiny

KEYS = Path(__file__).parents[4].parent / "shared" / "data" / "keys"


def published_shapes(name: str) -> dict[str, torch.Size]:
    file = KEYS / f"{name}.json"
    if not file.exists():
        pytest.skip("needs ../shared/data")
    tensors = json.loads(file.read_text("utf-8"))["tensors"]
    return {key: torch.Size(shape) for key, shape in tensors.items()}


def shapes_of(net: torch.nn.Module) -> dict[str, torch.Size]:
    return {key: tensor.shape for key, tensor in net.state_dict().items()}


def v1() -> dict[str, torch.Size]:
    """`mm_sd_v14`, `mm_sd_v15`: as v3, with 24 positions."""
    shapes = published_shapes("animatediff_v3_original")
    return {k: torch.Size((1, 24, s[2])) if k.endswith(".pe") else s for k, s in shapes.items()}


def control_rgb() -> dict[str, torch.Size]:
    """`v3_sd15_sparsectrl_rgb`: as the one for drawings, with one convolution of latents and mask."""
    shapes = published_shapes("sparsectrl_scribble_original")
    kept = {k: s for k, s in shapes.items() if not k.startswith("controlnet_cond_embedding.")}
    first = {"weight": torch.Size((320, 5, 3, 3)), "bias": torch.Size((320,))}
    return kept | {f"controlnet_cond_embedding.{part}": shape for part, shape in first.items()}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("original", "positions", "middle"),
    [
        ("v1", 24, False),
        ("animatediff_v2_original", 32, True),
        ("animatediff_v3_original", 32, False),
    ],
)
def test_every_name_and_shape_of_a_published_motion_module_has_its_place(
    original, positions, middle
):
    shapes = published.renamed(v1() if original == "v1" else published_shapes(original))
    config = published.motion_config(shapes, {})
    assert config["motion_max_seq_length"] == positions
    assert config["use_motion_mid_block"] is middle
    with torch.device("meta"):
        image = UNet2DConditionModel(**SD15_UNET)
        state = {key: torch.empty(shape) for key, shape in shapes.items()}
        assert shapes_of(MotionAdapter(**config)) == shapes
        net = published.motion_unet(image, state, config)
    assert shapes_of(net) == shapes_of(image) | shapes


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["v2", "scribble"])
def test_both_layouts_are_read_to_the_same_names(kind):
    name = "animatediff_v2" if kind == "v2" else "sparsectrl_scribble"
    known = published_shapes(f"{name}_diffusers")
    assert published.renamed(published_shapes(f"{name}_original")) == known
    assert published.renamed(known) == known
    wrapped = {f"module.{key}": shape for key, shape in known.items()}
    assert published.renamed(wrapped) == known


@pytest.mark.shared
def test_every_name_and_shape_of_sparse_control_has_its_place():
    shapes = published.renamed(control_rgb())
    config = published.control_config(shapes, {})
    with torch.device("meta"):
        state = {key: torch.empty(shape) for key, shape in shapes.items()}
        net = published.control_net(state, config)
        assert shapes_of(SparseControlNetModel(**config)) == shapes
    assert shapes_of(net) == shapes
    assert net.config["conditioning_channels"] == 4


def test_the_image_networks_tensors_are_used_not_copied(folder):
    model = tiny.load(folder)
    unet = tiny.unet()
    state = published.read(folder / "mm.safetensors", "motion module")
    config = published.motion_config({k: t.shape for k, t in state.items()}, {})
    net = published.motion_unet(unet, state, config)
    for name, tensor in unet.state_dict().items():
        assert net.state_dict()[name].data_ptr() == tensor.data_ptr()
    assert {n for n, _ in unet.named_modules()} <= {n for n, _ in model.unet.named_modules()}
    assert not any(p.requires_grad for p in model.unet.parameters())


def test_networks_are_in_the_precision_of_the_device(folder):
    half = tiny.load(folder, device=Device("cpu", torch.float16))
    assert {p.dtype for p in half.unet.parameters()} == {torch.float16}
    assert {p.dtype for p in half.control.parameters()} == {torch.float16}


def test_noise_levels_are_those_that_motion_modules_know(folder):
    config = tiny.load(folder).backbone.scheduler.config
    assert {key: config[key] for key in family.NOISE} == family.NOISE


def test_the_roles_that_a_folder_fills(folder):
    parts = family.load(
        folder, replace(tiny.CARD, files=tiny.FILES["original"]), "holes", tiny.CPU, silent
    )
    assert set(parts) == {"keyframes", "codec", "holes", "interpolator"}
    assert parts["holes"] is parts["keyframes"]
    assert (parts["interpolator"].factor, parts["interpolator"].space) == (4, "latents")
    bare = family.load(folder, tiny.CARD, "keyframes", tiny.CPU, silent)
    assert set(bare) == {"keyframes", "codec"}


def loaded(folder: Path, motion: str = "mm.safetensors", control: str = "sparsectrl.safetensors"):
    card = replace(tiny.CARD, files=(("motion", motion), ("control", control)))
    return family.load(folder, card, "keyframes", tiny.CPU, silent)


@pytest.mark.parametrize("which", ["motion", "control"])
@pytest.mark.parametrize("fault", ["missing", "cut", "foreign", "other", "half", "pickle"])
def test_a_bad_file_is_refused_by_name(folder, tmp_path, which, fault):
    good = folder / ("mm.safetensors" if which == "motion" else "sparsectrl.safetensors")
    bad = tmp_path / ("bad.ckpt" if fault == "pickle" else "bad.safetensors")
    tensors = load_file(good)
    if fault == "cut":
        bad.write_bytes(good.read_bytes()[:-100])
    elif fault == "foreign":
        save_file({"weight": torch.zeros(3)}, bad)
    elif fault == "other":  # of a larger model
        save_file({k: t.repeat(2, *(1,) * (t.ndim - 1)) for k, t in tensors.items()}, bad)
    elif fault == "half":
        save_file(dict(list(tensors.items())[: len(tensors) // 2]), bad)
    elif fault == "pickle":
        torch.save(tensors, bad)
    with pytest.raises(Refusal, match=r"bad\.") as refused:
        loaded(folder, **{which: str(bad)})
    assert refused.value.hint


def test_sparse_control_for_drawings_is_refused(folder, tmp_path):
    drawings = tiny.control(use_simplified_condition_embedding=False, conditioning_channels=3)
    save_file(tiny.original(drawings.state_dict()), tmp_path / "scribble.safetensors")
    with pytest.raises(Refusal, match="for drawings"):
        loaded(folder, control=str(tmp_path / "scribble.safetensors"))


def test_loading_ticks_for_every_part(folder):
    heard = []
    card = tiny.CARD
    family.load(folder, card, "keyframes", tiny.CPU, lambda p: heard.append(p.note))
    assert [note for note in heard if note] == [
        "tokenizer", "text_encoder", "unet", "vae", "scheduler", "motion",
    ]  # fmt: skip


def test_the_codec_of_a_folder_takes_frames_one_by_one(folder):
    codec, heard = family.load(folder, tiny.CARD, "codec", tiny.CPU, silent)["codec"], []
    frames = torch.randint(0, 256, (3, 16, 16, 3), dtype=torch.uint8)
    latents = codec.encode(frames)
    assert (latents.shape, latents.dtype) == ((3, 4, 4, 4), torch.float32)
    made = codec.decode(latents, heard.append)
    assert (made.shape, made.dtype) == (frames.shape, torch.uint8)
    assert torch.equal(codec.decode(latents[1:2], silent), made[1:2])
    assert [(p.stage, p.step, p.total) for p in heard] == [("decode", k, 3) for k in range(4)]
    with pytest.raises(ValueError, match="no whole cells"):
        codec.encode(torch.zeros(1, 18, 16, 3, dtype=torch.uint8))
