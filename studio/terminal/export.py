"""`export`: a project's timeline, a part of it, or its starred takes to files."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.media.naming import replaced
from studio.media.places import is_folder, place
from studio.project.otio_files import SUFFIX, write_otio
from studio.project.plain import to_plain
from studio.project.project import Project
from studio.project.store import look_at, reading
from studio.project.timeline_edits import lay_out
from studio.spec.quantities import count, duration
from studio.spec.refusal import Refusal
from studio.spec.timeline.alone import alone, extent
from studio.spec.timing import frame_rate
from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.handlers import JobHandlers
    from studio.jobs.payloads import TimelinePayload


def export(args: Namespace, session: Session) -> Answer:
    """Write what the command line asks for; everything is checked before a frame is read."""
    started = time.monotonic()
    folder = project_folder(args.project)
    session.if_stopped(NOT_KEPT)
    with reading(folder):
        project = look_at(folder)
        if Path(args.out).suffix.lower() == SUFFIX:
            return _for_other_programs(args, _with_timeline(project, session), session)
        handlers, made = session.handlers(), orders(args, project, folder, session)
        for payload in made:
            _warn_of_flashes(payload, handlers, session)
        results = [session.do(handlers, "export_timeline", to_plain(payload)) for payload in made]
    seconds = time.monotonic() - started
    files = [{"path": r["out"], "frames": r["frames"], "samples": r["samples"]} for r in results]
    words = [f"{file['path']}: {count(file['frames'], 'frame')}." for file in files]
    return Answer(
        "\n".join([*words, f"{duration(seconds)}."]), {"files": files, "seconds": round(seconds, 3)}
    )


def _for_other_programs(args: Namespace, project: Project, session: Session) -> Answer:
    """The timeline as OpenTimelineIO: what is cut, not what is seen."""
    out = place(args.out).absolute()
    if args.clip or args.range or args.starred:
        raise Refusal("A timeline is written whole.", "Leave out --clip, --range and --starred.")
    if not is_folder(out.parent):
        raise Refusal(f"The folder {out.parent} does not exist.", "Make it or choose another.")
    if older := replaced(out):
        session.voice.remark(f"This replaces {older}.")
    write_otio(project, out)
    clips = sum(len(track.clips) for track in project.timeline.tracks)
    return Answer(
        f"{out}: {count(clips, 'clip')}.", {"files": [{"path": str(out), "clips": clips}]}
    )


def orders(
    args: Namespace, project: Project, folder: Path, session: Session
) -> list[TimelinePayload]:
    """What is to be written; refused where anything of it cannot be."""
    if not args.out:
        raise Refusal("Nothing says where the film goes.", "Add --out and a file, e.g. film.mp4.")
    out = place(args.out).absolute()
    if not is_folder(out.parent):
        raise Refusal(f"The folder {out.parent} does not exist.", "Make it or choose another.")
    if args.starred:
        made = _starred(args, project, folder, out)
    else:
        made = [_film(args, _with_timeline(project, session), folder, out)]
    for payload in made:
        if older := replaced(Path(payload.out)):
            session.voice.remark(f"This replaces {older}.")
    return made


def _warn_of_flashes(payload: TimelinePayload, handlers: JobHandlers, session: Session) -> None:
    """Say where the film flashes, before it is written."""
    from studio.jobs.timeline_export import flashes

    store = handlers.takes(Path(payload.project))
    if words := flashes(payload, store, session.tick):
        session.voice.remark(f"{Path(payload.out).name}: {words}")


def _film(args: Namespace, project: Project, folder: Path, out: Path) -> TimelinePayload:
    timeline = project.timeline
    first, end = 0, timeline.length
    if args.clip:
        if args.clip not in timeline:
            raise Refusal(f"There is no clip “{args.clip}” on the timeline.", "Use a clip's id.")
        (first, end), timeline = extent(timeline, args.clip), alone(timeline, args.clip)
    elif args.range:
        first, end = (round(seconds * timeline.rate) for seconds in args.range)
    return _ordered(args, project, folder, out, timeline=timeline, first=first, end=end)


def _starred(args: Namespace, project: Project, folder: Path, out: Path) -> list[TimelinePayload]:
    """Each starred take by itself, under the name that was given and its number."""
    from studio.project.timeline_edits import take_alone

    starred = [take for take in reversed(project.takes) if take.starred]
    if not starred:
        raise Refusal("No take of this project has a star.", "Star one in the window first.")
    return [
        _ordered(
            args, project, folder, out.with_stem(f"{out.stem}-take-{take.order}"),
            timeline=take_alone(project, take),
        )
        for take in starred
    ]  # fmt: skip


def _ordered(args: Namespace, project: Project, folder: Path, out: Path, **what) -> TimelinePayload:
    from studio.jobs.timeline_export import order

    return order(
        project, folder, out, fps=frame_rate(args.fps) if args.fps else None, size=_size(args),
        recipe=not args.no_recipe, encoding=args.format, quality=args.quality, **what,
    )  # fmt: skip


def _size(args: Namespace) -> tuple[int, int] | None:
    if (args.width is None) != (args.height is None):
        raise Refusal("A size has two sides.", "Give --width and --height, or neither.")
    return None if args.width is None else (args.width, args.height)


def _with_timeline(project: Project, session: Session) -> Project:
    if project.timeline.length:
        return project
    session.voice.remark("The timeline is empty: the shots are written one after another.")
    return lay_out(project)


def project_folder(given: str) -> Path:
    """The project folder that is given; refused where there is none."""
    folder = place(given).absolute()
    if not (folder / "project.json").is_file() and not (folder / "versions").is_dir():
        raise Refusal(f"There is no project in {folder}.", "Give a project's folder.")
    return folder
