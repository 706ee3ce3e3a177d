"""Wan against diffusers' own pipeline, and what it does with any set of given frames."""

from dataclasses import replace

import pytest
import torch
from diffusers import WanImageToVideoPipeline, WanPipeline
from PIL import Image

from studio.engine.between import FilledBetween
from studio.engine.device import Device
from studio.engine.families.wan.conditions import mask_channels
from studio.engine.families.wan.parts import AroundFrames, FromWords
from studio.engine.roles import FillSpec, Words
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.request import SubjectUse
from tests.engine.families.wan import tiny
from tests.engine.families.wan.tiny import clip, known_at
from tests.engine.tiny_backbone import traces

WORDS = Words("a red ball", "blurry")
FRAMES = 9
ENDS = (True, *(False,) * 7, True)
FIRST = (True, *(False,) * 8)
NONE = (False,) * FRAMES


def spec(frames: int = FRAMES, **changes) -> FillSpec:
    return replace(FillSpec("holes", tuple(range(frames)), 7, 2, 2.0), **changes)


def filled(model, given, known, how: FillSpec | None = None, tick=silent) -> torch.Tensor:
    with model.prompt(WORDS, None) as prompt:
        return model.fill(given, known, prompt, how or spec(len(known)), tick)


def latents(model, given, known, how: FillSpec | None = None) -> torch.Tensor:
    with model.prompt(WORDS, None) as prompt:
        return model.latents(given, known, prompt, how or spec(len(known)), silent)


def noise_of(model, given, **changes) -> torch.Tensor:
    shape = model.latents_shape(given.shape[2], given.shape[1], len(given))
    return model.model.noise(replace(spec(), **changes), shape, "start")


def from_words(model, side: int = tiny.SIDE, known=NONE) -> torch.Tensor:
    """Latents (1, C, t, h, w) that the role "keyframes" makes."""
    empty = torch.zeros(model.latents_shape(side, side, FRAMES))
    return filled(model, empty, known).transpose(0, 1)[None]


def stock(model, given, known, kind=WanImageToVideoPipeline, **more) -> torch.Tensor:
    """The latents of diffusers' own pipeline from the same noise."""
    wan = model.model
    experts = wan.experts
    pipeline = kind(
        tokenizer=None,
        text_encoder=None,
        vae=wan.autoencoder.vae,
        scheduler=wan.scheduler,
        transformer=experts.high,
        transformer_2=experts.low,
        boundary_ratio=0.9 if experts.low else None,
        expand_timesteps=experts.per_token,
    )
    pipeline.set_progress_bar_config(disable=True)
    with model.prompt(WORDS, None) as prompt:
        embeds = {"prompt_embeds": prompt.cond, "negative_prompt_embeds": prompt.uncond}
    if known[0]:
        more["image"] = Image.fromarray(given[0].numpy())
    if known[-1]:
        more["last_image"] = Image.fromarray(given[-1].numpy())
    return pipeline(
        height=given.shape[1],
        width=given.shape[2],
        num_frames=len(given),
        num_inference_steps=2,
        guidance_scale=2.0,
        latents=noise_of(model, given),
        output_type="latent",
        **embeds,
        **more,
    ).frames


@pytest.mark.parametrize("experts", [1, 2])
@pytest.mark.parametrize("known", [FIRST, ENDS], ids=["first", "ends"])
def test_first_and_last_frame_as_in_the_stock_pipeline(tmp_path, experts, known):
    """Bit for bit on a CPU in fp32."""
    model = tiny.load(tiny.make(tmp_path, experts=experts))
    given = clip()
    assert torch.equal(latents(model, given, known), stock(model, given, known))


def test_each_expert_has_its_own_guidance(model):
    given, how = clip(), spec(options=(("low_guidance", 4.0),))
    found = latents(model, given, ENDS, how)
    assert torch.equal(found, stock(model, given, ENDS, guidance_scale_2=4.0))
    assert not torch.equal(found, latents(model, given, ENDS))


def test_the_first_frame_as_one_latent_as_in_the_stock_pipeline(tmp_path):
    model, given = tiny.load(tiny.make(tmp_path, "ti2v")), clip(side=64)
    assert torch.equal(latents(model, given, FIRST), stock(model, given, FIRST))


