"""Files of every layout that people have, by their headers: what they are, or why they are refused."""

import re
from pathlib import Path

import pytest

from studio.library import weight_files
from studio.library.recognition.found import Found
from studio.library.recognition.weights import recognise
from studio.library.scan import looked_at
from studio.spec.refusal import Refusal
from tests.library.headers import BAD, SMALL, WAN, shapes_of, wan
from tests.library.weight_builder import gguf, safetensors

PUBLISHED = {
    "animatediff_motion_lora_v2_original": ("AnimateDiff v2 motion LoRA", "original"),
    "animatediff_v2_diffusers": ("AnimateDiff v2 motion module", "diffusers"),
    "animatediff_v2_original": ("AnimateDiff v2 motion module", "original"),
    "animatediff_v3_original": ("AnimateDiff v3 motion module", "original"),
    "controlnet_sd15_ldm": ("SD 1.x ControlNet control", "original"),
    "diffusers_lora_converted_sd15_attn_r8": ("SD 1.x LoRA", "diffusers"),
    "diffusers_lora_legacy_attnproc_sd15_r8": ("SD 1.x LoRA", "diffusers 2023"),
    "diffusers_lora_peft_sd15_attn_r8": ("SD 1.x LoRA", "PEFT"),
    "kohya_lora_sd15_r8": ("SD 1.x LoRA", "kohya"),
    "sd15_checkpoint_ldm": ("SD 1.x checkpoint", "original"),
    "sd15_unet_diffusers": ("SD 1.x image model", "diffusers"),
    "sd15_vae_diffusers": ("4 channels autoencoder", "diffusers"),
    "sparsectrl_scribble_diffusers": ("AnimateDiff SparseCtrl scribble control", "diffusers"),
    "sparsectrl_scribble_original": ("AnimateDiff SparseCtrl scribble control", "original"),
    "svd_unet_diffusers": ("SVD video model", "diffusers"),
    "svd_xt_checkpoint_ldm": ("SVD video model", "original"),
}


def found(path: Path) -> Found:
    return recognise(weight_files.read(path))


@pytest.mark.shared
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_layouts_are_named(tmp_path, name):
    made = found(safetensors(tmp_path / "file.safetensors", shapes_of(name)))
    assert (str(made), made.spelling) == PUBLISHED[name]
    assert made.rank == (8 if made.role == "LoRA" else 0)


@pytest.mark.shared
def test_what_is_derived_from_published_layouts(tmp_path):
    """Inpainting, SD 2.x, v-prediction, SparseCtrl RGB, v1 and SDXL motion modules, SVD's decoder."""
    sd = shapes_of("sd15_checkpoint_ldm")
    first = "model.diffusion_model.input_blocks.0.0.weight"
    assert str(_made(tmp_path, sd | {first: (320, 9, 3, 3)})) == "SD 1.x inpainting checkpoint"
    wide = {n: (*s[:-1], 1024) if n.endswith(("attn2.to_k.weight",)) else s for n, s in sd.items()}
    two = _made(tmp_path, wide | {"v_pred": (0,)})
    assert (str(two), two.prediction) == ("SD 2.x checkpoint", "v")
    alone = {n: s for n, s in sd.items() if n.startswith("model.diffusion_model.")}
    assert str(_made(tmp_path, alone)) == "SD 1.x image model"
    autoencoder = {n: s for n, s in sd.items() if n.startswith("first_stage_model.")}
    assert str(_made(tmp_path, autoencoder)) == "4 channels autoencoder"
    sparse = shapes_of("sparsectrl_scribble_original")
    colour = {n: s for n, s in sparse.items() if not n.startswith("controlnet_cond_embedding")}
    colour |= {"controlnet_cond_embedding.weight": (320, 5, 3, 3)}
    assert str(_made(tmp_path, colour)) == "AnimateDiff SparseCtrl RGB control"
    module = shapes_of("animatediff_v3_original")
    first_release = {n: (1, 24, s[2]) if n.endswith(".pe") else s for n, s in module.items()}
    assert str(_made(tmp_path, first_release)) == "AnimateDiff v1 motion module"
    few = {n: s for n, s in module.items() if "blocks.3." not in n}
    assert str(_made(tmp_path, few)) == "AnimateDiff SDXL motion module"
    lightning = safetensors(tmp_path / "animatediff_lightning_4step.safetensors", module)
    assert str(found(lightning)) == "AnimateDiff Lightning motion module"
    video = shapes_of("svd_xt_checkpoint_ldm")
    decoder = {n: s for n, s in video.items() if n.startswith("first_stage_model.")}
    assert str(_made(tmp_path, decoder)) == "SVD temporal autoencoder"


