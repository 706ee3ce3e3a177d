"""How command lines are read: an answer or one sentence, numbers in words."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from studio.spec.refusal import Refusal
from studio.terminal.voice import Answer

PLACES = frozenset(("FILE", "DIR", "PHOTOS", "CLIPS", "PROJECT", "FOLDER:NOUN"))
"""What stands in the help where a path is asked for, which is not text but bytes."""


class Informed(Exception):
    """The command line wants an answer of its own (--help, --version); nothing else is to be done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words)
        self.answer = answer


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks as the studio does: one answer, or one sentence and a hint."""

    def error(self, message: str) -> NoReturn:
        sentence = message[0].upper() + message[1:].rstrip(".")
        raise Refusal(f"{sentence}.", f"See “{self.prog} --help”.")

    def print_help(self, file: Any = None) -> NoReturn:
        words = self.format_help().rstrip("\n")
        raise Informed(Answer(words, {"help": words}))

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        flag = (action.option_strings or [action.metavar])[0]
        if action.metavar in PLACES:  # any bytes name a file
            _check_there(arg_string, str(flag))
        elif action.metavar != "COMMAND" and not _is_text(arg_string):
            raise Refusal(
                f"{flag} holds bytes that are not UTF-8.",
                "Type it again, in a terminal that is set to UTF-8.",
            )
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        if action.metavar != "COMMAND":
            flag = action.option_strings[0]
            raise Refusal(f"“{value}” is no choice for {flag}.", f"Use {' or '.join(choices)}.")
        group = self.prog.removeprefix("main.py").lstrip() + " "
        near = _nearest(value, choices)
        hint = f"Did you mean “{(group + near).strip()}”? " if near else ""
        raise Refusal(
            f"There is no command “{(group + value).strip()}”.", f"{hint}See “{self.prog} --help”."
        )


def _is_text(words: str) -> bool:
    try:
        words.encode()
    except UnicodeEncodeError:  # the system hands over bytes that are no text as surrogates
        return False
    return True


def _check_there(path: str, flag: str) -> None:
    """A path within the current folder needs one: it may have been removed under the terminal."""
    try:
        Path.cwd()
    except OSError:
        if path and not path.startswith("~") and not Path(path).is_absolute():
            raise Refusal(
                "The folder that this terminal is in is no longer there.",
                f"Go to another, or write out the whole path for {flag}.",
            ) from None


def _nearest(word: str, choices: Sequence[str]) -> str:
    completions = [choice for choice in choices if len(word) > 1 and choice.startswith(word)]
    return next(iter(completions or difflib.get_close_matches(word, choices, 1)), "")


def whole_number(text: str) -> int:
    """An int, or a message for people."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number") from None


def number(text: str) -> float:
    """A float, or a message for people.  Whether nan makes sense is asked later."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number") from None
