"""Colours can be read by everyone, icons belong to the theme, and both are crisp."""

import re

import pytest

from studio.app import ASSETS
from studio.ui.widgets import theme
from studio.ui.widgets.icons import Icons

TOLD = theme.read(ASSETS)
PAIRS = [
    (text, ground, rule["at_least"])
    for rule in TOLD["contrast"]
    for text in rule["text"]
    for ground in rule["on"]
]


@pytest.mark.parametrize(("text", "ground", "at_least"), PAIRS)
def test_every_promised_contrast_holds(text, ground, at_least):
    colours = TOLD["colours"]
    assert theme.contrast(colours[text], colours[ground]) >= at_least


@pytest.mark.parametrize(("text", "ground", "at_least"), PAIRS)
def test_high_contrast_is_higher(text, ground, at_least):
    """WCAG 2.2 AAA: 7 : 1 for text, and no outline below that."""
    colours = theme.load_theme(ASSETS, high=True).colours
    assert theme.contrast(colours[text], colours[ground]) >= 7
    assert colours.keys() == TOLD["colours"].keys()


def test_high_contrast_is_there_for_who_asks(monkeypatch):
    assert not theme.wants_high()
    monkeypatch.setenv("STUDIO_HIGH_CONTRAST", "1")
    assert theme.wants_high()
    sheet = theme.style_sheet(theme.load_theme(ASSETS, high=True))
    assert "#17181b" not in sheet
    assert not re.search(r"@[a-z]", sheet)


def test_contrast_is_that_of_wcag():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_name_of_the_style_sheet_is_filled_in():
    sheet = theme.style_sheet(theme.load_theme(ASSETS))
    assert not re.search(r"@[a-z]", sheet)


def test_icons_bring_no_colours_of_their_own():
    allowed = {c.lower() for c in TOLD["colours"].values()}
    for icon in sorted((ASSETS / "icons").glob("*.svg")):
        found = re.findall(r"#[0-9a-fA-F]{3,8}", icon.read_text(encoding="utf-8"))
        assert {c.lower() for c in found} <= allowed, icon.name


def test_icons_are_drawn_anew_for_each_scale(qapp):
    icons = Icons(theme.load_theme(ASSETS))
    for ratio in (1, 2):
        drawn = icons.pixmap("play", "text", 16, ratio)
        assert drawn.width() == 16 * ratio
        assert drawn.devicePixelRatio() == ratio
        assert drawn.toImage().pixelColor(7 * ratio, 8 * ratio).alpha() == 255


def test_the_typeface_is_the_bundled_one(qapp):
    assert qapp.font().family() == TOLD["fonts"]["family"]
    from PySide6.QtGui import QFontInfo

    assert QFontInfo(qapp.font()).family() == TOLD["fonts"]["family"]
