"""Texts about the strip: its accessible description, and the origin of a keyframe."""

from studio.spec.quantities import count
from studio.spec.strip import Strip


def state(keyframes: int, chosen: int) -> str:
    """How many keyframes there are, and how many of them are chosen."""
    return f"{count(keyframes, 'keyframe')}, {chosen} chosen"


def origin(strip: Strip, number: int) -> str:
    """Where a keyframe comes from, where that is not the shot's own words and seed."""
    key = strip.keys[number]
    source, parts = strip.sources[key.source], []
    if source.picture:
        parts.append("a picture of yours")
    if source.is_prediction:
        parts.append("predicted")
    if source.prompt is not None:
        parts.append(f"“{source.prompt[:60]}”")
    if source.seed is not None:
        parts.append(f"seed {source.seed}")
    if key.locked:
        parts.append("locked")
    return f": {', '.join(parts)}" if parts else ""
