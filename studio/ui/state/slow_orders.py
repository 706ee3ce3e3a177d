"""The order to put frames between those of a slow clip."""

from collections.abc import Callable

from studio.project.project import Project
from studio.project.slowing import finer, slow
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.ui.state.timeline_orders import Made, Order, Piece


def smoother(project: Project, clip: str, check: Callable[[ClipRequest], None]) -> Order:
    """An order of a clip's take with as many frames between as its speed asks for and its models can
    make.  Raises `Refusal` where that is none."""
    asked = _possible(finer(project, clip), check)

    def edit(now: Project, _: ClipRequest | None) -> Made:
        after = slow(now, clip, asked)
        return Made(after, (Piece(asked, after.shots[-1].id, (clip,)),))

    return Order("Frames in between for a slow clip", "Frames in between", "In between", edit)


def _possible(wished: tuple[ClipRequest, ...], check: Callable[[ClipRequest], None]) -> ClipRequest:
    why = ""
    for request in wished:
        try:
            check(request)
        except Refusal as refusal:
            why = refusal.what
            continue
        return request
    raise Refusal(
        f"No more frames can be put between these. {why}",
        "Choose another In-between model for its shot, or blend frames (Shift+D).",
    )
