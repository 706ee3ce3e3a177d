"""The commands of subjects as data, with their flags."""

from typing import TYPE_CHECKING

from studio.terminal.parser import Parser, whole_number

if TYPE_CHECKING:
    from studio.terminal.arguments import Commands


def add_subject(add: "Commands") -> None:
    add.group("subject", "teach the studio somebody or something from photos")
    _subject_train(add.computing("subject train", "make a subject from photos and train it"))
    add.plain("subject list", "every subject")
    _named(add.plain("subject show", "what is known of a subject"))
    _named(versions := add.plain("subject versions", "its trainings; which one is used"))
    versions.add_argument("--use", metavar="N", type=whole_number, help="use that one from now on")
    _named(exported := add.plain("subject export", "its LoRA as a file for other programs"))
    exported.add_argument(
        "--format", choices=("kohya", "peft", "diffusers", "comfyui"), default="kohya",
        help="how its layers are called (kohya)",
    )  # fmt: skip
    exported.add_argument("--out", metavar="FILE", required=True, help="a .safetensors file")
    _subject_import(add.computing("subject import", "a LoRA of somebody else as a subject"))
    _named(add.plain("subject remove", "put a subject into the bin"))


def _subject_train(to: Parser) -> None:
    to.add_argument("photos", metavar="PHOTOS", nargs="*", help="a folder, or 3 to 30 photos")
    to.add_argument("--name", metavar="NAME", required=True, help="what to call the subject")
    to.add_argument("--class-noun", metavar="WORD", help="what it is: dog, person, toy")
    to.add_argument("--token", metavar="WORD", help="a rare word that will mean it (sks)")
    to.add_argument("--method", choices=("lora", "dreambooth"), help="lora by default")
    to.add_argument("--steps", metavar="N", type=whole_number, help="updates")
    to.add_argument(
        "--size", metavar="N", type=whole_number, help="pixels of a side (the model's own)"
    )
    to.add_argument("--resume", action="store_true", help="go on with its training, up to --steps")
    to.add_argument(
        "--anew", action="store_true", help="forget what it learned, train from the start"
    )
    to.add_argument(
        "--model", metavar="ID", help="the model (starter; that of its training once begun)"
    )
    to.add_argument("--plan", action="store_true", help="say what it would take, train nothing")
    _person(to)


def _subject_import(to: Parser) -> None:
    to.add_argument("file", metavar="FILE", help="a LoRA of somebody else, a .safetensors file")
    to.add_argument("--name", metavar="NAME", required=True, help="a new subject, or one there is")
    to.add_argument("--class-noun", metavar="WORD", help="what it shows: dog, person, toy")
    to.add_argument("--token", metavar="WORD", help="the word that it was taught")
    to.add_argument("--model", metavar="ID", default="", help="a model that it goes on")
    _person(to)


def _person(to: Parser) -> None:
    person = to.add_mutually_exclusive_group()
    person.add_argument("--person", action="store_true", help="the subject is a person")
    person.add_argument("--not-a-person", action="store_true", help="it is an animal or a thing")
    to.add_argument("--consent", action="store_true", help="it is me, or this person agreed")


def _named(to: Parser) -> None:
    to.add_argument("name", metavar="NAME")
