"""Sounds to try."""

import wave

import numpy as np

from studio.media.audio import RATE


def tone(count: int, rate: int = RATE, hertz: float = 440.0) -> np.ndarray:
    """A sine at half of full scale, float (n,)."""
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(count) / rate)


def wav(path, samples: np.ndarray, rate: int = RATE):
    """A mono WAV of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return path
