"""The timeline's room: tools, the view and its scroll bars, and what a render of it would make."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QScrollBar,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.spec.quantities import count, duration, timecode
from studio.spec.timeline.states import CHANGED, NEIGHBOUR, TO_MAKE
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.keymap import Keymap, entries_of
from studio.ui.state.media_files import MediaFiles
from studio.ui.state.selection import Selection
from studio.ui.state.status import Status
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_orders import Order
from studio.ui.state.timeline_pictures import TimelinePictures
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.state.timeline_renders import TimelineRenders
from studio.ui.state.timeline_scopes import TimelineScopes
from studio.ui.timeline.clip_gestures import ClipGestures
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.empty import Empty
from studio.ui.timeline.files import FileBringer
from studio.ui.timeline.gestures import MORE, HandGestures
from studio.ui.timeline.hits import Hit
from studio.ui.timeline.layout import height_of
from studio.ui.timeline.making import MakingGestures
from studio.ui.timeline.menus import open_menu
from studio.ui.timeline.nudging import nudge
from studio.ui.timeline.proposal import Proposal
from studio.ui.timeline.scopes import ScopesView
from studio.ui.timeline.view import TimelineView
from studio.ui.widgets.controls import (
    ElidedLabel,
    Panel,
    push,
    rename,
    row,
    set_enabled,
    tool,
)
from studio.ui.widgets.gestures import Gesture
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import open_dialog
from studio.ui.widgets.theme import UNIT

FINE = 1000
"""Steps of the scroll bar for a frame: a frame may be many pixels wide."""


class TimelinePanel(Panel):
    """Buttons, keys and menu of all gestures; what they do is done by edits and renders.

    `filled` tells that there is more to see now than a hint.
    """

    filled = Signal()
    taller = Signal(int)
    """So many pixels more are needed."""

    def __init__(
        self,
        edits: TimelineEdits,
        look: TimelineLook,
        player: TimelinePlayer,
        pictures: TimelinePictures,
        document: Document,
        selection: Selection,
        status: Status,
        renders: TimelineRenders,
        media: MediaFiles,
        scopes: TimelineScopes,
        background: Background,
        keymap: Keymap,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._keymap = keymap
        self._renders = renders
        self.files = FileBringer(edits, media, status)
        self.edits, self._look, self._player = edits, look, player
        self._document, self._selection, self._status = document, selection, status
        self.view = TimelineView(edits, look, player, pictures, media, self._press, icons.theme)
        self.by_hand = HandGestures(edits, self.view, player, selection)
        self.gestures: dict[str, Gesture] = {}
        self.buttons: dict[str, QToolButton] = {}
        making = MakingGestures(edits, self.view, player, look, renders, self.by_hand.gap)
        theme = icons.theme
        self.scopes = ScopesView(scopes, self.view.axis, player, background, theme)
        of_clips = ClipGestures(edits, self.view, player, self.files)
        self._offer((*making.all(), *self.by_hand.all(), *of_clips.all(), self._scopes_gesture()))
        self._build(icons)
        self._connect()
        self.reflect()

    @property
    def is_empty(self) -> bool:
        """Whether no clip is on any track."""
        return not any(track.clips for track in self.edits.timeline.tracks)

    @property
    def main_view(self) -> QWidget:
        return self.view if self.pages.currentWidget() is not self.empty else self

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Of an empty timeline, which has no view to press keys in."""
        if not (self.is_empty and self._press(event)):
            super().keyPressEvent(event)

    def reflect(self) -> None:
        """Show what can be done now, and how the timeline stands."""
        is_empty = self.is_empty
        if not is_empty and self.pages.currentWidget() is self.empty:
            self.filled.emit()
        self.pages.setCurrentWidget(self.empty if is_empty else self.body)
        self.facts.set_text("" if is_empty else self._facts())
        self._reflect_render()
        self._reflect_buttons()

    def _reflect_render(self) -> None:
        """The button that makes what is out of date is there while something is."""
        plan = self._look.plan
        missing = any(piece.work.missing for piece in plan.pieces)
        seconds = plan.seconds if missing and not self._renders.drafts else None
        verb = "Draft" if self._renders.drafts else "Render"
        self.render_it.setText(f"{verb} · {duration(seconds)}" if seconds else verb)
        set_enabled(self.render_it, self.edits.only_read, "Render what changed (U)")
        self.render_it.setVisible(missing)

    def _reflect_buttons(self) -> None:
        for name, button in self.buttons.items():
            set_enabled(button, self.gestures[name].disabled_reason())
        self.buttons["snap"].setChecked(self.view.pointer.snapping)
        self.buttons["draft"].setChecked(self._renders.drafts)

    def menu(self, at: QPoint, found: Hit) -> None:
        """What can be done with what lies at the pointer first, then all the rest."""
        open_menu(self, self.gestures, self.edits, found, at)

    def _scopes_gesture(self) -> Gesture:
        words = "Scopes: likeness, brightness, flicker"
        shown = lambda: not self.scopes.isHidden()  # noqa: E731
        return Gesture("scopes", "smooth", words, "V", self._turn_scopes, lambda: "", shown)

    def _turn_scopes(self) -> None:
        on = self.scopes.isHidden()
        self.scopes.turn(on=on)
        if on:
            self.taller.emit(self.scopes.height())

    def _offer(self, gestures: Sequence[Gesture]) -> None:
        self.gestures |= {gesture.name: gesture for gesture in gestures}
        self._keymap.offer(entries_of(KEYS, self.gestures, MORE))
        self.gestures = self._keymap.keyed(KEYS, self.gestures)

    def _take_keys(self) -> None:
        """The keys are others: in menus and tips."""
        self.gestures = self._keymap.keyed(KEYS, self.gestures)
        for name, button in self.buttons.items():
            rename(button, self.gestures[name].named)
        self._reflect_buttons()

    def _press(self, event: QKeyEvent) -> bool:
        """Do what a key means here; False where it means nothing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.view.choice.current:
            self.edits.work_on(self.view.choice.current)
            return True
        gesture = self.gestures.get(self._keymap.find(KEYS, event))
        if gesture is None:
            return nudge(event, self.edits, self.view.axis, self.view.choice)
        if disabled_reason := gesture.disabled_reason():
            self._status.post(disabled_reason)
        else:
            gesture.act()
        return True

    def _build(self, icons: Icons) -> None:
        for name in ROW:
            gesture = self.gestures[name]
            button = tool(icons, gesture.icon, gesture.named, checkable=name in SWITCHES)
            button.clicked.connect(lambda _=False, act=gesture.act: act())
            self.buttons[name] = button
        self.facts = ElidedLabel("", "small")
        self.facts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.farther = tool(icons, "farther", "See more (-)")
        self.fit = tool(icons, "fit", "See all of it (0)")
        self.closer = tool(icons, "closer", "See closer (+)")
        self.render_it = push("Render")
        self.render_it.clicked.connect(self.gestures["render"].act)
        self.render_it.hide()
        zooms = (self.farther, self.fit, self.closer)
        self.facts.setContentsMargins(UNIT, 0, UNIT, 0)
        tools = (*self.buttons.values(), self.facts, self.render_it, *zooms)
        self.bar = row(*tools, gap=UNIT // 2)
        self.bar.layout().setStretch(len(self.buttons), 1)  # type: ignore[union-attr]
        self.across, self.down = QScrollBar(Qt.Orientation.Horizontal), QScrollBar()
        for bar, name in ((self.across, "Time"), (self.down, "Tracks")):
            bar.setAccessibleName(name)
            bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body = QWidget()
        grid = QGridLayout(self.body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.view, 0, 0)
        grid.addWidget(self.down, 0, 1)
        grid.addWidget(self.scopes, 1, 0)
        grid.addWidget(self.across, 2, 0, 1, 2)
        self.empty = Empty()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    def _connect(self) -> None:
        view, edits = self.view, self.edits
        self._keymap.changed.connect(self._take_keys)
        for refused in (edits.refused, self._renders.refused, self.files.refused):
            refused.connect(lambda what, hint: self._status.post(f"{what} {hint}".strip()))
        self._renders.proposed.connect(self._propose)
        view.pointer.extend_asked.connect(self._renders.extend)
        for changed in (self._document.laid_out, self._look.changed):
            changed.connect(view.reflect)
            changed.connect(self.reflect)
        for changed in (view.choice.changed, view.pointer.changed, self._player.moved):
            changed.connect(self._reflect_buttons)
        view.pointer.changed.connect(self._reflect_render)
        self._selection.take_selected.connect(lambda _: self._reflect_buttons())
        view.axis.changed.connect(self._follow_axis)
        view.menu_asked.connect(self.menu)
        self.scopes.higher.connect(self.taller)
        self.scopes.dip_chosen.connect(lambda d: self._renders.retake(d.clip, d.first, d.end))
        view.take_dropped.connect(edits.add_take)
        view.files_dropped.connect(self.files.bring)
        self.empty.files_dropped.connect(self.files.bring)
        self.files.brought.connect(view.choice.one)
        view.shot_asked.connect(edits.work_on)
        self.empty.take_dropped.connect(edits.add_take)
        self.across.valueChanged.connect(lambda value: view.axis.scroll_to(value / FINE))
        self.down.valueChanged.connect(view.axis.scroll_down)
        self.fit.clicked.connect(view.axis.fit)
        self.closer.clicked.connect(lambda: self._zoom(2))
        self.farther.clicked.connect(lambda: self._zoom(-2))

    def _propose(self, order: Order) -> None:
        open_dialog(Proposal(order, self._renders, self))

    def _zoom(self, steps: int) -> None:
        self.view.axis.zoom(steps, self.view.axis.scale.x(self._player.position))

    def _follow_axis(self) -> None:
        """The scroll bars where the view is."""
        axis = self.view.axis
        with QSignalBlocker(self.across), QSignalBlocker(self.down):
            self.across.setRange(0, min(2**31 - 1, round(axis.scale.last(axis.length) * FINE)))
            self.across.setPageStep(min(2**30, max(1, round(axis.scale.seen * FINE))))
            self.across.setSingleStep(max(1, round(40 / axis.scale.zoom * FINE)))
            self.across.setValue(min(2**31 - 1, round(axis.scale.left * FINE)))
            self.down.setRange(0, axis.deepest)
            self.down.setPageStep(max(1, axis.height))
            self.down.setSingleStep(24)
            self.down.setValue(axis.y)
        self.across.setVisible(self.across.maximum() > 0)
        self.down.setVisible(axis.deepest > 0 and height_of(axis.rows) > 0)

    def _facts(self) -> str:
        """How long the timeline is, and what is out of date or to be made."""
        timeline, plan = self.edits.timeline, self._look.plan
        clips = sum(len(t.clips) for t in timeline.tracks if t.kind == "video")
        parts = [count(clips, "clip"), timecode(timeline.length, timeline.rate)]
        if stale := plan.counts.get(CHANGED, 0):
            parts.append(f"{stale} out of date")
        if beside := plan.counts.get(NEIGHBOUR, 0):
            parts.append(f"{beside} made for other neighbours")
        if missing := plan.counts.get(TO_MAKE, 0):
            parts.append(f"{missing} to make")
        return " · ".join(parts)


SWITCHES = ("snap", "draft")
KEYS = "Timeline"
"""The group of its keys."""
ROW = (
    "add", "split", "delete", "ripple", "marker", "in", "out", "snap",
    "fill", "bridge", "extend", "retake", "draft", "file",
)  # fmt: skip
"""The gestures that have a button."""
