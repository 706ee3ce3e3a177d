"""Actions of the user become jobs in the queue; results of jobs become takes of the project.

words → request → queue → work → span results → render in the document → player
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.jobs.job import Job
from studio.jobs.payloads import ImportPayload, RenderPayload, TilePayload, TrainingPayload
from studio.jobs.queue import Queue
from studio.jobs.subject_training import order
from studio.project import edits
from studio.project.plain import to_plain
from studio.project.project import Project, Render, new_id
from studio.project.timeline_edits import place
from studio.spec.frame_spans import whole_chunks
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, Upsampling
from studio.spec.spans import last_keys, spans
from studio.spec.stages import sparse
from studio.spec.timeline.trimming import Extension
from studio.ui.state.document import Document
from studio.ui.state.model_list import ModelList
from studio.ui.state.selection import Selection
from studio.ui.state.shot_state import NO_UPSAMPLER, PresentShot
from studio.ui.state.status import Status

SEEDS = 2**31


class RenderActions(QObject):
    """Places jobs in the queue and takes their results back."""

    placed = Signal(int)
    refused = Signal(str, str)
    made = Signal(object)  # Render

    def __init__(
        self,
        document: Document,
        queue: Queue,
        model_list: ModelList,
        present: PresentShot,
        selection: Selection,
        status: Status,
    ) -> None:
        super().__init__()
        self._document, self._queue, self._model_list = document, queue, model_list
        self._present, self._selection, self._status = present, selection, status
        self._previewed: ClipRequest | None = None
        self._held: Callable[[], object] | None = None
        model_list.changed.connect(self._let_go)
        queue.finished.connect(self._finished)

    def preview(self) -> None:
        """Make keyframes of the present shot, ahead of everything that takes long."""
        self._when_found(self._preview)

    def run(self, stage: str) -> None:
        """Make the present shot up to one of `studio.spec.stages.STAGES`, with the seed it has."""
        if stage == "decoded":
            self.render()
        elif stage == "upsampled":
            self.upsample()
        elif stage == "interpolated":
            self._when_found(self._interpolate)
        else:
            self._when_found(lambda: self._look(stage))

    def render(self) -> None:
        """Make a clip of the present shot."""
        self._when_found(self._render)

    def preview_variation(self, request: ClipRequest) -> int:
        """Make keyframes of the present shot with another seed; gives the job."""
        return self._place("preview_keyframes", "Variation", request, short=True)

    def upsample(self, only: tuple[int, int] | None = None) -> None:
        """Make the present shot larger, or of its frames only those of a range."""
        self._when_found(lambda: self._upsample(only))

    def preview_tile(self, render: Render, frame: int, place: tuple[float, float]) -> None:
        """Make one tile of a take larger, where a frame of it is looked at; nothing is kept."""
        self._when_found(lambda: self._preview_tile(render, frame, place))

    def train(self, subject: str, method: str, steps: int, *, anew: bool = False) -> None:
        """Train a subject for the shot's model, going on where an earlier training stopped."""
        self._when_found(lambda: self._train(subject, method, steps, anew=anew))

    def _train(self, subject: str, method: str, steps: int, *, anew: bool) -> None:
        model = self._present.state.model
        if model is None:
            raise Refusal("There is no model to train with.", self._model_list.found.empty_reason)
        payload = order(subject, method, steps, model, anew=anew)
        self._add("train_subject", f"Train {subject}", payload)

    def import_lora(self, payload: ImportPayload) -> None:
        """Take a LoRA of somebody else for a subject."""
        model = self._present.state.model
        payload = replace(payload, model=model.card.id if model else "")
        title = f"Import {Path(payload.file).name} as {payload.subject}"
        self._add("import_subject", title, to_plain(payload), short=True)

    def request(self) -> ClipRequest:
        """What the present shot would be rendered of; raises `Refusal` where that cannot be said."""
        return self._present.state.checked()

    def make(
        self,
        verb: str,
        request: ClipRequest,
        shot: str,
        clips: tuple[str, ...],
        extension: Extension | None = None,
    ) -> int:
        """Make a clip of a shot for clips of the timeline, on which its take will be put."""
        return self._place("render", verb, request, shot=shot, clips=clips, extension=extension)

    def free_memory(self) -> None:
        """Free the models in memory; jobs that compute with them are paused first."""
        self._politely(self._free_memory)

    def _free_memory(self) -> None:
        if any(job.lane == "engine" for job in self._queue.jobs()):
            self._queue.pause("engine")
        self._add("free_memory", "Free GPU", {}, lane="disk")

    def tile_disabled_reason(self, request: ClipRequest) -> str:
        """Why no tile of a take can be upsampled, or ""."""
        return "" if self._upsampling_of(request) else "This take's model has no upsampler."

    def _upsampling_of(self, request: ClipRequest) -> Upsampling | None:
        """How the model that is a request's upscaler makes frames larger; None where none does."""
        others = (part.model for part in request.parts if "upscaler" in part.roles)
        model = self._model_list.found.part(next(others, request.model))
        return model.card.upsampling if model and "upscaler" in model.card.roles else None

    def _preview(self) -> None:
        self._previewed = self._with_a_seed()
        self._keyframes(sparse(self._previewed))

    def _look(self, stage: str) -> None:
        self._previewed = self._present.state.checked()
        self._keyframes(sparse(self._previewed, extended=stage == "extended"))

    def _keyframes(self, request: ClipRequest) -> None:
        self._follow(self._place("preview_keyframes", "Keyframes", request, short=True))

    def _interpolate(self) -> None:
        self._previewed = self._present.state.checked()
        self._follow(
            self._place("interpolate", "Interpolate", self._previewed, until="interpolated")
        )

    def _render(self) -> None:
        request = self._present.state.checked()
        if request != self._previewed:
            request = self._with_a_seed()
        self._previewed = None
        self._follow(self._place("render", "Render", request))

    def _upsample(self, only: tuple[int, int] | None) -> None:
        clip, request = self._present.state.checked(), self._present.state.upsampled
        if request is None:
            raise Refusal(NO_UPSAMPLER, "Choose another model.")
        self._previewed = clip  # a render that follows is of the same clip
        only = only and whole_chunks(request, *only)
        self._follow(self._place("render", "Upsample", replace(request, only=only)))

    def _preview_tile(self, render: Render, frame: int, place: tuple[float, float]) -> None:
        upsampling = self._upsampling_of(render.request)
        if upsampling is None:
            raise Refusal(self.tile_disabled_reason(render.request), "Choose another take.")
        request = replace(render.request, upsample=upsampling, only=None)
        if render.request.only:
            frame += render.request.only[0]
        payload = TilePayload(str(self._document.folder), request, frame, place, render.id)
        title = f"Preview of a tile of take {render.order}"
        self._add("preview_tile", title, to_plain(payload), short=True)

    def _with_a_seed(self) -> ClipRequest:
        """The request, with a fresh seed where neither lock nor edited keyframes hold the shot's."""
        request = self._present.state.checked()
        if self._document.shot.seed_locked or self._document.shot.strip is not None:
            return request
        seed = secrets.randbelow(SEEDS)
        self._document.change_shot(replace(self._document.shot, seed=seed), "Seed")
        return self._present.with_seed(seed)

    def _place(
        self,
        kind: str,
        verb: str,
        request: ClipRequest,
        *,
        short: bool = False,
        until: str = "",
        shot: str = "",
        clips: tuple[str, ...] = (),
        extension: Extension | None = None,
    ) -> int:
        folder, shot = str(self._document.folder), shot or self._document.shot.id
        payload = RenderPayload(folder, request, until, shot, clips, extension)
        title = f"{verb}: {' '.join(request.prompt.split())[:80]} · seed {request.seed}"
        return self._add(kind, title, to_plain(payload), short=short)

    def _add(
        self, kind: str, title: str, payload: dict, *, lane: str = "engine", short: bool = False
    ) -> int:
        job = self._queue.add(kind, title, payload, lane=lane, short=short)
        self.placed.emit(job)
        return job

    def _follow(self, job: int) -> None:
        self._selection.follow(job)

    def _when_found(self, order: Callable[[], object]) -> None:
        """Obey at once, or as soon as the models are known; of several by then, only the last."""
        if not self._model_list.found.is_looking:
            self._politely(order)
            return
        self._held = order
        self._status.post("This starts as soon as the models are found.")

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held:
            self._when_found(held)

    def _politely(self, order: Callable[[], object]) -> None:
        try:
            order()
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)

    def _finished(self, id: int, result: object) -> None:
        job = self._queue.job(id)
        match job.typed:
            case TrainingPayload(subject=subject):
                self._document.read_subjects()
                self._status.post(f"{subject} is ready: choose it in the shot.")
            case ImportPayload(subject=subject):
                self._document.read_subjects()
                self._selection.select_subject(subject)
                matched = result.get("matched", "") if isinstance(result, dict) else ""
                self._status.post(f"{subject} is ready: choose it in the shot. {matched}".strip())
            case RenderPayload() as payload if job.kind == "render":
                self._keep(job, payload)

    def _keep(self, job: Job, payload: RenderPayload) -> None:
        if payload.project != str(self._document.folder):
            return
        request, shot = payload.request, payload.shot
        last, id, present = last_keys(spans(request)), new_id(), self._document.project

        def kept(project: Project) -> Project:
            project = edits.add_render(project, shot, request, last, thumbnail=last[0], id=id)
            made = next(r.id for r in project.renders if r.spans == last and r.shot == shot)
            return place(project, present, payload.clips, payload.extension, made)

        self._document.keep(kept)
        render = next(r for r in reversed(self._document.project.renders) if r.spans == last)
        self.made.emit(render)
        if self._selection.following == job.id:
            self._selection.select_take(render.id)
