"""Folders of models as people have them: every file named, nothing moved, the next scan at once."""

import json
import os
from pathlib import Path

import pytest

from studio.library.scan import provisional_identity, scan
from studio.library.scan_index import Index
from tests.library import thousands
from tests.library.headers import BAD, SMALL, WAN
from tests.library.weight_builder import gguf, safetensors

EXPECTED = [*SMALL, *(expected for _, expected in WAN.values())]
KINDS = len(EXPECTED)


def named(folder: Path, index: Index | None = None) -> dict[str, str]:
    """By path below the folder, what was found or why it is none."""
    found = scan([folder], index)
    return {
        e.path.relative_to(folder).as_posix(): str(e.found) if e.found else e.why
        for e in found.entries
    }


@pytest.fixture
def models(tmp_path) -> Path:
    """400 files of more than 35 kinds in a tree, 30 of them damaged or foreign."""
    folder = tmp_path / "models ünï"
    for n in range(370):
        place = folder / f"{n % 7}" / f"{n % 3}"
        place.mkdir(parents=True, exist_ok=True)
        kinds = [*SMALL, *WAN]
        kind = kinds[n % len(kinds)]
        shapes = SMALL[kind] if kind in SMALL else WAN[kind][0]
        stem = kind if kind in WAN else f"file {n}"
        safetensors(place / f"{stem}-{n}.safetensors", shapes)
    for n in range(30):
        name = sorted(BAD)[n % len(BAD)]
        (folder / f"bad {n} {name}").write_bytes(BAD[name][0])
    return folder


def test_each_of_400_files_is_named_rightly(models):
    found = named(models)
    assert len(found) == 400
    for path, said in found.items():
        if "bad " in path:
            assert BAD[path.split(" ", 2)[2]][1] in said
        else:
            assert (
                said == EXPECTED[int(path.rpartition("-")[2].removesuffix(".safetensors")) % KINDS]
            )
    whole = scan([models])
    assert whole.counts()["unknown"] == 30
    assert list(whole.counts())[-1] == "unknown"


def test_the_command_names_them_and_says_why_others_are_none(models, run):
    home = models.parent / "data"
    ran = run("library", "scan", str(models), "--json", "--data-dir", str(home))
    assert (ran.code, len(ran.answer["models"])) == (0, 400)
    assert ran.answer["counts"]["unknown"] == 30
    again = run("library", "scan", str(models), "--data-dir", str(home))
    assert "30 unknown." in again.out.splitlines()[-1]
    assert "git lfs pull" in again.out
    run("library", "scan", str(models / "gone"), "--data-dir", str(home)).refused("is no folder")
    ours = run("library", "scan", "--json")
    assert [Path(model["path"]).name for model in ours.answer["models"]] == ["tiny"]
    (home / "nothing").mkdir(parents=True)
    assert run("library", "scan", str(home / "nothing")).out.strip() == "Found no models."


def test_the_index_is_right_whatever_happens_to_files(tmp_path):
    folder, kept = tmp_path / "models", tmp_path / "index.json"
    folder.mkdir()
    a = safetensors(folder / "a.safetensors", SMALL["SDXL checkpoint"])
    assert named(folder, Index(kept)) == {"a.safetensors": "SDXL checkpoint"}
    a.rename(folder / "b.safetensors")
    assert named(folder, Index(kept)) == {"b.safetensors": "SDXL checkpoint"}
    safetensors(folder / "b.safetensors", WAN["wan2.2_ti2v_5B"][0])
    assert named(folder, Index(kept)) == {"b.safetensors": WAN["wan2.2_ti2v_5B"][1]}
    for damage in (b"", b"{}", b'{"version": 1, "files": {"x": 3}}', b"\xff", b"[]"):
        kept.write_bytes(damage)
        assert named(folder, Index(kept)) == {"b.safetensors": WAN["wan2.2_ti2v_5B"][1]}
    stored = json.loads(kept.read_bytes())
    for known in stored["files"].values():
        known["entry"]["found"] = {"role": "x"}
    kept.write_text(json.dumps(stored))
    assert named(folder, Index(kept)) == {"b.safetensors": WAN["wan2.2_ti2v_5B"][1]}


