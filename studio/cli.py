"""The terminal's composition root: a command line in, an exit code out."""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from studio.library import hashes
from studio.media.places import is_folder, place
from studio.project.folders import HOME_VARIABLE, Folders
from studio.spec.plan.budget import in_bytes
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal
from studio.terminal import process
from studio.terminal.interrupt import Interrupt
from studio.terminal.session import Session
from studio.terminal.streams import unfailing_streams
from studio.terminal.voice import Answer, Voice

DONE, BUG, REFUSED = 0, 1, 2

# where each command lives: imported when it is asked for, so that --help costs nothing
COMMANDS = {
    "demo": "terminal.demo.demo",
    "generate": "terminal.clip.generate",
    "export": "terminal.export.export",
    "import": "terminal.timeline.read",
    "disk": "terminal.disk.disk",
    "subject train": "terminal.subject_training.train",
    "subject list": "terminal.subjects.list_all",
    "subject show": "terminal.subjects.show",
    "subject versions": "terminal.subjects.versions",
    "subject export": "terminal.subject_export.export",
    "subject import": "terminal.subject_import.take_in",
    "subject remove": "terminal.subjects.remove",
    "train starter": "lab.commands.training.train_starter",
    "train decoder": "lab.commands.training.train_decoder",
    "train upsampler": "lab.commands.training.train_upsampler",
    "library scan": "terminal.library.scan_folders",
    "library add": "terminal.library.add",
    "library remove": "terminal.library.remove",
    "library folders": "terminal.library.folders",
    "library list": "terminal.library.list_all",
    "library verify": "terminal.library.verify",
    "library stack": "terminal.stacks.keep",
    "library stacks": "terminal.stacks.list_all",
    "library convert": "terminal.conversion.convert_file",
    "library download": "terminal.downloads.download_models",
    "library downloads": "terminal.downloads.list_downloads",
    "library token": "terminal.downloads.change_token",
    "queue list": "terminal.queue.list_all",
    "queue pause": "terminal.queue.pause",
    "queue resume": "terminal.queue.resume",
    "queue remove": "terminal.queue.remove",
    "queue retry": "terminal.queue.retry",
    "evaluate": "lab.commands.evaluation.evaluate",
    "doctor": "terminal.doctor.doctor",
    "bench window": "lab.commands.window.window",
    "bench gpu": "lab.commands.gpu.bench",
    "bench plan": "lab.commands.gpu.plan",
    "bench memory": "lab.commands.memory.bench",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0 done, 2 refused, 1 a bug, 130, 143 or 129 stopped.

    Stopped by Ctrl+C, SIGTERM or SIGHUP, in this order.
    """
    process.settle()
    words = sys.argv[1:] if arguments is None else list(arguments)
    with unfailing_streams(), Interrupt() as interrupt:
        voice = Voice(sys.stdout, sys.stderr, as_json="--json" in words)
        try:
            return _done(words, voice, interrupt)
        except Refusal as refusal:
            voice.refuse(refusal)
            return REFUSED
        except (KeyboardInterrupt, Cancelled):
            return _cancelled(voice, interrupt)
        except Exception as error:
            return _cancelled(voice, interrupt) if interrupt.received else _failed(error, voice)


def _done(words: Sequence[str], voice: Voice, interrupt: Interrupt) -> int:
    from studio.lab.commands import flags
    from studio.terminal.arguments import parser
    from studio.terminal.parser import Informed

    try:
        args = parser(flags.add).parse_args(words)
    except Informed as informed:
        voice.answer(informed.answer)
        return informed.answer.code
    folders = Folders.find(args.data_dir)
    _leave_what_is_gone()
    _check_folder(folders.data)
    process.note_crashes(folders.faults)
    hashes.KNOWN.keep_in(folders.hashes)
    if args.command == "studio":
        return _window(args, folders, interrupt)
    command = (tuple(words), args.data_dir or "", args.device or "", in_bytes(args.budget))
    answer = _run(args, Session(folders, voice, interrupt, *command))
    interrupt.means(lambda: True)  # the work is done: its one answer is not cut in two
    voice.answer(answer)
    return answer.code


def _leave_what_is_gone() -> None:
    """Torch and its libraries cannot be loaded from a folder that was removed; nothing needs it:
    a path within it has been refused by now."""
    try:
        Path.cwd()
    except OSError:
        os.chdir(os.sep)


def _check_folder(data: Path) -> None:
    hint = f"Choose another with --data-dir or {HOME_VARIABLE}."
    try:
        there = next(place for place in (data, *data.parents) if place.exists())
    except PermissionError as error:
        raise Refusal(f"The folder {data} cannot be looked into.", hint) from error
    except OSError as error:  # a name that no disk holds
        raise Refusal(f"The folder {data} cannot be used: {error.strerror}.", hint) from error
    if not there.is_dir():
        raise Refusal(f"{there} is a file, not a folder.", "Choose another with --data-dir.")
    if there == data and not os.access(data, os.R_OK | os.X_OK):
        raise Refusal(f"The folder {data} cannot be looked into.", hint)


def _run(args: Namespace, session: Session) -> Answer:
    if args.command == "bench window":
        args.app = _app()  # handed over: the terminal does not know the window
    module, _, name = COMMANDS[args.command].rpartition(".")
    command = getattr(import_module(f"studio.{module}"), name)
    return command(args, session)


def _window(args: Namespace, folders: Folders, interrupt: Interrupt) -> int:
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise Refusal("There is no screen to open the window on.", "See “main.py --help”.")
    project = place(args.project).absolute() if args.project else None
    if project is not None and not is_folder(project.parent):
        raise Refusal(f"The folder {project.parent} does not exist.", "Choose another project.")
    gc.disable()  # what is imported now stays; an open window collects by itself
    app = _app()
    from studio.jobs.handlers import JobHandlers

    process.note_crashes(folders.make().faults)
    interrupt.means(app.close_windows)
    handlers = JobHandlers(folders, args.device or None, in_bytes(args.budget))
    return app.open_window(
        project,
        folders,
        handlers.by_kind(),
        model_folders=handlers.model_folders,
        device_info=lambda: app.device(args.device),
        recipe=handlers.recipe,
        planner=handlers.planner,
        quit_after_first_paint=args.quit_after_first_paint,
    )


def _app() -> ModuleType:
    try:
        from studio import app
    except ImportError as error:
        raise Refusal(
            f"The window cannot open: {error}.",
            "Install the libraries that README.md names for Qt, or use “main.py --help”.",
        ) from error
    return app


def _cancelled(voice: Voice, interrupt: Interrupt) -> int:
    interrupt.means(lambda: True)  # this sentence is printed to its end
    by = {"signal": interrupt.received.name} if interrupt.received else {}
    voice.end_badly("Cancelled.", interrupt.then, cancelled=True, **by)
    return interrupt.code


def _failed(error: Exception, voice: Voice) -> int:
    if isinstance(error, OSError) and (refusal := _refusal_of(error)):
        voice.refuse(refusal)
        return REFUSED
    trace = "".join(traceback.format_exception(error))
    voice.end_badly(
        f"A fault in the studio: {type(error).__name__}: {error}.",
        f"Please report it with these lines:\n{trace}",
        bug=True,
    )
    return BUG


def _refusal_of(error: OSError) -> Refusal | None:
    """A full disk or a forbidden folder, wherever it shows, is the user's to put right."""
    from studio.project.files import FULL, to_refusal

    forbidden = isinstance(error, PermissionError) and error.filename is not None
    if error.errno not in (*FULL, errno.ENAMETOOLONG) and not forbidden:
        return None
    return to_refusal(error, Path(os.fsdecode(error.filename or "the file")))
