"""Downloading: room first, files at once, each checked, the models in their places at the end.

Whatever ends it, what has come stays, and the same call goes on from there.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Lock

from studio.downloads.copies import takes_no_room
from studio.downloads.hub import Token
from studio.downloads.journal import Journal, Record
from studio.downloads.offer import Offer, RemoteFile
from studio.downloads.online import Online
from studio.downloads.pending import PendingDownload
from studio.downloads.room import check_room
from studio.downloads.together import together
from studio.spec.progress import Progress, Tick
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal

MEGABYTE = 2**20


def download(
    offers: Sequence[Offer],
    models: Path,
    journal: Journal,
    token: Token,
    door: Online,
    say: Callable[[str], None],
    tick: Tick,
) -> list[Record]:
    """Bring the offers' files to their places among the models; gives the records of all.

    Raises what `tick` raises, or `Refusal`: that the disk has no room, a host says no, a file came
    damaged.
    """
    with ExitStack() as stack:
        pending = [stack.enter_context(PendingDownload(offer, models, journal)) for offer in offers]
        wanted = [one for one in pending if not one.is_ready]
        check_room(sum(map(_needed, wanted)), models)
        for one in wanted:
            one.begin()
        meter = _Meter(wanted)
        calls = [
            partial(_bring, one, file, token, door, meter.moved)
            for one in wanted
            for file in one.missing()
        ]
        together(calls, door, say, lambda: tick(meter.progress()))
        for one in wanted:
            one.place()
        return [journal.read(one.offer.id) or one.record for one in pending]


def left_to_come(offers: Sequence[Offer], models: Path, journal: Journal) -> int | None:
    """Bytes that are not here yet; None where a host does not say how many there are."""
    left = 0
    for offer in offers:
        pending = PendingDownload(offer, models, journal)
        for file in pending.missing():
            if file.size is None:
                return None
            left += max(0, file.size - pending.have(file))
    return left


def _bring(
    pending: PendingDownload,
    file: RemoteFile,
    token: Token,
    door: Online,
    moved: Callable[[int], None],
) -> None:
    try:
        pending.bring(file, token, door, moved)
    except Refusal as refusal:
        pending.stopped(str(refusal))
        raise


def _needed(pending: PendingDownload) -> int:
    """Bytes that the disk must have free for what is missing."""
    needed = 0
    for file in pending.missing():
        copy = pending.copy_of(file)
        if copy is None or not takes_no_room(copy, pending.folder):
            needed += max(0, (file.size or 0) - pending.have(file))
    return needed


class _Meter:
    """How many bytes have come of how many, and how fast."""

    def __init__(self, pending: Sequence[PendingDownload]) -> None:
        files = [(one, file) for one in pending for file in one.missing()]
        self._total = sum(file.size or 0 for _, file in files)
        self._is_known = all(file.size is not None for _, file in files)
        self._here = self._first = sum(one.have(file) for one, file in files)
        self._since, self._lock = time.monotonic(), Lock()

    def moved(self, more: int) -> None:
        with self._lock:
            self._here += more

    def progress(self) -> Progress:
        """In megabytes."""
        seconds = time.monotonic() - self._since
        rate = max(0.0, (self._here - self._first) / seconds) if seconds > 1 else 0.0
        speed = f", {memory(rate)} a second" if rate else ""
        if not self._is_known:
            return Progress("downloading", 0, 0, note=f"{memory(self._here)}{speed}")
        if self._here >= self._total:
            return Progress("checking", 0, 0, note=memory(self._total))
        here, total = self._here // MEGABYTE, -(-self._total // MEGABYTE)
        return Progress("downloading", here, total, note=f"MB{speed}")
