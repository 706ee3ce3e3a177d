"""QtMultimedia's audio sink as a speaker."""

from PySide6.QtCore import QIODevice, QObject

from studio.spec.refusal import Refusal
from studio.ui.state.speaker import BUFFERED, CHANNELS, RATE, Read

SAMPLE = 4 * CHANNELS
"""Bytes of a sample of all channels."""


class QtSpeaker(QObject):
    """Pulls samples whenever the device wants some; ImportError where PySide6 comes without sound."""

    def __init__(self) -> None:
        super().__init__()
        from PySide6.QtMultimedia import (  # type: ignore[import-not-found]  # of PySide6-Addons
            QAudioFormat,
            QAudioSink,
            QMediaDevices,
        )

        device, wanted = QMediaDevices.defaultAudioOutput(), QAudioFormat()
        wanted.setSampleRate(RATE)
        wanted.setChannelCount(CHANNELS)
        wanted.setSampleFormat(QAudioFormat.SampleFormat.Float)
        if device.isNull() or not device.isFormatSupported(wanted):
            raise Refusal("There is no sound device: what plays is silent.")
        self._sink = QAudioSink(device, wanted, self)
        self._sink.setBufferSize(round(BUFFERED * RATE) * SAMPLE)
        self._source: _Source | None = None

    def start(self, read: Read) -> None:
        self.stop()
        self._source = _Source(read, self)
        self._sink.start(self._source)

    def stop(self) -> None:
        self._sink.stop()
        if self._source is not None:
            self._source.close()
            self._source.deleteLater()
            self._source = None

    def played(self) -> float:
        return self._sink.processedUSecs() / 1e6


class _Source(QIODevice):
    def __init__(self, read: Read, parent: QObject) -> None:
        super().__init__(parent)
        self._read = read
        self.open(QIODevice.OpenModeFlag.ReadOnly)

    def readData(self, most: int) -> bytes:
        return self._read(most // SAMPLE)

    def writeData(self, data, len) -> int:
        return -1

    def bytesAvailable(self) -> int:
        return 2**20 + super().bytesAvailable()

    def isSequential(self) -> bool:
        return True
