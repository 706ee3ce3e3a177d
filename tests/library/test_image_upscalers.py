"""Image upscalers in the library: how much larger they make pictures, and what they need."""

import sys
from dataclasses import replace

import pytest

from studio.engine.device import PROCESSOR
from studio.engine.families.image_upscaler import family
from studio.library.derived import image_upscalers
from studio.library.derived.derive import derive
from studio.library.recognition.weights import recognise
from studio.library.scan import looked_at
from studio.library.weight_files import read
from studio.spec.frame_spans import UPSAMPLE_MARGIN
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from tests.cards import card
from tests.library.weight_builder import safetensors
from tests.published_upscalers import LAYOUTS, first_esrgan

SHUFFLED = {"conv_first.weight": (60, 3, 3, 3), "layers.0.residual_group.blocks.0.attn.qkv.weight": (180, 60)}  # fmt: skip
MORE = {
    "SwinIR": (
        SHUFFLED | {"upsample.0.weight": (256, 64, 3, 3), "upsample.2.weight": (256, 64, 3, 3),
                    "conv_last.weight": (3, 64, 3, 3)}, "×4"),
    "SwinIR x3": (SHUFFLED | {"upsample.0.weight": (576, 64, 3, 3), "conv_last.weight": (3, 64, 3, 3)}, "×3"),
    "SwinIR light": (SHUFFLED | {"upsample.0.weight": (12, 60, 3, 3)}, "×2"),
    "in a wrapper": ({f"params_ema.{n}": s for n, s in LAYOUTS["RealESRGAN_x4plus"][0].items()}, "×4"),
    "without a word": ({"conv_first.weight": (64, 3, 3, 3)}, ""),
    "denoiser": (first_esrgan(0), "×1"),
}  # fmt: skip


@pytest.mark.parametrize("name", [*LAYOUTS, *MORE])
def test_how_much_larger_is_read_from_the_header(tmp_path, name):
    shapes, expected = MORE.get(name) or (LAYOUTS[name][0], f"×{LAYOUTS[name][1]}")
    found = recognise(read(safetensors(tmp_path / "net.safetensors", shapes)))
    assert (found.role, found.variant) == ("image upscaler", expected)


@pytest.mark.parametrize(
    ("name", "words"),
    [("without a word", "does not say how much larger"), ("denoiser", "makes pictures no larger")],
)
def test_what_enlarges_nothing_is_refused(tmp_path, name, words):
    file = safetensors(tmp_path / "net.safetensors", MORE[name][0])
    with pytest.raises(Refusal, match=words):
        derive("net", [looked_at(file)])


@pytest.mark.parametrize("library", image_upscalers.NEEDED)
def test_without_its_library_it_says_what_to_install(tmp_path, monkeypatch, library):
    for other in image_upscalers.NEEDED:
        monkeypatch.setitem(sys.modules, other, sys)
    monkeypatch.setitem(sys.modules, library, None)
    file = safetensors(tmp_path / "4x.safetensors", LAYOUTS["4x-UltraSharp"][0])
    with pytest.raises(Refusal, match=f"{library}, which is not installed") as refused:
        derive("4x", [looked_at(file)])
    assert "pip install spandrel torchvision" in refused.value.hint


def test_opened_without_it_too(tmp_path, monkeypatch):
    """A library that came apart since: of another release of torch, such as a torchvision for CUDA."""
    monkeypatch.setitem(sys.modules, "spandrel", None)
    file = safetensors(tmp_path / "4x.safetensors", LAYOUTS["4x-UltraSharp"][0])
    one = replace(card(), family="image_upscaler", files=(("network", str(file)),))
    with pytest.raises(Refusal, match="cannot be imported here"):
        family.load(tmp_path, one, "upscaler", PROCESSOR, silent)


def test_of_frames_that_have_nothing_in_common_none_is_made_twice():
    """A part says how many frames beside its own it sees; the first release's kept their margin."""
    own = card()
    alone = replace(own, id="pictures", family="image_upscaler", context=0, scale=2,
                    files=(("network", "net"),), uses=(("upscaler", ("network",)),))  # fmt: skip
    how = image_upscalers.UPSAMPLING
    made = {}
    for name, other in (("theirs", alone), ("ours", replace(alone, context=None))):
        part = other.part((("network", "a hash"),), ("upscaler",))
        asked = own.request(
            "a ball", 7, (("image", "x"),), parts=(part,), keyframes=3, interpolate=1, upsample=how
        )
        made[name] = [span for span in spans(asked) if span.stage == "upsample"]
        assert asked.size[0] == 2 * asked.width
    assert all(len(span.positions) == len(span.makes) for span in made["theirs"])
    first, *_ = made["ours"]
    assert len(first.positions) == len(first.makes) + UPSAMPLE_MARGIN
    assert [span.makes for span in made["ours"]] == [span.makes for span in made["theirs"]]
