"""Plans jobs: looks up what is known of their spans, and finds out by shapes what is not."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.jobs.budget import Budget
from studio.jobs.device_info import processor
from studio.jobs.engine_imports import CORE, WITH_SUBJECTS, fetch
from studio.jobs.knowledge import TRAINING, Knowledge
from studio.library import models as library
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.plan.need import Need
from studio.spec.plan.plan import MARGIN, Piece, Plan, disk_of, planned
from studio.spec.plan.steps import learning, making
from studio.spec.progress import silent
from studio.spec.request import SubjectUse
from studio.spec.span import Span
from studio.spec.subjects import PREPARING

if TYPE_CHECKING:
    from studio.engine.device import Device
    from studio.jobs.model_cache import ModelCache

log = logging.getLogger(__name__)
NOTHING = Need(0, 0)
AdapterFile = Callable[[LoraUse | EmbeddingUse | SubjectUse], Path | None]
ENGINE = "studio.engine.film"
"""The module whose import takes long, and comes with all the others."""


@dataclass(frozen=True, slots=True)
class Here:
    """What computes: as needs depend on it, and as rates do."""

    computing: str
    computer: str
    on_processor: bool


class Planner:
    """Plans for one device and the budget that is set."""

    def __init__(
        self,
        knowledge: Knowledge,
        models: ModelCache,
        folders: Callable[[], Iterable[Path]],
        setting: Budget,
        file: AdapterFile = lambda _: None,
    ) -> None:
        """`file` finds that of a LoRA or of a subject's adapter, None where it is not here."""
        self._knowledge, self._models, self._folders = knowledge, models, folders
        self.setting, self._file = setting, file

    @property
    def budget(self) -> int | None:
        """Bytes that jobs may take on the device; None for what is free."""
        return self.setting.bytes

    def set_budget(self, gigabytes: float | None) -> None:
        """Keep to so much from now on; None for what is free."""
        self.setting.set(gigabytes)

    def can_find_out(self) -> bool:
        """Whether what is not known can be found out without waiting for the engine's import."""
        return ENGINE in sys.modules

    def plan(
        self, missing: Sequence[Span], project: Path | None = None, *, find_out: bool = False
    ) -> Plan | None:
        """What spans would take that are to be made, by what is known; with `find_out` what is not
        is computed from shapes, which takes seconds.  None before the engine was ever asked.
        """
        here = self.here(find_out=find_out)
        if here is None:
            return None
        finder = _Finder(self._models, tuple(self._folders()), self._file)
        ladder = making(on_processor=here.on_processor)

        def need(span: Span, taken: int) -> Need | None:
            if not span.role:
                return NOTHING
            found = self._knowledge.need(span, here.computing, ladder[:taken])
            if found is None and find_out and (found := finder.found(span, ladder[:taken])):
                self._knowledge.learn(span, here.computing, ladder[:taken], found)
            return found

        plan = planned(
            missing,
            ladder,
            need,
            lambda span: self._knowledge.rate(here.computer, span),
            self._room(),
        )
        disk = sum(map(disk_of, missing))
        return replace(plan, disk=disk, free_disk=_free(project) if project else 0)

    def plan_training(
        self,
        model: library.Model,
        method: str,
        steps: int,
        size: int = 0,
        *,
        find_out: bool = True,
    ) -> Plan | None:
        """What a training of so many steps would take, on pictures of `size` pixels a side, 0 for the
        model's own; with `find_out` by shapes where it is not known.  None before the engine was
        ever asked."""
        here = self.here(find_out=find_out)
        if here is None:
            return None
        ladder, room, taken = learning(on_processor=here.on_processor), self._room(), 0

        def need_with(taken: int) -> Need | None:
            how = (model, method, size, ladder[:taken])
            return self._training(*how, here, find_out=find_out)

        need = need_with(0)
        while need and need.device * MARGIN > room > 0 and taken < len(ladder):
            taken += 1
            need = need_with(taken) or need
        fits = not (need and room) or need.device * MARGIN <= room
        seconds = self._lasts(model.card.id, method, steps)
        piece = Piece(
            "training", model.card.id, "", steps, ladder[:taken], need, seconds, False, fits
        )
        return Plan((piece,), room)

    def _lasts(self, model: str, method: str, steps: int) -> float | None:
        """Seconds of a training with what comes before its steps; None where none ran here."""
        step = self.training_took(model, method)
        before = (self.training_took(model, method, stage) for stage in PREPARING)
        return None if step is None else steps * step + sum(filter(None, before))

    def trained(
        self, model: str, method: str, pace: float, stages: Mapping[str, float] | None = None
    ) -> None:
        """A step of a training took so many seconds, and each of the `stages` before its steps."""
        if here := self.here():
            for stage, seconds in {"": pace, **(stages or {})}.items():
                self._knowledge.took_named(here.computer, _training(model, method, stage), seconds)

    def training_took(self, model: str, method: str, stage: str = "") -> float | None:
        """Seconds of a step of such a training here, or of a stage before its steps; None if unknown."""
        here = self.here()
        known = here and self._knowledge.rate_named(here.computer, _training(model, method, stage))
        return 1 / known if known else None

    def _training(
        self,
        model: library.Model,
        method: str,
        size: int,
        steps: Sequence[str],
        here: Here,
        *,
        find_out: bool,
    ) -> Need | None:
        how = model.card.subjects
        taught = (size or how.size, how.batch, how.prior_batch)
        named = [pair for pair in model.weights if pair[0] not in ("motion", "control")]
        name = f"{TRAINING}{method}|{taught}|{named}|{here.computing}|{steps}"
        found = self._knowledge.need_named(name)
        if found is None and find_out:
            finder = _Finder(self._models, tuple(self._folders()), self._file)
            found = finder.training(model, method, size, tuple(steps))
            if found:
                self._knowledge.learn_named(name, found)
        return found

    def obey(self, plan: Plan) -> None:
        """Have networks loaded as a plan says: of several stages of one model, in the lightest way."""
        taken: dict[tuple[str, bool], tuple[str, int]] = {}
        for piece in plan.pieces:
            place = (piece.model, piece.role == "upscaler")
            taken[place] = (piece.role, max(len(piece.steps), taken.get(place, ("", 0))[1]))
        for (model, _), (role, count) in taken.items():
            self._models.take_steps(model, role, count)

    def took(self, span: Span, seconds: float) -> None:
        """A span was made in so many seconds."""
        here = self.here()
        if here is None or not span.role:
            return
        steps = self._models.steps(span.part.model, span.role)
        self._knowledge.took(here.computer, span, here.computing, steps, seconds)

    def here(self, *, find_out: bool = False) -> Here | None:
        """What computes here; as it was last time while the engine is not imported yet."""
        if find_out or self.can_find_out():
            here = _here(self._models.device())
            self._knowledge.remember_here((here.computing, here.computer, here.on_processor))
            return here
        stored = self._knowledge.here()
        return Here(*stored) if stored else None

    def _room(self) -> int:
        """Bytes that a job may take on the device; 0 where nobody knows."""
        if self.budget is not None:
            return self.budget
        free = None
        if self.can_find_out():
            free = self._models.device().free_memory()
        elif not ((stored := self._knowledge.here()) and stored[2]):
            return 0
        if free is None:
            info = processor()
            free = info.total - info.used if info.used else 0
        return free + sum(size for _, _, size in self._models.held)


