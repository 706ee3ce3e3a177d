"""What a subject has learned: its curve, samples and versions."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from studio.project.subject import Subject, Version
from studio.project.subjects import Learning
from studio.spec.progress import Preview
from studio.spec.quantities import count, listed
from studio.ui.state.background import Background
from studio.ui.state.images import from_preview
from studio.ui.subjects.animated_thumbnail import AnimatedThumbnail
from studio.ui.subjects.card import METHOD
from studio.ui.subjects.loss_curve import LossCurve
from studio.ui.subjects.training import SAMPLE
from studio.ui.widgets.controls import column, label, push, row, set_enabled
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


class TrainingResults(QWidget):
    """Of one subject that is not being trained; made anew when anything of it changes."""

    version_chosen = Signal(str)
    photos_asked = Signal()

    def __init__(
        self, subject: Subject, learning: Learning, background: Background, icons: Icons
    ) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        layout.setSpacing(UNIT)
        self.curve: LossCurve | None = None
        if len(learning.losses) > 1:
            self.curve = LossCurve(background, icons.theme)
            self.curve.show_losses(list(learning.losses))
            layout.addWidget(self.curve)
        if learning.samples:
            layout.addWidget(_samples(learning.samples, icons))
        self.words = label(_taught(subject), "small", wrap=True)
        self.words.setVisible(bool(self.words.text()))
        layout.addWidget(self.words)
        self.versions = push("", "menu", tip="Use another version of this subject")
        self.versions.setVisible(len(learning.versions) > 1)
        if len(learning.versions) > 1:
            self._offer(subject, learning.versions)
        self.more_photos = push("Add photos …", "link")
        self.more_photos.clicked.connect(self.photos_asked)
        set_enabled(
            self.more_photos, _photos_disabled_reason(learning), "More photos for its next training"
        )
        layout.addWidget(row(self.versions, None, self.more_photos))

    def _offer(self, subject: Subject, versions: tuple[Version, ...]) -> None:
        menu = QMenu(self.versions)
        for version in reversed(versions):
            action = menu.addAction(words_of(version).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(version.file in subject.used)
            action.triggered.connect(self._choosing(version.file))
        self.versions.setText(count(len(versions), "version"))
        self.versions.setMenu(menu)

    def _choosing(self, file: str) -> Callable[[], None]:
        return lambda: self.version_chosen.emit(file)


def _taught(subject: Subject) -> str:
    """Words that somebody's LoRA was taught, where that is in use."""
    version = subject.version()
    return f"It was taught: {listed(list(version.words))}." if version and version.words else ""


def _photos_disabled_reason(learning: Learning) -> str:
    """Why photos cannot be added now."""
    if learning.training and not learning.training.is_finished:
        return "It stopped in the midst of a training: go on with that first, or start anew."
    return ""


def _samples(samples: dict[str, Preview], icons: Icons) -> QWidget:
    shown = []
    for name in ("still", "moving"):
        if preview := samples.get(name):
            picture = AnimatedThumbnail(SAMPLE, f"Sample, {name}", icons.theme)
            picture.show_frames(from_preview(preview))
            words = "picture" if name == "still" else name
            shown.append(column(picture, label(words, "small"), gap=2))
    return row(*shown, None)


def words_of(version: Version) -> str:
    """A version in a line: when, how long, by which method, for which model."""
    made = version.made[:16].replace("T", " ") or "earlier"
    steps = count(version.trained_steps, "step") if version.trained_steps else "steps unknown"
    method = METHOD.get(version.method, version.method)
    return " · ".join((made, steps, method, version.model_name or version.network or "any model"))
