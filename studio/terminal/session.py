"""What every command of the terminal has at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.jobs.once import run_once
from studio.project.folders import Folders
from studio.project.store import reading
from studio.spec.progress import Progress
from studio.terminal.interrupt import Interrupt
from studio.terminal.voice import Voice

if TYPE_CHECKING:
    from studio.jobs.work import Works


@dataclass(frozen=True, slots=True)
class Session:
    """The folders in use, how to speak, and whether Ctrl+C was pressed."""

    folders: Folders
    voice: Voice
    interrupt: Interrupt

    def tick(self, progress: Progress) -> None:
        """The tick of every job: obeys Ctrl+C and shows the progress."""
        self.interrupt.obey()
        self.voice.tick(progress)

    def works(self) -> Works:
        """The works on these folders."""
        from studio.jobs.work import Works

        return Works(self.folders)

    def do(self, works: Works, kind: str, payload: Mapping[str, object]) -> Mapping:
        """Do a job now; gives what its work returned."""
        result = run_once(works.by_kind(), kind, payload, tick=self.tick)
        return result if isinstance(result, Mapping) else {}

    @contextmanager
    def scratch(self) -> Iterator[str]:
        """The scratch project, kept from being tidied up while its takes are read."""
        self.folders.make()
        with reading(self.folders.scratch):
            yield str(self.folders.scratch)
