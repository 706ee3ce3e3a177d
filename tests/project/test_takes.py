"""Takes on disk: whole or absent, whatever happens; costly ones stay."""

import errno
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from studio.project.take_record import encoded
from studio.project.takes import Kind, TakeStore, Usage, kind_of
from studio.spec.refusal import Refusal

DICE = np.random.default_rng(3)
LATENTS = {"latents": DICE.standard_normal((8, 4, 6, 5)).astype(np.float32)}
FRAMES = {"frames": DICE.integers(0, 256, (3, 16, 24, 3), np.uint8)}


def key(n):
    return hashlib.blake2b(str(n).encode(), digest_size=16).hexdigest()


def save_frames(path, frames):
    with path.open("wb") as file:
        np.save(file, frames)


def load_frames(path):
    return iter(np.load(path))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "Projekt “ü”" / "takes"


@pytest.fixture
def takes(folder):
    return TakeStore(folder, save_frames, load_frames, ".npy")


def same(one, other):
    return one.keys() == other.keys() and all(
        one[n].dtype == other[n].dtype and np.array_equal(one[n], other[n]) for n in one
    )


def left_aside(folder):
    return list((folder / ".aside").glob("*")) if (folder / ".aside").exists() else []


def test_what_was_put_comes_back_bit_for_bit(takes, folder):
    assert takes.get(key(1)) is None
    assert not takes.has(key(1))
    odd = {
        "half": LATENTS["latents"].astype(np.float16),
        "turned": LATENTS["latents"].T,
        "one": np.float32(np.nan).reshape(()),
        "none": np.zeros((0, 3), np.float32),
        "mask": FRAMES["frames"][..., 0],
        "counts": np.arange(5),
    }
    for n, arrays in enumerate((LATENTS, FRAMES, {**LATENTS, **FRAMES}, odd)):
        takes.put(key(n), arrays)
        again = takes.get(key(n))
        assert takes.has(key(n))
        if n < 3:
            assert same(again, arrays)
    assert again.keys() == odd.keys()
    for name, array in odd.items():
        assert again[name].dtype == array.dtype
        assert np.array_equal(again[name], array, equal_nan=array.dtype.kind == "f")
    assert takes.keys() == tuple(sorted(key(n) for n in range(4)))
    assert (folder / key(0)[:2] / key(0) / "record.json").is_file()
    assert left_aside(folder) == []


def test_with_the_lossless_video_of_the_media_package(folder):
    video = pytest.importorskip("studio.media.video")
    takes = TakeStore(
        folder, lambda path, frames: video.write_lossless(path, frames, 8), video.read_lossless
    )
    takes.put(key(1), FRAMES)
    assert same(takes.get(key(1)), FRAMES)
    file = next(folder.rglob("*.mkv"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert takes.get(key(1)) is None


def test_a_take_is_never_changed(takes, folder):
    takes.put(key(1), LATENTS)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.glob("??/*/*")}
    takes.put(key(1), {"latents": LATENTS["latents"] + 1})
    assert same(takes.get(key(1)), LATENTS)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.glob("??/*/*")} == before


def test_the_record_says_how_it_was_made(takes):
    memo = takes.recording(lambda key: {"device": "cpu", "stage": "decode", "peak memory": 5})
    memo.put(key(1), FRAMES)
    assert same(memo.get(key(1)), FRAMES)
    record = takes.record(key(1))
    assert record["version"] == 1
    assert record["facts"]["device"] == "cpu"
    assert 0 <= record["facts"]["seconds"] < 600
    assert record["kind"] == "derived"
    assert record["arrays"]["frames"]["shape"] == [3, 16, 24, 3]
    bytes_hash = hashlib.blake2b(FRAMES["frames"].tobytes(), digest_size=16).hexdigest()
    assert record["arrays"]["frames"]["hash"] == bytes_hash
    assert takes.record(key(2)) is None


@pytest.mark.parametrize("arrays", [LATENTS, FRAMES], ids=["latents", "frames"])
@pytest.mark.parametrize(
    "damage", ["truncate", "flip", "empty", "remove", "record", "no record", "no files"]
)
def test_a_damaged_take_is_set_aside_and_absent(takes, folder, arrays, damage):
    takes.put(key(1), arrays)
    path = folder / key(1)[:2] / key(1)
    record = path / "record.json"
    file = next(p for p in path.iterdir() if p != record)
    data = bytearray(file.read_bytes())
    data[-20] ^= 4
    deeds = {
        "truncate": lambda: os.truncate(file, len(data) - 1),
        "flip": lambda: file.write_bytes(data),
        "empty": lambda: os.truncate(file, 0),
        "remove": file.unlink,
        "record": lambda: os.truncate(record, 30),
        "no record": record.unlink,
        "no files": lambda: record.write_text("{}"),
    }
    deeds[damage]()
    assert takes.get(key(1)) is None
    assert not path.exists()
    assert not takes.has(key(1))
    assert (folder / "damaged" / f"{key(1)}-1").is_dir()
    assert takes.usage().damaged > 0
    takes.put(key(1), arrays)
    assert same(takes.get(key(1)), arrays)
    assert takes.evict(0) >= 0
    assert (folder / "damaged" / f"{key(1)}-1").is_dir()


