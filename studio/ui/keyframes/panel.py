"""The keyframe desk: the strip of the shot, what can be done to it, and what that would cost."""

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.spec.quantities import count, duration
from studio.ui.keyframes.brought import BroughtPictures
from studio.ui.keyframes.edits import StripEdits
from studio.ui.keyframes.layout import HEIGHT
from studio.ui.keyframes.versions import VersionSwitch
from studio.ui.keyframes.view import StripView
from studio.ui.state.keymap import Keymap, entries_of
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.status import Status
from studio.ui.widgets.controls import ElidedLabel, rename, row, set_enabled, tool
from studio.ui.widgets.gestures import LINE, Gesture, fill_menu
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import ask_for_picture, ask_for_words
from studio.ui.widgets.theme import UNIT

SCROLLBAR = 10
NONE_CHOSEN = "Choose a keyframe first."
COMPARED = "Takes are compared, with keyframes of their own: Esc leads back to those of the shot."
LOCKED = "It is locked: unlock it first (Ctrl+L)."


class KeyframesPanel(QWidget):
    """Buttons and strip; what they do is done by the edits."""

    def __init__(
        self,
        edits: StripEdits,
        render_forecast: RenderForecast,
        player_state: PlayerState,
        status: Status,
        playback: Playback,
        brought: BroughtPictures,
        keymap: Keymap,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._keymap = keymap
        self._edits, self._render_forecast = edits, render_forecast
        self._player_state, self._status = player_state, status
        self.view = StripView(
            edits, render_forecast, player_state, playback, brought, self._press, icons
        )
        self.version = VersionSwitch(edits.versions, edits.choose_version, icons)
        gestures = {gesture.name: gesture for gesture in self._gestures()}
        keymap.offer(entries_of(KEYS, gestures, MORE))
        self.gestures = keymap.keyed(KEYS, gestures)
        self.buttons: dict[str, QToolButton] = {}
        self._build(icons)
        keymap.changed.connect(self._take_keys)
        self.view.choice.changed.connect(self.reflect)
        edits.changed.connect(self.reflect)
        self.view.menu_asked.connect(self.menu)
        render_forecast.changed.connect(self.reflect)
        player_state.shown_changed.connect(self.reflect)
        self.reflect()

    def _press(self, event: QKeyEvent) -> bool:
        """Do what a key means on the strip; False where it means nothing."""
        gesture = self.gestures.get(self._keymap.find(KEYS, event))
        if gesture is None:
            return False
        if disabled_reason := gesture.disabled_reason():
            self._status.post(disabled_reason)
        else:
            gesture.act()
        return True

    def reflect(self) -> None:
        """Show what can be done now, and what a render would still make."""
        self.setVisible(self.view.strip is not None and not self._compared())
        for name, gesture in self.gestures.items():
            if name in self.buttons:
                set_enabled(self.buttons[name], gesture.disabled_reason())
        self.version.reflect(self.view.chosen, self._disabled_reason())
        self.facts.set_text(self._facts())

    def take_focus(self) -> None:
        """Go to the strip by key; where there is none, it is said why."""
        if self.isVisible():
            self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self._status.post(self._disabled_reason() or "This shot has no keyframes yet.")

    def _take_keys(self) -> None:
        """The keys are others: in menus and tips."""
        self.gestures = self._keymap.keyed(KEYS, self.gestures)
        for name, button in self.buttons.items():
            rename(button, self.gestures[name].named)
        self.reflect()

    def menu(self, at: QPoint) -> None:
        """All gestures at the pointer; those that are not possible say why in their tips."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(menu, self.gestures, LAYOUT)
        menu.popup(at)

    def _build(self, icons: Icons) -> None:
        for name in ROW:
            gesture = self.gestures[name]
            button = tool(icons, gesture.icon, gesture.named)
            button.clicked.connect(lambda _=False, act=gesture.act: act())
            self.buttons[name] = button
        self.facts = ElidedLabel("", "small")
        self.facts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        bar = row(*self.buttons.values(), self.version, self.facts, gap=UNIT // 2)
        bar.layout().setStretch(len(self.buttons) + 1, 1)  # type: ignore[union-attr]
        bar.layout().setContentsMargins(2 * UNIT, UNIT // 2, 2 * UNIT, 0)  # type: ignore[union-attr]
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFixedHeight(HEIGHT + SCROLLBAR)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.area)

    def _gestures(self) -> tuple[Gesture, ...]:
        edits, chosen = self._edits, self._need_chosen
        return (
            Gesture("reroll", "dice", "Re-roll", "R", self._reroll, self._need_unlocked),
            Gesture("words", "recipe", "Re-roll with other words …", "W", self._words,
                    self._need_unlocked),
            Gesture("before", "frame_back", "Version before", ",",
                    lambda: self.version.step(-1), lambda: self._need_version(-1)),
            Gesture("after", "frame_on", "Version after", ".",
                    lambda: self.version.step(1), lambda: self._need_version(1)),
            Gesture("lock", "lock", "Lock or unlock", "Ctrl+L", self._lock, self._need_made),
            Gesture("replace", "photos", "Replace by the frame on the player", "P",
                    lambda: self._put_shown(insert=False), self._need_frame),
            Gesture("insert", "insert", "Insert the frame on the player", "I",
                    lambda: self._put_shown(insert=True), self._need_frame),
            Gesture("picture", "photos", "Replace by a picture …", "", self._put_file, chosen),
            Gesture("anchor", "insert", "Insert a picture …", "",
                    lambda: self._put_file(insert=True), chosen),
            Gesture("delete", "bin", "Delete", "Del", self._delete, self._need_two),
            Gesture("earlier", "extend_back", "Extend before the first", "Ctrl+Left",
                    lambda: edits.extend(1, before=True), self._disabled_reason),
            Gesture("later", "extend_on", "Extend after the last", "Ctrl+Right",
                    lambda: edits.extend(1), self._disabled_reason),
            Gesture("bridge", "bridge", "Bridge to the next", "B", self._bridge, self._need_next),
            Gesture("loop", "loop", "Loop or end the loop", "O", edits.toggle_loop,
                    self._disabled_reason),
            Gesture("larger", "larger", "Upsample only this range", "U", self._upsample,
                    self._need_range),
            Gesture("over", "retry", "Start over from words and seed", "",
                    edits.start_over,
                    lambda: self._compared() or edits.start_over_disabled_reason()),
        )  # fmt: skip

    def _facts(self) -> str:
        """What a render would still make, and how long that takes."""
        found, number = self.view.forecast, count(self.view.count, "keyframe")
        if found is None:
            return number
        if found.work.missing == 0:
            return f"{number} · all made"
        stale = sum(work.missing > 0 for work in found.intervals)
        text = f"{count(found.clip.missing, 'frame')} to make"
        if stale < len(found.intervals):
            text = f"{stale} of {count(len(found.intervals), 'interval')} to make"
        if found.work.seconds is None:
            return f"{number} · {text}"
        return f"{text} · about {duration(found.work.seconds)}"

    def _reroll(self) -> None:
        self._edits.reroll(self.view.chosen)

    def _words(self) -> None:
        strip = self.view.strip
        if strip is None:
            return
        source = strip.sources[strip.keys[min(self.view.chosen)].source]
        words, chosen = source.prompt or self._edits.prompt, self.view.chosen
        ask_for_words(
            self, "Re-roll with other words", "What these keyframes show", words,
            lambda text: self._edits.reroll(chosen, text), lines=4,
        )  # fmt: skip

    def _lock(self) -> None:
        self._edits.toggle_lock(self.view.chosen)

    def _delete(self) -> None:
        self._edits.delete(self.view.chosen)

    def _bridge(self) -> None:
        self._edits.bridge(max(self.view.chosen))

    def _put_shown(self, *, insert: bool) -> None:
        shown = self._player_state.shown
        if shown:
            number = min(self.view.chosen)
            frame = partial(shown.frames.read, self._player_state.playhead)
            self._edits.put(lambda: frame()[0], number, insert=insert)

    def _put_file(self, *, insert: bool = False) -> None:
        number = min(self.view.chosen)
        ask_for_picture(self, lambda file: self._edits.put_file(file, number, insert=insert))

    def _upsample(self) -> None:
        """From the first chosen keyframe to the last; of one alone, what leads to the next."""
        edits, chosen = self._edits, self.view.chosen
        edits.upsample(min(chosen), max(chosen) if len(chosen) > 1 else min(chosen) + 1)

    def _compared(self) -> str:
        """Why no keyframes are seen while takes are compared: the desk is of the present shot."""
        shown = self._player_state.shown
        return COMPARED if shown is not None and shown.is_comparison else ""

    def _disabled_reason(self) -> str:
        return self._compared() or self._edits.disabled_reason()

    def _need_range(self) -> str:
        return self._need_chosen() or self._edits.upsample_disabled_reason()

    def _need_version(self, by: int) -> str:
        return self._disabled_reason() or self.version.disabled_reason(by)

    def _need_chosen(self) -> str:
        return self._disabled_reason() or ("" if self.view.chosen else NONE_CHOSEN)

    def _need_unlocked(self) -> str:
        strip = self.view.strip
        kept = strip is not None and all(strip.keys[k].locked for k in self.view.chosen)
        return self._need_chosen() or (LOCKED if kept else "")

    def _need_made(self) -> str:
        return self._need_chosen() or self._edits.lock_disabled_reason(self.view.chosen)

    def _need_frame(self) -> str:
        shown = "" if self._player_state.shown else "There is no frame on the player."
        return self._need_chosen() or shown

    def _need_two(self) -> str:
        few = self.view.count <= len(self.view.chosen)
        return self._need_chosen() or ("A clip needs a keyframe." if few else "")

    def _need_next(self) -> str:
        last = self.view.chosen and max(self.view.chosen) >= self.view.count - 1
        return self._need_chosen() or ("There is no keyframe after this one." if last else "")


ROW = (
    "reroll", "words", "lock", "replace", "insert", "delete", "bridge", "earlier", "later", "loop",
    "larger", "over",
)  # fmt: skip
"""The gestures that have a button."""
LAYOUT = (
    "reroll", "words", "before", "after", "lock", LINE,
    "replace", "insert", "picture", "anchor", "delete", LINE,
    "earlier", "later", "bridge", "loop", LINE, "larger", "over",
)  # fmt: skip
"""How they lie in the menu."""
KEYS = "Keyframes"
"""The group of its keys."""
MORE = {"delete": ("Backspace",)}
"""Second keys by gesture."""
