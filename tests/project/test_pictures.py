"""Pictures that the user brought: kept as they are, once, and missed by a sentence."""

import pytest

from studio.project.pictures import PictureStore
from studio.spec.refusal import Refusal


@pytest.fixture
def store(tmp_path):
    return PictureStore(tmp_path / "project")


def test_the_bytes_are_kept_once_under_their_hash(store, tmp_path):
    brought = tmp_path / "My Dog.JPG"
    brought.write_bytes(b"not looked at here")
    identity = store.take_in(brought)
    brought.unlink()
    assert store.path(identity).read_bytes() == b"not looked at here"
    assert store.path(identity).name == f"{identity}.jpg"
    assert store.keep(b"not looked at here", ".png") == identity
    assert len(list((tmp_path / "project" / "pictures").iterdir())) == 1


@pytest.mark.parametrize("suffix", ["", ".ünï", ".a/../b", ".toolong"])
def test_odd_endings_are_left_out(store, suffix):
    assert store.path(store.keep(b"1", suffix)).suffix == ""


def test_what_is_gone_or_cannot_be_read_is_refused(store, tmp_path):
    with pytest.raises(Refusal, match="missing from the project"):
        store.path("ab" * 16)
    with pytest.raises(Refusal, match=r"nowhere\.png cannot be read"):
        store.take_in(tmp_path / "nowhere.png")