def test_a_damaged_take_does_not_stand_in_the_way_of_a_new_one(takes, folder):
    takes.put(key(1), LATENTS)
    (folder / key(1)[:2] / key(1) / "record.json").unlink()
    takes.put(key(1), LATENTS)
    assert same(takes.get(key(1)), LATENTS)
    assert (folder / "damaged" / f"{key(1)}-1").is_dir()


def test_a_take_of_a_newer_studio_is_absent_and_stays(takes, folder):
    takes.put(key(1), FRAMES)
    record = folder / key(1)[:2] / key(1) / "record.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "version": 2}))
    assert takes.get(key(1)) is None
    assert not takes.has(key(1))
    assert takes.evict(0) == 0
    assert record.is_file()


FIXTURES = Path(__file__).parent / "fixtures"
OLD = "0123456789abcdef0123456789abcdef"


def test_a_take_of_the_first_release_is_read(tmp_path):
    """A take as version 1 wrote it, without a hash of its record; never change the fixture."""
    video = pytest.importorskip("studio.media.video")
    folder = shutil.copytree(FIXTURES / "take-1", tmp_path / "takes")
    takes = TakeStore(folder, lambda path, frames: None, video.read_lossless)
    assert takes.has(OLD)
    arrays = takes.get(OLD)
    y, x = np.mgrid[:16, :24]
    pictures = [np.stack([x * 10 + k, y * 12, (x + y) * 5], -1) for k in range(3)]
    assert np.array_equal(arrays["frames"], np.stack(pictures).astype(np.uint8))
    expected = np.arange(48, dtype=np.float32).reshape(1, 4, 3, 4) / 7
    assert np.array_equal(arrays["latents"], expected)


def without_own_hash(record):
    plain = json.loads(record.read_bytes())
    del plain["hash"]
    record.write_text(json.dumps(plain, indent=1))


@pytest.mark.parametrize("first_release", [False, True])
def test_one_flipped_bit_anywhere_gives_the_same_take_or_none(takes, folder, first_release):
    """What cannot be trusted is absent, set aside, and can be made anew."""
    arrays, dice = {**LATENTS, **FRAMES}, random.Random(5)
    takes.put(key(1), arrays)
    path = folder / key(1)[:2] / key(1)
    if first_release:
        without_own_hash(path / "record.json")
    whole = {file.name: file.read_bytes() for file in path.iterdir()}
    harmless = 0
    for turn in range(250):
        name = "record.json" if turn < 200 else dice.choice(sorted(whole))
        data = bytearray(whole[name])
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        (path / name).write_bytes(data)
        found = takes.get(key(1))
        if found is not None:
            assert same(found, arrays)
            harmless += 1
            (path / name).write_bytes(whole[name])
            continue
        assert not takes.has(key(1))
        if turn % 25 == 0:
            takes.put(key(1), arrays)
            assert same(takes.get(key(1)), arrays)
        path.mkdir(exist_ok=True)
        for file, was in whole.items():
            (path / file).write_bytes(was)
    assert harmless < 60  # spaces between words, facts of the first release


ODD = [None, True, -1, 2**70, 1e300, "", "../../../etc/passwd", "a\0b", [], {}, [[]], {"a": 1}]


@pytest.mark.parametrize("first_release", [False, True])
def test_a_record_that_says_something_else_is_damage(takes, folder, first_release):
    """Each leaf and branch replaced, whether or not the record vouches for what it says."""
    takes.put(key(1), {**LATENTS, **FRAMES})
    path = folder / key(1)[:2] / key(1)
    record = path / "record.json"
    keep = {file.name: file.read_bytes() for file in path.iterdir()}
    plain = json.loads(keep["record.json"])
    del plain["hash"]
    dice = random.Random(9)
    for way in ways_into(plain):
        for odd in dice.sample(ODD, 4):
            changed = replaced(plain, way, odd)
            whole = json.dumps(changed).encode() if first_release else encoded(changed)
            record.write_bytes(whole)
            found = takes.get(key(1))
            assert found is None or same(found, {**LATENTS, **FRAMES}) or way[0] == "arrays"
            assert (found is None) <= (not takes.has(key(1)) or way == ("version",))
            path.mkdir(exist_ok=True)
            for name, data in keep.items():
                (path / name).write_bytes(data)


