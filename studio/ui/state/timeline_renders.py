"""Orders for the timeline: gaps filled, clips extended, bridged and looped, ranges made anew."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.jobs.exact_pictures import ExactPictures
from studio.project import going_on, timeline_edits
from studio.project.project import Project
from studio.spec.check import check
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.strip import BRIDGE
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.filling import fitting
from studio.spec.timeline.gaps import gap_at
from studio.spec.timeline.playing import playing
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.gap_orders import beside, fill_gaps
from studio.ui.state.model_list import LOOKING, ModelList
from studio.ui.state.render_actions import SEEDS, RenderActions
from studio.ui.state.slow_orders import smoother
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_orders import Estimate, Made, Order, Piece, as_drafts, estimate

if TYPE_CHECKING:
    from studio.project.takes import TakeStore


class TimelineRenders(QObject):
    """Proposes orders, says what they cost, and places them once they are agreed to."""

    proposed = Signal(object)  # Order
    refused = Signal(str, str)

    def __init__(
        self,
        document: Document,
        model_list: ModelList,
        render_actions: RenderActions,
        look: TimelineLook,
        span_results: "TakeStore",
        background: Background,
    ) -> None:
        super().__init__()
        self._document, self._model_list, self._look = document, model_list, look
        self._render_actions, self._span_results = render_actions, span_results
        self._background = background
        self.drafts = False
        """Whether what is ordered is made as drafts."""
        self._pictures = ExactPictures(lambda: document.project, document.folder, span_results)

    def fill(self, track: str, frame: int) -> None:
        """Propose to fill the gap at a frame from the exact frames on both its sides."""

        def order(project: Project) -> Order:
            gap = gap_at(project.timeline, track, frame)
            if gap is None or gap.length is None or not (gap.before or gap.after):
                raise Refusal("There is no gap between clips here.", "Click into one first.")
            request = self._around(beside(gap), gap.start + gap.length // 2)
            edit = lambda p, r: timeline_edits.fill_gap(p, gap, r, self._pictures)  # noqa: E731
            return self._order("Fill the gap", "Fill", request, edit)

        self._propose(order)

    def fill_all(self, clips: Collection[str]) -> None:
        """Propose to fill all gaps between clips, or those between some."""
        self._propose(lambda p: fill_gaps(p, clips, self._around, self._check, self._pictures))

    def bridge(self, clip: str) -> None:
        """Propose a shot that leads from a clip to the next."""

        def order(project: Project) -> Order:
            request = self._request(project.timeline.clip(clip))

            def edit(p: Project, r: ClipRequest) -> tuple[Project, ClipRequest]:
                return timeline_edits.bridge(p, clip, self._length(p, r), r, self._pictures)

            return self._order("Bridge two clips", "Bridge", request, edit)

        self._propose(order)

    def loop(self, clip: str) -> None:
        """Propose a shot that leads from a clip's end back to its start."""

        def order(project: Project) -> Order:
            request = self._request(project.timeline.clip(clip))

            def edit(p: Project, r: ClipRequest) -> tuple[Project, ClipRequest]:
                return timeline_edits.close_loop(p, clip, self._length(p, r), r, self._pictures)

            return self._order("Make a loop of the clip", "Loop", request, edit)

        self._propose(order)

    def retake(self, clip: str, first: int, end: int) -> None:
        """Propose to make a range of a clip anew, with another seed and maybe with other words."""

        def order(project: Project) -> Order:
            request = self._request(project.timeline.clip(clip))
            request = replace(request, seed=secrets.randbelow(SEEDS))

            def edit(p: Project, r: ClipRequest) -> tuple[Project, ClipRequest]:
                return timeline_edits.retake(p, clip, first, end, r, self._pictures)

            return self._order("Make the marked range anew", "Retake", request, edit)

        self._propose(order)

    def smooth(self, clip: str) -> None:
        """Propose to put frames between those of a clip that is slow."""
        self._propose(lambda project: smoother(project, clip, self._check))

    def go_on(self, clip: str, by: int) -> None:
        """Propose a shot of so many frames that goes on from the exact end of a clip."""

        def order(project: Project) -> Order:
            end = project.timeline.start(clip) + project.timeline.clip(clip).length
            request = self._around(project.timeline.clip(clip), end)

            def edit(p: Project, r: ClipRequest) -> tuple[Project, ClipRequest]:
                return going_on.go_on(p, clip, by, r, self._pictures)

            return self._order("Go on from this clip", "Go on", request, edit)

        self._propose(order)

    def extend(self, clip: str, end: str, by: int) -> None:
        """Propose a clip `by` frames longer than its take is."""

        def order(project: Project) -> Order:
            request = self._request(project.timeline.clip(clip))

            def edit(project: Project, _: ClipRequest | None) -> Made:
                longer, extension, asked = timeline_edits.extend(project, clip, end, by, request)
                self._check(asked)
                footage = longer.timeline.clip(clip).footage
                shot = footage.shot if footage else ""
                return Made(longer, (Piece(asked, shot, (clip,), "", extension),))

            return Order("Make the clip longer", "Extend clip", "Extend", edit)

        self._propose(order)

    def travel(self, clip: str) -> None:
        """Propose to make a clip's keyframes of the words that lie over them."""

        def order(project: Project) -> Order:
            request = self._request(project.timeline.clip(clip))

            def edit(project: Project, _: ClipRequest | None) -> Made:
                after, asked = timeline_edits.apply_words(project, clip, request)
                if asked is request:
                    raise Refusal(
                        "The clip is made of these words already.", "Change the words over it."
                    )
                self._check(asked)
                return Made(after, (Piece(asked, self._shot(after, clip), (clip,)),))

            return Order("Make it of the words over it", "Apply words", "Words", edit)

        self._propose(order)

    def render(self, clips: Collection[str] = ()) -> None:
        """Propose to render what is out of date or to be made, of some clips or of all."""

        def order(project: Project) -> Order:
            pieces = [
                Piece(piece.request, self._shot(project, piece.clips[0]), piece.clips,
                      self._name(project, piece.clips))
                for piece in self._look.plan.pieces
                if not clips or set(clips).intersection(piece.clips)
                if not (self.drafts and all(map(self._look.is_draft, piece.clips)))
            ]  # fmt: skip
            if not pieces and self.drafts:
                raise Refusal("Everything has a draft.", "Leave draft mode to promote them.")
            if not pieces:
                raise Refusal("Everything is made.", "Change a shot, or choose other clips.")
            for piece in pieces:
                self._check(piece.request)
            made = tuple(pieces)
            return Order("Render what changed", "Render", "Render", lambda p, _: Made(p, made))

        self._propose(order)

    def estimate(
        self,
        order: Order,
        words: str,
        seed: int,
        then: Callable[[Estimate], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        """Look up what an order would make, and how long that takes; then tell it."""
        project, pace, has = self._document.project, self._look.pace, self._span_results.has

        def could_not(error: Exception) -> None:
            if not isinstance(error, Refusal):
                raise error
            refused(error)

        work = lambda: estimate(self._made(order, project, words, seed), has, pace)  # noqa: E731
        self._background.ask(work, then, could_not, owner=self)

    def place(self, order: Order, words: str, seed: int) -> None:
        """Do it: one undoable change of the project, and its jobs in the queue."""

        def placed() -> None:
            made = self._made(order, self._document.project, words, seed)
            self._document.change(lambda _: made.project, order.label)
            for piece in made.pieces:
                self._render_actions.make(
                    order.verb, piece.request, piece.shot, piece.clips, piece.extension
                )

        self._politely(placed)

    def _made(self, order: Order, project: Project, words: str, seed: int) -> Made:
        """What an order comes to, as drafts where those are wished."""
        made = order.made(project, words, seed)
        found = self._model_list.found
        return as_drafts(made, found.model, found.shelf.distilled()) if self.drafts else made

    def _order(self, title: str, verb: str, request: ClipRequest, edit) -> Order:
        """An order of one new shot, with its clip."""

        def made(project: Project, wished: ClipRequest | None) -> Made:
            after, asked = edit(project, wished)
            self._check(asked)
            shot = after.shots[-1].id
            clips = tuple(
                clip.id for clip in _clips(after) if clip.footage and clip.footage.shot == shot
            )
            return Made(after, (Piece(asked, shot, clips),))

        return Order(title, title, verb, made, request)

    def _around(self, clip: Clip, frame: int) -> ClipRequest:
        """What a clip is made of, with the words that lie over a frame."""
        request = self._request(clip)
        words = [
            c.words.text for c in playing(self._document.project.timeline, frame).words if c.words
        ]
        return replace(request, prompt=words[-1]) if words and words[-1].strip() else request

    def _request(self, clip: Clip) -> ClipRequest:
        """What a clip would be rendered of now."""
        if self._model_list.found.is_looking:
            raise Refusal(LOOKING, "Try again in a moment.")
        request = self._look.found.wishes.get(clip.id) if self._look.found else None
        takes = timeline_edits.requests(self._document.project)
        request = request or (takes.get(clip.footage.take) if clip.footage else None)
        if request is not None:
            return request
        # a file of the user's: with the words and the model of the shot that is worked on
        return replace(self._render_actions.request(), strip=None, only=None, upsample=None)

    def _check(self, request: ClipRequest) -> None:
        """Refuse what the model cannot make, before it is queued."""
        model = self._model_list.found.model(request.model)
        if model is None:
            raise self._model_list.found.missing(request.model)
        check(request, model.card)

    def _length(self, project: Project, request: ClipRequest) -> int:
        """Frames of a shot that leads from one clip to another."""
        rate = project.timeline.rate
        return fitting(max(2, round((BRIDGE + 1) * rate / request.fps) - 1), rate, request)

    def _shot(self, project: Project, clip: str) -> str:
        footage = project.timeline.clip(clip).footage
        return footage.shot if footage else ""

    def _name(self, project: Project, clips: tuple[str, ...]) -> str:
        place = project.places.get(self._shot(project, clips[0]))
        name = "A deleted shot" if place is None else f"Shot {place + 1}"
        return f"{name}, {self._look.words(clips[0]).split(' · ')[0]}"

    def _propose(self, order: Callable[[Project], Order]) -> None:
        def proposed() -> None:
            if self._document.read_only:
                raise Refusal(self._document.only_read)
            self.proposed.emit(order(self._document.project))

        self._politely(proposed)

    def _politely(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)


def _clips(project: Project) -> list[Clip]:
    return [clip for track in project.timeline.tracks for clip in track.clips]
