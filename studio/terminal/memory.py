"""How much memory this process has used at most."""

from __future__ import annotations

import sys


def peak_megabytes() -> int | None:
    """The largest resident size so far in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(largest / (1e6 if sys.platform == "darwin" else 1e3))
