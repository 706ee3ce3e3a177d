"""Which networks are in memory: what fills roles of models, kept between jobs, let go when asked."""

from __future__ import annotations

import gc
import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.jobs.device_info import processor
from studio.jobs.engine_imports import CORE, fetch
from studio.library.models import Model, check_unchanged
from studio.spec.card import FAMILIES
from studio.spec.part import ROLES, VIDEOLDM
from studio.spec.plan.steps import making
from studio.spec.progress import Cancelled, Progress, Tick
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from studio.engine.device import Device
    from studio.engine.families.videoldm.videomodel import VideoModel
    from studio.engine.roles import Parts
    from studio.engine.subjects.student import Student

log = logging.getLogger(__name__)
LOOK = 0.1
"""Seconds between two ticks of a job that waits until the networks are free."""
SHARE = 2
"""One part in so many of the memory that is free holds networks: they compute in the rest."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What was loaded from a model, by role, how it looked when it was, its bytes in memory, and the
    device that it computes as."""

    model: Model
    parts: Parts
    mark: object
    size: int
    device: Device


class ModelCache:
    """Holds what fills roles of models, as many as fit into a `budget` in bytes: by default half of
    the memory that the device has free.  The least recently used goes first; one that is larger
    than the budget is alone.

    A job takes the networks by `leased` for as long as it runs: nobody else computes on them or
    frees them meanwhile.
    """

    def __init__(self, device: str | None = None, budget: int | None = None) -> None:
        self._asked, self._budget = device, budget
        self._held: list[_Held] = []
        """The least recently used first."""
        self._steps: dict[tuple[str, bool], int] = {}
        """How far down its ladder what fills roles of a model is, by its id and whether it upscales."""
        self._lease = threading.Lock()
        self.loads = 0
        """How often something was loaded."""

    def device(self) -> Device:
        """The device that the engine computes on."""
        from studio.engine.device import choose

        return choose(self._asked)

    def ladder(self) -> tuple[str, ...]:
        """The steps to lighter plans that there are on the device (`studio.spec.plan.steps`)."""
        return making(on_processor=self.device().name == "cpu")

    def steps(self, model: str, role: str) -> tuple[str, ...]:
        """Those that are taken for a role of a model."""
        return self.ladder()[: self._steps.get(_place(model, role), 0)]

    def device_of(self, model: str, role: str) -> Device:
        """The device as a role of a model computes on it."""
        from studio.engine.memory.lighter import lighter

        return lighter(self.device(), self.steps(model, role))

    def take_steps(self, model: str, role: str, count: int) -> None:
        """Have a role of a model loaded so far down the ladder from now on."""
        self._steps[_place(model, role)] = count

    def lighten(self, model: str, role: str) -> str:
        """Let go of everything, and have a role of a model loaded a step lighter; gives that in
        words, "" where there is no step more."""
        self.free()
        taken, ladder = self._steps.get(_place(model, role), 0), self.ladder()
        if taken == len(ladder):
            return ""
        self.take_steps(model, role, taken + 1)
        return ladder[taken]

    @property
    def held(self) -> tuple[tuple[str, tuple[str, ...], int], ...]:
        """Of what is in memory the model's id, its roles and its bytes, the least recently used
        first."""
        return tuple((h.model.card.id, tuple(h.parts), h.size) for h in self._held)

    @contextmanager
    def leased(self, tick: Tick) -> Iterator[None]:
        """Be the only one on the networks; waits for whoever is, and ticks meanwhile.

        Work that fails gives all memory back, for want of memory is a frequent cause.
        """
        while not self._lease.acquire(timeout=LOOK):
            tick(Progress("waiting for the model in memory", 0, 1))
        try:
            yield
        except Cancelled:
            raise
        except BaseException as error:
            traceback.clear_frames(error.__traceback__)  # they name networks
            self.free()
            raise
        finally:
            self._lease.release()

    def part(self, model: Model, role: str, tick: Tick) -> Any:
        """What fills a role (`studio.engine.roles`): what is held where it is that and untouched,
        otherwise loaded, and what would not fit beside it is let go first.  A changed file is
        loaded anew.
        """
        held = self._found(model, role)
        if held is None:
            self._make_room(self._expected(model, role))
            held = self._load(model, role, tick)
            self._make_room(held.size)
        self._held = [*(other for other in self._held if other is not held), held]
        return held.parts[role]

    def video(self, model: Model, tick: Tick) -> VideoModel:
        """The networks of a model of the Video LDM family, which is measured and trained on."""
        if model.card.family != VIDEOLDM:
            raise Refusal(
                f"{model.card.name} is not of the studio's own family.", "Use another model."
            )
        self.take_steps(model.card.id, "keyframes", 0)
        return self.part(model, "keyframes", tick).model

    def student(self, model: Model, tick: Tick) -> Student:
        """A model that a subject is taught to; refused where its family has no way to learn."""
        if "keyframes" not in model.card.roles:
            raise _cannot_learn(model)
        self.take_steps(model.card.id, "keyframes", 0)  # a training has a ladder of its own
        return student_of(model, self.part(model, "keyframes", tick))

    def free(self) -> None:
        """Let go of everything and give the memory back."""
        if self._held:
            self._held = []
            self._give_back()

    def _found(self, model: Model, role: str) -> _Held | None:
        """What is held for a role; let go where it is of other files, or was left altered."""
        from studio.engine.untouched import mark

        for held in self._held:
            if held.model.folder != model.folder or role not in held.parts:
                continue
            as_wanted = held.model == model and held.device == self.device_of(model.card.id, role)
            if as_wanted and mark(held.parts) == held.mark:
                return held
            if as_wanted:
                log.error("the %s of %s was left altered: it is loaded anew", role, model.card.id)
            self._held = [other for other in self._held if other is not held]
            del held
            self._give_back()
            return None
        return None

    def _make_room(self, size: int) -> None:
        """Let go of the least recently used until so many bytes fit beside what is left."""
        while self._held and size + self._taken() > self._room():
            self._held = self._held[1:]
            self._give_back()

    def _room(self) -> int:
        """Bytes that networks may take in all."""
        if self._budget is not None:
            return self._budget
        free = self.device().free_memory()
        if free is None:
            info = processor()
            free = info.total - info.used if info.used else 0
        return (free + self._taken()) // SHARE

    def _taken(self) -> int:
        return sum(held.size for held in self._held)

    def _expected(self, model: Model, role: str) -> int:
        """Bytes in memory of what a role's weight files hold, of those in half precision twice as
        many on a processor; an upscaler comes alone, all other roles may come together.
        """
        from studio.engine.device import PROCESSOR

        others = tuple(other for other in ROLES if other != "upscaler")
        size = model.size(*((role,) if role == "upscaler" else others))
        return size * (2 if self.device().name == PROCESSOR.name else 1)

    def _give_back(self) -> None:
        gc.collect()
        self.device().free()

    def _load(self, model: Model, role: str, tick: Tick) -> _Held:
        from studio.engine.memory.lighter import lighten
        from studio.engine.untouched import mark, size

        device = self.device_of(model.card.id, role)
        parts = lighten(self.opened(model, role, device, tick), device)
        check_unchanged(model)  # nothing else is kept, or used, under the hashes it was found by
        self.loads += 1
        return _Held(model, parts, mark(parts), size(parts), device)

    def opened(self, model: Model, role: str, device: Device, tick: Tick) -> Parts:
        """A role of a model on a device, with what comes along, opened anew and not kept."""
        card = model.card
        if role not in card.roles:
            raise Refusal(f"{card.name} has no {role}.", "Choose another model for it.")
        family: Any = fetch(*CORE, FAMILIES[card.family])
        parts = family.load(model.folder, card, role, device, tick)
        if role not in parts:
            raise Refusal(
                f"{card.name} says that it has a {role}, and has none.", "Correct its card."
            )
        return parts


def student_of(model: Model, filler: Any) -> Student:
    """What learns of what fills the keyframes; refused where nothing does."""
    student = getattr(filler, "student", None)
    if student is None:
        raise _cannot_learn(model)
    return student


def _cannot_learn(model: Model) -> Refusal:
    return Refusal(
        f"{model.card.name} cannot learn a subject here.",
        "Train it on an image model (SD 1.x, 2.x, XL), the starter, or Wan's text to video.",
    )


def _place(model: str, role: str) -> tuple[str, bool]:
    """What is loaded together: an upscaler comes alone."""
    return model, role == "upscaler"
