"""A subject deleted for good: a project without it, and without what was made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.project.files import remove_tree
from studio.project.likenesses import likeness_folder
from studio.project.project import Project, Render
from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.project.takes import TakeStore
from studio.spec.request import ClipRequest
from studio.spec.spans import spans
from studio.spec.strip import Strip
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who is deleted: the `name`, what to write in its place in words, hashes of its adapters, and
    of its `photos` as files of a project's pictures are called by them."""

    name: str
    noun: str = ""
    adapters: frozenset[str] = frozenset()
    photos: frozenset[str] = field(default=frozenset())

    def made(self, request: ClipRequest) -> bool:
        """Whether a clip is of it; by its adapter too, for it may have had another name then."""
        use = request.subject
        return use is not None and (use.name == self.name or use.identity in self.adapters)

    def named_in(self, text: str) -> bool:
        """Whether a text holds its name as a word of its own."""
        return bool(self._word.search(text))

    def cleaned(self, text: str) -> str:
        """A text with what it is in place of its name."""
        return self._word.sub(lambda _: self.noun, text)

    @property
    def _word(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w){re.escape(self.name)}(?!\w)")


def who_is(subject: Subject, photos: Iterable[str]) -> Forgotten:
    """A subject of which everything is to go; `photos` are hashes of their bytes."""
    adapters = frozenset(version.identity for version in subject.versions)
    return Forgotten(subject.name, subject.class_noun, adapters, frozenset(photos))


def without_subject(project: Project, who: Forgotten) -> Project:
    """Without the subject in shots, words and prompt clips, and without the takes of it.

    Its name in the words of other shots goes too; takes of others keep the words that they were
    made with, for these decided what they are.
    """
    gone = {render.id for render in project.renders if who.made(render.request)}
    keys = keys_of([r.request for r in project.renders if r.id in gone])
    shot_of: Callable[[Shot], Shot] = lambda shot: _shot(shot, who, keys)  # noqa: E731
    return replace(
        project,
        subjects=tuple(name for name in project.subjects if name != who.name),
        shots=tuple(map(shot_of, project.shots)),
        renders=tuple(render for render in project.renders if render.id not in gone),
        binned=tuple(
            replace(one, shot=shot_of(one.shot)) if one.shot else one for one in project.binned
        ),
        timeline=_timeline(project.timeline, who, gone),
    )


def keys_of(requests: Iterable[ClipRequest]) -> set[str]:
    """The keys of everything that is made on the way to some clips."""
    found: set[str] = set()
    for request in requests:
        with suppress(ValueError):  # nobody fills a role: it was never made
            found |= {span.key for span in spans(request)}
    return found


def kept_keys(project: Project) -> set[str]:
    """The keys that a project's takes and strips still need, its bin included."""
    shots = [*project.shots, *(one.shot for one in project.binned if one.shot)]
    requests = [render.request for render in project.renders]
    strips = [noun.strip for noun in (*shots, *requests) if noun.strip]
    held = {source.take for strip in strips for source in strip.sources if source.take}
    shown = {key for render in project.renders for key in (*render.spans, render.thumbnail) if key}
    return keys_of(requests) | held | shown


def remove_made(
    folder: Path, takes: TakeStore, before: Project, after: Project, ordered: Iterable[ClipRequest]
) -> None:
    """Remove the results that only the takes between two states of a project needed, and of clips
    that were `ordered`; also what was set aside as damaged, files made of these takes, and
    all likenesses: they are measured again."""
    gone: list[Render] = [r for r in before.renders if r not in after.renders]
    keys = keys_of([*(render.request for render in gone), *ordered])
    keys |= {key for render in gone for key in (*render.spans, render.thumbnail) if key}
    takes.remove(keys - kept_keys(after))
    takes.forget_damaged()
    remove_tree(likeness_folder(folder))
    for render in gone:
        remove_tree(folder / "files" / render.id)


def remove_pictures(folder: Path, identities: Collection[str]) -> None:
    """Remove pictures of a project by their hashes."""
    for identity in identities:
        for path in (folder / "pictures").glob(f"{identity}*"):
            path.unlink(missing_ok=True)


def _shot(shot: Shot, who: Forgotten, keys: Collection[str]) -> Shot:
    return replace(
        shot,
        subject="" if shot.subject == who.name else shot.subject,
        prompt=who.cleaned(shot.prompt),
        negative=who.cleaned(shot.negative),
        strip=shot.strip and _strip(shot.strip, who, keys),
    )


def _strip(strip: Strip, who: Forgotten, keys: Collection[str]) -> Strip | None:
    """A strip without its name; none where it holds frames or pictures of it."""
    if any(s.take in keys or s.picture in who.photos for s in strip.sources):
        return None
    sources = tuple(
        replace(s, prompt=who.cleaned(s.prompt)) if s.prompt else s for s in strip.sources
    )
    return replace(strip, sources=sources)


def _timeline(timeline: Timeline, who: Forgotten, gone: Collection[str]) -> Timeline:
    tracks = tuple(
        replace(track, clips=tuple(_clip(clip, who, gone) for clip in track.clips))
        for track in timeline.tracks
    )
    markers = tuple(replace(m, name=who.cleaned(m.name)) for m in timeline.markers)
    return replace(timeline, tracks=tracks, markers=markers)


def _clip(clip: Clip, who: Forgotten, gone: Collection[str]) -> Clip:
    footage, words = clip.footage, clip.words
    if footage is not None and footage.take in gone:
        footage = replace(footage, take="")
    if words is not None:
        adapters = tuple(one for one in words.adapters if one.subject != who.name)
        words = replace(words, text=who.cleaned(words.text), adapters=adapters)
    return replace(clip, name=who.cleaned(clip.name), footage=footage, words=words)
