"""Likeness of made frames to their subject, measured span by span and kept by key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.engine_imports import CORE, fetch
from studio.jobs.job import Handler, Job
from studio.jobs.payloads import LikenessPayload
from studio.project.likenesses import Likenesses
from studio.project.plain import from_plain
from studio.project.subjects import SubjectStore
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

NET = Path(__file__).resolve().parents[2] / "models" / "starter" / "likeness.safetensors"
LONGEST = 256
"""Pixels of a photo's longer side that are read: more than the network sees."""


def measuring(takes: Callable[[Path], TakeStore], subjects: SubjectStore) -> Handler:
    """What does the jobs of this kind: `takes` opens the take store of a project folder."""

    def handle(job: Job, tick: Tick) -> object:
        payload = from_plain(LikenessPayload, job.payload)
        return measure(payload, takes(Path(payload.project)), subjects, tick)

    return handle


def measure(
    payload: LikenessPayload, takes: TakeStore, subjects: SubjectStore, tick: Tick
) -> dict[str, object]:
    """Measure the spans of a payload that nobody measured yet; gives how many that were.

    Spans whose frames are gone are passed over.  Raises `Refusal` for a subject without photos.
    """
    subject = subjects.get(payload.subject)
    if not subject.photos:
        raise Refusal(f"The subject “{subject.name}” has no photos.", "Add some first.")
    kept = Likenesses(Path(payload.project), [photo.identity for photo in subject.photos])
    missing = [key for key in payload.spans if kept.get(key) is None]
    if not missing:
        return {"measured": 0}
    fetch(*CORE)
    from studio.engine.subjects.likeness import features, likenesses, load
    from studio.media.photo import open_photo

    opened = load(NET)
    paths = subjects.photo_paths(subject)
    photos = features(opened, [open_photo(path, longest=LONGEST, tick=tick) for path in paths])
    measured = 0
    for done, key in enumerate(missing):
        arrays = takes.get(key)
        if arrays is not None and "frames" in arrays:
            kept.put(key, likenesses(opened, arrays["frames"], photos))
            measured += 1
        tick(Progress("likeness", done + 1, len(missing)))
    return {"measured": measured}
