"""A hash in a file of plain data over all the rest of it: a flipped bit is damage, not a value."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

HASH = "hash"


def own_hash(whole: Mapping[str, Any]) -> str:
    """BLAKE2b (32 hex digits) of plain data without its hash, whatever the order of its keys."""
    rest = {name: value for name, value in whole.items() if name != HASH}
    return hashlib.blake2b(json.dumps(rest, sort_keys=True).encode(), digest_size=16).hexdigest()


def vouched(whole: Mapping[str, Any]) -> dict[str, Any]:
    """`whole` with its hash; `version` is in it too, so that no flip makes a file an older one."""
    return {**whole, HASH: own_hash(whole)}


def checked(whole: Any, since: int) -> dict[str, Any]:
    """`whole` without its hash; ValueError where it is no dict or not what was written.

    Files of versions before `since` have none.
    """
    if not isinstance(whole, dict):
        raise ValueError("no fields")
    version = whole.get("version")
    if type(version) is not int or version < 1:
        raise ValueError("no version")
    if (version >= since or HASH in whole) and whole.get(HASH) != own_hash(whole):
        raise ValueError("not what was written")
    return {name: value for name, value in whole.items() if name != HASH}


def newer(whole: Any, known: int) -> int:
    """The version of a file that only a newer studio reads, else 0.

    A newer one says so with a hash that is right, or with none: then no flipped bit made it so.
    """
    version = whole.get("version") if isinstance(whole, dict) else None
    if type(version) is not int or version <= known:
        return 0
    return version if whole.get(HASH) in (None, own_hash(whole)) else 0
