"""The settings of a shot that have good defaults and stay folded away."""

from dataclasses import dataclass, replace
from fractions import Fraction

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.project.shot import Shot
from studio.spec.card import Card
from studio.spec.numbers import Possible, possible
from studio.spec.request import MAX_GUIDANCE, MAX_STEPS
from studio.spec.timing import FASTEST, frame_rate
from studio.ui.widgets.controls import push, set_enabled, tip
from studio.ui.widgets.number_field import NumberField, number_row
from studio.ui.widgets.theme import UNIT


@dataclass(frozen=True, slots=True)
class Setting:
    """A number of the shot, declared once: its field, name, unit, lower bound and help.

    `one` is the unit of a single one; what goes in no `steps` may be any number between.
    """

    attribute: str
    name: str
    unit: str
    one: str
    lowest: Fraction
    help: str
    steps: int = 1


def _setting(attribute, name, units, lowest, help, steps=1) -> Setting:
    unit, _, one = units.partition("|")
    return Setting(attribute, name, f" {unit}", f" {one or unit}", Fraction(lowest), help, steps)


SETTINGS = (
    _setting(
        "keyframes", "Keyframes", "frames|frame", 1, "How many frames the model makes at once."
    ),
    _setting(
        "interpolate", "Between", "passes|pass", 0, "Each pass puts three frames between two."
    ),
    _setting("fps", "Keyframe rate", "per second", "0.1", "How many keyframes make one second.", 0),
    _setting("steps", "Steps", "steps|step", 1, "More steps: finer and slower, in equal measure."),
    _setting("guidance", "Guidance", "×", 0, "How strictly the words are followed.", 0),
    _setting("width", "Width", "px", 1, "Width of the picture in pixels."),
    _setting("height", "Height", "px", 1, "Height of the picture in pixels."),
)
STEPPED = {"fps": 0.5, "guidance": 0.5}
"""What an arrow adds where any number will do."""


class ShotSettings(QWidget):
    """One number field per setting; a setting left at the default follows the model."""

    changed = Signal(object, str)  # shot, label

    def __init__(self) -> None:
        super().__init__()
        self._shot: Shot | None = None
        self._card: Card | None = None
        self.numbers: dict[str, NumberField] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        for setting in SETTINGS:
            number = NumberField(setting.unit, setting.one)
            set_enabled(number, "", setting.help)
            number.changed.connect(lambda value, s=setting: self._set(s, value))
            self.numbers[setting.attribute] = number
            layout.addWidget(number_row(setting.name, number))
        self.defaults = push("Back to the model's defaults", "link")
        self.defaults.clicked.connect(self._forget)
        layout.addWidget(self.defaults)

    def reflect(self, shot: Shot, card: Card | None) -> None:
        self._shot = shot
        self.setEnabled(card is not None)
        if card is None:
            tip(self, "The settings appear when there is a model.")
            return
        if card != self._card:
            self._card = card
            for name, setting in ((setting.attribute, setting) for setting in SETTINGS):
                self.numbers[name].allow(_possible(setting, card), STEPPED.get(name))
        own = _own(card)
        for setting in SETTINGS:
            number = self.numbers[setting.attribute]
            value = getattr(shot, setting.attribute)
            number.reflect(own[setting.attribute] if value is None else value)
        edited = "The strip was edited by hand; start it over to choose a number again."
        set_enabled(self.numbers["keyframes"], edited if shot.strip else "")
        never = f"{card.name} was not trained to put frames between."
        set_enabled(self.numbers["interpolate"], "" if card.passes else never)

    def _set(self, setting: Setting, value: Fraction) -> None:
        if self._shot:
            kept = _kept(setting.attribute, value)
            self.changed.emit(replace(self._shot, **{setting.attribute: kept}), setting.name)

    def _forget(self) -> None:
        if self._shot:
            nothing = {setting.attribute: None for setting in SETTINGS}
            self.changed.emit(replace(self._shot, **nothing), "Default settings")


def _own(card: Card) -> dict[str, Fraction | float | int]:
    return {
        "keyframes": card.window.usual,
        "interpolate": card.passes,
        "fps": card.fps,
        "steps": card.defaults.steps,
        "guidance": card.defaults.guidance,
        "width": card.size[0],
        "height": card.size[1],
    }


def _kept(attribute: str, value: Fraction) -> Fraction | float | int:
    """A number as the shot keeps it."""
    if attribute == "fps":
        return frame_rate(value)
    return float(value) if attribute == "guidance" else int(value)


def _possible(setting: Setting, card: Card) -> Possible:
    """Which numbers of a setting the card can make."""
    if setting.attribute in ("width", "height"):
        return possible(card.size_multiple, card.largest, card.size_multiple)
    limits = {
        "keyframes": card.window.most,
        "interpolate": card.passes,
        "fps": FASTEST,
        "steps": MAX_STEPS,
    }
    highest = limits.get(setting.attribute, MAX_GUIDANCE)
    return possible(setting.lowest, highest, setting.steps)
