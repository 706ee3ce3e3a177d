"""What is asked of the command line itself, and what it says to slips of the pen."""

import json
import re
import shlex
from pathlib import Path

import pytest

from studio.cli import main
from studio.lab.commands import flags
from studio.terminal.arguments import parser


def test_help_and_version_are_one_answer(run):
    assert run("--help").out.startswith("usage: main.py")
    assert "--class-noun" in run("subject", "train", "--help", "--json").answer["help"]
    assert run("--version").out == f"studio {run('--version', '--json').answer['version']}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("generat", "a ball"), "There is no command “generat”. Did you mean “generate”?"),
        (("eval",), "Did you mean “evaluate”?"),
        (("subject", "lst"), "no command “subject lst”. Did you mean “subject list”?"),
        (("xyzzy",), "There is no command “xyzzy”. See “main.py --help”."),
        (("evaluate", "--method", "magic"), "“magic” is no choice for --method. Use lora or"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_one(run, words, sentence):
    run(*words).refused(sentence)


@pytest.mark.parametrize("words", [["subject", "list"], ["queue", "pause"], ["doctor"]])
def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path, capsys, words):
    (tmp_path / "file").write_text("")
    assert main([*words, "--json", "--data-dir", str(tmp_path / "file" / "data")]) == 2
    assert (
        json.loads(capsys.readouterr().out)["error"]
        == f"{tmp_path / 'file'} is a file, not a folder."
    )


def test_a_data_folder_that_cannot_be_made_is_refused(capsys):
    if not Path("/proc/self").is_dir():
        pytest.skip("this system has no folder that nobody may write in")
    assert main(["queue", "pause", "--data-dir", "/proc/studio"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("The folder /proc/studio cannot be made. Choose another")
    assert said.count("\n") == 1


def test_the_commands_of_the_readme_are_commands():
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    text = re.sub(r" \\\n +", " ", text)  # a command that goes on in the next line
    lines = [
        line for line in text.splitlines() if line.startswith("main.py ") and " | " not in line
    ]
    assert len(lines) > 10
    for line in lines:
        words = shlex.split(re.split(r" {4,}", line)[0])[1:]
        if words:
            assert parser(flags.add).parse_args(words).command
