"""What this computer has learned about models: what their stages take, and how fast they ran.

A file of the data folder that may be removed at any time: it is found out again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path

from studio.library.cache_file import read_cache, write_cache
from studio.spec.meaning import loras_of, words_of
from studio.spec.plan.need import Need
from studio.spec.plan.plan import kind_of
from studio.spec.span import Span

VERSION = 1
MOST, MOST_BYTES = 2000, 2_000_000
"""Needs that are remembered, and bytes of the file that is read back."""
MOST_TIMED = 50
"""Runs whose needs are not known yet."""
TRAINING = "training|"
"""How the names of trainings begin: their rates are steps a second, and no operations."""
FRESH = 0.5
"""The share of what a run took in the rate that is kept."""


class Knowledge:
    """Needs by shapes, and rates by runs, kept in `file`; for all threads, and other processes too.

    A rate is that of a `computer`: device, versions and threads, as one text.
    """

    def __init__(self, file: Path | None) -> None:
        self._file, self._lock = file, threading.Lock()
        self._needs: dict[str, list[int]] = {}
        self._rates: dict[str, dict[str, float]] = {}
        self._timed: dict[str, tuple[str, float]] = {}
        self._here: list[object] = []
        self._read = False

    def here(self) -> tuple[str, str, bool] | None:
        """What computed last time (`studio.jobs.planner.Here`)."""
        with self._lock:
            self._fill()
            match self._here:
                case [str(computing), str(computer), bool(on_processor)]:
                    return computing, computer, on_processor
        return None

    def remember_here(self, here: tuple[str, str, bool]) -> None:
        """Remember what computes."""
        if here == self.here():
            return
        with self._lock:
            self._here = list(here)
            self._keep()

    def need(self, span: Span, computing: str, steps: Sequence[str]) -> Need | None:
        """What a span takes where it is computed so; None where nobody has found out."""
        with self._lock:
            self._fill()
            found = self._needs.get(signature(span, computing, steps))
        return Need(*found) if found else None

    def learn(self, span: Span, computing: str, steps: Sequence[str], need: Need) -> None:
        """Remember what a span takes; a run of it that was timed before then gives a rate."""
        with self._lock:
            self._fill()
            name = signature(span, computing, steps)
            self._needs[name] = list(astuple(need))
            timed = self._timed.pop(name, None)
            self._keep()
        if timed:
            self.took(timed[0], span, computing, steps, timed[1])

    def rate(self, computer: str, span: Span) -> tuple[float, bool] | None:
        """Operations a second, and whether of this very model and stage; else of whatever ran here."""
        with self._lock:
            self._fill()
            known = self._rates.get(computer, {})
            mine = known.get(_runs_as(span))
            if mine:
                return mine, True
            alike = [r for name, r in known.items() if name.startswith(f"{span.stage}|")]
            others = alike or [r for name, r in known.items() if not name.startswith(TRAINING)]
        return (sorted(others)[len(others) // 2], False) if others else None

    def took(
        self, computer: str, span: Span, computing: str, steps: Sequence[str], seconds: float
    ) -> None:
        """A span took so long; where nobody knows its operations, that counts once somebody does."""
        with self._lock:
            self._fill()
            of = signature(span, computing, steps)
            need = self._needs.get(of)
            if need is None:
                self._timed[of] = (computer, seconds)
                self._timed = dict(list(self._timed.items())[-MOST_TIMED:])
            if need is None or seconds <= 0 or not need[3]:
                return
            known, name = self._rates.setdefault(computer, {}), _runs_as(span)
            before, now = known.get(name), need[3] / seconds
            known[name] = now if before is None else before + FRESH * (now - before)
            self._keep()

    def need_named(self, name: str) -> Need | None:
        """What anything takes that has a name: a training."""
        with self._lock:
            self._fill()
            found = self._needs.get(name)
        return Need(*found) if found else None

    def learn_named(self, name: str, need: Need) -> None:
        """Remember what it takes."""
        with self._lock:
            self._fill()
            self._needs[name] = list(astuple(need))
            self._keep()

    def rate_named(self, computer: str, name: str) -> float | None:
        """How many of it a second were done here."""
        with self._lock:
            self._fill()
            return self._rates.get(computer, {}).get(name)

    def took_named(self, computer: str, name: str, seconds: float) -> None:
        """One of it took so long."""
        if seconds > 0:
            with self._lock:
                self._fill()
                self._rates.setdefault(computer, {})[name] = 1 / seconds
                self._keep()

    def _fill(self) -> None:
        if self._read:
            return
        self._read = True
        stored = read_cache(self._file, VERSION, MOST_BYTES)
        needs, rates, here = (stored.get(name) for name in ("needs", "rates", "here"))
        self._here = here if isinstance(here, list) else []
        if isinstance(needs, dict) and isinstance(rates, dict):
            self._needs = {k: v for k, v in needs.items() if _is_need(v)}
            self._rates = {
                k: {n: r for n, r in v.items() if isinstance(r, int | float) and r > 0}
                for k, v in rates.items()
                if isinstance(v, dict)
            }

    def _keep(self) -> None:
        self._needs = dict(list(self._needs.items())[-MOST:])
        known = {"needs": self._needs, "rates": self._rates, "here": self._here}
        write_cache(self._file, VERSION, known)


def signature(span: Span, computing: str, steps: Sequence[str]) -> str:
    """Of all that decides what a span takes, as 32 hex digits."""
    request, part = span.request, span.part
    named = part.named(span.role) if span.role in part.roles and part.weights else []
    how = asdict(request.sampling(part))
    larger = asdict(request.upsample) if span.stage == "upsample" and request.upsample else None
    meant = [kind_of(span), request.width, request.height, sorted(map(list, named)), how, larger,
             computing, list(steps), *_adapters(span)]  # fmt: skip
    return hashlib.blake2b(json.dumps(meant, default=str).encode(), digest_size=16).hexdigest()


def _adapters(span: Span) -> list[object]:
    """What lies beside the weights; nothing where words mean nothing."""
    if span.role not in ("keyframes", "holes", "interpolator"):
        return []
    _, subject = words_of(span.request, span.part, span.source)
    loras = loras_of(span.request, span.part)
    found = [*(use.identity for use in loras), *([subject.identity] if subject else [])]
    return [found] if found else []


def _runs_as(span: Span) -> str:
    return f"{span.stage}|{span.part.model}|{span.pass_index}"


def _is_need(stored: object) -> bool:
    return isinstance(stored, list) and len(stored) == 4 and all(isinstance(n, int) for n in stored)
