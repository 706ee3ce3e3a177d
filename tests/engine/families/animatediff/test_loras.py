"""Motion LoRAs and the domain LoRA of AnimateDiff: what stock diffusers does with them."""

import pytest
import torch
from safetensors.torch import save_file

from studio.engine.device import Device
from studio.engine.lora.fitting import AdapterUse
from studio.engine.roles import Words
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.engine.families.animatediff import tiny
from tests.engine.families.animatediff.stock import away, pipeline, spec, stock_latents
from tests.engine.lora.lora_files import random
from tests.engine.tiny_backbone import traces

ENDS = ("to_q", "to_k", "to_v", "to_out.0")
ORIGINAL = (
    (".motion_modules.0.", ".motion_modules.0.temporal_transformer."),
    (".attn1.", ".attention_blocks.0.processor."),
    (".attn2.", ".attention_blocks.1.processor."),
    (".to_out.0", ".to_out"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.make(tmp_path_factory.mktemp("v2"), "v2")


@pytest.fixture(scope="module")
def second(folder):
    return tiny.load(folder, controlled=False)


def layers(model, part: str) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Random matrices for the attention of motion modules, or of the image network."""
    found = {}
    for number, (path, module) in enumerate(model.backbone.unet.named_modules()):
        if path.endswith(ENDS) and (".motion_modules." in path) == (part == "motion"):
            rows, columns = module.weight.shape
            found[path] = random(number, 4, columns), random(number + 900, rows, 4)
    return found


def original(path: str) -> str:
    for new, old in ORIGINAL:
        path = path.replace(new, old)
    return path


def write(file, found, spelling: str):
    tensors = {}
    for path, (down, up) in found.items():
        if spelling == "diffusers":
            tensors |= {f"unet.{path}.lora_A.weight": down, f"unet.{path}.lora_B.weight": up}
        elif ".motion_modules." in path:
            name = original(path)
            tensors |= {f"{name}_lora.down.weight": down, f"{name}_lora.up.weight": up}
        else:
            before, _, last = path.removesuffix(".0").rpartition(".")
            name = f"{before}.processor.{last}"
            tensors |= {f"{name}_lora.down.weight": down, f"{name}_lora.up.weight": up}
    save_file({n: 2 * t.contiguous() for n, t in tensors.items()}, file)
    return file


def made(model, *uses: AdapterUse, notes: list[str] | None = None) -> torch.Tensor:
    words = Words("a red ball", "blurry", loras=uses, notes=[] if notes is None else notes)
    with model.prompt(words, None) as prompt:
        return model.fill(torch.zeros(4, 4, 4, 4), (False,) * 4, prompt, spec(), silent)


@pytest.mark.parametrize("part", ["motion", "domain"])
def test_does_what_it_does_in_the_stock_pipeline_in_both_spellings(second, tmp_path, part):
    found = layers(second, part)
    plain = write(tmp_path / "plain.safetensors", found, "diffusers")
    published = write(tmp_path / "published.safetensors", found, "original")
    stock = pipeline(second, "v2")
    stock.load_lora_weights(str(tmp_path), weight_name=plain.name, adapter_name="pan")
    stock.set_adapters(["pan"], [0.7])
    expected, notes = stock_latents(stock), []
    before, trace = made(second), traces(second.backbone.unet)
    for file in (plain, published):
        assert away(made(second, AdapterUse(file, 0.7), notes=notes), expected) < 1e-4
    assert notes == [
        f"{name} matched {len(found)} of {len(found)} layers." for name in ("plain", "published")
    ]
    assert away(before, expected) > 0.1
    assert traces(second.backbone.unet) == trace


@pytest.mark.parametrize(
    ("part", "dtype"),
    [
        ("motion", torch.float16),
        ("domain", torch.bfloat16),
        pytest.param("motion", torch.bfloat16, marks=pytest.mark.long),
        pytest.param("domain", torch.float16, marks=pytest.mark.long),
    ],
)
def test_in_half_precision(folder, second, tmp_path, part, dtype):
    half = tiny.load(folder, controlled=False, device=Device("cpu", dtype))
    unet = half.backbone.unet
    use = AdapterUse(write(tmp_path / "a.safetensors", layers(half, part), "original"), 0.7)
    trace, expected, bare = traces(unet), made(second, use), made(half)
    assert unet.dtype == dtype
    worn, rounding = made(half, use), away(bare, made(second))
    assert 0 < away(worn, expected) < 6 * rounding  # what it adds is large, and rounds as well
    assert away(bare, expected) > 2 * away(worn, expected)
    assert traces(unet) == trace
    assert torch.equal(made(half), bare)


def test_a_motion_lora_on_another_motion_module_is_refused(second, tmp_path):
    model = tiny.load(tiny.make(tmp_path / "v3"))
    file = write(tmp_path / "v2_lora_PanLeft.safetensors", layers(second, "motion"), "original")
    with pytest.raises(Refusal, match="was made for AnimateDiff's motion module v2"):
        made(model, AdapterUse(file))
