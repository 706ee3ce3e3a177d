"""`generate`: words to a file."""

from __future__ import annotations

import math
import os
import time
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.library import models as library
from studio.library import parts as library_parts
from studio.media.formats import check_export, written
from studio.media.naming import numbered, replaced
from studio.media.places import is_folder, place
from studio.project.plain import to_plain
from studio.project.subject import checked_name
from studio.spec.card import Card
from studio.spec.check import check
from studio.spec.draft import draft_words, drafted
from studio.spec.plan import words as plan_words
from studio.spec.quantities import count, duration
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.spans import last_keys, spans, strip_of
from studio.spec.timing import frame_rate, frames_in, retimed
from studio.terminal import parts, words
from studio.terminal.memory import peak_megabytes
from studio.terminal.session import KEPT, Session
from studio.terminal.stacks import with_stack
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.handlers import JobHandlers


@dataclass(frozen=True, slots=True)
class Order:
    """A request, and the file that it becomes: its rate in frames/s and its number of frames."""

    request: ClipRequest
    out: Path | None
    fps: Fraction
    frames: int
    sheet: bool = False
    recipe: bool = True


def generate(args: Namespace, session: Session) -> Answer:
    """Make what was asked for, reusing takes; everything is checked before anything is loaded."""
    from studio.project.stored_frames import FramesGone

    started = time.monotonic()
    handlers = session.handlers()
    order = ordered(args, handlers, session)
    if args.plan:
        return plan(order, handlers, session)
    session.if_stopped(f"{KEPT} {_going_on(args, order, session)}")
    with session.scratch() as project:
        made = render(order, handlers, session, project)
        try:
            frames = write(order, handlers, session, project)
        except FramesGone:  # what turns out damaged when it is read is made again
            made = render(order, handlers, session, project)
            frames = write(order, handlers, session, project)
    seconds = time.monotonic() - started
    return Answer(_words(order, frames, made, seconds), facts(order, frames, made, seconds))


def _going_on(args: Namespace, order: Order, session: Session) -> str:
    """The command that finds what was finished: a seed that was drawn belongs to it."""
    return session.again(
        *([] if args.seed == order.request.seed else [f"--seed={order.request.seed}"])
    )


def ordered(args: Namespace, handlers: JobHandlers, session: Session) -> Order:
    """What the command line asks for, or a refusal that says what to change."""
    args = with_stack(args, session)
    model = library.find(args.model, handlers.model_folders, session.tick)
    card, others = model.card, parts.others(args, handlers.model_folders)
    keys, holes, between, larger = (
        others.get(role, model).card for role in ("keyframes", "holes", "interpolator", "upscaler")
    )
    chosen = library_parts.parts(others)
    passes = 0 if args.keyframes_only else args.interpolate
    passes = between.passes if passes is None else passes
    rate = keys.fps * between.rate(passes) / between.fps
    fps = frame_rate(args.fps) if args.fps is not None else rate
    keyframes, extend, frames = _length(args, keys, holes.predicts, fps)
    request = card.request(
        args.prompt,
        _seed(args.seed),
        model.weights,
        negative=args.negative,
        width=parts.side("width", args.width, card, chosen, session),
        height=parts.side("height", args.height, card, chosen, session),
        keyframes=keyframes,
        steps=args.steps,
        guidance=args.guidance,
        subject=_subject(args.subject, handlers, model, session),
        extend=extend,
        loop=args.loop,
        interpolate=passes,
        upsample=parts.upsampling(args, larger),
        parts=chosen,
    )
    request = words.worded(request, args, handlers, session)
    if args.draft:
        request = drafted(request, card, handlers.shelf(session.tick).distilled())
        session.voice.remark(draft_words(request))
    check(request, card)
    frames = frames or len(retimed(request.frames, rate, fps))
    out = None if args.plan and not args.out else _place(args.out, args.keyframes_only)
    if out is not None:
        check_export(out, size=request.size, fps=fps)
        if older := replaced(out):
            session.voice.remark(f"This replaces {older}.")
    words.remark(request, args.prompt, model, session)
    return Order(request, out, fps, frames, args.keyframes_only, not args.no_recipe)


def render(order: Order, handlers: JobHandlers, session: Session, project: str) -> Mapping:
    """Make the takes that are missing; what `JobHandlers.render` returns."""
    from studio.jobs.payloads import RenderPayload

    kind = "preview_keyframes" if order.sheet else "render"
    made = session.do(handlers, kind, to_plain(RenderPayload(project, order.request)))
    for note in made["notes"]:
        session.voice.remark(note)
    return made


def write(order: Order, handlers: JobHandlers, session: Session, project: str) -> int:
    """Write the takes to the order's file; gives how many frames were written."""
    from studio.jobs.payloads import ExportPayload

    keys = last_keys(spans(order.request))
    out, fps = str(order.out), str(order.fps)
    export = ExportPayload(
        project, order.request, keys, out, fps, recipe=order.recipe, frames=order.frames
    )
    payload = to_plain(export)
    return session.do(handlers, "contact_sheet" if order.sheet else "export", payload)["frames"]


