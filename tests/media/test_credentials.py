"""Exports are signed where the user has a certificate, and the signature says what made them."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from studio.jobs.job import Job
from studio.jobs.signing import signing
from studio.media import credentials, provenance, video
from studio.spec.refusal import Refusal

from . import certificates
from .clips import noise

RECIPE = {"prompt": "a red ball", "seed": 7}


def export(path: Path, frames: int = 3) -> dict:
    """As the job of an export does."""
    written = video.write_video(path, noise(frames), fps=Fraction(24), size=(32, 24), recipe=RECIPE)
    return {"out": str(path), "frames": written}


def signed(folder: Path, path: Path, frames: int = 3) -> dict:
    job = Job(1, "export", "", {"out": str(path)})
    return signing(folder, lambda *_: export(path, frames))(job, lambda _: None)


def read(path: Path) -> tuple[str, dict]:
    """Whether the signature holds, and the statement."""
    import c2pa

    with c2pa.Reader(str(path)) as reader:
        found = json.loads(reader.json())
    return found["validation_state"], found["manifests"][found["active_manifest"]]


def test_without_a_certificate_nothing_is_signed(tmp_path):
    assert signed(tmp_path / "credentials", tmp_path / "clip.png")["signed"] == 0


def test_a_certificate_with_nothing_to_sign_with_is_refused_before_a_file_is_written(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(credentials, "find_spec", lambda _: None)
    (tmp_path / "key.pem").write_text("")
    with pytest.raises(Refusal, match="nothing to sign with"):
        signed(tmp_path, tmp_path / "clip.gif")
    assert not (tmp_path / "clip.gif").exists()
    assert signed(tmp_path, tmp_path / "clip.webm")["signed"] == 0, "which holds no signature"


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("c2pa", reason="c2pa-python, an extra, is not installed")
    return certificates.write(tmp_path / "credentials")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".gif", ".png", ".webp", ".avif"])
def test_a_signed_file_says_that_a_trained_model_made_it_and_keeps_its_marks(
    folder, tmp_path, suffix
):
    path = tmp_path / f"clip{suffix}"
    assert signed(folder, path)["signed"] == 1
    state, statement = read(path)
    assert state == "Valid"
    assert statement["signature_info"]["common_name"] == "Somebody"
    (actions,) = [a["data"]["actions"] for a in statement["assertions"] if "actions" in a["label"]]
    assert actions[0]["digitalSourceType"] == provenance.SOURCE_TYPE
    assert provenance.is_marked(path)
    assert provenance.read_recipe(path) == RECIPE
    assert list(tmp_path.glob(".*.part")) == []


def test_each_picture_of_a_series_is_signed(folder, tmp_path):
    assert signed(folder, tmp_path / "frames")["signed"] == 3
    assert {read(file)[0] for file in (tmp_path / "frames").iterdir()} == {"Valid"}


def test_a_file_that_is_altered_later_is_told(folder, tmp_path):
    path = tmp_path / "clip.png"
    signed(folder, path)
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    assert read(path)[0] == "Invalid"


@pytest.mark.parametrize("how", [{"password": b"secret"}, {}])
def test_a_key_that_cannot_be_used_is_refused_before_a_file_is_written(folder, tmp_path, how):
    certificates.write(folder, **how)
    if not how:
        (folder / "certificate.pem").unlink()
    with pytest.raises(Refusal, match="cannot be used to sign"):
        signed(folder, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


def test_a_certificate_that_may_not_sign_leaves_the_file_as_it_was_written(folder, tmp_path):
    certificates.write(folder, ends_itself=True)
    path = tmp_path / "clip.png"
    with pytest.raises(Refusal, match="could not be signed"):
        signed(folder, path)
    assert provenance.is_marked(path)
    assert list(tmp_path.glob(".*.part")) == []
