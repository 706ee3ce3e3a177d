"""LoRAs that a prompt names as in A1111: `<lora:name>` and `<lora:name:0.8>`."""

import re

from studio.spec.adapter_use import MAX_STRENGTH
from studio.spec.refusal import Refusal, shown

Wanted = tuple[tuple[str, float], ...]
"""Names of LoRAs with their strengths."""
_TAG = re.compile(r"<(lora|lyco):([^<>:]{1,200})(?::([^<>]{0,40}))?>", re.IGNORECASE)


def without_tags(prompt: str) -> tuple[str, Wanted]:
    """The prompt without its tags, and what they name; the prompt itself where it has none.

    Refused where a strength is no number."""
    found = tuple(
        (match[2].strip(), strength_of(match[3], match.group())) for match in _TAG.finditer(prompt)
    )
    if not found:
        return prompt, ()
    bare = re.sub(rf"\s*{_TAG.pattern}\s*", " ", prompt, flags=re.IGNORECASE)
    return bare.strip(), found


def strength_of(text: str | None, whole: str) -> float:
    """A strength as it is written in `whole`, 1 where nothing is."""
    if text is None:
        return 1.0
    try:
        strength = float(text)
    except ValueError:
        strength = float("nan")
    if not -MAX_STRENGTH <= strength <= MAX_STRENGTH:  # also nan
        raise Refusal(
            f"“{shown(whole)}” has no strength that a LoRA can have.",
            f"Write a number from -{MAX_STRENGTH:g} to {MAX_STRENGTH:g} behind its name, such as 0.8.",
        )
    return strength


def added_up(wanted: Wanted) -> Wanted:
    """Each name once, with the sum of its strengths; those that come to nothing are left out."""
    sums: dict[str, float] = {}
    for name, strength in wanted:
        sums[name] = sums.get(name, 0.0) + strength
    return tuple((name, strength) for name, strength in sums.items() if strength)
