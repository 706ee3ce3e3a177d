"""What is chosen: a subject, a take, or the job whose results are waited for.  Never saved."""

from PySide6.QtCore import QObject, Signal

TAKE_MIME = "application/x-studio-take"
"""The id of a take that is dragged from one room to another."""


class Selection(QObject):
    """Views set it and listen to it.

    `take` and `subject` are an id and a name, or ""; `plays` tells whether the take begins to play
    when it is shown; `following` is the job that the player shows as soon as there is something to
    see of it, or 0.
    """

    subject_selected = Signal(str)
    take_selected = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.subject = ""
        self.take = ""
        self.plays = True
        self.following = 0

    def follow(self, job: int) -> None:
        """Show what this job makes as soon as there is something to see."""
        self.following = job
        self.select_take("")

    def select_subject(self, name: str) -> None:
        if name != self.subject:
            self.subject = name
            self.subject_selected.emit(name)

    def select_take(self, take: str, *, play: bool = True) -> None:
        if take:
            self.following = 0
        if take != self.take:
            self.take, self.plays = take, play
            self.take_selected.emit(take)
