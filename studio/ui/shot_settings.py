"""The settings of a shot that have good defaults and stay folded away."""

from dataclasses import dataclass, replace
from fractions import Fraction

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from studio.project.shot import Shot
from studio.spec.request import MAX_GUIDANCE, MAX_STEPS, Family
from studio.spec.timing import FASTEST, frame_rate
from studio.ui.controls import explain, field, push
from studio.ui.theme import UNIT


@dataclass(frozen=True, slots=True)
class Setting:
    """A number of the shot, declared once: its field, name, unit, lower bound and help."""

    attribute: str
    name: str
    unit: str
    lowest: int
    help: str
    is_whole: bool = True


SETTINGS = (
    Setting("keyframes", "Keyframes", " frames", 1, "How many frames the model makes at once."),
    Setting("interpolate", "Between", " passes", 0, "Each pass puts three frames between two."),
    Setting("fps", "Rate", " fps", 1, "How many keyframes make one second."),
    Setting("steps", "Steps", " steps", 1, "More steps: finer and slower, in equal measure."),
    Setting("guidance", "Guidance", " ×", 0, "How strictly the words are followed.", False),
    Setting("width", "Width", " px", 1, "Width of the picture in pixels."),
    Setting("height", "Height", " px", 1, "Height of the picture in pixels."),
)


class ShotSettings(QWidget):
    """One number field per setting; a setting left at the default follows the model."""

    changed = Signal(object, str)  # shot, label

    def __init__(self) -> None:
        super().__init__()
        self._shot: Shot | None = None
        self.numbers: dict[str, QSpinBox | QDoubleSpinBox] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        for setting in SETTINGS:
            number = QSpinBox() if setting.is_whole else QDoubleSpinBox()
            number.setSuffix(setting.unit)
            explain(number, "", setting.help)
            number.setKeyboardTracking(False)
            number.valueChanged.connect(lambda value, s=setting: self._set(s, value))
            self.numbers[setting.attribute] = number
            layout.addWidget(field(setting.name, number))
        self.defaults = push("Back to the model's defaults", "link")
        self.defaults.clicked.connect(self._forget)
        layout.addWidget(self.defaults)

    def reflect(self, shot: Shot, family: Family | None) -> None:
        self._shot = shot
        self.setEnabled(family is not None)
        if family is None:
            self.setToolTip("The settings appear when there is a model.")
            return
        own = _own(family)
        for setting in SETTINGS:
            number = self.numbers[setting.attribute]
            number.blockSignals(True)
            number.setRange(setting.lowest, _highest(setting.attribute, family))
            if setting.attribute in ("width", "height"):
                number.setRange(family.size_multiple, family.largest)
                number.setSingleStep(family.size_multiple)
            value = getattr(shot, setting.attribute)
            value = own[setting.attribute] if value is None else value
            if isinstance(number, QSpinBox):
                number.setValue(int(value))
            else:
                number.setValue(float(value))
            number.blockSignals(False)
        edited = "The strip was edited by hand; start it over to choose a number again."
        explain(self.numbers["keyframes"], edited if shot.strip else "")
        never = f"{family.name} was not trained to put frames between."
        explain(self.numbers["interpolate"], "" if family.passes else never)

    def _set(self, setting: Setting, value: float) -> None:
        if self._shot:
            kept = frame_rate(value) if setting.attribute == "fps" else value
            self.changed.emit(replace(self._shot, **{setting.attribute: kept}), setting.name)

    def _forget(self) -> None:
        if self._shot:
            nothing = {setting.attribute: None for setting in SETTINGS}
            self.changed.emit(replace(self._shot, **nothing), "Default settings")


def _own(family: Family) -> dict[str, Fraction | float | int]:
    return {
        "keyframes": family.frames_per_call,
        "interpolate": family.passes,
        "fps": family.native_fps,
        "steps": family.steps,
        "guidance": family.guidance,
        "width": family.size,
        "height": family.size,
    }


def _highest(attribute: str, family: Family) -> int:
    limits = {
        "keyframes": family.most_frames,
        "interpolate": family.passes,
        "fps": FASTEST,
        "steps": MAX_STEPS,
    }
    return limits.get(attribute, int(MAX_GUIDANCE))
