"""Variations of the present shot: its keyframes with other seeds, previewed to choose from."""

import secrets
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from studio.jobs.queue import Queue
from studio.project.shot import Shot
from studio.spec.progress import Progress
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans
from studio.spec.stages import sparse
from studio.ui.state.document import Document
from studio.ui.state.frames import Frames
from studio.ui.state.images import ImageLoader, from_preview
from studio.ui.state.render_actions import SEEDS, RenderActions
from studio.ui.state.shot_state import PresentShot

COUNT = 4


@dataclass(frozen=True, slots=True)
class Variation:
    """Keyframes with a `seed`, made by a `job`; `pictures` are rough until it `is_made`.

    `trouble` says in a sentence why it was not made, or is "".
    """

    seed: int
    request: ClipRequest
    job: int
    pictures: tuple[QImage, ...] = ()
    is_made: bool = False
    trouble: str = ""


class Variations(QObject):
    """Orders `COUNT` previews of a shot and puts the seed of the one that is chosen into it."""

    changed = Signal()

    def __init__(
        self,
        document: Document,
        queue: Queue,
        present: PresentShot,
        render_actions: RenderActions,
        pictures: ImageLoader,
    ) -> None:
        super().__init__()
        self._document, self._queue, self._present = document, queue, present
        self._render_actions, self._pictures = render_actions, pictures
        self.made: tuple[Variation, ...] = ()
        self._shot: Shot | None = None
        queue.progressed.connect(self._on_progress)
        queue.finished.connect(self._on_finished)
        queue.failed.connect(self._on_failed)
        queue.cancelled.connect(self._on_cancelled)

    def disabled_reason(self) -> str:
        """Why there are no variations of the present shot, or ""."""
        return self._present.state.disabled_reason

    def start(self) -> None:
        """Preview other seeds of the present shot; what is left of earlier ones is cancelled."""
        self.stop()
        self._shot = self._document.shot
        self._present.state.checked()
        seeds = [secrets.randbelow(SEEDS) for _ in range(COUNT)]
        self.made = tuple(self._ordered(self._present.with_seed(seed)) for seed in seeds)
        self.changed.emit()

    def use(self, number: int) -> None:
        """Give the shot the seed of a variation, locked: its keyframes are made already."""
        chosen, shot = self.made[number], self._document.shot
        self.stop()
        if self._shot is not None and shot.id == self._shot.id:
            seeded = replace(shot, seed=chosen.seed, seed_locked=True)
            self._document.change_shot(seeded, f"Use variation {number + 1}", merge=False)
            self._render_actions.run("keyframes")

    def stop(self) -> None:
        """Make no more of what nobody has chosen; what is made stays stored."""
        left, self.made = self.made, ()
        for variation in left:
            if not (variation.is_made or variation.trouble):
                self._queue.cancel(variation.job)

    def _ordered(self, request: ClipRequest) -> Variation:
        job = self._render_actions.preview_variation(sparse(request))
        return Variation(request.seed, sparse(request), job)

    def _on_progress(self, job: int, progress: Progress) -> None:
        if progress.preview and progress.stage == "keyframes":
            self._become(job, pictures=from_preview(progress.preview))

    def _on_finished(self, job: int, _result: object) -> None:
        variation = next((v for v in self.made if v.job == job), None)
        if variation is None:
            return

        def failed(error: Exception) -> None:
            self._become(job, trouble=str(error))

        def opened(frames: Frames) -> None:
            self._pictures.whole(frames, 0, len(frames), self, arrived, failed)

        def arrived(pictures: tuple[QImage, ...]) -> None:
            self._become(job, pictures=pictures, is_made=True)

        self._pictures.frames(last_keys(spans(variation.request)), self, opened, failed)

    def _on_failed(self, job: int, what: str, _hint: str) -> None:
        self._become(job, trouble=what)

    def _on_cancelled(self, job: int) -> None:
        self._become(job, trouble="Cancelled.")

    def _become(self, job: int, **known: object) -> None:
        if any(variation.job == job for variation in self.made):
            self.made = tuple(
                replace(v, **known) if v.job == job else v  # pyright: ignore[reportArgumentType]
                for v in self.made
            )
            self.changed.emit()