def _made(tmp_path: Path, shapes) -> Found:
    return found(safetensors(tmp_path / "file.safetensors", shapes))


@pytest.mark.parametrize("wrapper", ["", "model.diffusion_model."], ids=["bare", "ComfyUI"])
@pytest.mark.parametrize("name", WAN)
def test_wan_in_its_original_spelling(tmp_path, name, wrapper):
    shapes, expected = WAN[name]
    wrapped = {wrapper + tensor: shape for tensor, shape in shapes.items()}
    made = found(safetensors(tmp_path / f"{name}.safetensors", wrapped, "BF16"))
    assert (str(made), made.spelling, made.prediction) == (expected, "original", "flow")
    assert str(found(gguf(tmp_path / f"{name}-Q8_0.gguf", shapes))) == expected


def test_wan_as_diffusers_builds_it(tmp_path):
    """Names and shapes of the real classes, full size, without weights."""
    torch = pytest.importorskip("torch")
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    with torch.device("meta"):
        network = WanTransformer3DModel(in_channels=36, out_channels=16, num_layers=1)
        autoencoder = AutoencoderKLWan()
    for net, expected in (
        (network, "Wan 2.2 I2V A14B video model"),
        (autoencoder, "Wan 2.1 autoencoder"),
    ):
        shapes = {name: tuple(t.shape) for name, t in net.state_dict().items()}
        made = found(safetensors(tmp_path / "net.safetensors", shapes, "BF16"))
        assert (str(made), made.spelling) == (expected, "diffusers")


@pytest.mark.parametrize("expected", SMALL)
def test_other_layouts_by_what_tells_them(tmp_path, expected):
    assert str(_made(tmp_path, SMALL[expected])) == expected


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_weight_file_says_what_to_do(tmp_path, name):
    data, words = BAD[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Refusal, match=re.escape(words)) as refused:
        weight_files.read(tmp_path / name)
    assert name in str(refused.value)


def test_what_would_load_wrong_is_refused(tmp_path):
    scaled = SMALL["SDXL checkpoint"] | {
        "model.diffusion_model.input_blocks.0.0.scale_weight": (1,)
    }
    safetensors(tmp_path / "a.safetensors", scaled, "F8_E4M3")
    entry = looked_at(tmp_path / "a.safetensors")
    assert entry.found is None
    assert "would load wrong" in entry.why
    scaled = wan(1536, 16) | {"blocks.0.self_attn.q.scale_weight": (1,)}
    safetensors(tmp_path / "wan.safetensors", scaled, "F8_E4M3")
    assert looked_at(tmp_path / "wan.safetensors").found is not None
    with pytest.raises(Refusal, match="does not know"):
        found(safetensors(tmp_path / "b.safetensors", {"foreign.weight": (4, 4)}))
    with pytest.raises(Refusal, match="no tensors"):
        found(safetensors(tmp_path / "c.safetensors", {}))


@pytest.mark.parametrize("make", [safetensors, gguf], ids=["safetensors", "GGUF"])
def test_a_file_cut_anywhere_is_refused(tmp_path, make):
    whole = make(tmp_path / "whole", wan(64, 16)).read_bytes()
    for length in [*range(1, 200, 7), len(whole) // 2, len(whole) - 1]:
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(Refusal, match=r"cut short|not a safetensors file|is no "):
            weight_files.read(tmp_path / "cut")


def test_precision_and_size_are_counted(tmp_path):
    file = weight_files.read(safetensors(tmp_path / "a.safetensors", wan(1536, 16), "BF16"))
    assert (file.precision, file.container) == ("BF16", "safetensors")
    assert file.parameters == 1536 * 16 * 4 + 2 * 1536**2 + 64 * 1536
    quantised = weight_files.read(gguf(tmp_path / "a.gguf", wan(1536, 16)))
    assert (quantised.precision, quantised.metadata["general.architecture"]) == ("Q8_0", "wan")
    assert quantised.parameters == file.parameters
