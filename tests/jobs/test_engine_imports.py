"""The engine is imported by one thread at a time."""

import importlib
import threading
import time

from studio.jobs.engine_imports import fetch


def test_no_two_threads_import_at_once(monkeypatch):
    """Of libraries that import one another in circles one would get a half-made module."""
    inside, most = [], []

    def slowly(name):
        inside.append(name)
        most.append(len(inside))
        time.sleep(0.02)
        inside.remove(name)
        return name

    monkeypatch.setattr(importlib, "import_module", slowly)
    threads = [threading.Thread(target=fetch, args=(f"a{k}", f"b{k}")) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 8
    assert max(most) == 1
    assert fetch("a", "b") == "b"
