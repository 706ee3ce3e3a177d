"""What is on this computer already is not downloaded again."""

import hashlib
import os

import pytest

from tests.downloads.hub_server import World
from tests.downloads.weights import weights


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The Hugging Face cache of this user, with the codec in it as the library stores it."""
    place = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(place))
    data = weights(2**18, seed=1)
    blob = place / "models--someone--else" / "blobs" / hashlib.sha256(data).hexdigest()
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    return blob


def test_a_file_of_the_hugging_face_cache_is_shared(run, world: World, data, cache):
    done = run("library", "download", "codec", "--yes")
    assert done.code == 0, done.err
    assert world.sent == 0
    file = data / "models" / "codec" / "vae" / "codec.safetensors"
    assert file.samefile(cache)
    assert "codec.safetensors was here already, in" in done.err


def test_a_copy_where_the_disk_has_no_links(run, world: World, data, cache, monkeypatch):
    def no_links(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    assert run("library", "download", "codec", "--yes").code == 0
    assert world.sent == 0
    file = data / "models" / "codec" / "vae" / "codec.safetensors"
    assert not file.samefile(cache)
    assert file.read_bytes() == cache.read_bytes()


def test_a_damaged_copy_is_left_alone_and_the_file_downloaded(run, world: World, data, cache):
    cache.write_bytes(bytes(len(cache.read_bytes())))
    assert run("library", "download", "codec", "--yes").code == 0
    assert (data / "models" / "codec" / "vae" / "codec.safetensors").read_bytes() == weights(
        2**18, seed=1
    )
    assert not any(cache.read_bytes())


def test_a_link_that_a_crash_left_is_never_written_through(run, world: World, data, cache):
    """What came so far is the very file of the cache: it is linked anew, not emptied and filled."""
    whole = cache.read_bytes()
    part = data / "models" / ".downloads" / "codec" / "vae" / "codec.safetensors.part"
    part.parent.mkdir(parents=True)
    os.link(cache, part)
    assert run("library", "download", "codec", "--yes").code == 0
    assert cache.read_bytes() == whole
    assert (data / "models" / "codec" / "vae" / "codec.safetensors").samefile(cache)


def test_what_two_repositories_share_is_downloaded_once(run, world: World, data, monkeypatch):
    monkeypatch.setattr("studio.downloads.links.HUB_HOSTS", ("127.0.0.1",))
    run("library", "download", "codec", "--yes")
    world.repos["other/model"] = {"parts/the_codec.safetensors": weights(2**18, seed=1)}
    sent = world.sent
    link = f"{world.hub}/other/model/resolve/main/parts/the_codec.safetensors"
    assert run("library", "download", link, "--yes").code == 0
    assert world.sent == sent
    file = data / "models" / "other--model" / "parts" / "the_codec.safetensors"
    assert file.samefile(data / "models" / "codec" / "vae" / "codec.safetensors")
