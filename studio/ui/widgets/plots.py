"""Plots that are looked at and nothing else."""

from typing import Any

from PySide6.QtCore import Qt

from studio.ui.widgets.theme import Theme


def quiet_plot(pyqtgraph: Any, theme: Theme) -> Any:
    """A plot that neither mouse nor keys change; `pyqtgraph` takes long to import and comes late."""
    plot = pyqtgraph.PlotWidget(background=theme.colours["ground"])
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(False, False)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return plot
