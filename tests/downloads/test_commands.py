"""Downloading as a person does it: one command, a licence, a yes, files that are checked."""

import hashlib
import io
import json
import sys

import pytest

from tests.downloads.hub_server import SIGNED, TOKEN, World
from tests.downloads.weights import linked, weights
from tests.library.headers import wan
from tests.library.weight_builder import safetensors


def test_a_model_comes_with_what_it_needs_checked_and_in_place(run, world: World, data):
    done = run("library", "download", "small", "--yes")
    assert done.code == 0, done.err
    models = data / "models"
    assert (models / "small" / "model.safetensors").read_bytes() == weights()
    assert (models / "small" / "config.json").read_bytes() == b'{"layers": 1}\n'
    assert (models / "codec" / "vae" / "codec.safetensors").read_bytes() == weights(2**18, seed=1)
    assert not list((models / ".downloads").iterdir())
    assert "checked (the hub's checksum)" in done.out
    assert "licence: Apache-2.0" in done.err
    assert "licence: MIT" in done.err


def test_a_folder_comes_with_all_its_shards_and_nothing_else(run, world: World, data):
    shards = {f"transformer/net-0000{n}-of-00002.safetensors": weights(100, n) for n in (1, 2)}
    others = {
        "transformer/.ipynb_checkpoints/net.safetensors": b"x",
        "net.safetensors": b"x",
        "transformer/net.bin": b"x",
    }
    world.repos["maker/folder"] = {"model_index.json": b"{}", **shards, **others}
    done = run("library", "download", "folder", "--yes")
    assert done.code == 0, done.err
    folder = data / "models" / "folder"
    came = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert came == {"model_index.json", *shards}
    world.repos["maker/folder"] = {"model_index.json": b"{}"}
    done = run("library", "download", "folder", "--yes")
    assert done.code == 2
    assert "maker/folder has no files transformer/*.safetensors." in done.err


def test_what_came_is_named_by_its_header(run, world: World, tmp_path):
    file = safetensors(tmp_path / "net.safetensors", wan(1536, 16))
    world.repos["maker/model"]["model.safetensors"] = file.read_bytes()
    done = run("library", "download", "small", "--yes")
    assert done.code == 0, done.err
    assert "Wan 2.1 or 2.2 T2V 1.3B video model" in done.out
    listed = run("library", "list", "--json").answer
    assert [model["id"] for model in listed["models"] if model["role"] == "video model"] == [
        "small"
    ]


def test_nothing_comes_without_a_yes(run, world: World, data):
    done = run("library", "download", "small")
    done_lines = done.err.strip().splitlines()
    assert done.code == 2
    assert done_lines[-1].startswith("Nothing was downloaded: 1 MB would come.")
    assert world.sent == 0
    assert not (data / "models" / "small").exists()


@pytest.mark.parametrize("typed", ["y\n", "n\n"])
def test_the_answer_to_the_question_decides(run, world: World, data, monkeypatch, typed):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(typed))
    done = run("library", "download", "codec")
    assert "Download under 1 MB under these licences?" in done.err
    assert done.code == (0 if typed == "y\n" else 2)
    assert (data / "models" / "codec").exists() == (typed == "y\n")


def test_a_second_time_nothing_is_asked_of_the_hub_but_what_it_has(run, world: World):
    run("library", "download", "8gb", "--yes")
    sent, before = world.sent, len(world.asked)
    again = run("library", "download", "8gb")
    assert again.code == 0, again.err
    assert world.sent == sent
    assert all("/api/models/" in one.path for one in world.asked[before:])


def test_downloads_are_listed_with_their_state(run, world: World, data):
    run("library", "download", "small", "--yes")
    (data / "models" / "codec" / "vae" / "codec.safetensors").unlink()
    listed = run("library", "downloads")
    assert "Small model: ready" in listed.out
    assert "Its codec: files are missing; bring them back with:" in listed.out
    assert run("library", "download", "codec", "--yes").code == 0
    facts = run("library", "downloads", "--json").answer["downloads"]
    assert [fact["state"] for fact in facts] == ["ready", "ready"]


def test_the_answer_as_json_says_what_was_checked(run, world: World):
    done = run("library", "download", "codec", "--yes", "--json")
    (fact,) = done.answer["downloads"]
    assert fact["files"][0]["checked"] == "the hub's checksum"
    assert len(fact["files"][0]["sha256"]) == 64
    assert fact["licence"] == "MIT"


def test_a_file_of_the_hub_comes_by_its_link(run, world: World, data, monkeypatch):
    monkeypatch.setattr("studio.downloads.links.HUB_HOSTS", ("127.0.0.1",))
    done = run(
        "library", "download", f"{world.hub}/maker/model/blob/main/model.safetensors", "--yes"
    )
    assert done.code == 0, done.err
    assert (data / "models" / "maker--model" / "model.safetensors").read_bytes() == weights()
    assert "licence: apache-2.0" in done.err


