"""What a host does not give, a disk does not hold or a folder has already: one sentence each."""

import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from studio.downloads import access_token
from tests.downloads.hub_server import TOKEN, World
from tests.downloads.weights import weights

PLAIN = "/files/plain.safetensors"


def last_line(done) -> str:
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    return done.err.strip().splitlines()[-1]


def test_a_gated_model_says_where_to_accept_its_licence_and_how_to_be_known(run, world: World):
    world.gated = True
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said.startswith("maker/codec is given only to those who have accepted its licence.")
    assert f"Open {world.hub}/maker/codec, accept it there" in said
    assert "library token" in said
    assert world.sent == 0


def test_a_gated_model_whose_licence_was_not_accepted(run, world: World):
    """The hub shows what is in it to whoever it knows, and refuses the files with 403."""
    access_token.keep(TOKEN)
    world.gated = True
    said = last_line(run("library", "download", "small", "--yes"))
    assert "is given only to those who have accepted its licence." in said
    assert said.endswith("accept it there, then do this again.")
    world.accepted = True
    assert run("library", "download", "small", "--yes").code == 0


def test_a_token_that_the_hub_does_not_know(run, world: World):
    access_token.keep("hf_another")
    world.gated = True
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said.startswith("The hub does not know the token.")


def test_the_token_goes_to_the_hub_alone(run, world: World):
    access_token.keep(TOKEN)
    world.gated = world.accepted = True
    assert run("library", "download", "codec", "--yes").code == 0
    assert run("library", "download", world.hub + PLAIN, "--yes").code == 0
    known = [one for one in world.asked if "authorization" in one.headers]
    assert [one.path.split("/")[1] for one in known] == ["api", "maker"]
    assert all(one.host == world.hub for one in known)
    assert all(one.headers["authorization"] == f"Bearer {TOKEN}" for one in known)
    assert world.of(world.cdn)


def test_a_model_for_everybody_needs_no_token_and_the_keyring_is_left_alone(
    run, world: World, ring
):
    access_token.keep(TOKEN)
    ring.asked = 0
    assert run("library", "download", "small", "--yes").code == 0
    assert ring.asked == 0
    assert not any("authorization" in one.headers for one in world.asked)


@pytest.mark.parametrize("answer", [b"<html>Log in to this network", b"[]", b'{"sha": 1}'])
def test_something_else_in_place_of_the_hub(run, world: World, answer):
    world.strange = answer
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said.startswith("What answers in place of the hub is something else.")


def test_a_repository_that_is_not_there(run, world: World):
    del world.repos["maker/codec"]
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said.startswith("maker/codec is not on the hub, or is private.")


def test_a_file_that_is_no_longer_there(run, world: World):
    world.repos["maker/codec"] = {"vae/other.safetensors": weights(10)}
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said.startswith("maker/codec has no file vae/codec.safetensors.")


def test_a_file_that_is_not_the_one_of_the_catalogue(run, world: World, tmp_path):
    catalogue = tmp_path / "catalogue.toml"
    path = 'path = "vae/codec.safetensors"'
    catalogue.write_text(catalogue.read_text().replace(path, f'{path}\nsha256 = "{"0" * 64}"'))
    said = last_line(run("library", "download", "codec", "--yes"))
    assert "was replaced on the hub: its checksum or size is another." in said
    assert world.sent == 0


def test_a_hub_that_nobody_reaches(run, world: World, monkeypatch):
    monkeypatch.setattr("studio.downloads.hub.ENDPOINT", "http://127.0.0.1:1")
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said.startswith("127.0.0.1:1 cannot be reached: ")
    assert "refused" in said


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "127.0.0.1 gives the file only to those whom it knows."),
        (403, "127.0.0.1 gives the file only to those whom it knows."),
        (404, "The file is no longer on 127.0.0.1."),
        (500, "127.0.0.1 answers 500."),
    ],
)
def test_a_plain_link_that_is_not_given(run, world: World, status, says):
    world.link_status = status
    assert last_line(run("library", "download", world.hub + PLAIN, "--yes")).startswith(says)


def test_a_web_page_in_place_of_a_file(run, world: World, data):
    world.link_headers = {"content-type": "text/html; charset=utf-8"}
    said = last_line(run("library", "download", world.hub + PLAIN, "--yes"))
    assert said.startswith("127.0.0.1 shows a web page there, not a file.")


