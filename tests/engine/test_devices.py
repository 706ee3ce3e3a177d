"""Every stage on devices and in precisions that are not the processor's own.

The second device (tests/second_device.py) is as strict as a card about where tensors lie; fp16 and
bfloat16 on the processor are as strict about what is multiplied with what.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.engine import device as devices
from studio.engine.backbone import encode_text
from studio.engine.device import PROCESSOR, Device
from studio.engine.families.videoldm.decoder import DecoderConfig, DecoderLayers
from studio.engine.families.videoldm.encode import encode
from studio.engine.families.videoldm.student import VideoStudent
from studio.engine.families.videoldm.upsample import upsample
from studio.engine.families.videoldm.upsampler import Upsampler
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.film import film
from studio.engine.roles import UpscaleSpec
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.likeness import LikenessNet
from studio.engine.subjects.subject import train_subject
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.engine.tiles import Tile, Tiling
from studio.lab.measures import decoding, filling, frechet, likeness, starter
from studio.spec.progress import Cancelled, Progress, silent
from studio.spec.request import Upsampling
from studio.spec.spans import spans
from tests import drawing
from tests.cards import SUBJECTS
from tests.engine import tiny_upsampler, tiny_video
from tests.engine.memory import Memory
from tests.engine.tiny_backbone import photos
from tests.second_device import SecondDevice, device

DEVICES = {
    "second": device(),
    "second, half": device(torch.float16),
    "half": Device("cpu", torch.float16),
    "bfloat16": Device("cpu", torch.bfloat16),
}
LEAST = {torch.float32: 60.0, torch.float16: 35.0, torch.bfloat16: 20.0}
"""PSNR in dB against full precision on the processor."""


SPEC = SubjectSpec("dog", batch=1, rank=4, prior_pictures=1, preview_every=1, crops=0, mirror=False)


@pytest.fixture
def quick():
    with drawing.in_one_step():
        yield


# the others are combined in these two
RARE = ("second", "half")
SLICE = (("second, half", "latent"), ("bfloat16", "pixel"))
"""Of what is made larger: each of the two, and each kind."""


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.long if name in RARE else ()) for name in DEVICES],
    autouse=True,
)
def on(request):
    """Where and how precisely; the second device can be moved to meanwhile."""
    with SecondDevice():
        yield DEVICES[request.param]


def moved(video: VideoModel, on: Device) -> VideoModel:
    """The model as it would have been loaded."""
    backbone = video.backbone
    vae = backbone.vae.to(on.name, on.autoencoder_dtype(backbone.vae.config))
    unet, encoder = (part.to(on.name, on.dtype) for part in (backbone.unet, backbone.text_encoder))
    backbone = replace(backbone, unet=unet, vae=vae, text_encoder=encoder, device=on)
    decoder = video.decoder and video.decoder.to(vae.device, vae.dtype)
    net = video.net.to(on.name, on.dtype)
    devices.set_attention(net, on)
    return replace(video, backbone=backbone, net=net, decoder=decoder)


def model(on: Device, *, over_time: bool = False) -> VideoModel:
    video = tiny_video.model()
    if over_time:
        torch.manual_seed(4)
        layers = DecoderLayers(video.backbone.vae.decoder, DecoderConfig(norm_groups=4))
        video = replace(video, decoder=layers.eval().requires_grad_(False))
    return moved(video, on)


def upsampler(kind: str, on: Device) -> Upsampler:
    made = tiny_upsampler.tiny(kind)
    vae = made.vae and made.vae.to(on.name, on.autoencoder_dtype(made.vae.config, unsaid=True))
    return replace(made, net=made.net.to(on.name, on.dtype), vae=vae, device=on)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one.astype(float) - other) ** 2)))


def test_a_film_is_that_of_the_processor(on):
    small = {"width": 16, "height": 16, "keyframes": 2, "extend": 1, "interpolate": 1, "steps": 1}
    walk = spans(tiny_video.request(**small, context_guidance=1.5, context_noise=0.1))
    made = {}
    for name, where in (("here", PROCESSOR), ("there", on)):
        video, made[name] = model(where, over_time=True), Memory()
        film(walk, tiny_video.in_memory(video), made[name], silent)
    for span in walk:
        for kind, array in made["there"][span.key].items():
            there, here = np.asarray(array), np.asarray(made["here"][span.key][kind])
            assert there.dtype == here.dtype
            scale = 1 if kind == "frames" else 40  # latents of a deviation of a few
            assert psnr(scale * there, scale * here) >= LEAST[on.dtype], (span.stage, kind)


def test_a_picture_of_the_users_is_encoded_where_the_network_is(on):
    latents = encode(model(on).backbone, torch.from_numpy(photos(1, size=32)[0])[None])
    assert (latents.dtype, latents.device.type) == (torch.float32, "cpu")
    assert latents.isfinite().all()


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        pytest.param(name, kind, marks=() if (name, kind) in SLICE else pytest.mark.long)
        for name in DEVICES
        for kind in ("latent", "pixel")
    ],
    indirect=["on"],
)
def test_frames_and_a_tile_made_larger(on, kind):
    frames = torch.from_numpy(np.stack([photo[:16, :16] for photo in photos(2)]))
    spec = UpscaleSpec((0, 1), 7, 2, 100, Tiling(12, 4), "a ball", 1.5)
    here, there = (
        upsample(upsampler(kind, where), frames, spec, silent).numpy() for where in (PROCESSOR, on)
    )
    assert psnr(there, here) >= min(35, LEAST[on.dtype])
    tile = upsample(upsampler(kind, on), frames, spec, silent, only=Tile(4, 4, 12, 12))
    assert tile.shape == (2, 48, 48, 3)


@pytest.mark.parametrize(
    ("on", "method", "text"),
    [
        ("second, half", "lora", True),
        ("half", "dreambooth", True),
        pytest.param("second, half", "dreambooth", True, marks=pytest.mark.long),
        pytest.param("half", "lora", True, marks=pytest.mark.long),
        pytest.param("second, half", "lora", False, marks=pytest.mark.long),
        pytest.param("half", "lora", False, marks=pytest.mark.long),
    ],
    indirect=["on"],
)
def test_a_subject_is_learned_shown_and_learned_on(on, method, text, quick, tmp_path):
    spec = replace(SPEC, method=method, tune_text=text, steps=2)
    video, shown = model(on), []

    def tick(progress: Progress) -> None:
        shown.append(progress.preview)
        if progress.loss is not None and progress.step == 1:
            raise Cancelled

    before = {k: v.cpu().clone() for k, v in video.backbone.unet.state_dict().items()}
    learns = VideoStudent(video.backbone, video)
    train = lambda: train_subject(learns, photos(), spec, tmp_path, tick)  # noqa: E731
    with pytest.raises(Cancelled):
        train()
    trained = train()
    assert len(trained.losses) == 1  # it went on from the first
    assert np.isfinite(trained.losses).all()
    sizes = {preview.frames for preview in shown if preview}
    assert sizes == {1, video.card.window.usual}  # a still, and one that moves
    after = video.backbone.unet.state_dict()
    assert all(torch.equal(before[name], after[name].cpu()) for name in before)
    assert after["conv_in.weight"].dtype == on.dtype


@pytest.mark.long
@pytest.mark.parametrize("on", ["second, half"], indirect=True)
def test_words_on_paths_are_learned_from_where_the_network_is(on, quick, tmp_path):
    """The starter's way of teaching: its windows are drawn on the processor."""
    assert SUBJECTS.paths
    few = replace(SUBJECTS.paths, upright=(), in_place=(), per_prompt=1)
    how = {"defaults": replace(SUBJECTS, paths=few)}
    learns = ImageStudent(model(on).backbone)
    trained = train_subject(learns, photos(), replace(SPEC, steps=1), tmp_path, **how)
    assert np.isfinite(trained.losses).all()


