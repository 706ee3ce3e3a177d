"""*Delete for good*: a subject goes from its folder, the queue, and every project that is known."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.jobs.job import FINISHED, State
from studio.jobs.job_store import JobStore
from studio.jobs.payloads import (
    ExportPayload,
    ImportPayload,
    LikenessPayload,
    RenderPayload,
    TilePayload,
    TimelinePayload,
    TrainingPayload,
    typed,
)
from studio.jobs.take_store import take_store
from studio.project.forgetting import (
    Forgotten,
    remove_made,
    remove_pictures,
    who_is,
    without_subject,
)
from studio.project.project import Project
from studio.project.store import ProjectStore
from studio.project.subjects import SubjectStore
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest

Opened = tuple[ProjectStore, Project]
"""A project that a window has open, and what it was before the subject was taken out of it."""


def forgotten(subjects: SubjectStore, binned: str) -> Forgotten:
    """What is to go with a subject of the bin."""
    subject = next((one for one in subjects.bin() if one.name == binned), None)
    if subject is None:
        raise Refusal(f"There is no subject “{binned}” in the bin.", "Delete it first.")
    hashes = []
    for path in subjects.photo_paths(subject, in_bin=True):
        with suppress(OSError):
            hashes.append(hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest())
    return who_is(subject, hashes)


def forget_subject(
    subjects: SubjectStore,
    who: Forgotten,
    binned: str,
    jobs: JobStore,
    projects: Sequence[Path],
    opened: Opened | None = None,
) -> None:
    """Remove a subject of the bin and all that is known of it; nothing of it comes back.

    Refused, before anything is removed, while a job of it runs, or where a project is open
    elsewhere.  The subject's folder goes last: whoever is interrupted can begin again.
    """
    ordered = forget_jobs(jobs, who)
    if opened is not None:
        store, before = opened
        _forget_in(store, before, who, ordered)
    for folder in projects:
        if opened is not None and folder == opened[0].folder:
            continue
        with _writable(folder) as store:
            _forget_in(store, store.project, who, ordered)
    subjects.delete(binned)


def forget_jobs(jobs: JobStore, who: Forgotten) -> list[ClipRequest]:
    """Remove the queue's rows of a subject, and finished ones that name it; gives the clips of it
    that were ordered."""
    ordered: list[ClipRequest] = []

    def is_of(row: sqlite3.Row) -> bool:
        requests, subject = _about(row)
        of_it = [request for request in requests if who.made(request)]
        ordered.extend(of_it)
        if of_it or subject == who.name:
            if row["state"] == State.RUNNING:
                raise Refusal(f"“{row['title']}” is running.", "Cancel it first.")
            return True
        texts = (row["title"], row["payload"], row["what"], row["hint"], row["result"])
        named = any(who.named_in(text or "") for text in texts)
        return named and row["state"] in FINISHED

    jobs.forget(is_of)
    return ordered


def _about(row: sqlite3.Row) -> tuple[list[ClipRequest], str]:
    """The clips that a row is about, and the subject that it is about."""
    try:
        payload = typed(row["kind"], json.loads(row["payload"]))
    except (ValueError, TypeError):
        return [], ""
    match payload:
        case RenderPayload(request=request) | ExportPayload(request=request):
            return [request], ""
        case TilePayload(request=request):
            return [request], ""
        case TimelinePayload(takes=takes):
            return [take.request for take in takes], ""
        case TrainingPayload(subject=subject) | LikenessPayload(subject=subject):
            return [], subject
        case ImportPayload(subject=subject):
            return [], subject
    return [], ""


def _forget_in(
    store: ProjectStore, before: Project, who: Forgotten, ordered: list[ClipRequest]
) -> None:
    after = without_subject(store.project, who)
    if after != store.project:
        store.save(after)
    store.forget_older()
    remove_made(store.folder, take_store(store.takes), before, after, ordered)
    remove_pictures(store.folder, who.photos)


@contextmanager
def _writable(folder: Path) -> Iterator[ProjectStore]:
    with ProjectStore(folder) as store:
        if store.only_read is not None:
            raise Refusal(f"The project in {folder} is open elsewhere.", "Close it first.")
        yield store
