"""Pickles: tensors come out of them, in another process; nothing else of them is ever run."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.child import ROOT
from studio.library.conversion import READER, convert
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from tests import published_models as published

PE = "transformer_blocks.0.attention_blocks.0.pos_encoder.pe"


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> dict[str, torch.Tensor]:
    """A motion module in its published names."""
    file = tmp_path_factory.mktemp("motion") / "mm.safetensors"
    published.motion_module(file)
    return load_file(file)


class Trap:
    """What runs a program when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return (Path.touch, (self.file,))


@pytest.mark.parametrize(
    "legacy",
    [pytest.param(False, id="archive", marks=pytest.mark.long), pytest.param(True, id="older")],
)
def test_the_tensors_of_a_checkpoint_come_out_as_they_were(tmp_path, state, legacy):
    notes = {"epoch": 3, "animatediff_config": "{}", "state_dict": state}
    source, target = tmp_path / "v3_sd15_mm.ckpt", tmp_path / "ours" / "v3_sd15_mm.safetensors"
    torch.save(notes, source, _use_new_zipfile_serialization=not legacy)
    before = source.stat()
    assert str(convert(source, target, silent)) == "AnimateDiff v3 motion module"
    found = load_file(target)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert (source.stat().st_mtime_ns, source.stat().st_size) == (
        before.st_mtime_ns, before.st_size,
    )  # fmt: skip
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    with pytest.raises(Refusal, match="is there already"):
        convert(source, target, silent)


def test_an_embedding_of_another_program(tmp_path):
    vectors = torch.nn.Parameter(torch.randn(2, 768))
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}, "name": "dog"},
               tmp_path / "dog.pt")  # fmt: skip
    found = convert(tmp_path / "dog.pt", tmp_path / "dog.safetensors", silent)
    assert str(found) == "SD 1.x embedding"
    assert torch.equal(load_file(tmp_path / "dog.safetensors")["emb_params"], vectors)


@pytest.mark.parametrize(
    "fault",
    [
        "trap in an archive",
        "cut",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("program", "words", "unknown")),
    ],
)
def test_anything_else_is_refused_and_nothing_is_left(tmp_path, state, fault):
    source, target, sprung = (
        tmp_path / "a.ckpt",
        tmp_path / "ours" / "a.safetensors",
        tmp_path / "x",
    )
    said = "cannot be read as a checkpoint"
    if fault == "program":
        source.write_bytes(pickle.dumps({"state_dict": Trap(sprung)}))
        said = "besides weights|more than weights|cannot be read"
    elif fault == "trap in an archive":
        torch.save({"state_dict": state, "callbacks": Trap(sprung)}, source)
        said = r"holds [\w.]+ besides weights"
    elif fault == "cut":
        torch.save(state, source)
        source.write_bytes(source.read_bytes()[:-2000])
    elif fault == "words":
        source.write_bytes(b"these are no weights")
    else:
        torch.save({"some.weight": torch.ones(3, 3)}, source)
        said = r"a\.ckpt holds weights of a kind that this version does not know"
    with pytest.raises(Refusal, match=said):
        convert(source, target, silent)
    assert not sprung.exists()
    assert list(target.parent.iterdir()) == []


def test_cancelling_ends_the_process_and_leaves_nothing(tmp_path, state):
    torch.save(state, tmp_path / "a.ckpt")

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        convert(tmp_path / "a.ckpt", tmp_path / "a.safetensors", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a file that is never read to its end")
def test_the_reader_ends_with_whoever_started_it(tmp_path):
    os.mkfifo(tmp_path / "a.ckpt")
    command = [sys.executable, "-m", READER, str(tmp_path / "a.ckpt"), str(tmp_path / "b")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=120) == 1


def test_the_command_asks_first(run, home, tmp_path, state):
    source = tmp_path / "mm.ckpt"
    torch.save(state, source)
    run("library", "convert", str(source)).refused("Nothing was converted")
    run("library", "convert", str(tmp_path / "no.safetensors")).refused("no pickled checkpoint")
    done = run("library", "convert", str(source), "--yes", "--json")
    assert done.answer["is"] == "AnimateDiff v3 motion module"
    listed = run("library", "list", "--json").answer["models"]
    assert "mm" in [model.get("id") for model in listed]
