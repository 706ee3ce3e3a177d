"""The bar at the top: menus, the project's name, the computer at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QMenuBar, QWidget

from studio.jobs.device_info import DeviceInfo
from studio.spec.quantities import memory
from studio.ui.shell.commands import COMMANDS, MENUS
from studio.ui.widgets.controls import ElidedLabel, label, push, set_enabled, tip
from studio.ui.widgets.gestures import Gesture, Layout, fill_menu, underline
from studio.ui.widgets.theme import UNIT, set_role

if TYPE_CHECKING:
    from studio.ui.state.background import Background
    from studio.ui.state.document import Document
    from studio.ui.state.render_actions import RenderActions

LOOK_MS = 2000


class TopBar(QWidget):
    """Looks at the device every two seconds, on another thread."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self._build()
        self.name.set_text(project)

    def follow(
        self,
        document: Document,
        render_actions: RenderActions,
        background: Background,
        device_info: Callable[[], DeviceInfo],
        *,
        can_free: bool,
    ) -> None:
        """Show from now on what these know."""
        self._document, self._background, self._device_info = document, background, device_info
        self._can_free = can_free
        self.free.clicked.connect(render_actions.free_memory)
        document.changed.connect(self.reflect)
        document.saved.connect(self.reflect)
        document.save_failed.connect(self.reflect)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self.reflect()
        self._look()

    def set_actions(
        self,
        actions: Mapping[str, QAction],
        disabled_reason: Mapping[str, Callable[[], str]],
        gestures: Mapping[str, tuple[Callable[[], Mapping[str, Gesture]], Layout]],
    ) -> None:
        """Fill the menus.  `disabled_reason` has, by command, a function that gives the reason or "".

        Such a command is disabled while its menu is open, with the reason as its tip.  Its key
        stays: pressed, it shows the reason.  `gestures` has, by menu, what a room offers now, and how
        it lies there.
        """
        for title, menu in zip(MENUS, self._menus, strict=True):
            menu.setToolTipsVisible(True)
            if title in gestures:
                _follow(menu, *gestures[title])
                continue
            reasons = {}
            for command in (c for c in COMMANDS if c.menu == title):
                if command.begins:
                    menu.addSeparator()
                menu.addAction(actions[command.name])
                if command.name in disabled_reason:
                    reasons[actions[command.name]] = disabled_reason[command.name]
            menu.aboutToShow.connect(lambda reasons=reasons: _forbid(reasons))
            menu.aboutToShow.connect(lambda menu=menu: underline(menu))
            menu.aboutToHide.connect(lambda reasons=reasons: _allow(reasons))
            underline(menu)

    def open_menus(self) -> None:
        """Give the menus the keys, the first of them open."""
        first = self.menus.actions()[0]
        self.menus.setActiveAction(first)
        if (menu := first.menu()) is not None:
            menu.setActiveAction(menu.actions()[0])  # type: ignore[attr-defined]

    def reflect(self) -> None:
        document = self._document
        self.name.set_text(document.project.name)
        if document.read_only:
            self.state.setText("read only")
            tip(self.state, document.only_read)
        else:
            waits = "not saved · trying again" if document.trouble else "saving …"
            self.state.setText("saved" if document.is_saved else waits)
        set_role(self.state, "attention" if document.trouble else "small")

    def show_device_info(self, info: DeviceInfo) -> None:
        text = info.name
        if info.total:
            used = f"{memory(info.used)} of " if info.used else ""
            text += f" · {used}{memory(info.total)} memory"
        self.device.setText(text)
        disabled_reason = "" if self._can_free else "No model is held in memory."
        if not info.has_gpu:
            disabled_reason = "This computer works on its processor: there is no GPU to free."
        set_enabled(
            self.free, disabled_reason, "Take the waiting models out of the graphics card’s memory"
        )

    def _build(self) -> None:
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.menus = QMenuBar()
        self.menus.setNativeMenuBar(False)
        self._menus = [self.menus.addMenu(title) for title in MENUS]
        underline(self.menus)
        QShortcut(QKeySequence(Qt.Key.Key_F10), self, self.open_menus)
        self.name, self.state = ElidedLabel("", "title"), label("", "small")
        self.name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.device = label("", "small")
        self.free = push("Free GPU")
        self.free.setEnabled(False)  # nobody knows yet whether there is one
        left, middle, right = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        left.addWidget(self.menus)
        left.addStretch(1)
        middle.addWidget(self.name, 1)
        middle.addWidget(self.state, 1)
        right.addStretch(1)
        right.setSpacing(2 * UNIT)
        right.addWidget(self.device)
        right.addWidget(self.free)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(UNIT, UNIT // 2, 2 * UNIT, UNIT // 2)
        for part in (left, middle, right):
            layout.addLayout(part, 1)

    def _look(self) -> None:
        self._background.ask(self._device_info, self.show_device_info, owner=self)


def _follow(menu: QMenu, offered: Callable[[], Mapping[str, Gesture]], layout: Layout) -> None:
    """What a room offers is asked when its menu opens."""
    menu.aboutToShow.connect(lambda: fill_menu(menu, offered(), layout))
    fill_menu(menu, offered(), layout)


def _forbid(reasons: Mapping[QAction, Callable[[], str]]) -> None:
    for action, disabled_reason in reasons.items():
        reason = disabled_reason()
        action.setEnabled(not reason)
        tip(action, reason)


def _allow(reasons: Mapping[QAction, Callable[[], str]]) -> None:
    for action in reasons:
        action.setEnabled(True)
