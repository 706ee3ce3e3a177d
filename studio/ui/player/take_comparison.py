"""Two to four takes compared: beside one another in time with one another, or two with a wipe."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.project.project import Render
from studio.project.take_names import TakeNames
from studio.spec.quantities import count
from studio.ui.state.document import Document
from studio.ui.state.frames import Frames
from studio.ui.state.frames_at_rate import together
from studio.ui.state.images import ImageLoader
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.selection import Selection
from studio.ui.state.status import Status
from studio.ui.widgets.controls import label, push, row, set_enabled
from studio.ui.widgets.input_dialogs import open_dialog
from studio.ui.widgets.theme import UNIT

MOST = 4
LISTED = 200
KIND = "compare"
HOW = "Space plays all of them together; C draws a line between two; Esc leads back."


class TakeComparison(QObject):
    """Asks which takes to compare, and lays them over what the player shows."""

    def __init__(
        self,
        document: Document,
        selection: Selection,
        player_state: PlayerState,
        pictures: ImageLoader,
        status: Status,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._selection = document, selection
        self._player_state, self._pictures = player_state, pictures
        self._status, self._window = status, window

    def ask(self) -> None:
        """Ask which; nothing where there are not two."""
        project = self._document.project
        takes = project.takes
        if len(takes) < 2:
            self._status.post("There are not two takes yet: render another one first.")
            return
        dialog = ChooseTakes(
            takes[:LISTED], TakeNames(project), self._selection.take, self._window.window()
        )
        dialog.accepted.connect(lambda: self.compare(dialog.chosen))
        open_dialog(dialog)

    def compare(self, takes: list[Render]) -> None:
        """Show takes together once the first frames of all of them are there."""
        takes = list({take.id: take for take in takes}.values())
        found: dict[str, Frames] = {}

        def arrived(take: Render, frames: Frames) -> None:
            found[take.id] = frames
            if len(found) == len(takes):
                self._show(takes, [found[one.id] for one in takes])

        for take in takes:
            self._pictures.frames(
                take.spans, self, lambda frames, take=take: arrived(take, frames),
                lambda error: self._status.post(str(error)),
            )  # fmt: skip

    def _show(self, takes: list[Render], frames: list[Frames]) -> None:
        clips = list(zip(frames, (take.request.rate for take in takes), strict=True))
        beside, rate = together(clips)
        called = TakeNames(self._document.project)
        names = tuple(called.name(take) for take in takes)
        shown = Shown(
            KIND, ", ".join(names), beside[-1], rate, beside=beside, names=names,
            before=beside[0] if len(beside) == 2 else None,
        )  # fmt: skip
        self._player_state.lay_over(shown, 0)
        self._player_state.set_compare(False)
        self._status.post(HOW)


class ChooseTakes(QDialog):
    """A list in which two to four takes are ticked."""

    def __init__(
        self, takes: tuple[Render, ...], names: TakeNames, first: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare takes")
        self.resize(480, 420)
        self._takes = takes
        self.list = QListWidget()
        self.list.setAccessibleName("Takes")
        for number, take in enumerate(takes):
            what = names.difference(take) or " ".join(take.request.prompt.split())
            item = QListWidgetItem(f"{names.name(take)} · {what}")
            ticked = take.id == first or (not first and number < 2)
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.compare, cancel = push("Compare", "primary"), push("Cancel")
        self.compare.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        self.list.itemChanged.connect(lambda _: self._reflect())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(2 * UNIT)
        words = label("Tick two to four: they play in time with one another.", "small")
        for part in (words, self.list, row(None, cancel, self.compare)):
            layout.addWidget(part)
        self._reflect()

    @property
    def chosen(self) -> list[Render]:
        """The ticked takes, the oldest first."""
        ticked = [
            take
            for number, take in enumerate(self._takes)
            if self.list.item(number).checkState() == Qt.CheckState.Checked
        ]
        return sorted(ticked, key=lambda take: take.order)

    def _reflect(self) -> None:
        many = len(self.chosen)
        reason = "Tick one more take." if many == 1 else "Tick two takes or more."
        if many > MOST:
            reason = f"Leave out {count(many - MOST, 'take')}: four can be seen together."
        set_enabled(self.compare, "" if 2 <= many <= MOST else reason)
