"""What can be done to a shot's keyframes: each edit is one undoable change of the shot's strip.

Keyframes that are re-rolled are previewed at once; what other edits leave without a picture, a
preview or a render makes.
"""

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QImage

from studio.project.pictures import PictureStore
from studio.spec import strip as strips
from studio.spec.card import Card
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.strip import BRIDGE, Source, Strip
from studio.spec.versions import chosen
from studio.ui.keyframes.versions import KeyframeVersions
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.render_actions import SEEDS, RenderActions
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.shot_state import PresentShot

Read = Callable[[], QImage]
FARTHEST = 64
"""Keyframes that one drag adds at most."""


class StripEdits(QObject):
    """Edits the strip of the document's shot; `chosen` are numbers of keyframes."""

    changed = Signal()
    refused = Signal(str, str)

    def __init__(
        self,
        document: Document,
        present: PresentShot,
        render_actions: RenderActions,
        render_forecast: RenderForecast,
        pictures: PictureStore,
        background: Background,
    ) -> None:
        super().__init__()
        self._document, self._present, self._render_actions = document, present, render_actions
        self._render_forecast, self._pictures, self._background = (
            render_forecast,
            pictures,
            background,
        )
        self.versions = KeyframeVersions(document, present, render_forecast)
        present.changed.connect(self.changed)

    @property
    def strip(self) -> Strip | None:
        """The strip as it is now; None while the shot cannot be made at all."""
        return self._present.state.strip

    @property
    def card(self) -> Card | None:
        """Of the model that fills holes, or of the shot's own."""
        model = self._present.state.by("holes") or self._present.state.model
        return model.card if model else None

    @property
    def is_edited(self) -> bool:
        """Whether the strip is more than what words, seed and settings make."""
        return self._document.shot.strip is not None

    @property
    def shot(self) -> str:
        """Whose keyframes these are."""
        return self._document.shot.id

    @property
    def prompt(self) -> str:
        return self._document.shot.prompt

    def disabled_reason(self) -> str:
        """Why the keyframes cannot be edited, or ""."""
        if self._document.read_only:
            return self._document.only_read
        if self.strip is None:
            return self._present.state.disabled_reason
        if self.card and not self.card.predicts:
            return f"{self.card.name} was not trained to fill in between given frames."
        return ""

    def start_over_disabled_reason(self) -> str:
        """Why edits cannot be forgotten, or ""; a model that can edit nothing is no reason."""
        if self._document.read_only:
            return self._document.only_read
        return "" if self.is_edited else "Nothing has been edited here."

    def upsample_disabled_reason(self) -> str:
        """Why no part of the clip can be upsampled, or ""."""
        return self._present.state.upsample_disabled_reason

    def upsample(self, first: int, last: int) -> None:
        """Make only the frames from one keyframe to another larger by the upscaler."""
        request = self._present.state.request
        if request is not None:
            each = request.frames_per_keyframe
            end = min(last * each, request.frames - 1)
            self._render_actions.upsample((first * each, max(first * each, end)))

    def reroll(self, chosen: Collection[int], prompt: str | None = None) -> None:
        """Make the chosen keyframes anew, with a fresh seed and maybe with words of their own."""
        seed = secrets.randbelow(SEEDS)
        what, before = f"Re-roll {count(len(set(chosen)), 'keyframe')}", self.strip
        self._change(
            what,
            lambda s: strips.rerolled(s, chosen, self._window(), seed=seed, prompt=prompt),
            anew=[k for k in chosen if before and not before.keys[k].locked],
        )
        strip = self.strip
        if strip is not None and strip != before:
            # at an end of the strip it is predicted: a preview of keyframes alone would leave it out
            predicted = any(strip.sources[strip.keys[k].source].is_prediction for k in chosen)
            self._render_actions.run("extended" if predicted else "keyframes")

    def choose_version(self, number: int, step: int) -> None:
        """Go `step` versions of a keyframe on, or back where it is below 0."""
        if version := self.versions.beside(number, step):
            self._change("Choose a version", lambda s: chosen(s, number, version), anew=(number,))

    def toggle_lock(self, chosen: Collection[int]) -> None:
        """Keep the chosen keyframes as they are whatever changes, or unlock them."""
        strip = self.strip
        if strip is None:
            return
        if all(strip.keys[k].locked for k in chosen):
            self._change("Unlock", lambda s: _each(s, chosen, strips.unlocked))
        else:
            self._change("Lock", lambda s: _each(s, chosen, self._locked))

    def lock_disabled_reason(self, chosen: Collection[int]) -> str:
        """Why the chosen keyframes cannot be locked, or ""."""
        found = self._render_forecast.forecast
        if found is None or any(k >= len(found.made) or not found.made[k] for k in chosen):
            return "Preview the keyframes first: what is not made cannot be kept."
        return ""

    def delete(self, chosen: Collection[int]) -> None:
        """Take keyframes out; one always stays."""
        gone = sorted(set(chosen), reverse=True)

        def without(strip: Strip) -> Strip:
            for number in gone[: len(strip.keys) - 1]:
                strip = strips.deleted(strip, number)
            return strip

        self._change(f"Delete {count(len(gone), 'keyframe')}", without)

    def move(self, number: int, to: int) -> None:
        """Put a keyframe in another place."""
        if number != to:
            self._change("Move keyframe", lambda s: strips.moved(s, number, to))

    def extend(self, added: int, *, before: bool = False) -> None:
        """Predict keyframes after the last one, or before the first."""
        added = min(max(1, added), FARTHEST)

        def longer(strip: Strip) -> Strip:
            return strips.extended(strip, added, self._window(), before=before)

        self._change(f"Extend by {count(added, 'keyframe')}", longer)

    def bridge(self, number: int) -> None:
        """Lead from one keyframe to the next by some more."""
        self._change("Bridge", lambda s: strips.bridged(s, number, BRIDGE, self._window()))

    def toggle_loop(self) -> None:
        """Lead from the last keyframe back to the first, or end where it ends."""
        strip = self.strip
        if strip is not None and strip.loop:
            self._change("End the loop", lambda s: replace(s, loop=False))
        else:
            self._change("Loop", lambda s: strips.looped(s, self._window()))

    def start_over(self) -> None:
        """Forget all edits: keyframes from the words and settings alone."""
        shot = replace(self._document.shot, strip=None)
        self._document.change_shot(shot, "Start the keyframes over")

    def put(self, picture: Path | Read, number: int, *, insert: bool = False) -> None:
        """Put a picture in the place of a keyframe, or before it; its file is copied.

        One that has yet to be read is read elsewhere.
        """

        def placed(identity: str) -> None:
            source = Source(picture=identity)
            if insert:
                self._change("Insert a picture", lambda s: strips.inserted(s, number, source))
            else:
                self._change(
                    "Replace by a picture",
                    lambda s: strips.replaced(s, number, source),
                    anew=(number,),
                )

        self._background.ask(
            lambda: _kept(self._pictures, picture), placed, self._could_not, owner=self
        )

    def put_file(self, file: str, number: int, *, insert: bool = False) -> None:
        """A picture by the name that a file dialog gives."""
        self.put(Path(file), number, insert=insert)

    def _window(self) -> int:
        draft = self._present.state.draft
        return draft.window if draft else 8

    def _locked(self, strip: Strip, number: int) -> Strip:
        found = self._render_forecast.forecast
        if found is None or strip.sources[strip.keys[number].source].picture:
            return strips.locked(strip, number)
        key = found.keyframes[number]
        return strips.locked(strip, number, key.key, key.frame, key.space)

    def _change(
        self, what: str, edit: Callable[[Strip], Strip], *, anew: Collection[int] = ()
    ) -> None:
        """Edit the strip; of keyframes that are made `anew` what they are now is remembered."""
        strip = self.strip
        if strip is None or self.disabled_reason():
            self.refused.emit(self.disabled_reason(), "")
            return
        try:
            edited = edit(strip)
        except ValueError as error:
            self.refused.emit(f"{what} is not possible: {error}.", "")
            return
        if edited != strip:
            kept = self.versions.remembered(edited, anew)
            shot = replace(self._document.shot, strip=edited, versions=kept)
            self._document.change_shot(shot, what, merge=False)

    def _could_not(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self.refused.emit(error.what, error.hint)


def _each(strip: Strip, chosen: Collection[int], edit: Callable[[Strip, int], Strip]) -> Strip:
    for number in chosen:
        strip = edit(strip, number)
    return strip


def _kept(store: PictureStore, picture: Path | Read) -> str:
    """Runs elsewhere: a file is looked at before it is kept."""
    from studio.media.photo import open_photo

    if isinstance(picture, Path):
        open_photo(picture, longest=64)
        return store.take_in(picture)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture().save(buffer, "PNG")  # pyright: ignore[reportCallIssue, reportArgumentType]
    return store.keep(bytes(data.data()))
