"""Weights hashed ahead: what is read first, what is left alone, and that no portion is read twice."""

import threading
import time
from pathlib import Path

import pytest

from studio.library import far_disks, idle_hashing, tensor_hash
from studio.library.hashes import KNOWN, Hashes
from studio.library.idle_hashing import Ahead, Wanted, files_of, first_of, is_hashed
from studio.library.scan import scan
from studio.library.tensor_hash import known_hash
from studio.spec.progress import Cancelled
from tests import published_models, tiny_starter
from tests.library.headers import SMALL, motion
from tests.library.weight_builder import safetensors

PORTIONS = 6


@pytest.fixture(autouse=True)
def _stood_still(monkeypatch):
    """As if files that were just written had stood still for a while; no disk is slow."""
    monkeypatch.setattr(idle_hashing, "SLOWEST", 0.0)
    monkeypatch.setattr(KNOWN, "_now", lambda: time.time_ns() + 10**10)


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """Weights that are read in `PORTIONS` portions."""
    monkeypatch.setattr(tensor_hash, "PORTION", 1000)
    return safetensors(tmp_path / "one.safetensors", {"a": (500 * PORTIONS,)})


def truth(file: Path) -> str:
    """Read anew, with no memory of anything."""
    with file.open("rb") as opened:
        tensor_hash._begun.clear()
        return tensor_hash.tensors(opened)


def stopped_at(portion: int):
    """A tick that stops there; it counts its calls."""
    calls = []

    def tick(_) -> None:
        calls.append(1)
        if len(calls) == portion:
            raise Cancelled

    return tick, calls


def test_a_reading_that_was_stopped_is_gone_on_with(file):
    tick, _ = stopped_at(4)
    with pytest.raises(Cancelled):
        tensor_hash.tensor_hash(file, tick)
    assert not known_hash(file)
    again, calls = stopped_at(100)
    found = tensor_hash.tensor_hash(file, again)
    assert len(calls) == PORTIONS - 4
    assert known_hash(file) == found == truth(file)


def test_a_file_that_changed_meanwhile_is_read_from_its_beginning(file):
    tick, _ = stopped_at(4)
    with pytest.raises(Cancelled):
        tensor_hash.tensor_hash(file, tick)
    data = bytearray(file.read_bytes())
    data[-3000] ^= 1
    time.sleep(0.02)  # a tick of the coarsest clock that Linux stamps files with
    file.write_bytes(data)
    again, calls = stopped_at(100)
    assert tensor_hash.tensor_hash(file, again) == truth(file)
    assert len(calls) == PORTIONS


def test_a_file_that_had_not_stood_still_is_not_gone_on_with(file, monkeypatch):
    monkeypatch.setattr(KNOWN, "_now", time.time_ns)
    tick, _ = stopped_at(4)
    with pytest.raises(Cancelled):
        tensor_hash.tensor_hash(file, tick)
    again, calls = stopped_at(100)
    tensor_hash.tensor_hash(file, again)
    assert len(calls) == PORTIONS


def test_who_needs_the_hash_meanwhile_begins_where_the_other_is(file):
    reached, go_on, found = threading.Event(), threading.Event(), []

    def wait(_) -> None:
        reached.set()
        assert go_on.wait(60)

    other = threading.Thread(target=lambda: found.append(tensor_hash.tensor_hash(file, wait)))
    other.start()
    assert reached.wait(60)
    tick, calls = stopped_at(100)
    found.append(tensor_hash.tensor_hash(file, tick))
    go_on.set()
    other.join()
    assert found == [truth(file)] * 2
    assert len(calls) == PORTIONS - 1


