"""One flipped bit in what is known of projects, subjects and trainings: found, never believed."""

import os
import random
from contextlib import suppress
from dataclasses import replace

import pytest

from studio.project import trainings
from studio.project.pictures import PictureStore
from studio.project.store import ProjectStore
from studio.project.subject import Subject
from studio.project.subjects import SubjectStore
from studio.spec.refusal import Refusal
from tests.hostile import good

SLICE = [pytest.param(60, id="slice"), pytest.param(0, marks=pytest.mark.long, id="all")]


def flips(data, count, seed=1):
    """`data` with one bit flipped: `count` times at random, or every bit of every third byte."""
    bits = [(at, bit) for at in range(0, len(data), 3) for bit in range(8)]
    for at, bit in random.Random(seed).sample(bits, min(count, len(bits))) if count else bits:
        flipped = bytearray(data)
        flipped[at] ^= 1 << bit
        yield bytes(flipped)


@pytest.mark.parametrize("count", [30, pytest.param(1500, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", ["project.json", "versions/project-000002.json"])
def test_in_a_project(tmp_path, name, count):
    older = replace(good(), name="older")
    with ProjectStore(tmp_path) as store:
        store.save(older)
        store.save(good())
    if name != "project.json":
        (tmp_path / "project.json").unlink()
    for data in flips((tmp_path / name).read_bytes(), count):
        (tmp_path / name).write_bytes(data)
        with ProjectStore(tmp_path) as store:
            assert store.project == good() or (store.project == older and store.notice)


@pytest.mark.parametrize("count", SLICE)
@pytest.mark.parametrize("name", ["subject.json", "subject.previous.json"])
def test_in_what_is_known_of_a_subject(tmp_path, name, count):
    photos = [tmp_path / f"{n}.jpg" for n in range(3)]
    for photo in photos:
        photo.write_bytes(photo.name.encode())
    adapter = tmp_path / "adapter.safetensors"
    adapter.write_bytes(b"weights")
    store = SubjectStore(tmp_path / "subjects")
    store.adopt(Subject("rex", "dog", is_person=True, consent=True), photos)
    trained = store.add_adapter("rex", adapter, method="lora", trained_steps=300)
    newest = store.update(replace(trained, notes="walks"))
    file = store.folder / "rex" / name
    for data in flips(file.read_bytes(), count):
        file.write_bytes(data)
        found = store.get("rex")
        assert found == newest or (found == trained and store.restored() == ("rex",))


@pytest.mark.parametrize("count", SLICE)
def test_in_a_training_as_it_was_begun(tmp_path, count):
    begun = trainings.Training(
        "lora", 24, "tiny", "Tiny", (("image", "1" * 32),), ("a", "b"), "sks"
    )
    trainings.write(tmp_path, begun)
    file = tmp_path / trainings.FILE
    for data in flips(file.read_bytes(), count):
        file.write_bytes(data)
        with suppress(Refusal):
            assert trainings.read(tmp_path, Subject("rex", "dog")) in (None, begun)


@pytest.mark.parametrize("count", SLICE)
def test_in_a_kept_picture(tmp_path, count):
    store = PictureStore(tmp_path)
    data = random.Random(2).randbytes(500)
    identity = store.keep(data, ".png", "sea")
    for flipped in flips(data, count):
        store.path(identity).write_bytes(flipped)
        with pytest.raises(Refusal, match="damaged or replaced"):
            store.whole(identity)
    assert store.keep(data, ".png", "sea") == identity
    assert store.whole(identity).read_bytes() == data


def test_in_an_adapter(tmp_path):
    adapter = tmp_path / "adapter.safetensors"
    adapter.write_bytes(random.Random(3).randbytes(300))
    store = SubjectStore(tmp_path / "subjects")
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"jpg")
    store.adopt(Subject("rex", "dog"), [photo])
    trained = store.add_adapter("rex", adapter, method="lora", trained_steps=300)
    assert store.has_whole("rex", trained.identity)
    for number, data in enumerate(flips(adapter.read_bytes(), 20)):
        path = store.adapter_path(trained)
        path.write_bytes(data)
        os.utime(path, ns=(number, number))  # hashes are remembered by time
        assert not store.has_whole("rex", trained.identity)
