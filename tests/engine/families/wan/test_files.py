"""Wan from single files, as ComfyUI's folders hold them: found, joined, opened and run offline."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import WanImageToVideoPipeline, WanVACEPipeline
from PIL import Image
from torch import Tensor
from transformers import CLIPImageProcessor

from studio.engine.device import Device
from studio.engine.roles import FillSpec, Words
from studio.library import models as library
from studio.library.derived.derived import LAYOUTS
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests import published_wan as published
from tests.engine.families.wan.tiny import clip, known_at
from tests.offline import no_network  # noqa: F401
from tests.opened import opened

HALF = Device("cpu", torch.float16)
WORDS = Words("a red ball", "a")
PARTNERS = "umt5_xxl_fp16+wan_2.1_vae"
FILES = {
    "wan2.1_t2v_1.3B": ("t2v", ""),
    "wan2.2_i2v_high_noise_14B": ("i2v", published.COMFY),
    "wan2.2_i2v_low_noise_14B": ("i2v", published.COMFY),
    "wan2.1_vace_1.3B": ("vace", ""),
    "wan2.1_i2v_480p": ("i2v21", ""),
    "wan2.1_flf2v_720p": ("flf2v", ""),
}
EXPERTS = "wan2.2_i2v_high_noise_14B+wan2.2_i2v_low_noise_14B"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """ComfyUI's folders."""
    folder = tmp_path_factory.mktemp("models")
    for seed, (name, (kind, prefix)) in enumerate(FILES.items()):
        path = folder / "diffusion_models" / f"{name}.safetensors"
        published.transformer_file(path, kind, seed, prefix=prefix)
    published.transformer_file(folder / "diffusion_models" / "wan2.2_ti2v_5B.safetensors", "ti2v")
    published.vae_file(folder / "vae" / "wan_2.1_vae.safetensors")
    published.vae_file(folder / "vae" / "wan2.2_vae.safetensors", "ti2v")
    published.text_file(folder / "text_encoders" / "umt5_xxl_fp16.safetensors")
    published.vision_file(folder / "clip_vision" / "clip_vision_h.safetensors")
    return folder


def spec(frames: int, **changes) -> FillSpec:
    return replace(FillSpec("holes", tuple(range(frames)), 7, 2, 2.0), **changes)


def filled(filler, given: Tensor, known: tuple[bool, ...], steps: int = 1) -> Tensor:
    with filler.prompt(WORDS, None) as prompt:
        return filler.fill(given, known, prompt, spec(len(known), steps=steps), silent)


def test_tensors_are_those_of_the_files(models):
    """Bit for bit, under their other names; whatever stays in full precision is so."""
    filler = opened(models, f"wan2.1_t2v_1.3B+{PARTNERS}", "keyframes")
    wan = filler.model
    for found, net in ((wan.experts.high, published.transformer("t2v", 0)),
                       (wan.autoencoder.vae, published.vae("t2v"))):  # fmt: skip
        for name, tensor in net.state_dict().items():
            expected = tensor if net.config.get("z_dim") else tensor.half().float()
            assert torch.equal(found.state_dict()[name], expected), name
    tokenizer, encoder = wan.texts._open()
    assert tokenizer.convert_ids_to_tokens(tokenizer("a red ball x").input_ids) == [
        "▁a", "▁red", "▁ball", "▁", "x", "</s>",
    ]  # fmt: skip
    ids = torch.tensor([[4, 5, 1]])
    expected = published.text_encoder().half().float()(ids).last_hidden_state
    assert torch.equal(encoder(ids).last_hidden_state, expected)


def test_the_autoencoder_of_the_5b_model(models):
    filler = opened(models, "wan2.2_ti2v_5B+umt5_xxl_fp16+wan2.2_vae", "holes")
    found = filler.model.autoencoder.vae
    for name, tensor in published.vae("ti2v").state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor), name
    assert (found.config.latents_mean[0], found.config.latents_std[-1]) == (-0.2289, 0.7744)
    given, known = clip(5, 64), known_at(0, frames=5)
    made = filled(filler, given, known)
    assert torch.equal(made[0], given[0])
    assert made[1:].float().std() > 1