def test_what_is_measured(on):
    video = model(on, over_time=True)
    frames = np.stack(photos(3, size=32))
    there, here = (frechet.of_clip(model(w).backbone.vae, frames) for w in (on, PROCESSOR))
    for one, other in zip(there, here, strict=True):
        np.testing.assert_allclose(one, other, atol=0.05)
    assert starter.through_autoencoder(video, frames).shape == frames.shape
    real = torch.from_numpy(np.zeros((5, 4, 8, 8), np.float32))
    text = filling._text(video, "a ball")
    known = (True, False, False, False, True)
    assert filling._filled(video, real, known, text, 3, 1).isfinite().all()
    joined = decoding.joined(video.backbone, video.decoder, np.repeat(frames, 4, 0))
    assert np.isfinite(joined.apart)
    net = LikenessNet().to(on.name).eval()
    assert likeness.features(net, list(frames)).device.type == "cpu"
    assert encode_text(video.backbone, ["a"]).dtype == on.dtype


def test_larger_frames_in_a_film_take_the_same_way(on):
    how = Upsampling(steps=1, level=20, tile=12, overlap=4)
    walk = spans(tiny_video.request(width=16, height=16, keyframes=1, steps=1, upsample=how))
    memory, video = Memory(), model(on)
    film(walk, tiny_video.in_memory(video, upsampler=upsampler("pixel", on)), memory, silent)
    assert memory[walk[-1].key]["frames"].shape == (1, 64, 64, 3)
