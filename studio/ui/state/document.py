"""The open project: its present, its history, and saving on every change."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.project import edits
from studio.project.bin import today
from studio.project.history import History
from studio.project.project import Project, new_id
from studio.project.shot import Shot
from studio.project.store import ProjectStore
from studio.project.subject import Subject
from studio.project.subjects import Learning, SubjectStore
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background

log = logging.getLogger(__name__)
SAVE_AFTER_MS = 400
RETRY_MS = 10_000
"""After a save that failed: no change of the user has to come before the next."""
Edit = Callable[[Project], Project]


class Document(QObject):
    """What the user works on.  Views read `project`, `subjects` and `bin`, and ask for changes.

    `trouble` says why the last save failed, until one succeeds.
    """

    changed = Signal()
    laid_out = Signal()
    """After `changed`, where more is new than what stands in a shot: which shots, takes and clips
    there are, and the rest.  Who reads no shot listens to this, and costs nothing at each key."""
    subjects_changed = Signal()
    saved = Signal()
    save_failed = Signal(str)
    saved_again = Signal()
    refused = Signal(str, str)

    def __init__(self, store: ProjectStore, subjects: SubjectStore, background: Background) -> None:
        super().__init__()
        self._store, self._subject_store, self._background = store, subjects, background
        self._history = History(_with_a_shot(edits.without_expired(store.project, today())))
        self._saving, self._looks = False, 0
        self._kept = store.project
        self.trouble = ""
        self.subjects: tuple[Subject, ...] = ()
        self.bin: tuple[Subject, ...] = ()
        self.damaged: tuple[str, ...] = ()
        self._announced: set[str] = set()
        self._later = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._again = QTimer(self, singleShot=True, interval=RETRY_MS)
        for timer in (self._later, self._again):
            timer.timeout.connect(self._save)
        if not self.is_saved and not self.read_only:
            self._later.start()

    @property
    def project(self) -> Project:
        return self._history.present

    @property
    def folder(self) -> Path:
        return self._store.folder

    @property
    def read_only(self) -> bool:
        return self._store.read_only

    @property
    def only_read(self) -> str:
        """Why nothing can be changed here, or ""."""
        return str(self._store.only_read or "")

    @property
    def is_saved(self) -> bool:
        return self._kept == self.project

    @property
    def shot(self) -> Shot:
        """The shot being worked on; there is always one."""
        return self.project.shot(self.project.selected)

    @property
    def undo_label(self) -> str:
        return self._history.undo_label

    @property
    def redo_label(self) -> str:
        return self._history.redo_label

    def change(self, edit: Edit, label: str, *, merge: bool = False) -> None:
        """Make one undoable change; `merge` joins it to an equal one just before."""
        self._become(self._history.change(edit(self.project), label, merge=merge))

    def change_shot(self, shot: Shot, label: str, *, merge: bool = True) -> None:
        """Change the shot in place; typing in one field is one step."""
        self.change(lambda project: edits.replace_shot(project, shot), label, merge=merge)

    def keep(self, edit: Edit) -> None:
        """Make a change that undo does not take away: a clip that was made stays."""
        self._become(self._history.everywhere(edit))

    def undo(self) -> None:
        self._become(self._history.undo())

    def redo(self) -> None:
        self._become(self._history.redo())

    def subject(self, name: str) -> Subject | None:
        return next((s for s in self.subjects if s.name == name), None)

    def read_subjects(self, then: Callable[[], None] | None = None) -> None:
        """Look at the subjects on disk again; of several looks the last one counts."""
        self._looks += 1
        look, store = self._looks, self._subject_store

        def found(listed: tuple[tuple, ...]) -> None:
            if look == self._looks:
                self.subjects, self.bin, self.damaged, restored = listed
                self.subjects_changed.emit()
                self._tell_restored(restored)
            if then:
                then()

        ask = self._background.ask
        look_at = lambda: (store.list(), store.bin(), store.damaged(), store.restored())  # noqa: E731
        ask(look_at, found, self._could_not, owner=self)

    def learning(self, name: str, then: Callable[[Learning], None]) -> None:
        """Read what is kept of a subject's training, then call `then` with it."""
        store = self._subject_store
        self._background.ask(lambda: store.learning(name), then, self._not_there, owner=self)

    def use_version(self, name: str, file: str) -> None:
        """Use another version of a subject from now on."""
        store = self._subject_store
        use = lambda: store.use_version(name, file).name  # noqa: E731
        self._move_subject(use, lambda _: None)

    def _not_there(self, error: Exception) -> None:
        """A subject that was removed meanwhile is no error."""
        if not isinstance(error, Refusal):
            raise error

    def _tell_restored(self, names: tuple[str, ...]) -> None:
        for name in names:
            if name not in self._announced:
                self._announced.add(name)
                self.refused.emit(
                    f"What is known of “{name}” was damaged.",
                    "This is what was known before, with all its versions.",
                )

    def days_left(self, binned: str) -> int:
        """How many days a subject stays in the bin."""
        return self._subject_store.days_left(binned)

    def photo_paths(self, subject: Subject, *, in_bin: bool = False) -> tuple[Path, ...]:
        """The photo files of a subject; none when it has been removed meanwhile."""
        try:
            return self._subject_store.photo_paths(subject, in_bin=in_bin)
        except Refusal:
            return ()

    def adopt(
        self, subject: Subject, photos: Sequence[Path], done: Callable[[Subject], None]
    ) -> None:
        """Copy photos into a new subject, then call `done` with it; a refusal goes to `refused`."""

        def arrived(made: Subject) -> None:
            self.subjects = (*self.subjects, made)
            self.subjects_changed.emit()
            done(made)

        store, chosen = self._subject_store, tuple(photos)
        self._background.ask(
            lambda: store.adopt(subject, chosen), arrived, self._could_not, owner=self
        )

    def add_photos(self, name: str, photos: Sequence[Path], done: Callable[[str], None]) -> None:
        """Copy photos to a subject, then call `done` with its name; a refusal goes to `refused`."""
        store, chosen = self._subject_store, tuple(photos)
        self._move_subject(lambda: store.add_photos(name, chosen).name, done)

    def remove_subject(self, name: str, done: Callable[[str], None]) -> None:
        """Put a subject in the studio's bin, then call `done` with the name that it has there."""
        self._move_subject(lambda: self._subject_store.remove(name), done)

    def restore_subject(self, name: str, done: Callable[[str], None]) -> None:
        """Bring a subject back from the bin, then call `done` with its name."""
        self._move_subject(lambda: self._subject_store.restore(name), done)

    def save_now(self) -> None:
        """Save on another thread, without waiting for the next change."""
        self._save()

    def save_here(self) -> None:
        """Save what is not saved yet before going on; refused where that fails."""
        if self.is_saved or self.read_only:
            return
        try:
            self._store.save(self.project)
        except Exception as error:
            self._could_not_save(error)
            raise Refusal(self.trouble) from error
        self._is_kept(self.project)

    def close(self) -> None:
        """Save what is not saved yet, and let the folder go; refused when the save fails."""
        self._later.stop()
        try:
            self.save_here()
        finally:
            self._again.stop()
            self._store.close()

    def _become(self, history: History) -> None:
        if history.present == self._history.present:
            self._history = history
            return
        before, self._history = self.project, history
        self.changed.emit()
        if not self.project.is_laid_out_as(before):
            self.laid_out.emit()
        if not self.read_only:
            self._later.start()

    def _save(self) -> None:
        if self._saving:
            self._later.start()
            return
        self._again.stop()
        self._saving = True
        project = self.project
        self._background.ask(
            lambda: self._store.save(project),
            lambda _: self._is_kept(project),
            self._could_not_save,
            owner=self,
        )

    def _is_kept(self, project: Project) -> None:
        self._saving, self._kept = False, project
        was_in_trouble, self.trouble = bool(self.trouble), ""
        self._again.stop()
        self.saved.emit()
        if was_in_trouble:
            self.saved_again.emit()

    def _could_not_save(self, error: Exception) -> None:
        self._saving = False
        self._again.start()
        self.trouble = str(error)
        if not isinstance(error, Refusal):
            log.error("a save failed", exc_info=error)
            self.trouble = f"The project could not be saved: a fault in the studio ({error})."
        self.save_failed.emit(self.trouble)

    def _could_not(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self.refused.emit(error.what, error.hint)

    def _move_subject(self, move: Callable[[], str], done: Callable[[str], None]) -> None:
        def moved(name: str) -> None:
            self.read_subjects(lambda: done(name))

        self._background.ask(move, moved, self._could_not, owner=self)


def _with_a_shot(project: Project) -> Project:
    return project if project.shots else edits.add_shot(project, Shot(new_id()))