@pytest.mark.parametrize(
    ("name", "known", "refused"),
    [
        (f"{EXPERTS}+{PARTNERS}", known_at(0, 3, frames=5), None),
        (f"wan2.1_vace_1.3B+{PARTNERS}", known_at(1, 4, frames=5), None),
        (f"wan2.1_i2v_480p+{PARTNERS}+clip_vision_h", known_at(0, frames=5), known_at(0, 4, frames=5)),
        (f"wan2.1_flf2v_720p+{PARTNERS}+clip_vision_h", known_at(0, 4, frames=5), known_at(0, frames=5)),
    ],
)  # fmt: skip
def test_what_each_fills_and_what_it_would_ignore(models, name, known, refused):
    filler, given = opened(models, name, "holes"), clip(5, 32)
    steps = 2 if name.startswith(EXPERTS) else 1  # of two experts each takes one
    made = filled(filler, given, known, steps)
    mask = torch.tensor(known)
    assert torch.equal(made[mask], given[mask])
    assert made[~mask].float().std() > 1
    for frame in mask.nonzero().flatten().tolist():
        other = given.clone()
        other[frame] = 255 - other[frame]
        assert (filled(filler, other, known, steps)[~mask] != made[~mask]).any(), frame
    if refused:
        with pytest.raises(Refusal, match="alone"):
            filled(filler, given, refused)


def test_vace_makes_keyframes_from_words_alone(models):
    filler = opened(models, f"wan2.1_vace_1.3B+{PARTNERS}", "keyframes")
    made = filled(filler, torch.zeros(filler.latents_shape(32, 32, 5)), (False,) * 5)
    assert made.shape == (2, 16, 4, 4)
    assert made.std() > 0.1


def test_vace_as_in_the_stock_pipeline(models):
    """Of frames in whole latents, where both mark the same ones as known."""
    filler = opened(models, f"wan2.1_vace_1.3B+{PARTNERS}", "holes")
    wan, given, known = filler.model, clip(17, 32), known_at(*range(9), frames=17)
    with filler.prompt(WORDS, None) as prompt:
        found = filler.latents(given, known, prompt, spec(17), silent)
    pipeline = WanVACEPipeline(
        None, None, wan.autoencoder.vae, wan.scheduler, transformer=wan.experts.high
    )
    pipeline.set_progress_bar_config(disable=True)
    grey = torch.full((32, 32, 3), 128, dtype=torch.uint8)  # ours lies between 127 and this
    video = [Image.fromarray((given[k] if known[k] else grey).numpy()) for k in range(17)]
    noise = wan.noise(spec(17), filler.latents_shape(32, 32, 17), "start")
    expected = pipeline(
        video=video,
        mask=[Image.new("L", (32, 32), 0 if is_known else 255) for is_known in known],
        prompt_embeds=prompt.cond, negative_prompt_embeds=prompt.uncond, height=32, width=32,
        num_frames=17, num_inference_steps=2, guidance_scale=2.0, latents=noise,
        output_type="latent",
    ).frames  # fmt: skip
    assert (found - expected).abs().mean() < 0.02 * expected.std()


@pytest.mark.parametrize("kind", ["i2v_480p", "flf2v_720p"])
def test_frames_through_clip_as_in_the_stock_pipeline(models, kind):
    filler = opened(models, f"wan2.1_{kind}+{PARTNERS}+clip_vision_h", "holes")
    ends = (0,) if kind == "i2v_480p" else (0, 8)
    wan, given, known = filler.model, clip(9, 32), known_at(*ends, frames=9)
    with filler.prompt(WORDS, None) as prompt:
        found = filler.latents(given, known, prompt, spec(9), silent)
    vision = published.vision().half().float()
    processor = CLIPImageProcessor(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, resample=3
    )
    pipeline = WanImageToVideoPipeline(
        None, None, wan.autoencoder.vae, wan.scheduler, processor, vision, wan.experts.high
    )
    pipeline.set_progress_bar_config(disable=True)
    pictures = [Image.fromarray(given[k].numpy()) for k in ends]
    expected = pipeline(
        image=pictures[0], last_image=pictures[1] if len(pictures) > 1 else None,
        prompt_embeds=prompt.cond, negative_prompt_embeds=prompt.uncond, height=32, width=32,
        num_frames=9, num_inference_steps=2, guidance_scale=2.0, output_type="latent",
        latents=wan.noise(spec(9), filler.latents_shape(32, 32, 9), "start"),
    ).frames  # fmt: skip
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0.02)