@pytest.mark.parametrize(("layout", "side"), [("t2v", 32), ("ti2v", 64)])
def test_words_alone_as_in_the_stock_pipeline(tmp_path, layout, side):
    model = tiny.load(tiny.make(tmp_path, layout), role="keyframes")
    expected = stock(model, clip(side=side), NONE, WanPipeline)
    assert torch.equal(from_words(model, side), expected)


@pytest.mark.parametrize(
    "at", [(0,), (8,), (4,), (0, 4), (0, 4, 8), (4, 5, 6, 7, 8), (3,), (1, 2, 7)]
)
def test_any_known_frame_comes_back_and_moves_its_neighbours(model, at):
    given, known = clip(), known_at(*at)
    before = filled(model, given, known)
    assert torch.equal(before[list(at)], given[list(at)])
    for frame in at:
        moved = given.clone()
        moved[frame] = 255 - moved[frame]
        after = filled(model, moved, known)
        beside = [k for k in (frame - 1, frame + 1) if 0 <= k < FRAMES and not known[k]]
        changed = (after.float() - before.float()).abs().mean((1, 2, 3))
        assert all(changed[k] > 0.1 for k in beside), (frame, changed)


def test_the_mask_tells_known_frames_of_a_latent_one_by_one():
    """The first frame, alone in its latent, counts four times, as in training."""
    known = torch.tensor(known_at(0, 3, 8))
    mask = mask_channels(known, torch.zeros(1, 16, 3, 2, 2), 4)
    assert mask.shape == (1, 4, 3, 2, 2)
    assert mask[0, :, :, 0, 0].T.tolist() == [[1, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision(folder, model, dtype):
    half, given = tiny.load(folder, device=Device("cpu", dtype)), clip()
    network = half.model.experts.high
    assert half.model.autoencoder.vae.dtype == torch.float32
    assert network.blocks[0].norm2.weight.dtype == torch.float32
    assert network.blocks[0].attn1.to_q.weight.dtype == dtype
    found, expected = latents(half, given, ENDS), latents(model, given, ENDS)
    assert found.dtype == torch.float32
    away = (found - expected).std() / expected.std()
    assert 0 < away < (0.01 if dtype == torch.float16 else 0.1)
    assert torch.equal(filled(half, given, ENDS)[[0, 8]], given[[0, 8]])


def test_holes_are_never_looked_at(model):
    known = known_at(0, 8)
    spoilt = torch.where(torch.tensor(known)[:, None, None, None], clip(), clip(seed=9))
    assert torch.equal(filled(model, spoilt, known), filled(model, clip(), known))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("context_guidance", 1.5),
        ("context_noise", 0.5),
        ("start_step", 1),
        ("seed", 8),
        ("sampler", "flow euler"),
        ("options", (("colour_ramp", 0.0),)),
    ],
)
def test_what_a_spec_says_is_done(model, name, value):
    changed = filled(model, clip(), ENDS, spec(**{name: value}))
    assert (changed.float() - filled(model, clip(), ENDS).float()).abs().mean() > 0.01
    assert torch.equal(changed[[0, 8]], clip()[[0, 8]])


def test_with_all_steps_skipped_given_frames_are_blended(model):
    given = clip()
    found = filled(model, given, ENDS, spec(start_step=2))
    middle = ((given[0].float() + given[8].float()) / 2).round()
    assert torch.equal(found[4].float(), middle)


def test_noise_belongs_to_the_frame_that_a_latent_ends_with(model):
    one = noise_of(model, clip())
    later = noise_of(model, clip(), frames=tuple(range(4, 13)))
    assert torch.equal(one[:, :, 1:], later[:, :, :-1])


def test_what_cannot_be_filled_is_refused(model, tmp_path):
    assert "no open frame" in model.refuses((True,) * FRAMES)
    assert "at most 17 frames" in model.refuses(known_at(0, frames=21))
    assert model.refuses(known_at(0, frames=10)).endswith("makes 1, 5, 9 … frames at once, not 10.")
    assert "none is given" in model.refuses(NONE)
    with pytest.raises(Refusal, match="no such options: sharpness"):
        filled(model, clip(), ENDS, spec(options=(("sharpness", 1.0),)))
    words = tiny.load(tiny.make(tmp_path / "t2v", "t2v"), role="keyframes")
    assert words.refuses(NONE) is None
    assert "from words alone" in words.refuses(FIRST)
    assert "makes 1, 5, 9 … frames" in words.refuses((False,) * 6)
    assert "cannot fill around given frames" in AroundFrames(words.model).refuses(FIRST)
    assert "no clip without a given frame" in FromWords(model.model).refuses(NONE)


