"""While a window is open, no thread but the window's own collects garbage."""

import gc
import threading

from studio.ui.shell.garbage import NEW


class Knot:
    """Refers to itself, so that only a collection ends it; says on which thread it ended."""

    def __init__(self, ended: list[str]) -> None:
        self.itself, self._ended = self, ended

    def __del__(self) -> None:
        self._ended.append(threading.current_thread().name)


def test_only_the_thread_of_the_window_collects(studio, until):
    ended: list[str] = []

    def litter() -> None:
        Knot(ended)
        kept = [[] for _ in range(20 * NEW)]  # far more than what makes Python collect by itself
        assert len(kept) == 20 * NEW
        assert ended == []

    thread = threading.Thread(target=litter, name="engine")
    thread.start()
    thread.join()
    kept = [[] for _ in range(2 * NEW)]
    until(lambda: ended)
    assert ended == [threading.main_thread().name]
    assert kept


def test_after_the_window_python_collects_again(studio):
    assert not gc.isenabled()
    studio.close()
    assert gc.isenabled()
