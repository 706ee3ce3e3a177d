"""Which frames of a window are known, and whether a model can fill the others."""

PATTERNS = ("keyframes", "first", "ends", "prediction", "interpolation", "any")
"""Sets of known frames that a model can be made to fill around (`covers`)."""


def covers(pattern: str, known: tuple[bool, ...]) -> bool:
    """Whether a model that fills a pattern fills around these known frames.

    "keyframes": none is known; "first": the first alone; "ends": first and last alone;
    "prediction": any, but not both ends; "interpolation": both ends at least; "any": any at all.
    """
    count, both = sum(known), known[0] and known[-1]
    return {
        "keyframes": count == 0,
        "first": known[0] and count == 1,
        "ends": both and count == 2,
        "prediction": count > 0 and not both,
        "interpolation": both,
        "any": count > 0,
    }[pattern]


def pattern_of(known: tuple[bool, ...]) -> str:
    """What filling these holes is called: keyframes, interpolation (both ends) or prediction."""
    if not any(known):
        return "keyframes"
    return "interpolation" if known[0] and known[-1] else "prediction"
