"""Nouns to verbs: what each kind of job does.  The window and the terminal share these."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.adapter_file import adapter_file
from studio.jobs.budget import Budget
from studio.jobs.engine_imports import CORE, fetch
from studio.jobs.job import Handler, Job
from studio.jobs.knowledge import Knowledge
from studio.jobs.likeness import measuring
from studio.jobs.model_cache import ModelCache
from studio.jobs.payloads import (
    ExportPayload,
    ImportPayload,
    RenderPayload,
    TilePayload,
    TimelinePayload,
)
from studio.jobs.planner import Planner
from studio.jobs.signing import signing
from studio.jobs.take_store import take_store
from studio.library import models as library
from studio.library.added_folders import ModelFolders
from studio.library.answers import Answers
from studio.library.shelf import FoundShelf
from studio.library.wildcard_files import Wildcards
from studio.project.folders import Folders
from studio.project.pictures import PictureStore
from studio.project.plain import from_plain
from studio.project.stored_frames import in_order, stored_frames
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.check import check
from studio.spec.part import Part
from studio.spec.progress import Tick, silent
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import spans
from studio.spec.stages import STAGES, before_upsampling, until
from studio.spec.timing import frame_rate, retimed

if TYPE_CHECKING:
    import numpy as np

    from studio.engine.film import Models

LONGEST = 2048
"""Pixels of a picture's longer side that are read: more than any clip has."""
BUILT_IN = Path(__file__).resolve().parents[2] / "models"