def ways_into(plain, way=()):
    """The way to every leaf and branch below."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for name, below in inside:
        yield (*way, name)
        if isinstance(below, dict | list):
            yield from ways_into(below, (*way, name))


def replaced(plain, way, odd):
    changed = json.loads(json.dumps(plain))
    place = changed
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = odd
    return changed


@pytest.mark.parametrize("what", ["record.json", "frames", "take", "box", "takes", "deep record"])
def test_a_folder_or_a_file_in_the_way_is_absent_or_refused(takes, folder, what):
    takes.put(key(1), FRAMES)
    path = folder / key(1)[:2] / key(1)
    places = {"record.json": path / "record.json", "frames": path / "frames-0.npy", "take": path,
              "box": path.parent, "takes": folder, "deep record": path / "record.json"}  # fmt: skip
    place = places[what]
    was_file = place.is_file()
    place.rename(folder.parent / "replaced")
    if what == "deep record":
        place.write_text("[" * 200_000)
    elif was_file:
        place.mkdir()
    else:
        place.write_bytes(b"")
    assert not takes.has(key(1))
    assert takes.record(key(1)) is None or what == "frames"
    assert takes.get(key(1)) is None
    takes.usage()
    takes.sweep()
    if what in ("box", "takes"):
        with pytest.raises(Refusal, match="could not be written"):
            takes.put(key(1), FRAMES)
    else:
        takes.put(key(1), FRAMES)
        assert same(takes.get(key(1)), FRAMES)


def test_a_take_under_another_key_is_damage(takes, folder):
    takes.put(key(1), FRAMES)
    other = folder / key(2)[:2] / key(2)
    shutil.copytree(folder / key(1)[:2] / key(1), other)
    assert not takes.has(key(2))
    assert takes.get(key(2)) is None
    assert not other.exists()


def test_a_decoder_that_is_missing_does_not_cost_a_take(folder, takes):
    takes.put(key(1), FRAMES)

    def no_ffmpeg(path):
        raise Refusal("ffmpeg is missing.", "Install it.")

    with pytest.raises(Refusal, match="ffmpeg"):
        TakeStore(folder, save_frames, no_ffmpeg, ".npy").get(key(1))
    assert same(takes.get(key(1)), FRAMES)


def aged(folder, key, seconds):
    record = folder / key[:2] / key / "record.json"
    os.utime(record, (1e9 + seconds, 1e9 + seconds))


def test_eviction_takes_derived_ones_oldest_first_and_nothing_else(takes, folder):
    takes.put(key("latents"), LATENTS)
    for n, age in enumerate([30, 10, 20, 40]):
        takes.put(key(n), FRAMES)
        aged(folder, key(n), age)
    usage = takes.usage()
    one = usage.derived // 4
    assert usage.costly > LATENTS["latents"].nbytes
    assert takes.evict(usage.derived) == 0
    assert takes.evict(3 * one) == one
    assert {n for n in range(4) if takes.has(key(n))} == {0, 2, 3}
    assert takes.evict(one, keep=[key(2)]) == 2 * one
    assert {n for n in range(4) if takes.has(key(n))} == {2}
    assert takes.evict(0) == one
    assert takes.usage() == Usage(usage.costly, 0, 0)
    assert same(takes.get(key("latents")), LATENTS)
    assert left_aside(folder) == []
    assert takes.remove([key("latents"), key("nothing")]) == usage.costly
    assert takes.keys() == ()


def test_eviction_passes_over_what_cannot_be_moved(takes, folder, monkeypatch):
    """On Windows a folder stays while somebody reads a file in it."""
    for n in range(3):
        takes.put(key(n), FRAMES)
        aged(folder, key(n), n)
    rename = Path.rename

    def held(path, target):
        if path.name == key(0):
            raise PermissionError(errno.EACCES, "held", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", held)
    assert takes.evict(takes.usage().derived // 3) > 0
    assert {n for n in range(3) if takes.has(key(n))} == {0}


def test_what_a_crash_left_long_ago_is_swept(takes, folder):
    old, new = folder / ".aside" / ("0" * 16), folder / ".aside" / ("1" * 16)
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (1e9, 1e9))
    takes.sweep()
    assert left_aside(folder) == [new]


def test_frames_can_be_made_again_and_latents_not():
    assert kind_of(FRAMES) is Kind.DERIVED
    assert kind_of(LATENTS) is kind_of({**LATENTS, **FRAMES}) is kind_of({}) is Kind.KEPT


@pytest.mark.parametrize("wrong", ["", "k1", "../../etc", "ABCDEF0123", "a" * 65, "abcdef01/2"])
def test_what_is_no_key_is_a_bug(takes, wrong):
    with pytest.raises(ValueError, match="no key"):
        takes.put(wrong, LATENTS)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_full_or_closed_disk_is_refused_and_leaves_nothing(folder, code):
    def failing(path, frames):
        path.write_bytes(b"half of it")
        raise OSError(code, os.strerror(code))

    takes = TakeStore(folder, failing, load_frames, ".npy")
    with pytest.raises(Refusal, match="full" if code == errno.ENOSPC else "cannot be written"):
        takes.put(key(1), FRAMES)
    assert not takes.has(key(1))
    assert left_aside(folder) == []
    assert takes.keys() == ()


def test_a_cancelled_save_leaves_nothing(folder):
    def interrupted(path, frames):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TakeStore(folder, interrupted, load_frames, ".npy").put(key(1), FRAMES)
    assert left_aside(folder) == []


def test_threads_may_put_the_same_take_at_once(takes, folder):
    start, errors = threading.Barrier(6), []

    def put():
        start.wait()
        try:
            for n in range(5):
                takes.put(key(n), FRAMES)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert all(same(takes.get(key(n)), FRAMES) for n in range(5))
    assert left_aside(folder) == []
    assert not (folder / "damaged").exists()


WRITER = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
import numpy as np
from tests_of_takes import key, save_frames, load_frames, made
from studio.project.takes import TakeStore
takes = TakeStore(Path(sys.argv[1]), save_frames, load_frames, ".npy")
print("ready", flush=True)
for n in range(int(sys.argv[2]), 10**6):
    takes.put(key(n), made(n))
    print(n, flush=True)
"""
SHARED = """
import hashlib
import numpy as np
def key(n): return hashlib.blake2b(str(n).encode(), digest_size=16).hexdigest()
def save_frames(path, frames):
    with path.open("wb") as file: np.save(file, frames)
def load_frames(path): return iter(np.load(path))
def made(n):
    dice = np.random.default_rng(n)
    if n % 2: return {"frames": dice.integers(0, 256, (4, 64, 64, 3), np.uint8)}
    return {"latents": dice.standard_normal((8, 4, 32, 32)).astype(np.float32)}
"""