def test_in_half_precision(models):
    name = f"wan2.1_t2v_1.3B+{PARTNERS}"
    half, whole = (opened(models, name, "keyframes", device) for device in (HALF, None))
    network = half.model.experts.high
    assert network.blocks[0].attn1.to_q.weight.dtype == torch.float16
    assert network.condition_embedder.time_embedder.linear_1.weight.dtype == torch.float32
    empty = torch.zeros(half.latents_shape(32, 32, 1))
    found, expected = (filled(one, empty, (False,)) for one in (half, whole))
    assert (found - expected).abs().mean() < 0.1 * expected.std()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wan2.1_t2v_1.3B", "with its text encoder and autoencoder"),
        ("wan2.1_t2v_1.3B+umt5_xxl_fp16", "needs one autoencoder"),
        ("wan2.1_t2v_1.3B+wan_2.1_vae", "needs one text encoder"),
        ("wan2.1_t2v_1.3B+umt5_xxl_fp16+wan2.2_vae", "has the autoencoder of Wan 2.1"),
        (f"wan2.2_i2v_high_noise_14B+{PARTNERS}", "one for high and one for low noise"),
        (f"wan2.1_i2v_480p+{PARTNERS}", "needs one image encoder"),
        (f"wan2.1_t2v_1.3B+{PARTNERS}+clip_vision_h", "no use for a image encoder"),
    ],
)
def test_what_does_not_belong_together_is_said(models, name, words):
    with pytest.raises(Refusal, match=words):
        library.find(name, [models])


def test_cards_have_the_numbers_of_their_release(models):
    for name, layout, fills, roles in (
        (f"{EXPERTS}+{PARTNERS}", "wan22_i2v", ("any",), ("codec", "holes", "interpolator")),
        (f"wan2.1_vace_1.3B+{PARTNERS}", "wan21_16", ("keyframes", "any"),
         ("codec", "holes", "interpolator", "keyframes")),
        (f"wan2.1_i2v_480p+{PARTNERS}+clip_vision_h", "wan21", ("first",), ("codec", "holes")),
    ):  # fmt: skip
        model = library.find(name, [models])
        assert (model.folder, model.card.fills, model.card.roles) == (
            LAYOUTS / layout,
            fills,
            roles,
        )
    high = dict(library.find(f"{EXPERTS}+{PARTNERS}", [models]).card.files)["high"]
    assert Path(high).stem == "wan2.2_i2v_high_noise_14B"


def test_a_text_encoder_without_words_says_where_to_get_them(models, tmp_path):
    """Or reads them from the file beside it, which then counts in every key."""
    state = published.text_state(published.text_encoder())
    del state["spiece_model"]
    published.put(tmp_path / "umt5.safetensors", state)
    name, folders = "wan2.1_t2v_1.3B+umt5+wan_2.1_vae", [models, tmp_path]
    before = library.find(name, folders)
    from studio.engine.families.wan import family

    def texts():
        return family.load(
            before.folder, before.card, "keyframes", Device("cpu", torch.float32), silent
        )

    with pytest.raises(Refusal, match=r"umt5\.safetensors has no tokenizer in it") as refused:
        texts()["keyframes"].model.texts.encoded("a ball")
    assert "spiece.model" in refused.value.hint
    (tmp_path / "spiece.model").write_bytes(published.spiece_model())
    assert texts()["keyframes"].model.texts.encoded("a ball")[0].any()
    assert library.find(name, folders).weights != before.weights