def test_a_last_frame_that_would_be_ignored_is_refused(tmp_path):
    """diffusers' pipeline takes it for TI2V-5B and makes the same clip without it."""
    model = tiny.load(tiny.make(tmp_path, "ti2v"))
    given = clip(side=64)
    assert torch.equal(stock(model, given, ENDS), stock(model, given, FIRST))
    for known in (ENDS, known_at(8), known_at(4), known_at(0, 4)):
        assert "no given frame but the first" in model.refuses(known)
    with pytest.raises(Refusal, match="would ignore the others"):
        filled(model, given, ENDS)
    assert model.refuses(FIRST) is None


def test_a_subject_on_two_experts_is_refused(model, tmp_path):
    subject = SubjectUse("sam", "0" * 64, "sks", "dog")
    with (
        pytest.raises(Refusal, match="two networks"),
        model.prompt(replace(WORDS, subject=subject), tmp_path / "adapter.safetensors"),
    ):
        pass


@pytest.mark.parametrize("stop", range(2))
def test_cancelled_at_any_tick_it_leaves_no_trace(model, stop):
    heard = []

    def tick(progress):
        heard.append((progress.step, progress.total, progress.preview is not None))
        if progress.step == stop:
            raise Cancelled

    before, clean = traces(model.model.experts.high), filled(model, clip(), ENDS)
    with pytest.raises(Cancelled):
        filled(model, clip(), ENDS, tick=tick)
    assert heard == [(step, 2, step > 0) for step in range(stop + 1)]
    assert traces(model.model.experts.high) == before
    assert torch.equal(filled(model, clip(), ENDS), clean)


def test_sizes_of_latents(model):
    assert model.latents_shape(64, 32, 9) == (3, 16, 4, 8)


def test_between_known_frames_each_gap_is_a_window_of_its_own(model):
    """As an interpolator: what lies beyond a known neighbour does not matter."""
    given, known = clip(), known_at(0, 4, 8)
    between, ticks = FilledBetween(model, 4), []
    with between.prompt(WORDS, None) as prompt:
        made = between.between(given, known, prompt, spec(), ticks.append)
        moved = given.clone()
        moved[8] = 255 - moved[8]
        again = between.between(moved, known, prompt, spec(), silent)
    assert torch.equal(made[:5], filled(model, given[:5], known[:5]))
    assert torch.equal(again[:5], made[:5])
    assert not torch.equal(again[5:8], made[5:8])
    assert torch.equal(made[[0, 4, 8]], given[[0, 4, 8]])
    assert [(p.step, p.total) for p in ticks] == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]


def test_the_codec_of_a_folder_encodes_and_decodes_windows(folder):
    codec, given, heard = tiny.load(folder, role="codec"), clip(5), []
    latents = codec.encode(given)
    assert (latents.shape, latents.dtype) == ((2, 16, 4, 4), torch.float32)
    frames = codec.decode(latents, heard.append)
    assert (frames.shape, frames.dtype) == (given.shape, torch.uint8)
    assert [(p.stage, p.step, p.total) for p in heard] == [("decode", 0, 5), ("decode", 5, 5)]
    assert (codec.grid.spatial, codec.grid.temporal, codec.context) == (8, 4, 0)
    for wrong in (clip(4), clip(5, 36)):
        with pytest.raises(ValueError, match="are no whole"):
            codec.encode(wrong)


def test_a_beginning_is_decoded_as_in_the_whole(folder):
    """The autoencoder is causal, so what comes later changes nothing before it."""
    codec = tiny.load(folder, role="codec")
    latents = torch.randn(3, 16, 4, 4)
    whole = codec.decode(latents, silent)
    assert torch.equal(codec.decode(latents[:2], silent), whole[:5])
