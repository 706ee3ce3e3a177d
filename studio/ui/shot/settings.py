"""The settings of a shot that have good defaults and stay folded away."""

from dataclasses import dataclass, replace
from fractions import Fraction

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.library.parts import SAMPLED
from studio.project.shot import Shot
from studio.spec.numbers import Possible, possible
from studio.spec.part import Part
from studio.spec.request import MAX_GUIDANCE, MAX_STEPS
from studio.spec.sizes import largest_side, size_multiple
from studio.spec.timing import FASTEST, frame_rate
from studio.ui.state.shot_state import ShotState
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
        self._allowed: tuple[object, ...] = ()
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

    def reflect(self, state: ShotState) -> None:
        shot = self._shot = state.shot
        model, draft = state.model, state.draft
        self.setEnabled(draft is not None)
        if model is None or draft is None:
            tip(self, "The settings appear when there is a model.")
            return
        allowed = (model.card, draft.parts)
        if allowed != self._allowed:
            self._allowed = allowed
            for name, setting in ((setting.attribute, setting) for setting in SETTINGS):
                self.numbers[name].allow(_possible(setting, state, draft.parts), STEPPED.get(name))
        for setting in SETTINGS:
            self.numbers[setting.attribute].reflect(getattr(draft, setting.attribute))
        edited = "The strip was edited by hand; start it over to choose a number again."
        set_enabled(self.numbers["keyframes"], edited if shot.strip else "")
        between = (state.by("interpolator") or model).card
        never = f"{between.name} was not trained to put frames between."
        set_enabled(self.numbers["interpolate"], "" if between.passes else never)
        for name in ("steps", "guidance"):
            set_enabled(self.numbers[name], _own_numbers(state))

    def _set(self, setting: Setting, value: Fraction) -> None:
        if self._shot:
            kept = _kept(setting.attribute, value)
            self.changed.emit(replace(self._shot, **{setting.attribute: kept}), setting.name)

    def _forget(self) -> None:
        if self._shot:
            nothing = {setting.attribute: None for setting in SETTINGS}
            self.changed.emit(replace(self._shot, **nothing), "Default settings")


def _own_numbers(state: ShotState) -> str:
    """Why the shot's steps and guidance mean nothing, or "": a part samples with its own numbers."""
    sampled = [role for role in SAMPLED if state.by(role)]
    if not sampled or any(role not in state.others for role in sampled):
        return ""
    return "The models chosen under Parts have steps and guidance of their own."


def _kept(attribute: str, value: Fraction) -> Fraction | float | int:
    """A number as the shot keeps it."""
    if attribute == "fps":
        return frame_rate(value)
    return float(value) if attribute == "guidance" else int(value)


def _possible(setting: Setting, state: ShotState, parts: tuple[Part, ...]) -> Possible:
    """Which numbers of a setting the models of the shot can make."""
    assert state.model is not None
    card = state.model.card
    if setting.attribute in ("width", "height"):
        multiple = size_multiple(card, parts)
        return possible(multiple, largest_side(card, parts), multiple)
    window = (state.by("keyframes") or state.model).card.window
    if setting.attribute == "keyframes":
        first, most, step = (Fraction(n) for n in (window.first, window.most, window.step))
        return Possible(first, most, step, origin=first)
    limits = {
        "interpolate": (state.by("interpolator") or state.model).card.passes,
        "fps": FASTEST,
        "steps": MAX_STEPS,
    }
    highest = limits.get(setting.attribute, MAX_GUIDANCE)
    return possible(setting.lowest, highest, setting.steps)
