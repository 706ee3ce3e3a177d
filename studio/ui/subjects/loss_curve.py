"""The loss curve of a training, in pyqtgraph, which is fetched when one is first shown."""

import importlib

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.state.background import Background
from studio.ui.widgets.controls import label
from studio.ui.widgets.plots import quiet_plot
from studio.ui.widgets.theme import Theme

HEIGHT = 120
CALM_MS = 250
"""Milliseconds between two paintings of the curve."""
SMOOTHED_OVER = 20


class LossCurve(QWidget):
    """Loss against step: every value faintly, their running mean clearly."""

    def __init__(self, background: Background, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._points: list[tuple[int, float]] = []
        self._plot = None
        # a plot takes milliseconds to paint, and steps may come 20 times a second
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._draw)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Loss curve")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._waiting = label("The curve begins with the first steps.", "small", wrap=True)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout.addWidget(self._waiting)
        # a thread reads numpy and pyqtgraph from the disk, so that the window does not wait
        fetch = lambda: importlib.import_module("pyqtgraph")  # noqa: E731
        background.ask(fetch, self._build, owner=self)

    def show_losses(self, points: list[tuple[int, float]]) -> None:
        """Draw these (step, loss) pairs, oldest first: at once, then a few times a second."""
        self._points = points
        if points:
            text = f"Loss {points[-1][1]:.4f} at step {points[-1][0]}"
            self.setAccessibleDescription(text)
        if not self._calm.isActive():
            self._draw()
            self._calm.start()

    def _draw(self) -> None:
        points = self._points
        if self._plot and len(points) > 1:
            self._plot.setVisible(True)
            self._waiting.setVisible(False)
            steps = [step for step, _ in points]
            self._values.setData(steps, [loss for _, loss in points])
            self._mean.setData(steps, running_mean([loss for _, loss in points]))

    def _build(self, pyqtgraph) -> None:
        theme = self._theme
        plot = quiet_plot(pyqtgraph, theme)
        font = self.font()
        font.setPixelSize(theme.small)
        for side, name in (("left", "loss"), ("bottom", "step")):
            axis = plot.getAxis(side)
            axis.setTickFont(font)
            axis.setPen(theme.colours["control"])
            axis.setTextPen(theme.colours["muted"])
            axis.setLabel(name, color=theme.colours["muted"], **{"font-size": f"{theme.small}px"})
            axis.enableAutoSIPrefix(False)
        self._values = plot.plot(pen=pyqtgraph.mkPen(theme.colours["edge"], width=1))
        self._mean = plot.plot(pen=pyqtgraph.mkPen(theme.colours["accent"], width=2))
        plot.setVisible(False)
        self._plot = plot
        self._layout.addWidget(plot)
        self._draw()


def running_mean(values: list[float], over: int = SMOOTHED_OVER) -> list[float]:
    """Each value averaged with those before it, at most `over` of them."""
    total, means = 0.0, []
    for index, value in enumerate(values):
        total += value - (values[index - over] if index >= over else 0.0)
        means.append(total / min(index + 1, over))
    return means
