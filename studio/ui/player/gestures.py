"""What can be done with what is on the player, by key and by menu."""

from collections.abc import Callable

from studio.ui.player.canvas import Canvas
from studio.ui.player.shuttle import Shuttle
from studio.ui.player.transport import Transport
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState
from studio.ui.widgets.gestures import LINE, Gesture

KEYS = "Playback"
"""The group of its keys."""
LAYOUT = (
    "play", "reverse", "stop", "forward", "loop", LINE,
    "back", "on", "second_back", "second_on", "first", "last", LINE,
    "compare", "wipe_back", "wipe_on", LINE,
    "actual", "loupe", "tile", LINE, "copy",
)  # fmt: skip
"""How they lie in the menu."""
WIPE_STEP = 0.05
"""Of the picture's width, by which a key moves the line between two takes."""


def gestures(
    player_state: PlayerState,
    playback: Playback,
    shuttle: Shuttle,
    transport: Transport,
    canvas: Canvas,
    copy: Callable[[], object],
) -> dict[str, Gesture]:
    """All of them, in the order of the menu."""

    def second() -> int:
        return max(1, round(player_state.shown.fps)) if player_state.shown else 1

    def why(button: str) -> Callable[[], str]:
        """Why a button of the transport is off, as its tip says."""
        tool = getattr(transport, button)
        return lambda: "" if tool.isEnabled() else tool.toolTip()

    moves, shown, compares = why("play"), why("copy"), why("compare")
    found = (
        Gesture("play", "play", "Play or pause", "Space", playback.toggle, moves),
        Gesture("back", "frame_back", "One frame back", "Left", lambda: playback.step(-1), moves),
        Gesture("on", "frame_on", "One frame on", "Right", lambda: playback.step(1), moves),
        Gesture("second_back", "frame_back", "One second back", "Shift+Left",
                lambda: playback.step(-second()), moves),
        Gesture("second_on", "frame_on", "One second on", "Shift+Right",
                lambda: playback.step(second()), moves),
        Gesture("first", "to_start", "First frame", "Home", lambda: playback.go(0), moves),
        Gesture("last", "to_end", "Last frame", "End",
                lambda: playback.go(player_state.last_frame), moves),
        Gesture("reverse", "frame_back", "Backwards, again for faster", "J",
                lambda: shuttle.press(-1), moves),
        Gesture("stop", "pause", "Stop", "K", shuttle.hold, moves),
        Gesture("forward", "frame_on", "Forwards, again for faster", "L",
                lambda: shuttle.press(1), moves),
        Gesture("loop", "loop", "Loop", "", transport.loop.click, lambda: "",
                transport.loop.isChecked),
        Gesture("compare", "compare", "Compare with before", "C", transport.compare.click, compares,
                transport.compare.isChecked),
        Gesture("wipe_back", "compare", "Move the line of the comparison back", "[",
                lambda: canvas.move_wipe(-WIPE_STEP), compares),
        Gesture("wipe_on", "compare", "Move the line of the comparison on", "]",
                lambda: canvas.move_wipe(WIPE_STEP), compares),
        Gesture("actual", "actual", "Pixel for pixel", "1", transport.actual.click, why("actual"),
                transport.actual.isChecked),
        Gesture("loupe", "loupe", "Loupe", "Z", transport.loupe.click, why("loupe"),
                transport.loupe.isChecked),
        Gesture("tile", "larger", "Preview a tile of the upsampling", "T", transport.tile.click,
                why("tile")),
        Gesture("copy", "copy", "Copy this frame", "Ctrl+C", copy, shown),
    )  # fmt: skip
    return {gesture.name: gesture for gesture in found}
