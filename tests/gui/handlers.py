"""Stand-ins for the handlers of jobs: quick, seeded, and as talkative as the real ones."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import numpy as np

from studio.jobs.job import Handler, Job
from studio.jobs.payloads import LikenessPayload
from studio.jobs.take_store import RATE, take_store
from studio.library.models import Model
from studio.media.video import read_lossless, write_lossless
from studio.project.folders import Folders
from studio.project.likenesses import Likenesses
from studio.project.plain import from_plain
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.amounts import amount
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.refusal import Refusal
from studio.spec.request import UPSCALE_FACTOR, ClipRequest, Upsampling
from studio.spec.span import Span
from studio.spec.spans import spans
from studio.spec.stages import STAGES, until
from studio.spec.subjects import DEFAULT_STEPS
from tests.cards import SUBJECTS, card, with_

CARD = card(
    "starter",
    "Starter",
    8,
    frames=(16, 16),
    multiple=8,
    largest=64,
    guidance=4.0,
    notice="A 64-pixel demonstration; add a model for real quality.",
    subjects=replace(SUBJECTS, steps=DEFAULT_STEPS),
)
WEIGHTS = (
    ("image", "1" * 32),
    ("temporal", "2" * 32),
    ("autoencoder", "3" * 32),
    ("text", "4" * 32),
)
MODEL = Model(CARD, Path("starter"), WEIGHTS)
DENSE = replace(
    MODEL, card=with_(CARD, fps=Fraction(3, 2), frames=(8, 16), passes=2, predicts=True)
)
"""One that was taught to fill around given frames, too."""
LARGER = replace(
    DENSE,
    card=with_(DENSE.card, upsampling=Upsampling(steps=4, level=20, tile=40, overlap=16)),
)
"""One that has an upsampler as well."""


A_SECOND = 40 * 64 * 64
"""Of the amounts of work (`studio.spec.amounts`), what takes a second: two keyframes in twenty steps."""
FILES: dict[str, bytes] = {}
"""Stored frames by their hash: each takes the start of a program, and most tests store the same."""


def _save(path: Path, frames: np.ndarray) -> None:
    """Store frames, or the file that was written for the same ones before."""
    key = sha256(f"{path.suffix} {frames.shape}".encode() + frames.tobytes()).hexdigest()
    if key in FILES:
        path.write_bytes(FILES[key])
        return
    write_lossless(path, frames, RATE)
    FILES[key] = path.read_bytes()


def clip(seed: int, frames: int, width: int = 64, height: int = 64) -> np.ndarray:
    """A disc that crosses a gradient, uint8 (T, H, W, 3)."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(80, 255, 3)
    rows, columns = np.mgrid[:height, :width]
    made = np.empty((frames, height, width, 3), np.uint8)
    for k in range(frames):
        ground = np.stack([60 + rows, 120 + rows // 2, 50 + columns // 3], -1)
        centre = width * (0.85 - 0.7 * k / max(1, frames - 1))
        inside = (columns - centre) ** 2 + (rows - height * 0.55) ** 2 < (height / 6) ** 2
        made[k] = np.where(inside[..., None], colour, ground)
    return made


def strip(frames: np.ndarray) -> Preview:
    return Preview(*frames.shape[:3], frames.tobytes())


class JobHandlers:
    """Handlers by kind.  While `gate` is closed a job waits after its first reports.

    `own` takes the place of a render, `own_export` that of an export, and
    `own_timeline` is that of a timeline.  A training takes `training_steps` of those it is asked for, `pace` seconds each.
    """

    def __init__(self, folders: Folders) -> None:
        self.subjects = SubjectStore(folders.subjects)
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Refusal | None = None
        self.own: Handler | None = None
        self.own_export: Handler | None = None
        self.own_timeline: Handler | None = None
        self.training_steps = 160
        self.pace = 0.0

    def by_kind(self) -> dict[str, Handler]:
        return {
            "preview_keyframes": self.render,
            "interpolate": self.render,
            "render": self.render,
            "train_subject": self.train,
            "export": self.export,
            "export_timeline": self.export_timeline,
            "preview_tile": self.preview_tile,
            "measure_likeness": self.measure_likeness,
        }

    def measure_likeness(self, job: Job, tick: Tick) -> object:
        """Half alike everywhere; less so at the beginning of the last span."""
        payload = from_plain(LikenessPayload, job.payload)
        takes = take_store(Path(payload.project) / "takes")
        photos = [photo.identity for photo in self.subjects.get(payload.subject).photos]
        kept = Likenesses(Path(payload.project), photos)
        for key in payload.spans:
            arrays = takes.get(key)
            assert arrays is not None
            alike = np.full(len(arrays["frames"]), 0.5, np.float32)
            alike[:6] -= 0.3 if key == payload.spans[-1] else 0
            kept.put(key, alike)
            tick(Progress("likeness", 1, 1))
        return {}

    def render(self, job: Job, tick: Tick) -> object:
        if self.own:
            return self.own(job, tick)
        request = from_plain(ClipRequest, job.payload["request"])
        frames = clip(request.seed, request.keyframes, request.width, request.height)
        rng = np.random.default_rng(request.seed)
        for step in range(request.steps):
            noise = rng.normal(0, 90 * (1 - step / request.steps), frames.shape)
            seen = strip(np.clip(frames + noise, 0, 255).astype(np.uint8))
            tick(Progress("keyframes", step + 1, request.steps, preview=seen))
            if step == request.steps * 3 // 5:
                self._wait(lambda step=step: tick(Progress("keyframes", step + 1, request.steps)))
        if self.failure:
            raise self.failure
        return {"made": self._store(job, request, frames)}

    def _store(self, job: Job, request: ClipRequest, frames: np.ndarray) -> list[str]:
        """Stores what is missing, decoded from the disc's path; gives the keys."""
        walk = until(spans(request), str(job.payload.get("until") or STAGES[-1]))
        return self.put(job, request, walk, frames)

    def put(
        self, job: Job, request: ClipRequest, walk: Sequence[Span], frames: np.ndarray | None = None
    ) -> list[str]:
        """Stores those spans that are missing; gives their keys."""
        takes = TakeStore(Path(str(job.payload["project"])) / "takes", _save, read_lossless)
        if frames is None:
            frames = clip(request.seed, request.keyframes, request.width, request.height)
        missing = [span for span in walk if not takes.has(span.key)]
        for span in missing:
            at = [round(k / 4**request.interpolate) % len(frames) for k in span.makes]
            made = {"frames": frames[at]}
            if span.stage == "upsample":
                made = {
                    "frames": np.kron(
                        frames[at], np.ones((1, UPSCALE_FACTOR, UPSCALE_FACTOR, 1), np.uint8)
                    )
                }
            elif span.stage != "decode":
                made = {"latents": np.zeros((len(at), 4, 8, 8), np.float32)}
            takes.put(span.key, made, {"seconds": amount(span) / A_SECOND})
        return [span.key for span in missing]

    def preview_tile(self, job: Job, tick: Tick) -> object:
        """A white tile, where the pointer is not."""
        frame = int(str(job.payload["frame"]))
        made = np.full((8, 160, 160, 3), 255, np.uint8)
        tick(Progress("upsample", 1, 1, preview=strip(made)))
        return {"tile": [24, 0, 40, 40], "first": frame // 8 * 8}

    def train(self, job: Job, tick: Tick) -> object:
        name, total = str(job.payload["subject"]), int(str(job.payload["steps"]))
        tick(Progress("training", 0, total, note="The first photo is kept for measuring."))
        time.sleep(50 * self.pace)  # real steps take longer than the queue's beat
        for step in range(min(self.training_steps, total)):
            loss = 0.25 * np.exp(-step / 90) + 0.05 + 0.03 * np.sin(step * 12.9898)
            preview = None
            if step % 60 == 59:
                preview = strip(clip(step, 8 if step % 120 == 119 else 1))
            tick(Progress("training", step + 1, total, loss=float(loss), preview=preview))
            time.sleep(self.pace)
        self._wait(lambda: tick(Progress("training", step + 1, total)))
        adapter = self.subjects.training_folder(name) / "adapter.safetensors"
        adapter.parent.mkdir(parents=True, exist_ok=True)
        adapter.write_bytes(b"weights of " + name.encode())
        self.subjects.add_adapter(name, adapter, method="lora", trained_steps=total)
        return {}

    def export_timeline(self, job: Job, tick: Tick) -> object:
        return self.own_timeline(job, tick) if self.own_timeline else None

    def export(self, job: Job, tick: Tick) -> object:
        if self.own_export:
            return self.own_export(job, tick)
        if self.failure:
            raise self.failure
        Path(str(job.payload["out"])).write_bytes(b"clip")
        return {}

    def _wait(self, tick: Callable[[], None]) -> None:
        while not self.gate.wait(0.02):
            tick()
