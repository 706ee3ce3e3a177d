"""Runs command lines in forked children and kills them at a given tick.

    python -m tests.end_to_end.victim < orders > endings

One order per line, JSON: "words" (the command line), "kill_at" (the tick, or null to let it end),
"signal" (its name), "after" (seconds after that tick), "room" (bytes that a file may have, as on
a full disk, or null) and "beside" (another command line that is started with it, or null; it is
waited for).  One ending per line, JSON: "code" (negative: the signal that killed it),
"ticks" heard, how many of them "learned" something, what was "said" on standard error, and the code
of the one "beside" (0 without).  The
heavy imports are paid once, here; every child starts from the same untouched memory.
"""

import gc
import json
import os
import resource
import signal
import sys
import time

import torch
from PIL import Image

from studio.cli import main
from studio.engine.families import videoldm
from studio.engine.film import film
from studio.engine.subjects.subject import train_subject
from studio.jobs import handlers, subject_training
from studio.media import photo, video
from studio.spec.progress import Progress
from studio.terminal import clip, subjects, voice
from tests import tiny_starter

PRELOADED = (
    film, train_subject, video, photo, videoldm, handlers, subject_training, clip, subjects,
    tiny_starter,  # and with it what the libraries import when a model is loaded
)  # fmt: skip


def child(words: list[str], pipe: int, room: int | None) -> int:
    """Do the command, a byte on the pipe with every tick."""
    shown = voice.Voice.tick

    def tick(self: voice.Voice, progress: Progress) -> None:
        os.write(pipe, b"." if progress.loss is None else b"l")
        shown(self, progress)

    voice.Voice.tick = tick
    # a shell that starts the tests in the background has its children ignore Ctrl+C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if room is not None:  # ffmpeg inherits both
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    return main(words)


def started(words: list[str]) -> int:
    """Fork a child that nobody listens to; its process."""
    pid = os.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(silence, stream)
        os._exit(child(words, silence, None))
    return pid


def code_of(pid: int) -> int:
    """Wait for a child's end; its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def ending(
    words: list[str], kill_at: int | None, name: str, after: float, room: int | None
) -> dict[str, int | str]:
    """Fork, listen, kill."""
    heard, told = os.pipe()
    aside, spoken = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(heard)
        os.set_blocking(spoken, False)  # what is more than a pipe holds is lost
        os.dup2(spoken, 2)
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 1)
        os._exit(child(words, told, room))
    os.close(told)
    os.close(spoken)
    ticks = learned = 0
    while ticks != kill_at and (said := os.read(heard, 1)):
        ticks, learned = ticks + 1, learned + (said == b"l")
    if ticks == kill_at:
        time.sleep(after)
        os.kill(pid, getattr(signal, name))
    while os.read(heard, 4096):  # a closed pipe would end it otherwise
        pass
    os.close(heard)
    code = code_of(pid)
    with open(aside, encoding="utf-8", errors="replace") as whole:  # noqa: PTH123
        said = whole.read()
    return {"code": code, "ticks": ticks, "learned": learned, "said": said}


if __name__ == "__main__":
    torch.set_num_threads(1)
    Image.init()
    gc.freeze()  # no child walks through it, and so gets a copy of it
    for line in sys.stdin:
        order = json.loads(line)
        how = (order["signal"], order["after"], order["room"])
        beside = order["beside"] and started(order["beside"])
        end = ending(order["words"], order["kill_at"], *how)
        print(json.dumps({**end, "beside": code_of(beside) if beside else 0}), flush=True)
