"""A plan in words, as they stand beside the button that starts it."""

from studio.spec.plan.plan import Plan
from studio.spec.quantities import duration, memory

FIRST = "first time"


def beside(plan: Plan) -> str:
    """ "4 min · 6.1 of 8 GB"; "" where nothing is to be made, or nothing is known."""
    if not plan.pieces:
        return ""
    time = "" if plan.seconds is None else time_of(plan).partition(",")[0]
    return " · ".join(part for part in (time, memory_of(plan)) if part)


def time_of(plan: Plan) -> str:
    """ "4 min", or "about 4 min, first time" where other models' rates were taken."""
    if plan.seconds is None:
        return "time not known yet"
    if plan.about:
        return f"about {duration(plan.seconds)}, {FIRST}"
    return duration(plan.seconds)


def memory_of(plan: Plan) -> str:
    """ "6.1 of 8 GB"; "" where it is not known."""
    if plan.peak is None:
        return ""
    if not plan.budget:
        return memory(plan.peak)
    peak, budget = memory(plan.peak), memory(plan.budget)
    number, _, unit = peak.rpartition(" ")
    return f"{number if budget.endswith(unit) else peak} of {budget}"


def whole(plan: Plan) -> str:
    """All that is known, in sentences."""
    if not plan.pieces:
        return "Nothing is to be made."
    sentences = [f"It takes {_time(plan)}."]
    if plan.peak is not None:
        place = f" of {memory(plan.budget)}" if plan.budget else ""
        sentences.append(f"Memory: {memory(plan.peak)}{place} at most.")
        if plan.host:
            sentences.append(f"Beside the device: {memory(plan.host)}.")
    if plan.disk:
        sentences.append(f"Disk: {_about(plan.disk)}.")
    if plan.steps:
        sentences.append(f"To fit: {', '.join(plan.steps)}.")
    if not plan.fits:
        sentences.append("It may not fit, even so: use smaller frames, or more memory.")
    if plan.free_disk and plan.disk > plan.free_disk:
        sentences.append(f"The disk has {memory(plan.free_disk)} free: make room first.")
    return " ".join(sentences)


def _about(size: float) -> str:
    amount = memory(size)
    return amount if amount.startswith("under") else f"about {amount}"


def _time(plan: Plan) -> str:
    sentences = time_of(plan)
    return "a time that is not known yet" if plan.seconds is None else sentences


def facts(plan: Plan) -> dict[str, object]:
    """The same as data."""
    return {
        "seconds": None if plan.seconds is None else round(plan.seconds, 3),
        "about": plan.about,
        "peak": plan.peak,
        "host": plan.host,
        "budget": plan.budget or None,
        "disk": plan.disk,
        "fits": plan.fits,
        "steps": list(plan.steps),
        "pieces": [
            {
                "stage": piece.stage,
                "model": piece.model,
                "count": piece.count,
                "steps": list(piece.steps),
                "peak": piece.need.device if piece.need else None,
                "seconds": piece.seconds,
            }
            for piece in plan.pieces
        ],
    }
