"""Subjects trained for real on the tiny model: what was ordered is what is made, what was learned stays."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.jobs.handlers import JobHandlers
from studio.jobs.once import run_once
from studio.jobs.subject_training import order
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.project.subject import Subject
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from tests import drawing, tiny_starter
from tests.end_to_end.orders import ROOT

SAMPLES = sorted((ROOT / "assets" / "samples").glob("*.png"))[:4]


class Studio:
    """Real handlers on a folder of one's own, driven as the queue drives them."""

    def __init__(self, home: Path) -> None:
        self.handlers = JobHandlers(Folders(home).make())
        self.store, self.home = self.handlers.subjects, home

    def model(self, name: str = "tiny") -> library.Model:
        return library.find(name, self.handlers.model_folders)

    def adopt(self, name: str = "pip", photos=3) -> Subject:
        return self.store.adopt(Subject(name, "character"), SAMPLES[:photos])

    def train(self, name="pip", steps=2, method="lora", model="tiny", tick=lambda _: None, **how):
        payload = order(name, method, steps, self.model(model), **how)
        return self.do(payload, tick)

    def do(self, payload, tick=lambda _: None):
        run_once(
            self.handlers.by_kind(), "train_subject", json.loads(json.dumps(payload)), tick=tick
        )
        return self.store.get(str(payload["subject"]))

    def request(self, subject: Subject, model: str = "tiny"):
        from studio.project.shot import Shot

        there = self.model(model)
        shot = Shot("s", "a sks character", seed=7, keyframes=2, steps=2)
        return shot.request(there.card, there.weights, subject.use(1.0, there.card, there.weights))

    def render(self, request, project: str) -> dict[str, np.ndarray]:
        payload = {"project": str(self.home / project), "request": to_plain(request)}
        run_once(self.handlers.by_kind(), "render", payload)
        takes = self.handlers.takes(self.home / project)
        return {k: np.array(a) for span in spans(request) for k, a in takes.get(span.key).items()}


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    with drawing.in_one_step():
        yield Studio(home)


def equal(one, two) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


def test_a_clip_that_waited_is_made_with_the_training_it_was_ordered_with(studio):
    """Ordered, trained again, renamed, another made under the name: frames and key stay a pair."""
    studio.adopt()
    first = studio.train(steps=2)
    asked = studio.request(first)
    right = studio.render(asked, "at once")
    second = studio.train(steps=4)
    assert second.identity != first.identity
    assert equal(studio.render(asked, "later"), right)
    assert not equal(studio.render(studio.request(second), "later"), right)
    studio.store.rename("pip", "max")
    studio.adopt()
    studio.train(steps=3)
    assert equal(studio.render(asked, "renamed"), right)
    studio.store.remove("max")
    with pytest.raises(Refusal, match=r"not the same any more.*Order it again"):
        studio.render(asked, "gone")
    studio.store.remove("pip")
    with pytest.raises(Refusal, match="removed since"):
        studio.render(asked, "gone")
    assert not [*(studio.home / "gone").rglob("record.json")]


def test_a_damaged_adapter_makes_nothing_and_is_made_good(studio):
    studio.adopt()
    first = studio.train(steps=2)
    asked = studio.request(first)
    right = studio.render(asked, "before")
    file = studio.store.adapter_path(first)
    data = bytearray(file.read_bytes())
    for at in range(40):
        data[-40 - 97 * at] ^= 1
    file.write_bytes(data)
    with pytest.raises(Refusal, match="is damaged"):
        studio.render(asked, "after")
    assert not [*(studio.home / "after").rglob("record.json")]
    assert studio.train(steps=2).identity == first.identity  # from its last state
    assert equal(studio.render(asked, "after"), right)


def test_a_finished_subject_learns_on_and_keeps_every_version(studio):
    studio.adopt()
    first = studio.train(steps=3)
    said = []
    second = studio.train(steps=6, tick=said.append)
    assert [p.step for p in said if p.loss is not None] == [4, 5, 6]
    assert [v.trained_steps for v in second.versions] == [3, 6]
    assert second.used == (second.versions[1].file,)
    back = studio.store.use_version("pip", first.versions[0].file)
    assert back.identity == first.identity
    with pytest.raises(Refusal, match="has learned 6 steps already"):
        studio.train(steps=5)
    anew = studio.train(steps=3, anew=True)
    assert anew.identity == first.identity, "the same photos, steps and seed"
    folder = studio.store.training_folder("pip")
    left = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    state = ["lora/checkpoints/latest.json", "lora/checkpoints/step-0000003.safetensors"]
    assert [p for p in left if p.startswith("lora")] == [
        "lora/begun.json", *state, "lora/prepared.safetensors",
    ]  # fmt: skip
    assert [step for step, _ in studio.store.losses("pip")] == [1, 2, 3]
    assert studio.store.samples("pip").keys() == {"moving"}
    assert len([*(studio.store.folder / "pip" / "versions").iterdir()]) == 2


