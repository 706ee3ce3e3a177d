"""The seam: the real queue with the real handlers and tiny real models, every pair of kinds.

What a job makes beside another, waiting or cutting in, is bit for bit what it makes alone.
"""

import shutil
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from studio.jobs.handlers import JobHandlers
from studio.jobs.job import State
from studio.jobs.job_store import JobStore
from studio.jobs.once import run_once
from studio.jobs.queue import Queue
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.spec.progress import silent
from studio.spec.spans import spans
from tests import tiny_starter
from tests.engine import tiny_upsampler

STEPS = 4
SUBJECTS = {"lora": "lola", "dreambooth": "dora"}
LONG = ("render", "render lora", "render dreambooth", "train lora", "train dreambooth")
SHORT = ("plain", "lora", "dreambooth", "tile", "none")
DEAREST = ("train lora", "dreambooth")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    from PIL import Image

    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for k in range(3):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(folder / f"{k}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def first_home(tmp_path_factory, photos):
    """A data folder with one model, which also upsamples, and a subject of either method."""
    home = tmp_path_factory.mktemp("seam") / "data"
    tiny_upsampler.give(tiny_starter.make(home / "models" / "tiny", plain=False))
    handlers = JobHandlers(Folders.find(str(home)))
    for method, name in SUBJECTS.items():
        handlers.subjects.adopt(Subject(name, "toy", method=method), photos)
        run_once(handlers.by_kind(), "train_subject", training(name, method))
    handlers.subjects.adopt(Subject("new", "toy"), photos)
    return home


def training(name, method, steps=STEPS):
    return {"subject": name, "method": method, "steps": steps, "model": "tiny"}


@dataclass
class Order:
    """A job as the window orders it, and what it is to leave behind."""

    kind: str
    payload: dict
    keys: tuple[str, ...] = ()
    short: bool = False
    seen: list = field(default_factory=list)


class Bench:
    """A data folder and a project of its own."""

    def __init__(self, first_home: Path, folder: Path) -> None:
        self.home = Path(shutil.copytree(first_home, folder / "data"))
        self.project = folder / "project"
        self.handlers = JobHandlers(Folders.find(str(self.home)))
        self.model = library.find("tiny", self.handlers.model_folders)

    def request(self, prompt, method="", **changed):
        subject = self.handlers.subjects.get(SUBJECTS[method]) if method else None
        shot = Shot("a", prompt=prompt, keyframes=3, steps=3, guidance=2.0, interpolate=1)
        return replace(
            shot.request(self.model.card, self.model.weights, subject and subject.use(1.0)),
            **changed,
        )

    def long(self, name) -> Order:
        verb, _, method = name.partition(" ")
        if verb == "train":
            return Order("train_subject", training("new", method, 6))
        return self._render(self.request("a red ball", method), "render")

    def short(self, name) -> Order:
        if name == "none":
            return Order("free_memory", {}, short=True)
        if name == "tile":
            asked = self.request("a blue star", upsample=self.model.card.upsampling)
            said = {"request": to_plain(asked), "frame": 0, "place": [0.5, 0.5]}
            return Order("preview_tile", self._in_project(said), short=True)
        order = self._render(
            self.request("a blue star", "" if name == "plain" else name, interpolate=0),
            "preview_keyframes",
        )
        return replace(order, short=True)

    def _render(self, request, kind):
        walk = spans(request)
        return Order(
            kind, self._in_project({"request": to_plain(request)}), tuple(s.key for s in walk)
        )

    def _in_project(self, said):
        return {"project": str(self.project), **said}

    def left(self, order: Order) -> dict:
        """Stored bytes by key, of a training the adapter's hash."""
        if order.kind == "train_subject":
            return {"adapter": self.handlers.subjects.get("new").identity}
        takes = self.handlers.takes(self.project)
        found = {key: takes.get(key) for key in order.keys}
        assert all(arrays is not None for arrays in found.values())
        return {k: {n: a.tobytes() for n, a in arrays.items()} for k, arrays in found.items()}


@pytest.fixture(scope="module")
def alone(first_home, tmp_path_factory):
    """What each job leaves when nothing else is there, made once when it is first asked for."""
    made = {}

    def ask(kind, name):
        if (kind, name) not in made:
            bench = Bench(first_home, tmp_path_factory.mktemp("alone"))
            order = getattr(bench, kind)(name)
            run_once(bench.handlers.by_kind(), order.kind, order.payload, tick=last_tile(order))
            made[kind, name] = (bench.left(order), order.seen)
        return made[kind, name]

    return ask


def last_tile(order):
    """A tick that keeps the pictures of a tile preview, which are stored nowhere."""

    def tick(progress):
        if order.kind == "preview_tile" and progress.preview and progress.stage == "upsampling":
            order.seen[:] = [progress.preview.rgb]

    return tick


def cutting_in(handlers, short: Order, at: int, arrived: threading.Event, ordered: threading.Event):
    """The handlers; the long job's `at`-th tick waits until the short one has been ordered."""

    def watched(work):
        def watch(job, tick):
            count = 0

            def told(progress):
                nonlocal count
                count += 1
                if not job.short and count == at and not arrived.is_set():
                    arrived.set()
                    assert ordered.wait(60)
                if job.short:
                    last_tile(short)(progress)
                tick(progress)

            return work(job, told)

        return watch

    return {kind: watched(work) for kind, work in handlers.by_kind().items()}


def both(qtbot, bench, long, short, at):
    """Run the long job, let the short one cut in at a tick of it, and wait for both."""
    arrived, ordered = threading.Event(), threading.Event()
    handlers = cutting_in(bench.handlers, short, at, arrived, ordered)
    queue = Queue(JobStore(bench.home / "queue.db"), handlers)
    failed, log = [], []
    queue.failed.connect(lambda id, what, hint: failed.append((what, hint)))
    queue.finished.connect(lambda id, _: log.append(id))
    try:
        first = queue.add(long.kind, "long", long.payload)
        queue.start()
        qtbot.waitUntil(arrived.is_set, timeout=60_000)
        second = queue.add(short.kind, "short", short.payload, short=short.short)
        ordered.set()
        qtbot.waitUntil(lambda: bool(failed) or not queue.jobs(), timeout=120_000)
        states = [queue.job(id).state for id in (first, second)]
    finally:
        ordered.set()
        assert queue.close(60)
    assert failed == []
    assert states == [State.DONE, State.DONE]
    return log == [second, first]


def pairs():
    """Every long kind with every short one; a slice in which nearly each comes once, and the rest."""
    for n, long in enumerate(LONG):
        for k, short in enumerate(SHORT):
            in_slice = (k + n) % len(SHORT) == 0 and (long, short) != DEAREST
            rest = () if in_slice else pytest.mark.long
            yield pytest.param(long, short, marks=rest)


@pytest.mark.parametrize(("long", "short"), list(pairs()))
def test_what_cuts_in_and_what_it_interrupts_are_as_alone(
    qtbot, tmp_path, first_home, alone, long, short
):
    bench = Bench(first_home, tmp_path)
    one, other = bench.long(long), bench.short(short)
    moment = 5 + (LONG.index(long) * 7 + SHORT.index(short) * 3) % 9
    assert both(qtbot, bench, one, other, moment), "the short job was the first to end"
    assert bench.left(one) == alone("long", long)[0]
    assert bench.left(other) == alone("short", short)[0]
    assert other.seen == alone("short", short)[1]


def orders():
    """Two long ones, one after the other."""
    for first in ("render dreambooth", "train lora"):
        for second in ("render", "render lora", "train dreambooth"):
            in_slice = (first, second) == ("render dreambooth", "render")
            yield pytest.param(first, second, marks=() if in_slice else pytest.mark.long)


@pytest.mark.parametrize(("first", "second"), list(orders()))
def test_what_waits_for_another_job_is_as_alone(qtbot, tmp_path, first_home, alone, first, second):
    bench = Bench(first_home, tmp_path)
    one, other = bench.long(first), bench.long(second)
    if one.kind == other.kind == "train_subject":
        other = replace(other, payload={**other.payload, "subject": "lola"})
    queue = Queue(JobStore(bench.home / "queue.db"), bench.handlers.by_kind())
    failed = []
    queue.failed.connect(lambda id, what, hint: failed.append((what, hint)))
    try:
        for order in (one, other):
            queue.add(order.kind, "job", order.payload)
        queue.start()
        qtbot.waitUntil(lambda: bool(failed) or not queue.jobs(), timeout=120_000)
    finally:
        assert queue.close(60)
    assert failed == []
    assert bench.left(one) == alone("long", first)[0]
    if other.payload.get("subject") != "lola":
        assert bench.left(other) == alone("long", second)[0]


def test_networks_that_were_left_altered_are_loaded_anew(first_home, tmp_path, caplog):
    """Whatever left them so: an adapter that is on, a weight that was swapped or written to."""
    import torch
    from peft import LoraConfig

    from studio.engine.lora.adapter import inject_lora

    bench = Bench(first_home, tmp_path)
    video = bench.handlers.models.video(bench.model, silent)
    assert bench.handlers.models.video(bench.model, silent) is video
    weight = next(video.backbone.unet.parameters())
    damages = (
        lambda v: inject_lora(v.backbone.unet, LoraConfig(target_modules=["to_q"]), 0),
        lambda v: setattr(first(v), "data", first(v).data.clone()),
        lambda v: torch.nn.init.zeros_(first(v)),
        lambda v: v.net.train(),
    )
    for damage in damages:
        damage(video)
        again = bench.handlers.models.video(bench.model, silent)
        assert again is not video
        assert torch.equal(first(again), weight) or damage is damages[2]
        video = again
    assert caplog.text.count("left altered") == len(damages)


def first(video):
    """One of the image network's weights."""
    return next(video.backbone.unet.parameters())


def test_the_gpu_is_freed_when_nobody_computes_on_it(first_home, tmp_path):
    bench = Bench(first_home, tmp_path)
    models = bench.handlers.models
    models.video(bench.model, silent)
    waiting = threading.Event()

    def tick(progress):
        waiting.set()

    with models.leased(silent):
        freeing = threading.Thread(
            target=lambda: run_once(bench.handlers.by_kind(), "free_memory", {}, tick=tick)
        )
        freeing.start()
        assert waiting.wait(30)
        assert models.held
    freeing.join(30)
    assert models.held == ()


def test_two_threads_that_load_get_whole_networks(first_home, tmp_path):
    """Loading replaces a function of torch for the whole process; left in place, nothing loads."""
    import torch

    from studio.jobs.model_cache import ModelCache

    bench = Bench(first_home, tmp_path)
    before = torch.nn.Module.register_parameter
    start, troubles = threading.Barrier(2), []

    def load():
        try:
            for _ in range(3):
                start.wait(60)
                video = ModelCache("cpu").video(bench.model, silent)
                assert not any(p.is_meta for p in video.net.parameters())
        except BaseException as error:
            troubles.append(error)
            start.abort()

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert troubles == []
    assert torch.nn.Module.register_parameter is before
