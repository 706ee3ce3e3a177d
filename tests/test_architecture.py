"""The rules that hold the parts together, and that each of them can fail."""

import ast
import os
import re
import shutil
import subprocess
import sys
import token
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
HEAVY = ("torch", "diffusers", "transformers", "peft")
HEAVY_PARTS_OF_THE_LAB = ("drawing", "training", "starter", "measures", "evaluations")
"""All but its commands, which the command line imports."""
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "studio").rglob("*.py")
    if path.name != "__init__.py"
)

# for every contract, an import that breaks it
BREAKS = {
    "one way down": ("studio/media/timing.py", "import studio.project.files"),
    "rooms of the window know state and widgets, never one another": (
        "studio/ui/takes/model.py",
        "import studio.ui.player.canvas",
    ),
    "of the shell only the studio window sees the rooms": (
        "studio/ui/shell/dialogs.py",
        "import studio.ui.takes.export",
    ),
    "the terminal opens no window": ("studio/terminal/doctor.py", "import studio.ui.state.frames"),
    "Qt stops at jobs": ("studio/project/plain.py", "import PySide6.QtCore"),
    "torch stays in the engine": ("studio/ui/state/selection.py", "import torch"),
    "spec needs nobody, not even numpy": ("studio/spec/timing.py", "import numpy"),
    "families never import one another": (
        "studio/engine/families/wan/colours.py",
        "import studio.engine.families.videoldm.encode",
    ),
    "nobody but the command line knows the lab": (
        "studio/terminal/demo.py",
        "import studio.lab.starter.recipe",
    ),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """The contracts, checked on the `studio` package in `folder`."""
    check = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    return subprocess.run(
        [sys.executable, "-c", check, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )


def test_the_contracts_hold():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_arrow_in_the_documents_is_the_one_that_is_checked():
    layers = next(c["layers"] for c in CONTRACTS["contracts"] if c["name"] == "one way down")
    arrow = " → ".join(layer.replace("studio.", "") for layer in layers)
    assert f"\n{arrow}\n" in (ROOT / "ARCHITECTURE.md").read_text("utf-8")


def test_every_contract_has_been_thought_of():
    assert {contract["name"] for contract in CONTRACTS["contracts"]} == set(BREAKS)


def test_every_family_is_in_the_contract_of_families():
    (listed,) = (c["modules"] for c in CONTRACTS["contracts"] if c["type"] == "independence")
    there = (ROOT / "studio" / "engine" / "families").glob("*/family.py")
    assert set(listed) == {f"studio.engine.families.{file.parent.name}" for file in there}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_copy_is_found(tmp_path, name):
    shutil.copytree(ROOT / "studio", tmp_path / "studio")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file, line = BREAKS[name]
    with (tmp_path / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{name} BROKEN" in done.stdout


def imported(modules: list[str], blocked: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Import modules in an interpreter that does not have the `blocked` packages."""
    code = (
        "import sys, importlib\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_everything_but_the_engine_and_most_of_the_lab_is_imported_without_torch():
    heavy = [f"studio.lab.{name}." for name in HEAVY_PARTS_OF_THE_LAB]
    outside = [name for name in MODULES if not name.startswith(("studio.engine.", *heavy))]
    done = imported(outside, HEAVY)
    assert done.returncode == 0, done.stderr


def test_the_engine_is_not():
    assert imported(["studio.engine.film"], HEAVY).returncode != 0


def test_spec_is_imported_without_numpy():
    spec = [name for name in MODULES if name.startswith("studio.spec.")]
    assert imported(spec, (*HEAVY, "numpy", "PIL", "PySide6")).returncode == 0


@pytest.mark.parametrize(
    "words",
    [["--help"], ["queue", "list"], ["generate", "", "--out", "a.mp4"], ["subject", "list"]],
    ids=" ".join,
)
def test_light_commands_import_nothing_heavy(tmp_path, words):
    code = (
        "import sys; from studio.cli import main\n"
        f"main({[*words, '--data-dir', str(tmp_path)]!r})\n"
        f"heavy = {(*HEAVY, 'numpy', 'PIL', 'PySide6', 'huggingface_hub')!r}\n"
        "sys.exit(', '.join(n for n in heavy if n in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_before_the_first_paint_nothing_heavy_is_imported(tmp_path):
    code = (
        "import sys; from studio.cli import main\n"
        f"code = main(['--quit-after-first-paint', '--data-dir', {str(tmp_path)!r}])\n"
        f"heavy = {(*HEAVY, 'numpy', 'PIL', 'pyqtgraph', 'huggingface_hub')!r}\n"
        "sys.exit(', '.join(n for n in heavy if n in sys.modules) or code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_packages_are_empty():
    packages = (ROOT / "studio").rglob("__init__.py")
    assert [package for package in packages if package.read_bytes()] == []


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_what_they_are_and_stay_short(module):
    text = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it is"
    assert text.count("\n") <= 300


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_in_the_documents_resolve(document):
    text = (ROOT / document).read_text("utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text)
    assert links
    for link in links:
        if not link.startswith("https://"):
            assert (ROOT / link).exists(), f"{document} links to {link}"


def test_ci_runs_the_line_of_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    tests = readme.split("### The tests")[1]
    line = re.search(r"```sh\n(.+)\n```", tests)
    assert line is not None
    assert line[1] in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_the_readme_names_the_libraries_that_the_tests_install():
    from tests.run import LIBRARIES

    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in LIBRARIES.values() if name not in readme] == []


def test_every_dependency_has_an_upper_bound_that_what_is_installed_keeps():
    from importlib.metadata import version

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    for needed in map(Requirement, said):
        assert any(bound.operator == "<" for bound in needed.specifier), needed.name
        assert needed.specifier.contains(version(needed.name)), needed.name
    torch = next(r for r in map(Requirement, said) if r.name == "torch")
    assert torch.specifier.contains("2.99"), "a user's newer torch will do"


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check", "--no-cache"],
        ["-m", "ruff", "format", "--check", "--no-cache"],
        ["-m", "pyright", "--pythonpath", sys.executable],
    ],
    ids=lambda command: " ".join(command[1:3]),
)
def test_tools_are_content(command):
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_test_imports_another():
    """What several share is a module of its own: a test that moves takes nothing with it."""
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if re.match(r"\s*(from|import) tests\.(\w+\.)*(import )?test_", line)
        or re.match(r"\s*from tests[\w.]* import test_", line)
    ]
    assert found == []


def test_names_are_nouns_and_verbs_of_the_field():
    """No name in the code is a word of speech: what was said is a payload, metadata, a prediction."""
    found = set()
    for path in sorted((ROOT / "studio").rglob("*.py")):
        with path.open("rb") as file:
            names = {t.string for t in tokenize.tokenize(file.readline) if t.type == token.NAME}
        found |= {f"{path.relative_to(ROOT)}: {name}" for name in names & SPEECH}
    assert found == set()


SPEECH = {"said", "told", "heard", "worn", "begun"}
