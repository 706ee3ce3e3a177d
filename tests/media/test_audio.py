"""Sound is exact to the sample: read, mixed, faded, stretched, put into a file and read back."""

from fractions import Fraction

import numpy as np
import pytest

from studio.media import audio, video
from studio.media.audio import RATE, read_sound, waveform
from studio.media.mixing import Voice, mixed
from studio.spec.refusal import Refusal
from tests.media.sounds import tone, wav

from .test_encodings import SIZE, moving


def whole(blocks) -> np.ndarray:
    return np.concatenate(list(blocks))


def test_samples_are_read_from_any_place_on(tmp_path):
    path = wav(tmp_path / "a.wav", tone(RATE))
    part = whole(read_sound(path, begin=Fraction(1, 3), count=1000))
    assert part.shape == (1000, 2)
    assert np.abs(part[:, 0] - tone(RATE)[16000:17000]).max() < 1e-4


def test_behind_the_end_is_silence(tmp_path):
    path = wav(tmp_path / "a.wav", tone(1000))
    part = whole(read_sound(path, count=audio.BLOCK + 5))
    assert len(part) == audio.BLOCK + 5
    assert not part[1000:].any()
    assert part[:1000].any()


@pytest.mark.parametrize("rate", [44_100, 22_050])
def test_all_of_a_file_of_another_rate(tmp_path, rate):
    path = wav(tmp_path / "a.wav", tone(rate * 2, rate), rate)
    made = waveform(path)
    assert made.samples == 2 * RATE
    assert made.peaks.shape == (200, 2)
    assert abs(int(made.peaks[50:150, 1].max()) - 64) <= 1
    assert made.columns(0, 2, 10).shape == (10, 2)
    assert not made.columns(5, 6, 3).any()


@pytest.mark.parametrize("speed", [Fraction(2), Fraction(1, 3)])
def test_what_is_faster_keeps_its_pitch(tmp_path, speed):
    path = wav(tmp_path / "a.wav", tone(2 * RATE))
    part = whole(read_sound(path, speed=speed, count=RATE // 2))[RATE // 8 :, 0]
    crossings = np.count_nonzero(np.diff(np.signbit(part)))
    assert abs(crossings / (len(part) / RATE) / 2 - 440) < 10


def test_mixing_is_exact(tmp_path):
    one, two = wav(tmp_path / "1.wav", tone(RATE)), wav(tmp_path / "2.wav", tone(RATE, hertz=300))
    voices = [
        Voice(one, 100, 30_000, length=30_000, fade_in=1000),
        Voice(two, 20_000, 40_000, gain=-6.0, length=40_000, fade_out=2000),
    ]
    made = whole(mixed(voices, 70_001))
    wanted = np.zeros(70_001)
    wanted[100:30_100] += tone(30_000) * np.clip(np.arange(30_000) / 1000, 0, 1)
    level = 10 ** (-6 / 20) * np.clip((40_000 - np.arange(40_000)) / 2000, 0, 1)
    wanted[20_000:60_000] += tone(40_000, hertz=300) * level
    assert made.shape == (70_001, 2)
    assert np.abs(made[:, 0] - wanted).max() < 1e-3


def test_a_clip_cut_in_two_sounds_as_one(tmp_path):
    """Fades belong to the clip, wherever what is heard of it begins."""
    path = wav(tmp_path / "a.wav", tone(RATE))
    voice = {"gain": -3.0, "length": 40_000, "fade_in": 9000, "fade_out": 9000}
    at_once = whole(mixed([Voice(path, 0, 40_000, **voice)], 40_000))
    second = Voice(path, 0, 28_000, Fraction(12_000, RATE), offset=12_000, **voice)
    assert np.abs(at_once[12_000:] - whole(mixed([second], 28_000))).max() < 1e-4


@pytest.mark.parametrize(("id", "suffix", "far"), [
    ("h264", ".mp4", 0.05), ("prores", ".mov", 1e-3), ("vp9", ".webm", 0.05),
])  # fmt: skip
def test_sound_in_a_file_has_its_exact_length(tmp_path, id, suffix, far):
    path, samples = tmp_path / f"a{suffix}", tone(14_014)
    blocks = [np.stack([samples, samples], 1).astype(np.float32)]
    video.write_video(path, moving(), fps=24, size=SIZE, recipe=None, encoding=id, sound=blocks)
    back = whole(read_sound(path, count=None))
    assert len(back) == 14_014
    assert np.abs(back[2000:12_000, 0] - samples[2000:12_000]).mean() < far


def test_a_file_without_sound_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    video.write_video(path, moving(), fps=24, size=SIZE, recipe=None)
    with pytest.raises(Refusal, match="no sound"):
        waveform(path)
    with pytest.raises(Refusal, match="not a file"):
        waveform(tmp_path / "none.wav")
