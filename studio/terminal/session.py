"""What every command of the terminal has at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.jobs.once import run_once
from studio.project.files import check_writable
from studio.project.folders import Folders
from studio.project.remembered import Remembered
from studio.project.store import reading
from studio.project.tidying import alone_in, tidy
from studio.spec.progress import Progress
from studio.spec.refusal import Refusal
from studio.terminal.interrupt import Interrupt
from studio.terminal.pasting import command_line
from studio.terminal.voice import Voice

if TYPE_CHECKING:
    from studio.jobs.handlers import JobHandlers

KEPT = "What was finished is kept. Go on with:"
NOT_KEPT = "Nothing of it is kept."
"""The sentence about work that a signal stopped; a command line follows the first."""


@dataclass(frozen=True, slots=True)
class Session:
    """The folders in use, how to speak, and whether a signal asked to stop.

    `words` are those of the command line, `data_dir` what it says of the data folder, `device` what
    it says of the device, and `budget` how many bytes of memory may be used there.
    """

    folders: Folders
    voice: Voice
    interrupt: Interrupt
    words: tuple[str, ...] = ()
    data_dir: str = ""
    device: str = ""
    budget: int | None = None

    def tick(self, progress: Progress) -> None:
        """The tick of every job: obeys signals and shows the progress."""
        self.interrupt.obey()
        self.voice.tick(progress)

    def if_stopped(self, then: str) -> None:
        """Say `then` after "Cancelled." if a signal stops the work from here on."""
        self.interrupt.then = then

    def command(self, *words: str, **flags: str) -> str:
        """A command line of the studio on these folders, to be pasted into the shell in use.

        `flags` come last: class_noun="dog" is --class-noun=dog.
        """
        if self.device:
            flags["device"] = self.device
        if self.data_dir:
            flags["data_dir"] = self.data_dir
        return command_line(*words, **flags)

    def again(self, *more: str) -> str:
        """The command line that is being done, and `more` words."""
        return command_line(*self.words, *more)

    def handlers(self) -> JobHandlers:
        """The handlers of jobs on these folders; a device that was asked for and is not there is refused."""
        from studio.jobs.handlers import JobHandlers

        handlers = JobHandlers(self.folders, self.device or None, self.budget)
        if self.device:
            handlers.models.device()
        return handlers

    def do(self, handlers: JobHandlers, kind: str, payload: Mapping[str, object]) -> Mapping:
        """Do a job now; gives what its work returned."""
        result = run_once(handlers.by_kind(), kind, payload, tick=self.tick)
        return result if isinstance(result, Mapping) else {}

    @contextmanager
    def scratch(self) -> Iterator[str]:
        """The scratch project, kept from being tidied up while its takes are read.

        Refused, before anything is computed, where no takes can be stored in it.  After the work
        its frames are kept within their bound.
        """
        self.folders.make()
        check_writable(self.folders.scratch / "takes")
        with reading(self.folders.scratch):
            yield str(self.folders.scratch)
        with suppress(Refusal, OSError):  # the work is done: another time will do
            limit = Remembered(self.folders.remembered).derived_bytes()
            takes = self.handlers().takes(self.folders.scratch)
            tidy(takes, alone_in(self.folders.scratch), limit)
