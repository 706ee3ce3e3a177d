"""Where less motion is asked for, nothing moves by itself."""

import shutil
import subprocess

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant, QDBusVirtualObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from studio.ui.subjects.animated_thumbnail import AnimatedThumbnail
from studio.ui.widgets.motion import DESKTOP, EFFECTS, PORTAL, ask_desktop, motion


class Portal(QDBusVirtualObject):
    """As the desktop's: an answer in a variant in a variant."""

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        assert message.arguments() == [DESKTOP, "enable-animations"]
        return connection.send(message.createReply(QDBusVariant(QDBusVariant(False))))


@pytest.fixture
def still(qapp):
    yield
    motion.reduce(False)


def test_the_environment_asks_for_it(still, monkeypatch):
    before = [effect for effect in EFFECTS if QApplication.isEffectEnabled(effect)]
    monkeypatch.setenv("STUDIO_REDUCED_MOTION", "1")
    motion.follow_system()
    assert motion.is_reduced
    assert not any(map(QApplication.isEffectEnabled, EFFECTS))
    motion.reduce(False)
    assert [effect for effect in EFFECTS if QApplication.isEffectEnabled(effect)] == before


def test_a_sample_stands_at_its_first_frame(studio, qtbot, until, still):
    sample = AnimatedThumbnail(32, "Sample", studio.shot.loras_fold._icons.theme)
    qtbot.addWidget(sample)
    sample.show_frames(tuple(QImage(8, 8, QImage.Format.Format_RGB888) for _ in range(3)))
    sample.show()
    until(lambda: sample._shown == 1)
    motion.reduce(True)
    assert (sample._shown, sample._timer.isActive()) == (0, False)
    sample.show_frames(tuple(QImage(8, 8, QImage.Format.Format_RGB888) for _ in range(2)))
    assert not sample._timer.isActive()
    motion.reduce(False)
    assert sample._timer.isActive()
    sample.hide()


@pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="there is no D-Bus here")
def test_the_desktop_is_asked(qapp, until):
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    try:
        address = bus.stdout.readline().strip()
        desktop = QDBusConnection.connectToBus(address, "desktop")
        portal = Portal()
        how = QDBusConnection.VirtualObjectRegisterOption.SubPath
        assert desktop.registerVirtualObject("/org/freedesktop/portal", portal, how)
        assert desktop.registerService(PORTAL)
        answers: list[bool] = []
        ask_desktop(QDBusConnection.connectToBus(address, "studio"), answers.append, portal)
        until(lambda: answers)
        assert answers == [False]
    finally:
        for name in ("desktop", "studio"):
            QDBusConnection.disconnectFromBus(name)
        bus.terminate()
        bus.wait()
        bus.stdout.close()
