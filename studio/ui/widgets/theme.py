"""The look of the studio: colours, fonts and style sheet from the one theme file."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

OUTLINES = """
QPushButton, QPushButton[role="primary"] { border: 1px solid @edge; }
QMenu, QToolTip { border: 1px solid @edge; }
QMainWindow::separator { background: @edge; width: 1px; height: 1px; }
QDialog { border: 1px solid @edge; }
QPushButton:focus, QPushButton[role="primary"]:focus { border: 2px solid @text; }
"""
"""What has an edge in high contrast, and none elsewhere."""
UNIT = 8
"""Pixels of the grid on which everything sits."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role as `#rrggbb`; text sizes in pixels; `assets` is where the files lie."""

    colours: dict[str, str]
    family: str
    text: int
    small: int
    assets: Path
    is_high: bool = False
    """Whether it is the one of high contrast."""

    def colour(self, role: str) -> QColor:
        return QColor(self.colours[role])


def load_theme(assets: Path, *, high: bool = False) -> Theme:
    """Read `theme.toml`, of `high` contrast if so wished; a broken theme is a bug, so nothing is
    caught here."""
    table = read(assets)
    fonts, colours = table["fonts"], table["colours"] | (table["high_contrast"] if high else {})
    return Theme(colours, fonts["family"], fonts["text"], fonts["small"], assets, high)


def wants_high() -> bool:
    """Whether the system, of which Qt knows that from 6.10 on, or the environment asks for it."""
    if os.environ.get("STUDIO_HIGH_CONTRAST"):
        return True
    hints = getattr(QGuiApplication.styleHints(), "accessibility", None)
    return bool(hints and hints().contrastPreference() == Qt.ContrastPreference.HighContrast)


def read(assets: Path) -> dict[str, Any]:
    """The theme file as written, its contrast promises included."""
    return tomllib.loads((assets / "theme.toml").read_text(encoding="utf-8"))


def apply(theme: Theme, app: QApplication) -> None:
    """Fonts and colours of the whole application; its windows have the style sheet (`dress`)."""
    for file in read(theme.assets)["fonts"]["files"]:
        QFontDatabase.addApplicationFont(str(theme.assets / file))
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setFont(_font(theme))


def dress(window: QWidget, theme: Theme) -> None:
    """Give a window, and whatever opens over it, the style sheet.

    The application itself has none: with one Qt resolves the style of every widget anew, with all
    that is in it, each time that one is put into another, once per level of a room that is built from
    the inside out.  In a window it does so once, when the room is put there.
    """
    window.setStyleSheet(style_sheet(theme))


def style_sheet(theme: Theme) -> str:
    """The template with its @names filled in, longest names first."""
    sheet = (theme.assets / "theme.qss").read_text(encoding="utf-8")
    sheet += OUTLINES if theme.is_high else ""
    names = {
        **theme.colours,
        "family": theme.family,
        "text_px": f"{theme.text}px",
        "small_px": f"{theme.small}px",
        "icons": (theme.assets / "icons").as_posix(),
    }
    for name in sorted(names, key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", names[name])
    return sheet


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours, 1..21."""
    dark, light = sorted(_luminance(QColor(c)) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget one of the style sheet's roles, at any time."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _luminance(colour: QColor) -> float:
    def linear(v: float) -> float:
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

    red, green, blue = colour.redF(), colour.greenF(), colour.blueF()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def _font(theme: Theme) -> QFont:
    font = QFont(theme.family)
    font.setPixelSize(theme.text)
    return font


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "panel",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "ground",
        QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.Button: "control",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.Link: "accent",
    }
    for role, name in roles.items():
        palette.setColor(role, theme.colour(name))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("muted"))
    return palette
