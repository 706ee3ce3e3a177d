"""One writer of tensors: whole or not at all, sealed, and a full disk is a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.engine.checkpoints import tensor_file
from studio.spec.refusal import Refusal

TENSORS = {
    "half": torch.arange(40_000, dtype=torch.float16),
    "scalar": torch.tensor(3.0),
    "none": torch.zeros(0, 4),
    "brain": torch.ones(7, dtype=torch.bfloat16),
    "truth": torch.tensor([True, False]),
    "turned": torch.arange(12.0).reshape(3, 4).T,
}


def test_sealed_and_read_back(tmp_path):
    file = tmp_path / "ünï 'x'.safetensors"
    tensor_file.save_sealed(file, TENSORS, {"version": "2", "of": "x"})
    tensors, said = tensor_file.read_sealed(file)
    assert said == {"version": "2", "of": "x"}
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert load_file(file).keys() == TENSORS.keys()


@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_goes_unseen(tmp_path, bit):
    """In every part: length, header, tensors.  Padding of the header alone means nothing."""
    file = tmp_path / "a.safetensors"
    tensor_file.save_sealed(file, TENSORS, {"version": "2", "of": "x"})
    whole = file.read_bytes()
    unseen = []
    for at in [*range(0, 600, 7), *range(600, len(whole), 9001)]:
        data = bytearray(whole)
        data[at] ^= 1 << bit
        file.write_bytes(data)
        try:
            tensors, said = tensor_file.read_sealed(file)
        except Exception:
            continue
        same = said == {"version": "2", "of": "x"} and tensors.keys() == TENSORS.keys()
        if not same or not all(torch.equal(tensors[n], TENSORS[n]) for n in TENSORS):
            unseen.append(at)
    assert unseen == []


FULL = """
import resource, signal, sys
from pathlib import Path
import torch
from studio.engine.checkpoints import tensor_file
from studio.engine.subjects import checkpoint
from studio.spec.refusal import Refusal

folder, room = Path(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tensors = {"weights": torch.ones(100_000)}
checkpoint.save(folder, 1, tensors, {})
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
for write in (
    lambda: checkpoint.save(folder, 2, tensors, {}),
    lambda: tensor_file.save_whole(folder / "adapter.draft", tensors, {}),
    lambda: tensor_file.write_text_whole(folder / "x.json", "x" * 500_000),
):
    try:
        write()
    except Refusal as refusal:
        assert "The disk is full" in str(refusal), refusal
    else:
        sys.exit("written")
assert checkpoint.load(folder)[0] == 1
assert sorted(p.name for p in folder.iterdir()) == ["latest.json", "step-0000001.safetensors"]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit to the size of a file")
@pytest.mark.parametrize(
    "room",
    [
        0,
        200_000,
        *(pytest.param(room, marks=pytest.mark.long) for room in (1, 100, 5000, 399_999)),
    ],
)
def test_a_full_disk_is_a_sentence_and_costs_nothing(tmp_path, room):
    """EFBIG stands for ENOSPC: the system's own refusal, in the midst of the library's writing."""
    folder = tmp_path / "checkpoints"
    words = [sys.executable, "-c", FULL, str(folder), str(room)]
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_disk_that_is_really_full(tmp_path):
    """A file system of a few pages, where one may be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root mounts a small disk")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.decode().strip()}")
    try:
        with pytest.raises(Refusal, match="The disk is full"):
            tensor_file.save_whole(place / "a", {"weights": torch.ones(100_000)}, {})
        assert list(place.iterdir()) == []
        tensor_file.save_whole(place / "a", {"weights": torch.ones(100)}, {})
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_what_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refusal, match="could not be written"):
        tensor_file.save_whole(tmp_path / "file" / "a", {"x": torch.ones(1)}, {})