def test_links_shards_pipelines_and_circles(tmp_path):
    folder = tmp_path / "hub"
    (folder / "blobs").mkdir(parents=True)
    blob = safetensors(folder / "blobs" / "0123abcd.safetensors", SMALL["FLUX image model"])
    (folder / "link.safetensors").symlink_to(blob)
    (folder / "nowhere.safetensors").symlink_to(folder / "gone")
    (folder / "circle").symlink_to(folder)
    names = list(WAN["wan2.1_i2v_480p"][0].items())
    for n, some in enumerate((names[:2], names[2:]), 1):
        safetensors(folder / f"wan-0000{n}-of-00002.safetensors", dict(some))
    pipeline = folder / "sd x4"
    (pipeline / "unet").mkdir(parents=True)
    (pipeline / "model_index.json").write_text("{}")
    safetensors(pipeline / "unet" / "diffusion_pytorch_model.safetensors", SMALL["SD ×4 upscaler"])
    found = scan([folder, folder])
    assert {e.path.name: str(e.found) for e in found.entries} == {
        "0123abcd.safetensors": "FLUX image model",
        "wan-00001-of-00002.safetensors": "Wan 2.1 I2V 14B video model",
        "sd x4": "SD ×4 upscaler",
    }
    assert [path.name for path in found.unread] == ["nowhere.safetensors"]


def test_weights_replaced_inside_a_folder_or_a_later_shard_are_seen(tmp_path):
    """Neither the pipeline's index nor the first shard changes then."""
    folder, kept = tmp_path / "models", tmp_path / "index.json"
    unet = folder / "pipeline" / "unet" / "diffusion_pytorch_model.safetensors"
    unet.parent.mkdir(parents=True)
    (folder / "pipeline" / "model_index.json").write_text("{}")
    safetensors(unet, SMALL["SD ×4 upscaler"])
    names = list(WAN["wan2.1_i2v_480p"][0].items())
    safetensors(folder / "wan-00001-of-00002.safetensors", dict(names[:4]))
    later = safetensors(folder / "wan-00002-of-00002.safetensors", dict(names[4:]))
    assert named(folder, Index(kept)) == {
        "pipeline": "SD ×4 upscaler",
        "wan-00001-of-00002.safetensors": WAN["wan2.1_i2v_480p"][1],
    }
    safetensors(unet, {"foreign.weight": (4, 4)})
    safetensors(later, {"foreign.weight": (4, 4)})
    after = named(folder, Index(kept))
    assert "does not know" in after["pipeline"]
    assert after["wan-00001-of-00002.safetensors"] == "Wan 2.2 I2V A14B video model"


def test_an_identity_is_that_of_the_bytes_wherever_they_lie(tmp_path):
    one = gguf(tmp_path / "one.gguf", WAN["wan2.2_ti2v_5B"][0])
    before = provisional_identity(one)
    other = one.rename(tmp_path / "other.gguf")
    assert provisional_identity(other) == before
    with other.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert provisional_identity(other) != before


@pytest.mark.parametrize("files", [150, pytest.param(5000, marks=pytest.mark.long)])
def test_a_scan_costs_little_more_than_reading_headers_and_a_second_one_far_less(tmp_path, files):
    """On any computer at any load: against what it takes to open every file and read its header."""
    thousands.write(tmp_path / "models", files)
    cost = thousands.measured(tmp_path / "models", tmp_path / "index.json", 3)
    assert cost.cold < 12 * cost.plain
    assert cost.warm < 0.3 * cost.plain


def test_a_scan_of_what_is_known_writes_nothing(tmp_path):
    folder, kept = tmp_path / "models", tmp_path / "index.json"
    thousands.write(folder, 3)
    scan([folder], Index(kept))
    before = kept.stat()
    scan([folder], Index(kept))
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (folder / "1.safetensors").unlink()
    scan([folder], Index(kept))
    assert len(json.loads(kept.read_bytes())["files"]) == 2
