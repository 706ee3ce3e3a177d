"""Checkpoints are whole or not there."""

import json

import pytest
import torch
from safetensors.torch import save_file

from studio.engine.subjects import checkpoint
from studio.spec.refusal import Refusal


def store(folder, step: int):
    return checkpoint.save(folder, step, {"weight": torch.full((50,), float(step))}, {"at": step})


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "runs ünï %20"
    for step in (10, 20):
        store(folder, step)
    return folder


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_saved_and_read_back(folder):
    step, tensors, notes = checkpoint.load(folder)
    assert (step, notes) == (20, {"at": 20})
    assert torch.equal(tensors["weight"], torch.full((50,), 20.0))


def test_none_yet(tmp_path):
    assert checkpoint.load(tmp_path) is None
    assert checkpoint.load(tmp_path / "nowhere") is None


def test_the_newest_and_the_one_before_are_kept(folder):
    store(folder, 30)
    expected = ["latest.json", "step-0000020.safetensors", "step-0000030.safetensors"]
    assert names(folder) == expected


def test_a_run_begun_again_outlives_the_one_before(folder):
    """Lower steps after higher ones: the pointer tells which is the newest."""
    store(folder, 5)
    assert checkpoint.load(folder)[0] == 5
    assert names(folder) == ["latest.json", "step-0000005.safetensors"]


@pytest.mark.parametrize("left", ["step-0000030.part", "latest.json.part"])
def test_leftovers_of_a_kill_are_ignored(folder, left):
    (folder / left).write_bytes(b"half")
    assert checkpoint.load(folder)[0] == 20
    store(folder, 30)
    assert checkpoint.load(folder)[0] == 30


def test_killed_before_the_pointer_turned(folder):
    pointer = (folder / "latest.json").read_bytes()
    store(folder, 30)
    (folder / "latest.json").write_bytes(pointer)
    assert checkpoint.load(folder)[0] == 20


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.99])
def test_a_truncated_newest_falls_back_with_a_sentence(folder, kept):
    newest = folder / "step-0000020.safetensors"
    newest.write_bytes(newest.read_bytes()[: int(kept * newest.stat().st_size)])
    said = []
    step, tensors, notes = checkpoint.load(folder, said.append)
    assert (step, notes, float(tensors["weight"][0])) == (10, {"at": 10}, 10.0)
    assert said == ["The newest checkpoint is damaged; going on from step 10."]


@pytest.mark.parametrize("at", [-1, -60, 0.5, 0.3, 0.1])
def test_one_flipped_bit_is_damage_and_is_put_aside(folder, at):
    newest = folder / "step-0000020.safetensors"
    data = bytearray(newest.read_bytes())
    data[at if isinstance(at, int) else int(at * len(data))] ^= 4
    newest.write_bytes(data)
    said = []
    assert checkpoint.load(folder, said.append)[0] == 10
    assert said == ["The newest checkpoint is damaged; going on from step 10."]
    assert newest.with_suffix(".damaged").read_bytes() == data
    assert checkpoint.load(folder)[0] == 10
    store(folder, 20)
    checkpoint.keep_newest(folder)
    assert names(folder) == ["latest.json", "step-0000020.safetensors"]


def test_a_checkpoint_of_version_1_is_read(tmp_path):
    """It has no seal: it is taken as it is."""
    said = {"version": "1", "step": "7", "notes": "{}"}
    save_file({"weight": torch.ones(3)}, tmp_path / "step-0000007.safetensors", said)
    pointer = {"version": 1, "step": 7, "file": "step-0000007.safetensors"}
    (tmp_path / "latest.json").write_text(json.dumps(pointer))
    step, tensors, notes = checkpoint.load(tmp_path)
    assert (step, notes, tensors["weight"].tolist()) == (7, {}, [1, 1, 1])


def test_step_and_notes_can_be_seen_without_reading_it_all(folder, tmp_path):
    assert checkpoint.peek(folder) == (20, {"at": 20})
    assert checkpoint.peek(tmp_path / "nowhere") is None


@pytest.mark.parametrize("pointer", [b"", b"{", b"[]", b'{"file": "step-0000099.safetensors"}'])
def test_a_damaged_pointer_does_not_lose_the_run(folder, pointer):
    (folder / "latest.json").write_bytes(pointer)
    assert checkpoint.load(folder)[0] == 20


def test_a_whole_newest_needs_no_words(folder):
    said = []
    checkpoint.load(folder, said.append)
    assert said == []


def test_nothing_readable_is_refused(folder):
    for path in folder.glob("*.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(Refusal, match="No checkpoint") as refusal:
        checkpoint.load(folder)
    assert str(folder) in refusal.value.hint


def test_a_later_format_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "VERSION", 3)
    store(tmp_path, 10)
    monkeypatch.undo()
    with pytest.raises(Refusal):
        checkpoint.load(tmp_path)


def test_what_was_read_does_not_hold_the_file(folder):
    """Windows deletes no file that is mapped into memory; the third save deletes this one."""
    _, tensors, _ = checkpoint.load(folder)
    with (folder / "step-0000020.safetensors").open("rb+") as file:
        file.seek(-8, 2)
        file.write(bytes(8))
    assert torch.equal(tensors["weight"], torch.full((50,), 20.0))


def test_versions_are_written(folder):
    assert json.loads((folder / "latest.json").read_text())["version"] == checkpoint.VERSION == 2


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_an_optimiser_goes_through_tensors(kind):
    def made():
        torch.manual_seed(1)
        net = torch.nn.Linear(3, 2)
        more = {"momentum": 0.9} if kind is torch.optim.SGD else {}
        return net, kind(net.parameters(), lr=0.1, **more)

    def step(net, optimizer):
        optimizer.zero_grad()
        net(torch.ones(1, 3)).square().sum().backward()
        optimizer.step()

    (one, first), (two, second) = made(), made()
    for _ in range(3):
        step(one, first)
    two.load_state_dict(one.state_dict())
    stored = {k: t.clone() for k, t in checkpoint.optimizer_tensors(first).items()}
    checkpoint.load_optimizer(second, stored)
    step(one, first)
    step(two, second)
    assert torch.equal(one.weight, two.weight)