class _Finder:
    """Finds needs by shapes; what was opened is kept while it is asked."""

    def __init__(self, models: ModelCache, folders: tuple[Path, ...], file: AdapterFile) -> None:
        self._models, self._folders, self._file = models, folders, file
        self._opened: dict[tuple[Any, ...], Any] = {}

    def found(self, span: Span, steps: Sequence[str]) -> Need | None:
        """What a span takes; None where its networks cannot be opened as shapes."""
        fetch(*CORE)
        from studio.engine.memory.lighter import lighter
        from studio.engine.memory.needs import need_of, skeleton

        device = lighter(self._models.device(), steps)
        model = library.find(span.part.model, self._folders)
        place = (span.part.model, span.role == "upscaler", device)
        try:
            if place not in self._opened:
                self._opened[place] = skeleton(
                    lambda on: self._models.opened(model, span.role, on, silent), device
                )
            return need_of(span, self._opened[place], device, self._file)
        except (
            Exception
        ) as error:  # of files or a layout that open as no shapes: the job will say why
            log.debug("what %s takes is not known", span.part.model, exc_info=error)
            return None

    def training(
        self, model: library.Model, method: str, size: int, steps: tuple[str, ...]
    ) -> Need | None:
        """What a training takes; None where its networks cannot be opened as shapes."""
        fetch(*WITH_SUBJECTS)
        from studio.engine.memory.needs import skeleton
        from studio.engine.memory.training_needs import training_need
        from studio.jobs.model_cache import student_of
        from studio.jobs.subject_training import spec_of

        try:
            parts = skeleton(
                lambda on: self._models.opened(model, "keyframes", on, silent),
                self._models.device(),
            )
            student, defaults = student_of(model, parts["keyframes"]), model.card.subjects
            spec = replace(spec_of(method, defaults), size=size or None)
            return training_need(student, spec, steps, defaults)
        except Exception as error:
            log.debug("what a training of %s takes is not known", model.card.id, exc_info=error)
            return None


def _training(model: str, method: str, stage: str = "") -> str:
    """Under which name the time of a training's steps is known, or of a stage before them."""
    return f"{TRAINING}{model}|{method}" + (f"|{stage}" if stage else "")


def _here(device: Device) -> Here:
    import diffusers
    import torch

    computing = f"{'cpu' if device.name == 'cpu' else 'card'} {device.dtype} {device.attends}"
    computer = f"{device.described}|torch {torch.__version__}|diffusers {diffusers.__version__}"
    return Here(computing, computer, device.name == "cpu")


def _free(folder: Path) -> int:
    there = next((place for place in (folder, *folder.parents) if place.exists()), None)
    try:
        return shutil.disk_usage(there).free if there else 0
    except OSError:
        return 0
