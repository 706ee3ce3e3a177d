"""The computer's speaker: QtMultimedia's, where that is installed and there is a device."""

from collections.abc import Callable
from typing import Protocol

from studio.spec.refusal import Refusal

RATE, CHANNELS = 48_000, 2
"""Samples a second and channels of all sound, as in `studio.media.audio`."""
BUFFERED = 0.1
"""Seconds that the device holds ahead."""
Read = Callable[[int], bytes]
"""Gives so many samples of all channels, float32, interleaved; never waits."""


class Speaker(Protocol):
    """Something that sound is heard from, for as long as it is not stopped."""

    def start(self, read: Read) -> None: ...

    def stop(self) -> None: ...

    def played(self) -> float:
        """Seconds that were heard since `start`."""
        ...


def find_speaker() -> Speaker:
    """The speaker of this computer; refused in a sentence where there is none."""
    from studio.ui.state.qt_speaker import QtSpeaker

    try:
        return QtSpeaker()
    except ImportError as error:
        missing = "is not installed" if isinstance(error, ModuleNotFoundError) else "does not load"
        raise Refusal(
            f"Sound is not heard here: Qt's part for it {missing}.",
            "Install PySide6-Addons, on Linux libpulse too; exports have their sound all the same.",
        ) from error
