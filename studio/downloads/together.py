"""Several calls at once on threads of their own, while this one shows progress and hears signals."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TypeVar

from studio.downloads.online import Online

T = TypeVar("T")
PARALLEL = 4
"""Connections at once."""
BEAT = 0.1
"""Seconds between two ticks."""


def together(
    calls: Sequence[Callable[[], T]],
    door: Online,
    say: Callable[[str], None],
    tick: Callable[[], None],
) -> list[T]:
    """What the calls give, in their order; each may open connections through the door.

    `tick` is called on this thread while they run, and may raise.  Whatever is raised, by it or by a
    call, ends the others where they are and is raised here once they have ended.
    """
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="download") as pool:
        futures = [pool.submit(_inside, door, call) for call in calls]
        waiting = set(futures)
        try:
            while waiting:
                done, waiting = wait(waiting, BEAT, FIRST_COMPLETED)
                for sentence in door.notices():
                    say(sentence)
                for one in done:
                    one.result()
                tick()
        except BaseException:
            door.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [one.result() for one in futures]


def _inside(door: Online, call: Callable[[], T]) -> T:
    with door.opened():
        return call()
