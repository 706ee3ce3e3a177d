"""How much memory jobs may use: what the user says, or what is free."""

from studio.spec.refusal import Refusal

LEAST, MOST = 0.1, 4096.0
"""Gigabytes, in powers of 1024, as graphics cards count."""


def in_bytes(gigabytes: float | None) -> int | None:
    """A budget in bytes; None for what is free.  Refused where it is none."""
    if gigabytes is None:
        return None
    if not LEAST <= gigabytes <= MOST:
        raise Refusal(
            f"A budget of {gigabytes:g} GB is none.", f"Use {LEAST:g} to {MOST:g} GB, e.g. 8."
        )
    return round(gigabytes * 2**30)
