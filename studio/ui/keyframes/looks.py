"""What the keyframes of the strip look like: as they are, as they are being made, or as they were."""

from PySide6.QtGui import QImage

from studio.spec.strip import Keyframe, Strip
from studio.ui.keyframes.brought import BroughtPictures
from studio.ui.keyframes.edits import StripEdits
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.render_forecast import RenderForecast


class Looks:
    """Pictures by keyframe; one that is to be made anew looks meanwhile as it did before.

    `former` are the numbers of those whose picture is not their own.
    """

    def __init__(
        self,
        edits: StripEdits,
        render_forecast: RenderForecast,
        player_state: PlayerState,
        brought: BroughtPictures,
    ) -> None:
        self._edits, self._render_forecast = edits, render_forecast
        self._player_state, self._brought = player_state, brought
        self._own: dict[Keyframe, QImage] = {}
        self._before: dict[int, QImage] = {}
        self.former: frozenset[int] = frozenset()
        self._strip: Strip | None = None

    def follow(self, before: Strip | None, strip: Strip | None) -> None:
        """The strip is another; `before` is None where it is of another shot."""
        if before is None or strip is None or len(before.keys) != len(strip.keys):
            own = {} if before is None or strip is None else self._own
            self._own, self._before = own, {}
        else:
            own = ((n, key) for n, key in enumerate(before.keys) if key != strip.keys[n])
            found = {n: self._own.get(key, self._before.get(n)) for n, key in own}
            self._before |= {n: picture for n, picture in found.items() if picture}
        self._strip = strip

    def picture(self, number: int, *, known: bool) -> QImage | None:
        """What a keyframe looks like; `known`: what is stored of this strip has been looked up."""
        self.former -= {number}
        if self._strip is None:
            return None
        key, shown = self._strip.keys[number], self._player_state.shown
        if known and (found := self._render_forecast.picture(number)):
            self._own[key] = found
        if own := self._own.get(key) or self._brought.picture(self._picture_in(key)):
            self._before.pop(number, None)
            return own
        if shown and shown.kind == "preview" and self._is_previewed(shown):
            return shown.frames.at(number)
        self.former |= {number} & self._before.keys()
        return self._before.get(number)

    def _picture_in(self, key: Keyframe) -> str:
        """The identity of the picture that a keyframe is, or ""."""
        return self._strip.sources[key.source].picture if self._strip else ""

    def _is_previewed(self, shown: Shown) -> bool:
        count = len(self._strip.keys) if self._strip else 0
        return is_of(shown, self._edits.shot, count)


def is_of(shown: Shown, shot: str, count: int) -> bool:
    """Whether what is on the player is made of a shot's keyframes, so many."""
    return shown.shot == shot and shown.shot_keyframes == count