@pytest.mark.long
def test_photos_can_be_added_to_a_finished_subject(studio):
    studio.adopt(photos=3)
    studio.train(steps=4)
    studio.store.add_photos("pip", SAMPLES)
    assert len(studio.store.get("pip").photos) == 4
    with pytest.raises(Refusal, match="Ask for more than 4"):
        studio.train(steps=4)
    said = []
    studio.train(steps=6, tick=said.append)
    assert [p.step for p in said if p.loss is not None] == [5, 6]
    assert "encoding photos" in {p.stage for p in said}


def stop_at(step: int):
    def tick(progress):
        if progress.loss is not None and progress.step == step:
            raise Cancelled

    return tick


@pytest.mark.long
def test_stopped_at_any_step_it_ends_in_the_adapter_of_an_unbroken_run(studio):
    for name in ("pip", "max"):
        studio.adopt(name)
    unbroken = studio.train("pip", steps=3)
    for step in range(1, 4):
        with pytest.raises(Cancelled):
            studio.train("max", steps=3, tick=stop_at(step))
        begun, at = studio.store.standing(studio.store.get("max"), "lora")
        assert (begun.steps, at) == (3, step)
    assert studio.train("max", steps=0).identity == unbroken.identity


@pytest.mark.long
def test_an_order_to_start_anew_forgets_once(studio):
    """Paused and put back into the queue it goes on, as any other."""
    studio.adopt()
    studio.train(steps=3)
    anew = order("pip", "lora", 5, studio.model(), anew=True)
    heard = []
    for step in (2, 4):
        with pytest.raises(Cancelled):
            studio.do(anew, stop_at(step))
    studio.do(anew, heard.append)
    assert [p.step for p in heard if p.loss is not None] == [5]


def test_a_training_is_asked_before_anything_is_written(studio):
    studio.adopt()
    with pytest.raises(Cancelled):
        studio.train(steps=6, tick=stop_at(3))
    before = {p: p.read_bytes() for p in studio.store.folder.rglob("*") if p.is_file()}
    with pytest.raises(Refusal, match="begun with 6 steps, not 4"):
        studio.train(steps=4)
    assert {p: p.read_bytes() for p in studio.store.folder.rglob("*") if p.is_file()} == before
    assert studio.train(steps=0).trained_steps == 6


@pytest.mark.long
def test_a_subject_has_an_adapter_for_each_model(studio):
    tiny_starter.make(studio.home / "models" / "other", seed=5)
    studio.adopt()
    first = studio.train(steps=2)
    with pytest.raises(Refusal, match=r"not trained for .*Train it for") as refused:
        studio.request(first, "other")
    assert "Starter" in str(refused.value)
    second = studio.train(steps=2, model="other")
    one, two = studio.request(second), studio.request(second, "other")
    assert one.subject.identity == first.identity
    assert two.subject.identity == second.identity != first.identity
    studio.render(two, "two")
    payload = order("pip", "lora", 4, studio.model("other"))
    shutil.rmtree(studio.home / "models" / "other")
    tiny_starter.make(studio.home / "models" / "other", seed=6)
    with pytest.raises(Refusal, match="changed since this training was ordered"):
        studio.do(payload)


def test_a_stopped_training_is_not_lost_to_another_model(studio):
    tiny_starter.make(studio.home / "models" / "other", seed=5)
    studio.adopt()
    with pytest.raises(Cancelled):
        studio.train(steps=6, tick=stop_at(3))
    with pytest.raises(Refusal, match="stopped before its end"):
        studio.train(steps=6, model="other")
    assert studio.store.standing(studio.store.get("pip"), "lora")[1] == 3


def test_a_damaged_photo_teaches_nothing(studio):
    subject = studio.adopt()
    shutil.copy(SAMPLES[3], studio.store.photo_paths(subject)[0])
    with pytest.raises(Refusal, match="is damaged"):
        studio.train()


def test_nobody_trains_twice_at_once(studio):
    studio.adopt()
    other, refused = JobHandlers(studio.handlers.folders), []

    def tick(progress):
        if progress.loss is not None and progress.step == 2:
            with pytest.raises(Refusal, match="being trained right now") as second:
                run_once(other.by_kind(), "train_subject", order("pip", "lora", 4, studio.model()))
            with pytest.raises(Refusal, match="being trained right now"):
                other.subjects.remove("pip")
            refused.append(second)

    assert studio.train(steps=4, tick=tick).is_trained
    assert len(refused) == 1
