"""How wide a terminal is, how wide a text is on it, and whether a line can repaint itself."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping

from studio.terminal.streams import Unfailing

USUAL = 80
"""Columns of a terminal that does not say."""


def repaints(stream: Unfailing, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a carriage return leads back over what was written: a terminal, not a "dumb" one.

    Nothing else is asked of it: no escape codes, hence no colours either.
    """
    capable = os.name == "nt" or environ.get("TERM", "dumb") != "dumb"
    return capable and stream.isatty()


def columns(stream: Unfailing) -> int:
    """Columns of the terminal behind `stream`, now: its window may have been resized."""
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        width = 0
    columns = os.environ.get("COLUMNS", "")
    return width or (int(columns) if columns.isdecimal() and int(columns) else USUAL)


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(_width(character) for character in text)


def fitted(text: str, room: int) -> str:
    """`text` on one line of at most `room` columns, "…" in place of what does not fit."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if width(text) <= room:
        return text
    taken, kept = 1, ""
    for character in text:
        taken += _width(character)
        if taken > room:
            break
        kept += character
    return kept + "…" if room > 0 else ""


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
