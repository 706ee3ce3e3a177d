"""What is kept beside a project of the user's films and sounds: proxies by exact frames, waveforms."""

import numpy as np
import pytest

from studio.media import audio, video
from studio.media.brought import look
from studio.media.proxies import CHUNK, made_chunks, make_proxy, proxy_folder, read_chunk
from studio.media.waveforms import kept_waveform, signature
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from tests.media.sounds import tone, wav


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Twenty frames, each as bright as its number says."""
    place = tmp_path_factory.mktemp("film") / "a film.mkv"
    frames = [np.full((48, 64, 3), 10 * k + 20, np.uint8) for k in range(20)]
    video.write_lossless(place, frames, 25)
    return place


def test_every_frame_of_a_proxy_is_the_one_with_its_number(film, tmp_path):
    folder = proxy_folder(film, tmp_path)
    assert list(make_proxy(film, folder)) == [0, 1, 2]
    assert made_chunks(folder) == {0, 1, 2}
    frames = [frame for chunk in range(3) for frame in read_chunk(folder, chunk)]
    assert len(frames) == 20
    assert [round(float(f.mean()) / 10) for f in frames] == [k + 2 for k in range(20)]


def test_what_was_begun_is_gone_on_with(film, tmp_path):
    folder = proxy_folder(film, tmp_path)

    def stop(progress):
        if progress.step > CHUNK + 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(make_proxy(film, folder, stop))
    assert made_chunks(folder) == {0}
    written = (folder / "00000000.jpgs").stat().st_mtime_ns
    assert list(make_proxy(film, folder)) == [0, 1, 2]
    assert (folder / "00000000.jpgs").stat().st_mtime_ns == written


def test_a_damaged_chunk_is_refused(film, tmp_path):
    folder = proxy_folder(film, tmp_path)
    list(make_proxy(film, folder))
    (folder / "00000001.jpgs").write_bytes(b"\x05\x00\x00\x00hello")
    for number in (1, 9):
        with pytest.raises(Refusal, match="is gone"):
            read_chunk(folder, number)


def test_a_waveform_is_computed_once_and_read_again_where_it_is_damaged(tmp_path, monkeypatch):
    path, folder = wav(tmp_path / "a.wav", tone(audio.RATE)), tmp_path / "files"
    made = kept_waveform(path, folder)
    asked = []
    real = audio.waveform
    monkeypatch.setattr(
        "studio.media.waveforms.waveform", lambda *args: asked.append(1) or real(*args)
    )
    kept = kept_waveform(path, folder)
    assert not asked
    assert (kept.samples, kept.peaks.tolist()) == (made.samples, made.peaks.tolist())
    (place,) = folder.iterdir()
    place.write_bytes(place.read_bytes()[:40])
    assert kept_waveform(path, folder).samples == audio.RATE
    before = signature(path)
    wav(path, tone(audio.RATE // 2))
    assert signature(path) != before
    assert kept_waveform(path, folder).samples == audio.RATE // 2


def test_columns_of_a_waveform_are_the_extremes_of_what_they_cover():
    rng = np.random.default_rng(3)
    peaks = np.sort(rng.integers(-127, 127, (500, 2)), 1).astype(np.int8)
    wave = audio.Waveform(500 * 480, peaks)
    for first, end, count in ((0.0, 5.0, 37), (-1.0, 6.3, 50), (1.234, 1.236, 4), (7, 9, 3)):
        columns = wave.columns(first, end, count)
        edges = np.linspace(first * 100, end * 100, count + 1)
        for (low, high), left, right in zip(columns, edges, edges[1:], strict=False):
            a = int(np.floor(left))
            part = peaks[max(0, a) : max(0, max(int(np.ceil(right)), a + 1))]
            wanted = (part[:, 0].min(), part[:, 1].max()) if len(part) else (0, 0)
            assert (low, high) == wanted


def test_a_file_is_known_by_what_is_in_it(film, tmp_path):
    found = look(film, tmp_path)
    assert (found.frames, found.rate, found.width, found.height, found.samples) == (
        20,
        25,
        64,
        48,
        0,
    )
    sound = look(wav(tmp_path / "b.wav", tone(4800)), tmp_path)
    assert (sound.frames, sound.samples) == (0, 4800)
    from PIL import Image

    Image.new("RGB", (30, 20)).save(tmp_path / "still.png")
    still = look(tmp_path / "still.png", tmp_path)
    assert (still.frames, still.width, still.height, still.is_still) == (1, 30, 20, True)
    (tmp_path / "text.txt").write_text("words")
    with pytest.raises(Refusal, match="neither be seen nor heard"):
        look(tmp_path / "text.txt", tmp_path)
