"""Where finished spans are kept, as the engine sees it: a dict in tests, the take store at home."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray]


class Memo(Protocol):
    """Arrays by span key.  Latents are float32 (T, C, h, w), frames uint8 (T, H, W, 3)."""

    def has(self, key: str) -> bool:
        """Whether a span is there: a lookup that reads no array.  `get` may still find damage."""
        ...

    def get(self, key: str) -> "Arrays | None":
        """The stored arrays of a span in stored precision, or None."""
        ...

    def put(self, key: str, arrays: "Arrays") -> None:
        """Keep a finished span; its arrays never change afterwards."""
        ...
