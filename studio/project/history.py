"""Undo and redo by keeping old projects: past, present, future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.project.project import Project

DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A project as it was on the other side of a change, and what the change is called."""

    label: str
    project: Project


@dataclass(frozen=True, slots=True)
class History:
    """The present project and the ways back and forth from it.  Every method returns a new one."""

    present: Project
    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def change(self, project: Project, label: str, *, merge: bool = False) -> History:
        """`project` as the present, one step on.

        `merge` joins it to the step before when that has the same label (typing in one field is
        one step).  A change that changes nothing adds no step and keeps the future.
        """
        if project == self.present:
            return self
        if merge and self.past and self.past[-1].label == label and not self.future:
            return replace(self, present=project)
        past = (*self.past, Step(label, self.present))[-DEEPEST:]
        return History(project, past)

    def everywhere(self, edit: Callable[[Project], Project]) -> History:
        """The edit made in the present, the past and the future alike.

        For what undo must not take away: a render that finished is there whatever is undone.
        """
        return History(
            edit(self.present),
            tuple(replace(step, project=edit(step.project)) for step in self.past),
            tuple(replace(step, project=edit(step.project)) for step in self.future),
        )

    def undo(self) -> History:
        """One step back; itself where there is none."""
        if not self.past:
            return self
        step = self.past[-1]
        return History(step.project, self.past[:-1], (*self.future, Step(step.label, self.present)))

    def redo(self) -> History:
        """One step forth again; itself where there is none."""
        if not self.future:
            return self
        step = self.future[-1]
        return History(step.project, (*self.past, Step(step.label, self.present)), self.future[:-1])

    @property
    def undo_label(self) -> str:
        """What undo would take back, or ""."""
        return self.past[-1].label if self.past else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again, or ""."""
        return self.future[-1].label if self.future else ""