def test_killed_at_twenty_moments_every_take_is_whole(takes, folder, tmp_path):
    """Two writers of the same takes at once, killed over and over."""
    (tmp_path / "tests_of_takes.py").write_text(SHARED)
    shared: dict = {}
    exec(SHARED, shared)
    dice, start, acknowledged = random.Random(17), 0, set()
    for _ in range(10):
        command = [sys.executable, "-c", WRITER, str(folder), str(start), str(tmp_path)]
        children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in "ab"]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            for _ in range(dice.randint(1, 4)):
                acknowledged.add(int(child.stdout.readline()))
            child.kill()  # somewhere in what it stores next
        for child in children:
            assert child.stdout is not None
            acknowledged |= {int(line) for line in child.stdout.read().split("\n")[:-1]}
            child.stdout.close()
            child.wait()
        start = max(acknowledged, default=0)
    assert len(acknowledged) >= 20
    assert acknowledged <= {n for n in range(start + 50) if takes.has(key(n))}
    for n in range(start + 50):
        if takes.has(key(n)):
            assert same(takes.get(key(n)), shared["made"](n))
    assert not (folder / "damaged").exists()
    assert len(takes.keys()) <= len(acknowledged) + 20


def test_before_a_take_is_used_numpy_is_not_loaded():
    """The window lists and asks before its first paint, and must not wait for numpy."""
    code = (
        "import sys, studio.project.takes, studio.project.store, studio.project.subjects;"
        "from pathlib import Path;"
        "assert not studio.project.takes.TakeStore(Path('nowhere'), None, None).has('0'*32);"
        "assert not {'numpy', 'safetensors', 'PIL', 'torch', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("how", ["set aside", "evicted", "damaged"])
def test_a_take_that_goes_while_it_is_read_is_absent(folder, how):
    """By another thread or process: no decoder's refusal comes of it."""

    def going(path):
        if how == "damaged":
            path.write_bytes(b"x")
        elif how == "evicted":
            shutil.rmtree(path.parent)
        else:
            path.parent.rename(folder / "elsewhere")
        raise Refusal(f"{path.name} is not a video.", "Choose another file.")

    takes = TakeStore(folder, save_frames, going, ".npy")
    takes.put(key(1), FRAMES)
    assert takes.get(key(1)) is None
    assert not takes.has(key(1))


def test_a_decoder_that_is_missing_is_refused_and_the_take_stays(folder):
    def missing(path):
        raise Refusal("ffmpeg is missing.", "Install it.")

    takes = TakeStore(folder, save_frames, missing, ".npy")
    takes.put(key(1), FRAMES)
    with pytest.raises(Refusal, match="ffmpeg"):
        takes.get(key(1))
    assert takes.has(key(1))
