"""The lab's part of the command line: train, evaluate, bench."""

from studio.lab.commands import evaluation_flags
from studio.terminal.arguments import DEFAULT_MODEL, Commands
from studio.terminal.parser import Parser, number, whole_number

LEARN_ON = ("unet", "temporal")
"""Parts of the starter that can learn on once they are finished."""


def add(commands: Commands) -> None:
    """Everything that the lab can be asked for."""
    _add_training(commands)
    evaluation_flags.add(commands.computing("evaluate", "measure a model, for its model card"))
    commands.group("bench", "measure the studio itself")
    _bench_window(commands.computing("bench window", "how smooth the window stays while it works"))
    _bench_memory(commands.computing("bench memory", "what the stages take at full size"))
    _bench_gpu(commands.computing("bench gpu", "speeds and memory, beside stock networks"))
    _bench_plan(commands.computing("bench plan", "how far plans are from what jobs take"))


def _add_training(add: Commands) -> None:
    add.group("train", "train the studio's own models")
    _train_starter(add.computing("train starter", "make the embedded starter model again"))
    _train_decoder(add.computing("train decoder", "teach a model's decoder to see time"))
    _train_upsampler(add.computing("train upsampler", "teach a model to make frames larger"))


def _train_starter(to: Parser) -> None:
    to.add_argument("--out", metavar="DIR", required=True, help="folder for runs and result")
    to.add_argument("--seed", metavar="N", type=whole_number, default=0, help="(0)")
    to.add_argument("--scale", metavar="X", type=number, default=1.0, help="times as long (1)")
    to.add_argument(
        "--minutes", metavar="X", type=number, help="stop after so long; the same command goes on"
    )
    to.add_argument(
        "--fit", metavar="X", type=number, help="fit what makes keyframes into so many minutes"
    )
    to.add_argument(
        "--again", nargs="+", choices=LEARN_ON, default=(), help="finished parts that learn on"
    )


def _train_decoder(to: Parser) -> None:
    to.add_argument("clips", metavar="CLIPS", nargs="?", help="folder of clips (drawn ones)")
    to.add_argument("--model", metavar="ID", default=DEFAULT_MODEL, help="the model (starter)")
    to.add_argument("--out", metavar="DIR", required=True, help="folder for runs and result")
    to.add_argument("--steps", metavar="N", type=whole_number, default=600, help="updates (600)")
    to.add_argument(
        "--drawn", metavar="N", type=whole_number, help="clips, where no folder is given (1500)"
    )
    to.add_argument("--seed", metavar="N", type=whole_number, default=1, help="(1)")
    to.add_argument(
        "--picture-critic",
        action="store_true",
        help="a critic of single frames beside that of clips",
    )


def _train_upsampler(to: Parser) -> None:
    to.add_argument("--kind", choices=("pixel", "latent"), default="pixel", help="(pixel)")
    to.add_argument("--model", metavar="ID", default=DEFAULT_MODEL, help="the model (starter)")
    to.add_argument("--out", metavar="DIR", required=True, help="folder for runs and result")
    to.add_argument("--seed", metavar="N", type=whole_number, default=1, help="(1)")
    to.add_argument("--pairs", metavar="N", type=whole_number, default=800, help="clips (800)")
    to.add_argument("--steps", metavar="N", type=whole_number, default=3000, help="updates (3000)")
    to.add_argument(
        "--steps-over-time",
        metavar="N",
        type=whole_number,
        default=1200,
        help="updates of the layers over time (1200)",
    )


def _bench_window(to: Parser) -> None:
    to.add_argument("--steps", metavar="N", type=whole_number, default=120, help="training (120)")


def _bench_gpu(to: Parser) -> None:
    to.add_argument("--minutes", metavar="X", type=number, default=8.0, help="at most (8)")
    to.add_argument("--scale", choices=("full", "tiny"), default="full", help="(full)")


def _bench_plan(to: Parser) -> None:
    to.add_argument("--model", metavar="ID", default=DEFAULT_MODEL, help="the model (starter)")
    to.add_argument("--count", metavar="N", type=whole_number, default=30, help="jobs (30)")
    to.add_argument("--seed", metavar="N", type=whole_number, default=0, help="(0)")


def _bench_memory(to: Parser) -> None:
    to.add_argument("--width", metavar="N", type=whole_number, default=512, help="(512)")
    to.add_argument("--height", metavar="N", type=whole_number, default=320, help="(320)")
    to.add_argument(
        "--measure", action="store_true", help="compute each stage once, with random weights"
    )
    to.add_argument(
        "--must-fit", action="store_true", help="trainings and public models, by size of card"
    )
