"""What a file says of how it was made, whichever program made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MadeWith:
    """`program` is "Studio", "ComfyUI" or "A1111"; what a file does not say is "" or None.

    `size` is (width, height) in pixels; `recipe` is the studio's own, as it was written.
    """

    program: str
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    size: tuple[int, int] | None = None
    model: str = ""
    recipe: Mapping[str, object] = field(default_factory=dict, hash=False)
