"""Nouns to verbs: what each kind of job does.  The window and the terminal share these."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.job import Job, Work
from studio.jobs.model_cache import ModelCache
from studio.library import models as library
from studio.project.folders import Folders
from studio.project.pictures import PictureStore
from studio.project.plain import from_plain, to_plain
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.check import check
from studio.spec.part import Part
from studio.spec.progress import Tick
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.spans import spans
from studio.spec.stages import STAGES, until
from studio.spec.timing import frame_rate, retimed

if TYPE_CHECKING:
    import numpy as np

    from studio.engine.film import Models

LONGEST = 2048
"""Pixels of a picture's longer side that are read: more than any clip has."""
BUILT_IN = Path(__file__).resolve().parents[2] / "models"


class FramesGone(Refusal):
    """Frames that were there are damaged or evicted: rendering makes them again."""


class Works:
    """The works by kind.  Engine verbs are imported inside, so that making this costs nothing."""

    def __init__(self, folders: Folders, device: str | None = None) -> None:
        self.folders = folders
        self.model_folders: tuple[Path, ...] = (BUILT_IN, folders.models)
        self.subjects = SubjectStore(folders.subjects)
        self.models = ModelCache(device)
        self.read: dict[str, np.ndarray] = {}
        """Photos that were read and wait to be learned from, by identity: none is decoded twice."""

    def by_kind(self) -> Mapping[str, Work]:
        """For the queue, and for `run_once`."""
        return {
            "preview_keyframes": self._leasing(self.render),
            "interpolate": self._leasing(self.render),
            "render": self._leasing(self.render),
            "train_subject": self._leasing(self.train_subject),
            "export": self.export,
            "contact_sheet": self.contact_sheet,
            "preview_tile": self._leasing(self.preview_tile),
            "free_memory": self._leasing(self.free_memory),
        }

    def _leasing(self, work: Work) -> Work:
        """`work`, alone on the networks in memory."""

        def leased(job: Job, tick: Tick) -> object:
            with self.models.leased(tick):
                return work(job, tick)

        return leased

    def render(self, job: Job, tick: Tick) -> dict:
        """Make what the take store lacks of a request; returns keys made and reused, seconds.

        Payload: "project" (folder), "request" (plain), "until" (a stage, all of them without).
        """
        request = from_plain(ClipRequest, job.payload["request"])
        models = library.promised(request, self.model_folders)
        check(request, models[request.model].card)
        project = Path(str(job.payload["project"]))
        stage = str(job.payload.get("until") or STAGES[-1])
        takes, walk = self.takes(project), until(spans(request), stage)
        if all(takes.has(span.key) for span in walk):  # without waiting for torch
            return {"made": [], "reused": [span.key for span in walk], "seconds": {}}
        from studio.engine.film import film

        memo = takes.noting(lambda _: self._facts())
        walked = film(walk, self._models(request, models, project, tick), memo, tick)
        return {"made": walked.made, "reused": walked.reused, "seconds": dict(walked.seconds)}

    def preview_tile(self, job: Job, tick: Tick) -> dict:
        """Make one tile of the portion of a frame larger; nothing of it is stored.

        Payload: "project", "request" (with its upsampling), "frame", "place" (0..1 down, across).
        """
        from studio.jobs.tile_preview import portion, preview_tile

        said = job.payload
        request = from_plain(ClipRequest, said["request"])
        last = portion(request, int(str(said["frame"])))
        before = {**said, "request": to_plain(last.request), "until": "decoded"}
        self.render(replace(job, payload=before), tick)
        models = library.promised(request, self.model_folders)
        down, across = said["place"]  # pyright: ignore[reportGeneralTypeIssues]
        return preview_tile(
            last,
            self.takes(Path(str(said["project"]))),
            lambda: self.models.part(models[last.part.model], last.role, tick),
            (float(down), float(across)),
            tick,
        )

    def train_subject(self, job: Job, tick: Tick) -> dict:
        """Train a subject of the store from its photos; it can be used when this returns.

        Payload: that of `studio.jobs.subject_training.order`.
        """
        from studio.jobs.subject_training import train

        return train(self.subjects, self.models, self.model_folders, job, tick, self.read)

    def export(self, job: Job, tick: Tick) -> dict:
        """Write stored frames to a file.

        Payload: "project", "request", "spans" (keys), "out", "fps", "recipe" (bool), "frames" (at most).
        """
        from studio.media.video import write_video

        said = job.payload
        request = from_plain(ClipRequest, said["request"])
        takes = self.takes(Path(str(said["project"])))
        fps = frame_rate(str(said["fps"]))
        order = retimed(request.frames, request.rate, fps)
        order = order[: int(str(said.get("frames") or len(order)))]
        keys = [str(key) for key in said["spans"]]  # pyright: ignore[reportGeneralTypeIssues]
        out = Path(str(said["out"]))
        written = write_video(
            out,
            in_order(stored_frames(takes, keys), order),
            fps=fps,
            size=request.size,
            recipe=recipe(request) if said.get("recipe", True) else None,
            tick=tick,
            total=len(order),
        )
        return {"out": str(out), "frames": written}

    def contact_sheet(self, job: Job, tick: Tick) -> dict:
        """Write stored frames side by side into one picture.

        Payload: "project", "request", "spans" (keys), "out", "recipe" (bool).
        """
        import numpy as np

        from studio.media.video import write_video

        said = job.payload
        request = from_plain(ClipRequest, said["request"])
        takes = self.takes(Path(str(said["project"])))
        keys = [str(key) for key in said["spans"]]  # pyright: ignore[reportGeneralTypeIssues]
        sheet = side_by_side(np.stack(list(stored_frames(takes, keys))))
        out = Path(str(said["out"]))
        write_video(
            out,
            [sheet],
            fps=request.rate,
            size=(sheet.shape[1], sheet.shape[0]),
            recipe=recipe(request) if said.get("recipe", True) else None,
            tick=tick,
            total=1,
        )
        return {"out": str(out), "frames": request.frames}

    def free_memory(self, job: Job, tick: Tick) -> None:
        """Let go of the models in memory."""
        self.models.free()

    def takes(self, project: Path) -> TakeStore:
        """The take store of a project folder, with frames as lossless video."""
        from studio.media.video import read_lossless, write_lossless

        def save(path: Path, frames: np.ndarray) -> None:
            write_lossless(path, frames, Fraction(8))  # the rate is the request's affair

        return TakeStore(project / "takes", save, read_lossless)

    def _models(
        self,
        request: ClipRequest,
        models: Mapping[str, library.Model],
        project: Path,
        tick: Tick,
    ) -> Models:
        from studio.engine.film import Models
        from studio.media.photo import open_photo

        def load(part: Part, role: str) -> object:
            return self.models.part(models[part.model], role, tick)

        def adapter() -> Path | None:
            use = request.subject
            return use and self.subjects.adapter_of(use.name, use.identity)

        brought = PictureStore(project)
        return Models(load, adapter, lambda id: open_photo(brought.whole(id), longest=LONGEST))

    def _facts(self) -> dict[str, object]:
        import diffusers
        import torch

        device = self.models.device()
        return {
            "device": device.described,
            "precision": str(device.dtype).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
        }


