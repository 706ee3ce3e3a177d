"""Sound on its way to a speaker: mixed ahead on a thread of its own, a bounded few seconds of it."""

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING

from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import numpy as np

AHEAD = 4
"""Blocks that are mixed ahead, of half a second each."""
WAIT = 0.05
SAMPLE = 8
"""Bytes of a sample: two channels of float32."""


class SoundStream:
    """Reads `blocks`, float32 (n, 2), and gives them out by samples, silence where they are late or
    at their end.  `late` counts the samples of silence that came because of that."""

    def __init__(self, mix: "Callable[[], Generator[np.ndarray]]") -> None:
        self._mix = mix
        self._blocks: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        self._rest, self._ended = b"", False
        self.late = 0
        self.refusal: Refusal | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    def take(self, samples: int) -> bytes:
        """So many samples as bytes; never waits."""
        wanted = samples * SAMPLE
        while len(self._rest) < wanted and not self._ended:
            try:
                block = self._blocks.get_nowait()
            except queue.Empty:
                break
            self._ended = block is None
            self._rest += block or b""
        given, self._rest = self._rest[:wanted], self._rest[wanted:]
        lacking = wanted - len(given)
        if lacking and not self._ended:
            self.late += lacking // SAMPLE
        return given + bytes(lacking)

    def close(self) -> None:
        """Read no more; the files are closed when this returns."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(self._mix()) as blocks:
                for block in blocks:
                    if not self._put(block.astype("<f4").tobytes()):
                        return
        except Refusal as refusal:
            self.refusal = refusal
        self._put(None)

    def _put(self, block: bytes | None) -> bool:
        """Whether a block was given on; False once nobody wants more."""
        while not self._stop.is_set():
            try:
                self._blocks.put(block, timeout=WAIT)
                return True
            except queue.Full:
                continue
        return False