def test_what_the_shot_names_goes_first_then_what_fits_it_then_the_rest(tmp_path):
    names = {
        "SDXL checkpoint": "xl",
        "SD ×4 upscaler": "larger",
        "TAESD preview autoencoder": "tae",
    }
    for kind, name in names.items():
        safetensors(tmp_path / f"{name}.safetensors", SMALL[kind])
    motion(tmp_path / "mm.safetensors")
    (tmp_path / "none.safetensors").write_bytes(b"")
    pending = Ahead(lambda _: None).pending(scan([tmp_path]).entries)
    assert {file.stem for _, file in pending} == {"xl", "larger", "tae", "mm"}
    wanted, order = Wanted(frozenset({"xl"}), frozenset({"SD 1.x"})), []
    while pending:
        pending.remove(one := first_of(pending, wanted))
        order.append(one[1].stem)
    assert order[0] == "xl"
    assert "larger" in order[-2:]
    assert order.index("mm") < order.index("larger")


def test_of_a_pipeline_and_of_a_file_every_file_that_a_key_hashes_is_read(tmp_path):
    published_models.pipeline(tmp_path / "dream")
    published_models.checkpoint(tmp_path / "one.safetensors")
    entries = scan([tmp_path]).entries
    assert [len(list(files_of(entry))) for entry in entries] == [3, 1]
    ahead = Ahead(lambda _: None)
    for _, file in ahead.pending(entries):
        assert ahead.hash(file)
    assert all(map(is_hashed, entries))
    assert ahead.pending(entries) == []


def test_a_model_with_a_card_is_hashed_by_the_first_look(tmp_path):
    tiny_starter.make(tmp_path / "tiny", plain=True)
    (entry,) = scan([tmp_path]).entries
    assert is_hashed(entry)
    assert Ahead(lambda _: None).pending([entry]) == []


def test_a_disk_that_is_slow_is_left_alone_from_then_on(file, tmp_path, monkeypatch):
    monkeypatch.setattr(idle_hashing, "WATCHED", 0.0)
    monkeypatch.setattr(idle_hashing, "SLOWEST", 1e12)
    safetensors(tmp_path / "two.safetensors", {"a": (5000,)})
    ahead = Ahead(lambda _: None)
    assert not ahead.hash(file)
    assert not known_hash(file)
    assert not ahead.hash(tmp_path / "two.safetensors")


def test_a_file_that_cannot_be_hashed_is_tried_once(tmp_path):
    safetensors(tmp_path / "one.safetensors", SMALL["SDXL checkpoint"])
    entries = scan([tmp_path]).entries
    (tmp_path / "one.safetensors").write_bytes(b"cut")
    ahead = Ahead(lambda _: None)
    ((_, file),) = ahead.pending(entries)
    assert not ahead.hash(file)
    assert ahead.pending(entries) == []


def test_a_share_of_the_network_is_known_by_its_mount(tmp_path, monkeypatch):
    share = tmp_path / "my share"
    share.mkdir()
    mounts = tmp_path / "mountinfo"
    place = str(share).replace(" ", "\\040")
    mounts.write_text(
        "24 1 0:22 / / rw - ext4 /dev/sda rw\n"
        f"36 24 0:40 / {place} rw,relatime shared:1 - nfs4 nas:/models rw\n"
    )
    monkeypatch.setattr(far_disks, "MOUNTS", mounts)
    monkeypatch.setattr(far_disks.sys, "platform", "linux")
    assert far_disks.is_far(share / "one.safetensors")
    assert not far_disks.is_far(tmp_path / "one.safetensors")


def test_the_memory_of_hashes_is_read_again_only_where_it_changed(tmp_path, monkeypatch):
    """Of thousands of files whose hashes are not known each had the whole memory read."""
    from studio.library import hashes

    later = lambda: time.time_ns() + 10**10  # noqa: E731
    kept, files = tmp_path / "hashes.json", [tmp_path / str(n) for n in range(5)]
    for one in files:
        one.write_bytes(b"x")
    Hashes(kept, later).of(files[0])
    reads, real = [], hashes._read
    monkeypatch.setattr(hashes, "_read", lambda file: reads.append(1) or real(file))
    mine = Hashes(kept, later)
    assert [bool(mine.known(one)) for one in files] == [True, False, False, False, False]
    assert len(reads) == 1
    Hashes(kept, later).of(files[1])
    assert mine.known(files[1])