def stored_frames(takes: TakeStore, keys: list[str]) -> Iterator[np.ndarray]:
    """The frames of finished spans, one by one; never more than a span in memory."""
    for key in keys:
        arrays = takes.get(key)
        if arrays is None or "frames" not in arrays:
            raise FramesGone("Frames of this take are no longer stored.", "Render it again.")
        yield from arrays["frames"]


def in_order(frames: Iterator[np.ndarray], order: tuple[int, ...]) -> Iterator[np.ndarray]:
    """The frames that a rising `order` names, repeated or left out, without keeping them all."""
    at, frame = -1, None
    for wanted in order:
        while at < wanted:
            frame, at = next(frames, None), at + 1
        if frame is None:
            raise Refusal("This take has fewer frames than its recipe says.", "Render it again.")
        yield frame


def side_by_side(frames: np.ndarray, columns: int = 4, gap: int = 2) -> np.ndarray:
    """Frames uint8 (T, H, W, 3) on one dark sheet, row after row, uint8 (h, w, 3)."""
    import numpy as np

    count, height, width, _ = frames.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    size = (rows * (height + gap) + gap, columns * (width + gap) + gap, 3)
    sheet = np.full(size, 24, np.uint8)
    for k, frame in enumerate(frames):
        top, left = (
            n * (side + gap) + gap
            for n, side in zip(divmod(k, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = frame
    return sheet


def recipe(request: ClipRequest) -> dict:
    """What a file says of how it was made; no clock time, no path."""
    return {"studio": 1, "request": to_plain(request)}


def resolved_seed(seed: int | None) -> int:
    """The seed asked for, or a fresh one below 2³¹."""
    return secrets.randbelow(2**31) if seed is None or seed == -1 else seed
