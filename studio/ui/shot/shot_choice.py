"""The list of a project's shots, in which one is chosen to be worked on."""

from itertools import compress, count
from operator import is_not

from PySide6.QtCore import QSignalBlocker

from studio.project.project import Project
from studio.project.shot import Shot
from studio.ui.widgets.adaptive import ComboBox


class ShotChoice(ComboBox):
    """Names each shot by its number and its first words."""

    _shown: Project = Project()

    def show_shots(self, project: Project) -> None:
        """Show these; of shots that are there already those that changed are named anew, so that a key
        in a prompt costs the same however many there are."""
        before, self._shown = self._shown, project
        with QSignalBlocker(self):
            if before.places is project.places or before.places == project.places:
                others = compress(count(), map(is_not, before.shots, project.shots))
                for row in others:
                    self.setItemText(row, named(row + 1, project.shots[row]))
            else:
                self.clear()
                for number, shot in enumerate(project.shots, start=1):
                    self.addItem(named(number, shot), shot.id)
            self.setCurrentIndex(project.places.get(project.selected, 0))


def named(number: int, shot: Shot) -> str:
    """ "Shot 3 · a red ball"."""
    words = " ".join(shot.prompt[:200].split())
    cut = f"{words[:24].rstrip()}…" if len(words) > 26 else words
    return f"Shot {number}" + (f" · {cut}" if words else "")
