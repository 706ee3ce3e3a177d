"""The list of a project's shots, in which one is chosen to be worked on."""

from PySide6.QtCore import QSignalBlocker

from studio.project.shot import Shot
from studio.ui.widgets.adaptive import ComboBox


class ShotChoice(ComboBox):
    """Names each shot by its number and its first words."""

    _shots: tuple[Shot, ...] = ()

    def show_shots(self, shots: tuple[Shot, ...], chosen: str) -> None:
        """Show these; of shots that are there already those that changed are named anew, so that a key
        in a prompt costs the same however many there are."""
        before, self._shots = self._shots, shots
        with QSignalBlocker(self):
            if [shot.id for shot in before] != [shot.id for shot in shots]:
                self.clear()
                for number, shot in enumerate(shots, start=1):
                    self.addItem(named(number, shot), shot.id)
                before = shots
            for row, (old, new) in enumerate(zip(before, shots, strict=True)):
                if old is not new:
                    self.setItemText(row, named(row + 1, new))
            self.setCurrentIndex(next((k for k, s in enumerate(shots) if s.id == chosen), 0))


def named(number: int, shot: Shot) -> str:
    """ "Shot 3 · a red ball"."""
    words = " ".join(shot.prompt[:200].split())
    cut = f"{words[:24].rstrip()}…" if len(words) > 26 else words
    return f"Shot {number}" + (f" · {cut}" if words else "")
