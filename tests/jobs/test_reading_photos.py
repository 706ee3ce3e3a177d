"""Photos are read one by one, by name, each once; a training can be stopped between two."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.jobs.handlers import BUILT_IN
from studio.jobs.job import Job
from studio.jobs.model_cache import ModelCache
from studio.jobs.subject_training import READING, order, train
from studio.library import models as library
from studio.media import photo
from studio.project.subject import Subject
from studio.project.subjects import SubjectStore
from studio.spec.progress import Cancelled, Progress


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Names of the picture files that are decoded, in turn."""
    names, whole = [], photo.decoded

    def heard(path: Path, longest: int | None):
        names.append(path.name)
        return whole(path, longest)

    monkeypatch.setattr(photo, "decoded", heard)
    return names


def pictures(folder: Path) -> list[Path]:
    folder.mkdir()
    rng = np.random.default_rng(4)
    for name in ("a one.jpg", "b.jpg", "c.jpg"):
        pixels = rng.integers(0, 255, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return sorted(folder.iterdir())


def test_a_training_stops_between_two_photos_and_says_which_it_reads(tmp_path, opened):
    store = SubjectStore(tmp_path / "subjects")
    store.adopt(Subject("rex", "dog"), pictures(tmp_path / "photos"))
    model = library.find("starter", (BUILT_IN,))
    job, said = Job(1, "train_subject", "rex", order("rex", "lora", 1, model)), []

    def tick(progress: Progress) -> None:
        said.append((progress.stage, progress.step, progress.total, progress.note))
        if progress.step == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(store, ModelCache(), (BUILT_IN,), job, tick)
    assert said == [(READING, 0, 3, "a one.jpg"), (READING, 1, 3, "b.jpg")]
    assert opened == ["0001.jpg"]


def test_a_command_reads_each_photo_once(run, tmp_path, opened):
    pictures(tmp_path / "photos")
    words = ("--name", "rex", "--class-noun", "dog", "--model", "tiny", "--steps", "1")
    ran = run("subject", "train", str(tmp_path / "photos"), *words)
    assert ran.code == 0
    assert opened == ["a one.jpg", "b.jpg", "c.jpg"]
    assert "reading photos  0/3  a one.jpg" in ran.err