def test_a_plain_link_is_recorded_on_its_first_download(run, world: World, data):
    done = run("library", "download", f"{world.hub}/files/plain.safetensors", "--yes")
    assert done.code == 0, done.err
    assert linked(data, "plain.safetensors").exists()
    assert "checksum recorded on first download" in done.out
    assert "licence: not stated" in done.err


def test_a_plain_link_with_its_published_checksum_is_checked(run, world: World, data):
    link = f"{world.hub}/files/plain.safetensors"
    wrong = run("library", "download", link, "--yes", "--sha256", "0" * 64)
    assert wrong.code == 2
    assert "came damaged (another checksum) and was removed" in wrong.err
    assert not list((data / "models").rglob("*.part"))
    right = hashlib.sha256(world.links["/files/plain.safetensors"]).hexdigest()
    assert run("library", "download", link, "--yes", "--sha256", right).code == 0


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="My model #2.safetensors"', "My model #2.safetensors"),
        ("attachment; filename*=UTF-8''mod%C3%A8le.safetensors", "modèle.safetensors"),
        ('attachment; filename="../../a:b.safetensors"', "_.._a_b.safetensors"),
        ("inline", "plain.safetensors"),
    ],
)
def test_a_file_is_called_as_its_host_calls_it(run, world: World, data, header, name):
    world.link_headers = {"content-disposition": header}
    done = run("library", "download", f"{world.hub}/files/plain.safetensors", "--yes")
    assert done.code == 0, done.err
    assert linked(data, name).is_file()


def test_two_files_of_one_name_lie_beside_each_other(run, world: World, data):
    world.links["/other/plain.safetensors"] = weights(300)
    for folder in ("files", "other"):
        done = run("library", "download", f"{world.hub}/{folder}/plain.safetensors", "--yes")
        assert done.code == 0, done.err
    assert len(list((data / "models" / "links").glob("*/plain.safetensors"))) == 2


def test_an_empty_file_is_a_file(run, world: World, data):
    world.repos["maker/model"]["config.json"] = b""
    assert run("library", "download", "small", "--yes").code == 0
    assert (data / "models" / "small" / "config.json").read_bytes() == b""


def test_a_pickle_comes_as_it_is_and_is_to_be_converted(run, world: World, data):
    world.links["/files/old.ckpt"] = b"PK\x03\x04" + bytes(5000)
    done = run("library", "download", f"{world.hub}/files/old.ckpt", "--yes")
    assert done.code == 0, done.err
    file = linked(data, "old.ckpt")
    assert f"{file} is a pickle; use it after:" in done.out
    assert "library convert" in done.out
    world.links["/files/login.ckpt"] = b"<html>Log in"
    done = run("library", "download", f"{world.hub}/files/login.ckpt", "--yes")
    assert "What came is a web page" in done.err


def test_what_is_not_offered_says_why(run, world: World):
    done = run("library", "download", "closed")
    done.refused("Closed model is not offered: its licence excludes most of the world.")
    assert not world.asked


def test_the_list_costs_no_connection(run, world: World):
    done = run("library", "download")
    assert "small: Small model (video model; Apache-2.0).\n" in done.out
    assert not world.asked


def test_every_connection_is_in_the_log_and_nothing_secret(run, world: World, data, ring):
    run_token(run, TOKEN)
    world.gated = world.accepted = True
    assert run("library", "download", "small", "--yes").code == 0
    log = (data / "connections.log").read_text()
    assert len(world.asked) == sum(" GET " in line for line in log.splitlines())
    assert f"GET {world.hub}/maker/model/resolve/" in log
    assert f"302 from {world.hub}/" in log
    assert f"GET {world.cdn}/maker/model/model.safetensors\n" in log
    for file in data.rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            assert TOKEN.encode() not in kept
            assert SIGNED.encode() not in kept


def test_a_link_with_a_key_leaves_it_nowhere(run, world: World, data):
    link = f"{world.hub}/files/plain.safetensors?type=Model&token=secretOfTheUser"
    assert run("library", "download", link, "--yes").code == 0
    kept = b"".join(file.read_bytes() for file in data.rglob("*") if file.is_file())
    assert b"secretOfTheUser" not in kept
    (record,) = (data / "downloads").glob("*.json")
    assert json.loads(record.read_text())["source"].endswith("?type=Model&…")


def run_token(run, token: str) -> None:
    before, sys.stdin = sys.stdin, io.StringIO(token + "\n")
    try:
        assert run("library", "token").code == 0
    finally:
        sys.stdin = before
