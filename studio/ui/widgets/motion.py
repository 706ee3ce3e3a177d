"""Reduced motion: nothing moves by itself where the system or the environment asks for that."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

PORTAL = "org.freedesktop.portal.Desktop"
DESKTOP, ANIMATED = "org.gnome.desktop.interface", "enable-animations"
ANSWER_MS = 1000
EFFECTS = (
    Qt.UIEffect.UI_General, Qt.UIEffect.UI_AnimateMenu, Qt.UIEffect.UI_FadeMenu,
    Qt.UIEffect.UI_AnimateCombo, Qt.UIEffect.UI_AnimateTooltip, Qt.UIEffect.UI_FadeTooltip,
    Qt.UIEffect.UI_AnimateToolBox,
)  # fmt: skip
"""Of Qt's own menus and lists; a system may have some of them off in any case."""
CLIENT_AREA_ANIMATION = 0x1042
"""SPI_GETCLIENTAREAANIMATION of Windows."""


class Motion(QObject):
    """Whether things move by themselves; what moves listens to `changed`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._reduced = False
        self._effects: list[Qt.UIEffect] = []

    @property
    def is_reduced(self) -> bool:
        return self._reduced

    def reduce(self, reduced: bool) -> None:
        """Let things stand, Qt's own menus and lists too, or move again as before."""
        if reduced == self._reduced:
            return
        self._reduced = reduced
        if reduced:
            self._effects = [effect for effect in EFFECTS if QApplication.isEffectEnabled(effect)]
        for effect in self._effects:
            QApplication.setEffectEnabled(effect, not reduced)
        self.changed.emit()

    def follow_system(self) -> None:
        """Do as the environment (`STUDIO_REDUCED_MOTION`), Windows or the desktop says.

        The desktop is asked over D-Bus and answers later, where there is one at all.
        """
        if os.environ.get("STUDIO_REDUCED_MOTION") or _windows_stands():
            self.reduce(True)
        elif sys.platform == "linux" and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            from PySide6.QtDBus import QDBusConnection

            ask_desktop(QDBusConnection.sessionBus(), lambda moves: self.reduce(not moves), self)


motion = Motion()
"""Of the whole application, as its style and fonts are."""


def _windows_stands() -> bool:
    """Whether Windows shows no animations: *Accessibility → Visual effects*."""
    if sys.platform != "win32":
        return False
    import ctypes

    animated = ctypes.c_int(1)
    ctypes.windll.user32.SystemParametersInfoW(CLIENT_AREA_ANIMATION, 0, ctypes.byref(animated), 0)
    return not animated.value


def ask_desktop(bus: "QDBusConnection", then: Callable[[bool], None], owner: QObject) -> None:
    """Ask the desktop portal on a bus for GNOME's switch, which other desktops have too, and call
    `then` with whether things are animated; never where nobody answers."""
    from PySide6.QtDBus import QDBusMessage, QDBusPendingCallWatcher

    place = ("/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings", "Read")
    asked = QDBusMessage.createMethodCall(PORTAL, *place)
    asked.setArguments([DESKTOP, ANIMATED])
    call = bus.asyncCall(asked, ANSWER_MS)
    watcher = QDBusPendingCallWatcher(call, owner)

    def answered() -> None:
        answer = call.reply().arguments()
        if not call.isError() and answer:
            then(_plain(answer[0]) is not False)
        watcher.deleteLater()

    watcher.finished.connect(answered)


def _plain(answer: object) -> object:
    """What is in a variant, which may be in another one."""
    from PySide6.QtDBus import QDBusVariant

    while isinstance(answer, QDBusVariant):
        answer = answer.variant()
    return answer
