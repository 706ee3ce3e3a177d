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
    assert store.path(identity).name == f"{identity} My Dog.jpg"
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


@pytest.mark.parametrize("done", ["cut", "other", "folder"])
def test_what_was_damaged_is_refused_under_its_own_name_until_it_is_brought_again(
    store, tmp_path, done
):
    brought = tmp_path / "My (old) Dog.jpg"
    brought.write_bytes(b"some bytes of a photo")
    identity = store.take_in(brought)
    kept = store.whole(identity)
    kept.unlink()
    if done == "folder":
        kept.mkdir()
    else:
        kept.write_bytes(b"some" if done == "cut" else b"same bytes of a photo")
    with pytest.raises(Refusal, match=r"The picture “My _old_ Dog\.jpg” was damaged or replaced"):
        store.whole(identity)
    if done != "folder":
        store.take_in(brought)
        assert store.whole(identity) == kept


def test_pictures_of_earlier_versions_are_called_by_their_hash_alone(store, tmp_path):
    identity = store.keep(b"1", ".png")
    assert store.path(identity).name == f"{identity}.png"
    store.path(identity).write_bytes(b"2")
    with pytest.raises(Refusal, match=r"^A picture of the keyframes was damaged or replaced"):
        store.whole(identity)


@pytest.mark.parametrize("identity", ["", "*", "../../x", "a" * 31, "[0-9a-f]" * 4])
def test_what_is_no_hash_finds_no_picture(store, identity):
    store.keep(b"1")
    with pytest.raises(Refusal, match="missing from the project"):
        store.path(identity)