@pytest.mark.parametrize(
    ("data_of_link", "says"),
    [
        (b"<!doctype html><p>Please log in.", "What came is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "What came is a Git LFS pointer"),
        (b"PK\x03\x04" + bytes(100), "What came is a pickle"),
        (weights(1000)[:-1], "plain.safetensors"),
    ],
)
def test_what_is_no_weight_file_is_removed(run, world: World, data, data_of_link, says):
    world.links[PLAIN] = data_of_link
    assert says in last_line(run("library", "download", world.hub + PLAIN, "--yes"))
    assert not [p for p in (data / "models").rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("http://example.org/a.safetensors", "The link is not encrypted."),
        ("ftp://example.org/a.safetensors", "is no link to a file"),
        ("https://me:secret@example.org/a.safetensors", "The link holds a name or password."),
        ("https://[::1/a", "is no link."),
        ("https://example.org:99999999/a", "is no link."),
        ("https://huggingface.co/maker/model", "is a page of the hub, not a file"),
        ("https://huggingface.co/datasets/a/b/resolve/main/c.gguf", "is a page of the hub"),
        ("https://huggingface.co/a/b/resolve/main/c.pkl", "leads to no weight file"),
        ("https://huggingface.co/a/b/resolve/main/c.txt", "leads to no weight file"),
        ("https://huggingface.co/a/b/resolve/main/../c.gguf", "leads to no weight file"),
    ],
)
def test_links_that_lead_to_no_file_are_refused_before_anything_is_asked(run, data, link, says):
    done = run("library", "download", link, "--yes")
    assert says in last_line(done)
    assert not (data / "connections.log").exists()


def test_a_checksum_that_is_none(run):
    said = last_line(run("library", "download", "https://a.org/a.gguf", "--sha256", "12"))
    assert said.startswith("The SHA-256 is none")


def test_a_redirect_that_leaves_encryption_is_not_followed(run, world: World, data):
    world.link_status = 302
    world.link_headers = {"location": "http://example.org/a.safetensors"}
    said = last_line(run("library", "download", world.hub + PLAIN, "--yes"))
    assert said.startswith("example.org would send the file without encryption.")
    assert "example.org" not in (data / "connections.log").read_text()


def test_a_disk_without_room_is_said_before_the_first_byte(run, world: World, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 2**29 + 1000))
    said = last_line(run("library", "download", "small", "--yes"))
    assert said.startswith("The download takes 1 MB more, and 512 MB are free on the disk of")
    assert world.sent == 0


def test_a_disk_that_is_full_in_the_middle_keeps_what_came(run, world: World, data):
    """The system refuses a longer file (RLIMIT_FSIZE); the rest comes once there is room."""
    limit = 300_000
    code = (
        "import resource, sys\n"
        "from studio.downloads import hub\n"
        "from studio.terminal import downloads\n"
        f"hub.ENDPOINT = {world.hub!r}\n"
        f"downloads.CATALOGUE = {data.parent / 'catalogue.toml'!r}\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "from studio.cli import main\n"
        f"sys.exit(main(['library', 'download', 'small', '--yes', '--data-dir', {str(data)!r}]))\n"
    ).replace("PosixPath", "__import__('pathlib').Path")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "The disk is full: under 1 MB of model.safetensors are here and kept." in done.stderr
    part = data / "models" / ".downloads" / "small" / "model.safetensors.part"
    assert 0 < part.stat().st_size <= limit
    assert run("library", "download", "small", "--yes").code == 0


def test_another_file_in_its_place_is_never_written_over(run, world: World, data):
    mine = data / "models" / "codec" / "vae" / "codec.safetensors"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    said = last_line(run("library", "download", "codec", "--yes"))
    assert said == f"{mine} is there already and is another file. Move it away first."
    assert mine.read_bytes() == b"mine"


def test_the_same_file_in_its_place_is_taken_as_it_is(run, world: World, data):
    there = data / "models" / "codec" / "vae" / "codec.safetensors"
    there.parent.mkdir(parents=True)
    there.write_bytes(weights(2**18, seed=1))
    assert run("library", "download", "codec", "--yes").code == 0
    assert world.sent == 0
    assert "Its codec: ready" in run("library", "downloads").out


def test_a_folder_that_is_a_link_is_not_written_through(run, world: World, data, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (data / "models").mkdir(parents=True)
    (data / "models" / ".downloads").symlink_to(elsewhere)
    assert "is a link or a file" in last_line(run("library", "download", "codec", "--yes"))
    assert not list(elsewhere.iterdir())
