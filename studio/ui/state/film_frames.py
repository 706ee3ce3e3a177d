"""Where the frames of an imported film are: small ones in chunks of its proxy, and exact ones, which
are decoded where the playhead stands."""

from collections.abc import Set
from dataclasses import dataclass

from studio.spec.timeline.media import Asset
from studio.ui.state.frames import FILM, Part
from studio.ui.state.timeline_lookup import TakeFrames

CHUNK = 8
"""Frames of a chunk, as in `studio.media.proxies`, which is not loaded before it is needed."""
EXACT_ROOM = 24 * 2**20
"""Bytes of exact frames that are decoded at once, one at least."""


@dataclass(frozen=True)
class FilmFrames(TakeFrames):
    """A film's frames in its proxy, of which `made` chunks are there; `together` exact frames come
    at once."""

    id: str = ""
    made: int = 0
    frames: int = 0
    together: int = 1

    @staticmethod
    def of(asset: Asset, made: Set[int]) -> "FilmFrames":
        """What is known of an asset when so many chunks are there."""
        chunks = -(-asset.frames // CHUNK)
        keys = [film_key(asset.id, chunk, 0) for chunk in range(chunks)]
        parts = tuple(
            Part(key, min(CHUNK, asset.frames - CHUNK * chunk)) for chunk, key in enumerate(keys)
        )
        missing = frozenset(key for chunk, key in enumerate(keys) if chunk not in made)
        pixels = max(1, asset.width * asset.height)
        together = max(1, min(CHUNK, EXACT_ROOM // (3 * pixels)))
        width, height = asset.width, asset.height
        return FilmFrames(
            parts, missing, width, height, asset.id, len(made), asset.frames, together
        )

    def exact(self, frame: int) -> tuple[str, int]:
        """The key of a few exact frames with that one, and its number among them."""
        first = frame // self.together * self.together
        count = min(self.together, self.frames - first)
        return film_key(self.id, first, count), frame - first


def film_key(asset: str, first: int, count: int) -> str:
    """The key of `count` exact frames from `first` on; with a count of 0 of chunk `first`."""
    return f"{FILM}{asset}:{first}:{count}"


def film_of(key: str) -> tuple[str, int, int, bool]:
    """What a key of a film names: asset, first frame or chunk, count, and whether it is exact."""
    asset, first, count = key.removeprefix(FILM).split(":")
    return asset, int(first), int(count), count != "0"
