"""Runs command lines in forked children and kills them at a given tick.

    python -m tests.end_to_end.victim < orders > endings

One order per line, JSON: "words" (the command line), "kill_at" (the tick, or null to let it end).
One ending per line, JSON: "code" (negative: the signal that killed it) and "ticks" heard.  The
heavy imports are paid once, here; every child starts from the same untouched memory.
"""

import json
import os
import signal
import sys

import torch

from studio.cli import main
from studio.engine.film import film
from studio.engine.training.subject import train_subject
from studio.media import video
from studio.spec.progress import Progress
from studio.terminal import voice

PRELOADED = (film, train_subject, video)


def child(words: list[str], pipe: int) -> int:
    """Do the command, a byte on the pipe with every tick."""
    shown = voice.Voice.tick

    def tick(self: voice.Voice, progress: Progress) -> None:
        os.write(pipe, b".")
        shown(self, progress)

    voice.Voice.tick = tick
    return main(words)


def ending(words: list[str], kill_at: int | None) -> dict[str, int]:
    """Fork, listen, kill."""
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(heard)
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 1)
        os._exit(child(words, told))
    os.close(told)
    ticks = 0
    while ticks != kill_at and os.read(heard, 1):
        ticks += 1
    if ticks == kill_at:
        os.kill(pid, signal.SIGKILL)
    os.close(heard)
    return {"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "ticks": ticks}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(ending(order["words"], order["kill_at"])), flush=True)