def plan(order: Order, handlers: JobHandlers, session: Session) -> Answer:
    """What it would take, by shapes and by what earlier runs took: nothing is loaded, nothing made."""
    request, walk = order.request, spans(order.request)
    takes = handlers.takes(session.folders.scratch)
    there = [span.key for span in walk if takes.has(span.key)]
    missing = len(walk) - len(there)
    runs = request.steps * (1 if request.guidance == 1 else 2)
    keys = len(strip_of(request).keys)
    sentence = (
        f"{count(keys, 'keyframe')} of {request.width} × {request.height} pixels with "
        f"{count(request.steps, 'step')} ({count(runs, 'network run')}) for each window, "
        f"{count(request.interpolate, 'pass', 'passes')} between them, "
        f"seed {request.seed}; {count(order.frames, 'frame')} of {request.size[0]} × {request.size[1]} pixels "
        f"at {float(order.fps):g} per second.\n"
        f"{missing} of {count(len(walk), 'part')} to be made, {len(there)} there already."
    )
    needed = handlers.planner.plan(
        [span for span in walk if span.key not in there], session.folders.scratch, find_out=True
    )
    if needed is not None:
        sentence += f"\n{plan_words.whole(needed)}"
    facts = {
        "takes": plan_words.facts(needed) if needed else None,
        "plan": [
            {"stage": s.stage, "frames": len(s.makes), "key": s.key, "there": s.key in there}
            for s in walk
        ],
        "made": 0,
        "reused": len(there),
        **_shape(order, written(order.out, order.frames) if order.out else order.frames),
    }
    return Answer(sentence, facts)


def facts(order: Order, frames: int, made: Mapping, seconds: float) -> dict[str, object]:
    """The JSON object of a finished clip of so many frames."""
    return {
        "path": str(order.out),
        **_shape(order, frames),
        "stages": {stage: round(spent, 3) for stage, spent in made["seconds"].items()},
        "made": len(made["made"]),
        "reused": len(made["reused"]),
        "seconds": round(seconds, 3),
        "peak_memory_mb": peak_megabytes(),
    }


def _shape(order: Order, frames: int) -> dict[str, object]:
    request = order.request
    return {
        "frames": request.frames if order.sheet else frames,
        "fps": float(order.fps),
        "width": request.size[0],
        "height": request.size[1],
        "seed": request.seed,
    }


def _words(order: Order, frames: int, made: Mapping, seconds: float) -> str:
    reused = " All of it was there from before." if not made["made"] else ""
    what = f"{count(frames, 'frame')} at {float(order.fps):g} per second"
    if frames == 1:
        what = f"the first of {order.frames} frames" if order.frames > 1 else "1 frame"
    if order.sheet:
        what = f"{count(order.request.frames, 'keyframe')} on one sheet"
    return f"{order.out}: {what}, seed {order.request.seed}, {duration(seconds)}.{reused}"


def _length(
    args: Namespace, card: Card, predicts: bool, fps: Fraction
) -> tuple[int, int, int | None]:
    """Keyframes to make at once, those to add by prediction, and frames to write; None for all."""
    frames: int | None = args.frames
    if args.seconds == 0:
        raise Refusal("A clip of 0 s shows nothing.", "Ask for more, or for --frames 1.")
    if args.seconds is not None:
        frames = frames_in(args.seconds, fps)
    if frames is None:
        keyframes = card.window.usual if args.keyframes is None else args.keyframes
        return keyframes, args.extend, None
    if frames < 1:
        raise Refusal(f"A clip of {frames} frames shows nothing.", "Ask for 1 frame or more.")
    if args.extend or args.loop:
        raise Refusal(
            "A clip of a given length is not extended or looped further.",
            "Say its length in --keyframes and --extend instead.",
        )
    needed = math.ceil(Fraction(frames - 1) / fps * card.fps) + 1
    at_once = min(needed, card.window.most) if predicts else needed
    at_once = max(at_once, card.window.snapped(min(at_once, card.window.most)))
    return at_once, max(0, needed - at_once), frames


def _seed(given: int | None) -> int:
    from studio.jobs.handlers import resolved_seed

    return resolved_seed(given)


def _subject(
    given: str, handlers: JobHandlers, model: library.Model, session: Session
) -> SubjectUse | None:
    """NAME[:STRENGTH]; a name cannot hold a colon."""
    if not given:
        return None
    name, colon, strength = given.partition(":")
    try:
        wanted = float(strength) if colon else 1.0
    except ValueError:
        raise Refusal(
            f"“{strength}” is no strength for a subject.", "Write it like rex:0.8, from 0 to 1.5."
        ) from None
    subject = handlers.subjects.get(checked_name(name))
    if remark := subject.remark(model.card, model.weights):
        session.voice.remark(remark)
    return subject.use(wanted, model.card, model.weights)


def _place(given: str, sheet: bool) -> Path:
    if not given:
        raise Refusal("Nothing says where the clip goes.", "Add --out and a file, e.g. clip.mp4.")
    out = place(given).absolute()
    if sheet and (out.suffix.lower() != ".png" or numbered(out.name) or is_folder(out)):
        raise Refusal("A sheet of keyframes is one PNG file.", "Use --out sheet.png.")
    folder = out if is_folder(out) else out.parent
    if not is_folder(folder):
        raise Refusal(f"The folder {folder} does not exist.", "Make it or choose another.")
    if not os.access(folder, os.W_OK):
        raise Refusal(f"Nothing can be written to the folder {folder}.", "Choose another one.")
    return out
