"""How the terminal speaks: progress on one stream, one answer on the other."""

import errno
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from studio.spec.progress import PULSE, Progress
from studio.spec.quantities import duration
from studio.spec.refusal import Refusal, bounded
from studio.terminal.screen import columns, fitted, repaints, width
from studio.terminal.streams import Unfailing, unfailing

CALM = 0.1
"""Seconds between two repaints of the progress line on a terminal."""
SPARSE = 15.0
"""Seconds between two lines of progress where they pile up: a file, a pipe."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to: words for people, facts for `--json`, the exit code."""

    words: str
    facts: Mapping[str, object] = field(default_factory=dict)
    code: int = 0


class Voice:
    """Progress and remarks go to `aside` (stderr), the one answer to `out` (stdout)."""

    def __init__(
        self,
        out: TextIO | Unfailing | None,
        aside: TextIO | Unfailing | None,
        *,
        as_json: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out, self._aside = unfailing(out), unfailing(aside)
        self._json, self._clock = as_json, clock
        self._live = repaints(self._aside)
        self._stage, self._since, self._first, self._spoken = "", 0.0, 0, 0.0
        self._open = 0  # columns of the line that repaints itself
        self.remarks: list[str] = []

    def tick(self, progress: Progress) -> None:
        """Show where a job is: a line that repaints itself, or now and then a new one."""
        if progress is PULSE:
            return
        now = self._clock()
        if progress.stage != self._stage:
            self._finish_line()
            self._stage, self._since, self._first = progress.stage, now, progress.step
            self._spoken = float("-inf")
        over = 0 < progress.total == progress.step
        if now - self._spoken < (CALM if self._live else SPARSE) and not (over and self._live):
            return
        self._spoken = now
        text = line(progress, now - self._since, self._first)
        if not self._live:
            self._write(self._aside, f"{text}\n")
            return
        text = fitted(text, columns(self._aside) - 1)
        taken = width(text)
        self._write(self._aside, f"\r{text}{' ' * (self._open - taken)}")
        self._open = taken

    def remark(self, text: str) -> None:
        """Something the user should know; `--json` carries it as a note."""
        self.remarks.append(bounded(text))
        self.say(bounded(text))

    def say(self, text: str) -> None:
        """A line beside the progress, for whoever watches."""
        self._finish_line()
        self._write(self._aside, f"{text}\n")

    def answer(self, answer: Answer) -> None:
        """The result, as words or as the one JSON object."""
        self._finish_line()
        notes = {"notes": self.remarks} if self.remarks else {}
        line = _json({**answer.facts, **notes}) if self._json else answer.words
        self._write(self._out, line + "\n")
        error = self._out.error
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
            self._write(self._aside, f"The answer could not be shown: {error.strerror}.\n")

    def refuse(self, refusal: Refusal) -> None:
        """One plain sentence and its hint."""
        self.end_badly(refusal.what, refusal.hint)

    def end_badly(self, what: str, hint: str = "", **facts: object) -> None:
        """Why nothing came of it: to stderr, and as the one JSON object where that was asked."""
        self._finish_line()
        line = f"{what} {hint}".strip()
        self._write(self._aside, line + "\n")
        if self._json:
            self._write(self._out, _json({"error": what, "hint": hint, **facts}) + "\n")

    def _finish_line(self) -> None:
        if self._open:
            self._write(self._aside, "\n")
        self._open = 0

    @staticmethod
    def _write(stream: Unfailing, text: str) -> None:
        stream.write(text)
        stream.flush()


def line(progress: Progress, seconds: float, first: int = 0) -> str:
    """A progress in words: stage, how far, the loss, how long it may still take.

    `seconds` is the time since step `first` of this stage.
    """
    parts = [progress.stage]
    if progress.total:
        parts.append(f"{progress.step}/{progress.total}")
    if progress.note:
        parts.append(progress.note)
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3f}")
    done, left = progress.step - first, progress.total - progress.step
    if done > 0 and left > 0 and seconds > 1:
        stage = "" if progress.later is not None else " of this stage"
        parts.append(f"about {duration(seconds / done * left + (progress.later or 0))} left{stage}")
    return "  ".join(parts)


def _json(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, allow_nan=False)
