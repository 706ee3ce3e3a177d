"""The recipe of a take: everything that decided it, to read, copy or use again."""

import json

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from studio.project.plain import to_plain
from studio.project.project import Render
from studio.spec.part import Part
from studio.spec.quantities import clip_length, count, rate
from studio.spec.request import ClipRequest
from studio.spec.spans import strip_of
from studio.ui.state.shot_state import ROLE_NAMES
from studio.ui.widgets.adaptive import field
from studio.ui.widgets.controls import ElidedLabel, label, push, row
from studio.ui.widgets.theme import UNIT


class RecipeDialog(QDialog):
    """All fields of a take's request; "use again" copies them into the shot."""

    used = Signal(object)  # Render

    def __init__(self, render: Render, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Recipe of take {render.order}")
        self.setMinimumWidth(520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT)
        prompt = QPlainTextEdit(render.request.prompt)
        prompt.setReadOnly(True)
        prompt.setTabChangesFocus(True)
        prompt.setAccessibleName("Prompt")
        prompt.setFixedHeight(9 * UNIT)
        layout.addWidget(label("Prompt", "small"))
        layout.addWidget(prompt)
        for name, text in _lines(render):
            layout.addWidget(field(name, ElidedLabel(text)))
        self.copy, self.use = push("Copy as text"), push("Use in the shot", "primary")
        done = push("Close")
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(as_text(render)))
        self.use.clicked.connect(lambda: (self.used.emit(render), self.accept()))
        done.clicked.connect(self.reject)
        layout.addSpacing(UNIT)
        layout.addWidget(row(self.copy, None, done, self.use))


def as_text(render: Render) -> str:
    """The request as JSON."""
    return json.dumps(to_plain(render.request), ensure_ascii=False, indent=1)


def _lines(render: Render) -> list[tuple[str, str]]:
    request = render.request
    subject = request.subject
    length = f"{count(request.frames, 'frame')} · {clip_length(request.frames, request.rate)}"
    lines = [
        ("Without", request.negative or "nothing named"),
        (
            "Subject",
            f"{subject.name} at {subject.strength:.2f} ×" if subject else "nobody in particular",
        ),
        ("Seed", str(request.seed)),
        ("Length", f"{length} at {rate(request.rate)}"),
        ("Keyframes", _keyframes(request)),
        ("Size", " × ".join(map(str, request.size)) + " px"),
        ("Steps", f"{count(request.steps, 'step')} · guidance {request.guidance:g} ×"),
        ("Model", request.model),
        *_parts(request),
    ]
    lines += [(role.capitalize(), identity) for role, identity in request.weights]
    return lines


def _parts(request: ClipRequest) -> list[tuple[str, str]]:
    """By role, the models that took it from the take's own, with the numbers they sample by."""
    others = {r: part for part in reversed(request.parts) for r in part.roles}
    return [
        (ROLE_NAMES[role], _part(part))
        for role, part in others.items()
        if part.model != request.model
    ]


def _part(part: Part) -> str:
    if part.sampling is None:
        return part.model
    numbers = f"{count(part.sampling.steps, 'step')} · guidance {part.sampling.guidance:g} ×"
    return f"{part.model} · {numbers}"


def _keyframes(request: ClipRequest) -> str:
    """How many keyframes, and how often three frames were put between two."""
    strip = strip_of(request)
    parts = [count(len(strip.keys), "keyframe"), count(request.interpolate, "pass", "passes")]
    parts += ["edited by hand"] * (request.strip is not None) + ["a loop"] * strip.loop
    return " · ".join(parts)
