"""Takes on disk: each the result of one span, written once and never changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.spec.memo import Memo

if TYPE_CHECKING:
    import numpy as np

    from studio.spec.memo import Arrays


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes on disk by class."""

    costly: int
    derived: int
    damaged: int


class TakeStore:
    """Keeps arrays by span key in `folder`/ab/<key>/ (a `Memo`)."""

    def __init__(
        self,
        folder: Path,
        save_frames: Callable[[Path, np.ndarray], None],
        load_frames: Callable[[Path], Iterable[np.ndarray]],
        suffix: str = ".mkv",
    ) -> None:
        raise NotImplementedError

    def has(self, key: str) -> bool: ...
    def get(self, key: str) -> Arrays | None: ...
    def put(self, key: str, arrays: Arrays, facts: Mapping[str, object] | None = None) -> None: ...
    def noting(self, facts: Callable[[str], Mapping[str, object]]) -> Memo: ...
    def record(self, key: str) -> Mapping[str, object] | None: ...
    def keys(self) -> tuple[str, ...]: ...
    def remove(self, keys: Collection[str]) -> int: ...
    def usage(self) -> Usage: ...
    def evict(self, limit_bytes: int, keep: Collection[str] = ()) -> int: ...