class JobHandlers:
    """What each kind of job does; engine verbs are imported inside, so that making this is cheap."""

    def __init__(
        self, folders: Folders, device: str | None = None, budget: int | None = None
    ) -> None:
        """`budget` are bytes that jobs may take on the device; None for what is free."""
        self.folders = folders
        self.model_folders: Iterable[Path] = ModelFolders(
            (BUILT_IN, folders.models), folders.library
        )
        self.subjects = SubjectStore(folders.subjects)
        self.models = ModelCache(device)
        self.planner = Planner(
            Knowledge(folders.knowledge),
            self.models,
            lambda: self.model_folders,
            Budget(folders.budget, budget),
            lambda use: adapter_file(use, self.subjects, self.shelf(silent)),
        )
        self.read: dict[str, np.ndarray] = {}
        """Photos that were read and wait to be learned from, by identity: none is decoded twice."""

    def by_kind(self) -> Mapping[str, Handler]:
        """For the queue, and for `run_once`."""
        certificates = self.folders.credentials
        return {
            "preview_keyframes": self._leasing(self.render),
            "interpolate": self._leasing(self.render),
            "render": self._leasing(self.render),
            "train_subject": self._leasing(self.train_subject),
            "import_subject": self._leasing(self.import_subject),
            "export": signing(certificates, self.export),
            "contact_sheet": signing(certificates, self.contact_sheet),
            "export_timeline": signing(certificates, self.export_timeline),
            "preview_tile": self._leasing(self.preview_tile),
            "measure_likeness": measuring(self.takes, self.subjects),
            "free_memory": self._leasing(self.free_memory),
        }

    def _leasing(self, handler: Handler) -> Handler:
        """`handler`, alone on the networks in memory."""

        def leased(job: Job, tick: Tick) -> object:
            if handler != self.free_memory:
                fetch(*CORE)
            with self.models.leased(tick):
                return handler(job, tick)

        return leased

    def render(self, job: Job, tick: Tick) -> dict:
        """Make what a `RenderPayload` lacks; returns keys made and reused, and seconds by stage."""
        return self._render(from_plain(RenderPayload, job.payload), tick)

    def _render(self, payload: RenderPayload, tick: Tick) -> dict:
        request, project = payload.request, Path(payload.project)
        models = library.promised(request, self.model_folders, tick)
        check(request, models[request.model].card)
        takes, walk = self.takes(project), until(spans(request), payload.until or STAGES[-1])
        if all(takes.has(span.key) for span in walk):  # without waiting for torch
            there = [span.key for span in walk]
            return {"made": [], "reused": there, "seconds": {}, "notes": []}
        from studio.engine.film import film

        self._plan([span for span in walk if not takes.has(span.key)], project)
        by_key = {span.key: span for span in walk}
        memo = takes.recording(lambda key: self._facts(by_key[key]))
        parts = self._models(request, models, project, tick)
        rendered = film(walk, parts, memo, tick)
        return {
            "made": rendered.made,
            "reused": rendered.reused,
            "seconds": dict(rendered.seconds),
            "notes": list(dict.fromkeys(parts.notes)),
        }

    def _plan(self, missing: list[Span], project: Path) -> None:
        """Choose how it is made: on a card, and where there is a budget to keep to; on a processor
        without one it is made as ever, until memory is short."""
        if self.planner.budget is None and self.models.device().name == "cpu":
            return
        if plan := self.planner.plan(missing, project, find_out=True):
            self.planner.obey(plan)

    def preview_tile(self, job: Job, tick: Tick) -> dict:
        """Make one tile of a `TilePayload`; nothing of it is stored."""
        from studio.jobs.tile_preview import portion, preview_tile

        payload = from_plain(TilePayload, job.payload)
        last = portion(payload.request, payload.frame)
        self._render(
            RenderPayload(payload.project, last.request, before_upsampling(last.request)), tick
        )
        models = library.promised(payload.request, self.model_folders, tick)
        return preview_tile(
            last,
            self.takes(Path(payload.project)),
            lambda: self.models.part(models[last.part.model], last.role, tick),
            payload.place,
            tick,
        )

    def train_subject(self, job: Job, tick: Tick) -> dict:
        """Train a subject of the store from its photos; it can be used when this returns.

        Payload: that of `studio.jobs.subject_training.order`.
        """
        from studio.jobs.subject_training import train

        return train(
            self.subjects, self.models, self.model_folders, job, tick, self.read, self.planner
        )

    def import_subject(self, job: Job, tick: Tick) -> dict:
        """Take a LoRA of somebody else for a subject, as an `ImportPayload` says."""
        from studio.jobs.subject_import import bring_in

        payload = from_plain(ImportPayload, job.payload)
        return bring_in(payload, self.subjects, self.model_folders, self.models)

    def export(self, job: Job, tick: Tick) -> dict:
        """Write stored frames to a file, as an `ExportPayload` says."""
        from studio.media.video import write_video

        payload = from_plain(ExportPayload, job.payload)
        request, fps = payload.request, frame_rate(payload.fps or payload.request.rate)
        order = retimed(request.frames, request.rate, fps)
        order = order[: payload.frames or len(order)]
        takes = self.takes(Path(payload.project))
        written = write_video(
            Path(payload.out),
            in_order(stored_frames(takes, payload.spans), order),
            fps=fps,
            size=request.size,
            recipe=self.recipe(request) if payload.recipe else None,
            tick=tick,
            total=len(order),
            encoding=payload.encoding,
            quality=payload.quality,
        )
        return {"out": payload.out, "frames": written}

    def export_timeline(self, job: Job, tick: Tick) -> dict:
        """Write what a timeline plays to a file, as a `TimelinePayload` says."""
        from studio.jobs.timeline_export import write

        payload = from_plain(TimelinePayload, job.payload)
        takes = self.takes(Path(payload.project))
        return write(payload, takes, self._recipe_of_all if payload.recipe else None, tick)

    def contact_sheet(self, job: Job, tick: Tick) -> dict:
        """Write stored frames side by side into one picture, as an `ExportPayload` says."""
        from studio.jobs.contact_sheet import write

        payload = from_plain(ExportPayload, job.payload)
        recipe = self.recipe(payload.request) if payload.recipe else None
        return write(payload, self.takes(Path(payload.project)), recipe, tick)

    def recipe(self, request: ClipRequest) -> dict:
        """What files say of how they were made, with the licences of downloaded models."""
        return self._recipe_of_all([request])

    def _recipe_of_all(self, requests: list[ClipRequest]) -> dict:
        from studio.jobs.recipes import licensed

        return licensed(requests, self.folders, self.model_folders)

    def free_memory(self, job: Job, tick: Tick) -> None:
        """Let go of the models in memory."""
        self.models.free()

    def takes(self, project: Path) -> TakeStore:
        """The take store of a project folder."""
        return take_store(project / "takes")

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
        return Models(
            load,
            adapter,
            lambda id: open_photo(brought.whole(id), longest=LONGEST, tick=tick),
            lambda span: self.models.lighten(span.part.model, span.role),
            took=self._took(),
            file=self.shelf(tick).file,
        )

    def shelf(self, tick: Tick) -> FoundShelf:
        """LoRAs, embeddings and wildcards by name."""
        wildcards = Wildcards.beside(self.folders.wildcards, self.model_folders)
        return FoundShelf(self.model_folders, wildcards, tick, Answers(self.folders.lora_answers))

    def _took(self) -> Callable[[Span, float], None]:
        """Tells the planner of seconds that were spent on a span alone, and not on loading."""
        loads = self.models.loads

        def took(span: Span, seconds: float) -> None:
            nonlocal loads
            if loads == self.models.loads:
                self.planner.took(span, seconds)
            loads = self.models.loads

        return took

    def _facts(self, span: Span) -> dict[str, object]:
        """What a take's record says of how it was computed; `lighter` are the steps that were taken
        to use less memory, in words."""
        import diffusers
        import torch

        device = self.models.device_of(span.part.model, span.role)
        facts: dict[str, object] = {
            "device": device.described,
            "precision": str(device.dtype).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
        }
        steps = self.models.steps(span.part.model, span.role)
        peak = device.peak_memory()
        return (
            facts | ({"lighter": list(steps)} if steps else {}) | ({"peak": peak} if peak else {})
        )


def resolved_seed(seed: int | None) -> int:
    """The seed asked for, or a fresh one below 2³¹."""
    return secrets.randbelow(2**31) if seed is None or seed == -1 else seed
