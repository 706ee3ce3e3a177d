"""The command line as data: every command, its flags, and what they mean."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from studio.terminal.parser import Informed, Parser, number, whole_number
from studio.terminal.subject_arguments import add_subject
from studio.terminal.voice import Answer

DEFAULT_MODEL = "starter"


class _Version(argparse.Action):
    """Says the version; it is looked up only when asked for."""

    def __call__(self, *_: Any) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("studio")
        except PackageNotFoundError:  # run from a clone without being installed
            number = "from a clone"
        raise Informed(Answer(f"studio {number}", {"version": number}))


def parser(*groups: "Callable[[Commands], None]") -> Parser:
    """The whole command line.  `command` names what to do, "studio" without one.

    Each of `groups` adds commands of its own to those of the product.
    """
    whole = Parser(
        prog="main.py",
        description="Photos and words in, a personal clip out; all on this computer.",
        epilog="Without a command the window opens.",
        allow_abbrev=False,
    )
    whole.set_defaults(
        command="studio", project=None, quit_after_first_paint=False, device=None, budget=None
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="say the version and stop")
    _add_everywhere(whole, json=False, data_dir=None)
    commands = Commands(whole.add_subparsers(title="commands", metavar="COMMAND"))
    for add in (_add_commands, *groups):
        add(commands)
    return whole


def _add_commands(add: "Commands") -> None:
    _demo(add.computing("demo", "from sample pictures to a clip, with nothing to choose"))
    _generate(add.computing("generate", "make a clip from words"))
    _export(add.plain("export", "write a project's timeline, or a part of it, to a file"))
    read = add.plain("import", "open another program's timeline (.otio) in a project")
    read.add_argument("project", metavar="PROJECT", help="a project folder")
    read.add_argument("file", metavar="FILE", help="an .otio file")
    _disk(add.plain("disk", "what a project takes on the disk, and how much its frames may"))
    add_subject(add)
    _add_library(add)
    _add_queue(add)
    doctor = add.computing("doctor", "check this computer: device, memory, ffmpeg, models")
    doctor.add_argument(
        "--model", metavar="ID", default="", help="try this one alone: an id, a file or a folder"
    )
    _studio(add.computing("studio", "open the window (also: no command)"))


def _add_library(add: "Commands") -> None:
    add.group("library", "which models are on this computer")
    scanned = add.plain("library scan", "name the models in folders; nothing is moved or changed")
    scanned.add_argument("folders", metavar="DIR", nargs="*", help="(all that are looked into)")
    for what, does in (
        ("add", "look into a folder from now on, such as ComfyUI's; nothing is moved or changed"),
        ("remove", "look into a folder no more"),
    ):
        add.plain(f"library {what}", does).add_argument("folder", metavar="DIR")
    add.plain("library folders", "the folders that are looked into")
    add.plain("library list", "the models in them, and those that were moved or are missing")
    read = add.plain("library verify", "read the weights of models once, and say which are whole")
    read.add_argument("names", metavar="ID", nargs="*", help="(all that a clip is made with)")
    made = add.plain("library convert", "read a pickled checkpoint apart, write it as safetensors")
    made.add_argument("file", metavar="FILE", help="a .ckpt, .pt, .pth or .bin file")
    made.add_argument("--yes", action="store_true", help="do not ask")
    _library_stack(add.plain("library stack", "keep models by role under a name for --model"))
    add.plain("library stacks", "every stack and its models")
    _library_download(add.plain("library download", "download public models, or list them"))
    add.plain("library downloads", "what was downloaded, and what is not whole yet")
    token = add.plain("library token", "give the Hugging Face hub's token to the system's keyring")
    token.add_argument("--forget", action="store_true", help="take it out again")


def _library_stack(to: Parser) -> None:
    _named(to)
    to.add_argument("--model", metavar="ID", default="", help="the model of the whole clip")
    _roles(to)
    to.add_argument("--remove", action="store_true", help="forget it")


def _library_download(to: Parser) -> None:
    to.add_argument("name", metavar="NAME", nargs="?", help="a model, a bundle, or a file's link")
    to.add_argument("--yes", action="store_true", help="do not ask; you have read the licence")
    to.add_argument("--sha256", metavar="HEX", default="", help="a link's published checksum")


def _add_queue(add: "Commands") -> None:
    add.group("queue", "the jobs of the window")
    add.plain("queue list", "the jobs that are not finished")
    add.plain("queue pause", "stop what runs and start nothing more")
    add.plain("queue resume", "go on")
    for what, does in (("remove", "forget a job"), ("retry", "do a job again")):
        one = add.plain(f"queue {what}", does)
        one.add_argument("id", metavar="ID", type=whole_number, help="its number in queue list")


class Commands:
    """Makes commands below one another by their words, with the flags that many share."""

    def __init__(self, commands: Any) -> None:
        self._below = {"": commands}
        self._everywhere = Parser(add_help=False, allow_abbrev=False)
        _add_everywhere(self._everywhere, json=argparse.SUPPRESS, data_dir=argparse.SUPPRESS)
        self._device = Parser(add_help=False, allow_abbrev=False)
        self._device.add_argument(
            "--device", metavar="NAME", help="what computes: cuda, mps, xpu, cpu (the best one)"
        )
        self._device.add_argument(
            "--budget", metavar="GB", type=number, help="memory to use on it (what is free)"
        )

    def plain(self, words: str, help: str) -> Parser:
        """A command that computes nothing."""
        return self._made(words, help, [self._everywhere])

    def computing(self, words: str, help: str) -> Parser:
        """A command with a device."""
        return self._made(words, help, [self._everywhere, self._device])

    def group(self, name: str, help: str) -> None:
        """A word that others follow."""
        made = self.plain(name, help)
        below = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
        self._below[name] = below

    def _made(self, words: str, help: str, parents: list[Parser]) -> Parser:
        group, _, name = words.rpartition(" ")
        like = {"parents": parents, "allow_abbrev": False}
        made = self._below[group].add_parser(name, help=help, description=help, **like)
        made.set_defaults(command=words)
        return made


def _add_everywhere(to: Parser, *, json: object, data_dir: object) -> None:
    to.add_argument(
        "--json", action="store_true", default=json, help="one JSON object on standard output"
    )
    to.add_argument(
        "--data-dir", metavar="DIR", default=data_dir, help="keep everything in this folder"
    )
    # for timing the start; also without the word "studio"
    to.add_argument(
        "--quit-after-first-paint",
        action="store_true",
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )


def _demo(to: Parser) -> None:
    to.add_argument("--out", metavar="DIR", default="demo", help="folder for the files (demo)")


def _generate(to: Parser) -> None:
    to.add_argument("prompt", metavar="PROMPT", help="what to show, in words")
    to.add_argument("--out", metavar="FILE", default="", help="an .mp4, .gif, .webm or .png file")
    to.add_argument("--negative", metavar="TEXT", default="", help="what not to show")
    to.add_argument(
        "--subject", metavar="NAME[:STRENGTH]", default="", help="a trained subject, 0 to 1.5"
    )
    to.add_argument(
        "--model", metavar="ID", default=DEFAULT_MODEL, help="the model, or a stack (starter)"
    )
    _roles(to)
    to.add_argument(
        "--lora",
        metavar="NAME[:STRENGTH]",
        action="append",
        default=[],
        help="a LoRA beside the subject, again for more; as <lora:NAME:STRENGTH> in the prompt",
    )
    to.add_argument(
        "--lora-like",
        metavar="NAME:LIKE",
        action="append",
        default=[],
        help="say once that a LoRA makes few steps do, as “LCM 4 steps” does, or “none”; drafts "
        "then use it",
    )
    to.add_argument("--seed", metavar="N", type=whole_number, help="the same seed, the same clip")
    to.add_argument("--steps", metavar="N", type=whole_number, help="denoising steps")
    to.add_argument("--guidance", metavar="X", type=number, help="how closely to follow the words")
    to.add_argument("--width", metavar="N", type=whole_number, help="in pixels")
    to.add_argument("--height", metavar="N", type=whole_number, help="in pixels")
    to.add_argument("--fps", metavar="N", help="frames per second of the file; speed stays")
    length = to.add_mutually_exclusive_group()
    length.add_argument("--keyframes", metavar="N", type=whole_number, help="length in keyframes")
    length.add_argument("--seconds", metavar="X", type=number, help="length in seconds")
    length.add_argument("--frames", metavar="N", type=whole_number, help="length in frames")
    to.add_argument(
        "--extend", metavar="N", type=whole_number, default=0, help="keyframes more, by prediction"
    )
    to.add_argument("--loop", action="store_true", help="lead the end back to the start")
    to.add_argument(
        "--interpolate",
        metavar="N",
        type=whole_number,
        choices=range(3),
        help="passes that each put three frames between two: 0, 1 or 2",
    )
    to.add_argument("--upsample", action="store_true", help="larger frames, mostly four times")
    to.add_argument(
        "--draft", action="store_true",
        help="few steps, half the size; with a step-distilled LoRA where one fits",
    )  # fmt: skip
    to.add_argument(
        "--keyframes-only", action="store_true", help="one PNG sheet of the keyframes, no clip"
    )
    to.add_argument(
        "--no-recipe", action="store_true", help="leave prompt, seed and models out of the file"
    )
    to.add_argument("--plan", action="store_true", help="say what it would take, make nothing")


def _disk(to: Parser) -> None:
    to.add_argument("project", metavar="PROJECT", nargs="?", default="", help="a project folder")
    to.add_argument("--limit", metavar="GB", type=number, help="for frames that can be made again")


def _export(to: Parser) -> None:
    to.add_argument("project", metavar="PROJECT", help="a project folder")
    to.add_argument("--out", metavar="FILE", default="", help="its ending says the format")
    what = to.add_mutually_exclusive_group()
    what.add_argument(
        "--range", metavar=("A", "B"), nargs=2, type=number, help="from second A to before B"
    )
    what.add_argument("--clip", metavar="ID", default="", help="one clip of the timeline")
    what.add_argument("--starred", action="store_true", help="every starred take, a file each")
    to.add_argument("--fps", metavar="N", help="frames per second of the file; speed stays")
    to.add_argument("--width", metavar="N", type=whole_number, help="in pixels")
    to.add_argument("--height", metavar="N", type=whole_number, help="in pixels")
    to.add_argument("--format", metavar="NAME", default="", help="among those of one ending: hevc")
    to.add_argument("--quality", metavar="WORD", default="", help="best, good or small (best)")
    to.add_argument(
        "--no-recipe", action="store_true", help="leave prompts, seeds and models out of the file"
    )


def _roles(to: Parser) -> None:
    for flag, does in (
        ("--keyframes-model", "the keyframes"),
        ("--holes-model", "the frames around and between given ones"),
        ("--between-model", "the frames between keyframes alone"),
        ("--decoder", "decoding"),
        ("--upscaler", "larger frames"),
    ):
        to.add_argument(flag, metavar="ID", default="", help=f"another model for {does}")


def _named(to: Parser) -> None:
    to.add_argument("name", metavar="NAME")


def _studio(to: Parser) -> None:
    to.add_argument("project", metavar="PROJECT", nargs="?", help="a project folder")
