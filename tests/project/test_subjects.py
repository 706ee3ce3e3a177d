"""Subjects on disk: photos with their own bytes, versions, renaming, the bin."""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio.project.subject import Photo, Subject, Version
from studio.project.subjects import SubjectStore
from studio.project.vouching import vouched
from studio.spec.refusal import Refusal

FIXTURES = Path(__file__).parent / "fixtures"
GPS = b"\xff\xd8\xff\xe1 Exif GPS 52.5163 N 13.3777 E, somebody's home"


@pytest.fixture
def store(tmp_path):
    return SubjectStore(tmp_path / "subjects “ü”")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    names = ["IMG_1.JPG", "ein Bild?.png".replace("?", "¿"), "twice.jpeg", "no ending"]
    for name in names:
        (folder / name).write_bytes(GPS + name.encode())
    (folder / "twice.jpeg").write_bytes((folder / "IMG_1.JPG").read_bytes())
    return [folder / name for name in names]


def adapter(tmp_path, content=b"weights"):
    path = tmp_path / "adapter.safetensors"
    path.write_bytes(content)
    return path


def test_an_adopted_subject_is_there_with_the_bytes_of_its_photos(store, photos):
    assert store.list() == ()
    made = store.adopt(Subject("Käthe", "dog", is_person=False, notes="hallo"), photos)
    assert store.get("Käthe") == made
    assert store.list() == (made,)
    assert [photo.name for photo in made.photos] == [
        photos[0].name, photos[1].name, photos[3].name,
    ]  # fmt: skip
    assert [path.read_bytes() for path in store.photo_paths(made)] == [
        photos[n].read_bytes() for n in (0, 1, 3)
    ]
    assert [photo.file for photo in made.photos] == ["0001.jpg", "0002.png", "0003"]
    assert made.photos[0].identity == hashlib.sha256(photos[0].read_bytes()).hexdigest()


def test_what_a_crash_left_long_ago_is_swept(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    home = store.folder / "rex"
    left = [
        store.folder / ".aside" / "0123456789abcdef",
        home / ".aside" / "0123456789abcdef",
        home / ".subject.json.0123abcd.part",
    ]
    for path in left[:2]:
        path.mkdir(parents=True)
    left[2].write_bytes(b"{")
    for path in left:
        os.utime(path, (1e9, 1e9))
    store.update(replace(store.get("rex"), notes="x"))
    assert not [path for path in left if path.exists()]


def test_place_and_time_of_photos_are_nowhere_but_in_the_photos(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3)
    leaks = [p for p in store.folder.rglob("*") if p.is_file() and b"GPS" in p.read_bytes()]
    assert {p.parent.name for p in leaks} == {"photos"}


@pytest.mark.parametrize("name", ["Rex", "rex", "REX", "k\u0061\u0308the", "KÄTHE"])
def test_names_that_are_one_on_some_system_are_taken(store, photos, name):
    store.adopt(Subject("rex", "dog"), photos)
    store.adopt(Subject("käthe", "dog"), photos)
    with pytest.raises(Refusal, match="already"):
        store.adopt(Subject(name, "cat"), photos)
    assert store.names() == ("käthe", "rex")


def test_a_name_with_path_parts_makes_nothing(store, photos, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    for name in ("../out", "a/b", "..", ""):
        with pytest.raises(Refusal):
            store.adopt(Subject(name, "dog"), photos)
        with pytest.raises(Refusal):
            store.get(name)
        with pytest.raises(Refusal):
            store.remove(name)
    store_itself = {store.folder, store.folder / ".lock"}
    assert set(tmp_path.rglob("*")) - store_itself == set(before)


def test_a_photo_that_cannot_be_read_leaves_no_half_subject(store, photos, tmp_path):
    with pytest.raises(Refusal, match=r"gone\.jpg cannot be read"):
        store.adopt(Subject("rex", "dog"), [*photos, tmp_path / "gone.jpg"])
    assert store.names() == ()
    store.adopt(Subject("rex", "dog"), photos)


def test_copies_of_one_photo_make_no_subject(store, photos):
    with pytest.raises(Refusal, match="only 2 differ") as refused:
        store.adopt(Subject("rex", "dog"), [photos[0], photos[2], photos[1]])
    assert "3 photos or more" in refused.value.hint
    assert not [path for path in store.folder.rglob("*") if path.name != ".lock" and path.is_file()]


def test_an_unknown_subject_is_refused_with_the_nearest_names(store, photos):
    with pytest.raises(Refusal) as refused:
        store.get("rex")
    assert refused.value.hint == "Train one first."
    store.adopt(Subject("rexi", "dog"), photos)
    store.adopt(Subject("Wolke", "cat"), photos)
    with pytest.raises(Refusal) as refused:
        store.get("rex")
    assert refused.value.hint == "There is “rexi”."


def test_versions_get_new_names_and_the_file_in_use_is_not_touched(store, photos, tmp_path):
    made = store.adopt(Subject("rex", "dog"), photos)
    assert not made.is_trained
    with pytest.raises(Refusal, match="not trained"):
        store.adapter_path(made)
    first = store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=300)
    assert first.is_trained
    assert first.identity == hashlib.sha256(b"weights").hexdigest()
    in_use = store.adapter_path(first)
    newer = adapter(tmp_path, b"better weights")
    second = store.add_adapter("rex", newer, method="dreambooth", trained_steps=500)
    assert in_use.read_bytes() == b"weights"
    assert store.adapter_path(second).read_bytes() == b"better weights"
    assert store.adapter_path(second) != in_use
    assert (second.version().method, second.trained_steps) == ("dreambooth", 500)
    assert store.get("rex") == second
    store.adapter_path(second).unlink()
    with pytest.raises(Refusal, match="is gone"):
        store.adapter_path(second)


def test_a_folder_may_be_an_adapter(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    trained = tmp_path / "dreambooth"
    (trained / "unet").mkdir(parents=True)
    (trained / "unet" / "a.safetensors").write_bytes(b"unet")
    (trained / "text.safetensors").write_bytes(b"text")
    first = store.add_adapter("rex", trained, method="dreambooth", trained_steps=1)
    assert (store.adapter_path(first) / "unet" / "a.safetensors").read_bytes() == b"unet"
    (trained / "text.safetensors").write_bytes(b"other")
    second = store.add_adapter("rex", trained, method="dreambooth", trained_steps=2)
    assert first.identity != second.identity


def test_renaming_keeps_everything(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3)
    store.adopt(Subject("Wolke", "cat"), photos)
    before = store.get("rex")
    assert store.rename("rex", "Rex") == replace(before, name="Rex")
    assert store.rename("Rex", "Königin") == replace(before, name="Königin")
    assert store.names() == ("Königin", "Wolke")
    assert all(path.exists() for path in store.photo_paths(store.get("Königin")))
    with pytest.raises(Refusal, match="already"):
        store.rename("Königin", "WOLKE")
    with pytest.raises(Refusal):
        store.rename("Königin", "a/b")


def test_a_removed_subject_comes_back_from_the_bin(store, photos):
    made = store.adopt(Subject("rex", "dog"), photos)
    assert store.bin() == ()
    assert store.remove("rex") == "rex"
    assert store.names() == ()
    cat = store.adopt(Subject("rex", "cat"), photos[:1])
    assert store.remove("rex") == "rex (2)"
    assert store.bin() == (made, replace(cat, name="rex (2)"))
    (face, *_) = store.photo_paths(store.bin()[1], in_bin=True)
    assert face.read_bytes() == photos[0].read_bytes()
    assert store.restore("rex") == "rex"
    assert store.get("rex") == made
    for nobody in ("rex", "nobody", ".", "../rex", ""):
        with pytest.raises(Refusal):
            store.restore(nobody)
    assert store.restore("rex (2)") == "rex (2)"
    assert store.get("rex (2)").class_noun == "cat"


def test_a_subject_whose_name_is_taken_comes_back_under_another(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    store.remove("rex")
    store.adopt(Subject("Rex", "cat"), photos)
    store.adopt(Subject("REX (2)", "fox"), photos)
    assert store.restore("rex") == "rex (3)"
    assert store.get("rex (3)").class_noun == "dog"
    assert store.names() == ("Rex", "REX (2)", "rex (3)")


def test_what_cannot_be_read_can_still_be_restored(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    store.remove("rex")
    file = store.binned / "rex" / "subject.json"
    for words in ("?", '{"version": 9}'):
        file.write_text(words)
        assert store.bin() == (Subject("rex", ""),)
    assert store.restore("rex") == "rex"
    assert store.damaged() == ("rex",)


def test_a_damaged_file_gives_what_was_known_before_and_is_kept(store, photos):
    made = store.adopt(Subject("rex", "dog"), photos)
    store.update(replace(made, notes="one"))
    store.update(replace(made, notes="two"))
    file = store.folder / "rex" / "subject.json"
    damaged = file.read_bytes()[:50]
    file.write_bytes(damaged)
    assert store.get("rex").notes == "one"
    assert store.restored() == ("rex",)
    assert store.update(replace(made, notes="three")) == store.get("rex")
    assert "one" in (store.folder / "rex" / "subject.previous.json").read_text("utf-8")
    assert (store.folder / "rex" / "subject.damaged-1.json").read_bytes() == damaged
    assert store.restored() == ()


@pytest.mark.parametrize("later", [False, True], ids=["at once", "after another change"])
@pytest.mark.parametrize("damage", [b"", b"{", b"[" * 100_000, b'{"version": 2, "used": 3}'])
def test_a_trained_subject_stays_trained_when_its_file_is_damaged(
    store, photos, tmp_path, damage, later
):
    store.adopt(Subject("rex", "dog"), photos)
    trained = store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=300)
    if later:
        trained = store.update(replace(trained, notes="x"))
    (store.folder / "rex" / "subject.json").write_bytes(damage)
    found = store.get("rex")
    assert (found.identity, found.trained_steps) == (trained.identity, 300)
    assert store.adapter_of("rex", trained.identity) == store.adapter_path(trained)


def test_versions_of_which_nothing_is_written_are_found(store, photos, tmp_path):
    """As where a file is damaged that was written before the training."""
    made = store.adopt(Subject("rex", "dog"), photos)
    store.update(replace(made, notes="x"))
    store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3)
    folder = store.folder / "rex"
    (folder / "subject.json").unlink()
    untrained = json.dumps({"version": 1, "name": "rex", "class_noun": "dog"})
    (folder / "subject.previous.json").write_text(untrained)
    found = store.get("rex")
    assert found.is_trained
    assert found.identity == hashlib.sha256(b"weights").hexdigest()
    assert store.restored() == ("rex",)


def test_a_subject_that_cannot_be_read_is_named_and_left(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    store.adopt(Subject("Wolke", "cat"), photos)
    (store.folder / "rex" / "subject.json").write_bytes(b"?")
    assert [subject.name for subject in store.list()] == ["Wolke"]
    assert store.damaged() == ("rex",)
    with pytest.raises(Refusal, match="cannot be read"):
        store.get("rex")
    (store.folder / "rex" / "subject.json").write_text('{"version": 9}')
    with pytest.raises(Refusal, match="newer studio"):
        store.get("rex")


KÄTHE = Subject(
    "Käthe", "dog", "sks", (Photo("0001.jpg", "IMG_1.JPG", "ab" * 32, {"held_out": True}),),
    "lora", 300, (Version("0001.safetensors", "cd" * 32, "lora", 300),), ("0001.safetensors",),
    False, True, "am See", {"colour": "brown"},
)  # fmt: skip
STARTER = Version(
    "0002.safetensors", "ef" * 32, "dreambooth", 800, "starter", "Starter",
    (("image", "1" * 32), ("text", "4" * 32)), "2026-11-27T01:40:00+00:00",
    unknown={"colour": "red"},
)  # fmt: skip


def test_the_first_release_opens(tmp_path):
    """A subject as version 1 wrote it, with one adapter for a model unsaid."""
    (tmp_path / "Käthe").mkdir()
    shutil.copy(FIXTURES / "subject-1.json", tmp_path / "Käthe" / "subject.json")
    store = SubjectStore(tmp_path)
    assert store.get("Käthe") == KÄTHE
    assert store.get("Käthe").use(1.0, weights=(("image", "any"),)).identity == "cd" * 32
    store.update(store.get("Käthe"))
    assert store.get("Käthe") == KÄTHE


@pytest.mark.parametrize("version", [2, 3, 4])
def test_later_releases_open(tmp_path, version):
    """A subject as each version wrote it; never change the fixtures."""
    (tmp_path / "Käthe").mkdir()
    shutil.copy(FIXTURES / f"subject-{version}.json", tmp_path / "Käthe" / "subject.json")
    store = SubjectStore(tmp_path)
    assert store.get("Käthe") == KÄTHE.with_version(STARTER)
    store.update(store.get("Käthe"))
    kept = json.loads((tmp_path / "Käthe" / "subject.json").read_text("utf-8"))
    assert kept == json.loads((FIXTURES / "subject-4.json").read_text("utf-8"))


def spoilt(folder: Path, change: Callable[[dict], None]) -> None:
    """What is known of a subject, changed, with a hash that is right."""
    whole = json.loads((folder / "subject.json").read_text("utf-8"))
    change(whole)
    (folder / "subject.json").write_text(json.dumps(vouched(whole)), "utf-8")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "C:x", "a\\b", "con.jpg"])
def test_names_that_lead_out_of_the_folder_are_damage(store, photos, name):
    made = store.adopt(Subject("rex", "dog"), photos)
    store.update(made)
    spoilt(store.folder / "rex", lambda whole: whole["photos"][0].update(file=name))
    assert store.get("rex") == made
    assert store.restored() == ("rex",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": -1}, {"steps": 10**12}, {"method": "../lora"}, {"method": ""}, {"name": "a/b"},
        {"class_noun": "x" * 2000}, {"token": "x" * 2000}, {"used": ["../0001.safetensors"]},
        {"versions": [{"file": "..", "identity": "ab"}]},
        {"versions": [{"file": "0001.safetensors", "identity": "ab", "trained_steps": -3}]},
        {"versions": [{"file": "0001.safetensors", "identity": "ab", "method": "other"}]},
        {"versions": [{"file": "0001.safetensors", "identity": "ab", "model": "../x"}]},
        {"versions": [{"file": "0001.safetensors", "identity": "x" * 2000}]},
        {"photos": [{"file": "0001.jpg", "name": "x" * 2000, "identity": ""}]},
    ],
)  # fmt: skip
def test_a_subject_that_does_not_hold_together_is_damage(store, photos, wrong):
    made = store.adopt(Subject("rex", "dog"), photos)
    store.update(made)
    spoilt(store.folder / "rex", lambda whole: whole.update(wrong))
    assert store.get("rex") == made
    assert store.restored() == ("rex",)


def test_what_would_be_read_as_damage_is_not_written(store, photos):
    with pytest.raises(Refusal, match="class noun of “rex”"):
        store.adopt(Subject("rex", "d" * 2000), photos)
    assert store.names() == ()


def test_the_losses_of_a_training_are_kept(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    assert store.losses("rex") == ()
    store.keep_losses("rex", [(1, 0.5), (2, 0.25)])
    store.keep_losses("rex", [])
    assert store.losses("rex") == ((1, 0.5), (2, 0.25))
    store.keep_losses("rex", [(7, 0.125)])
    assert store.losses("rex") == ((7, 0.125),)
    with pytest.raises(Refusal):
        store.keep_losses("nobody", [(1, 0.5)])
    assert store.names() == ("rex",)


@pytest.mark.parametrize("damage", ["?", "[]", '{"version": 2}', '{"version": 1, "losses": [3]}'])
def test_losses_that_cannot_be_read_are_none(store, photos, damage):
    store.adopt(Subject("rex", "dog"), photos)
    store.training_folder("rex").mkdir()
    (store.training_folder("rex") / "losses.json").write_text(damage)
    assert store.losses("rex") == ()


def test_the_losses_of_the_first_release_are_read(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    store.training_folder("rex").mkdir()
    shutil.copy(FIXTURES / "losses-1.json", store.training_folder("rex") / "losses.json")
    assert store.losses("rex") == ((1, 0.306), (2, 0.25), (40, 0.1))


def test_window_and_terminal_may_change_one_subject_at_once(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    trained = [tmp_path / f"{n}.safetensors" for n in range(3)]

    def train(file):
        file.write_bytes(file.name.encode())
        SubjectStore(store.folder).add_adapter("rex", file, method="lora", trained_steps=1)

    threads = [threading.Thread(target=train, args=(file,)) for file in trained]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = {path.read_bytes() for path in (store.folder / "rex" / "versions").iterdir()}
    assert versions == {file.name.encode() for file in trained}
    assert store.adapter_path(store.get("rex")).read_bytes() in versions


def test_a_clip_is_made_with_the_training_it_was_ordered_with(store, photos, tmp_path):
    """Whatever became of the name since: trained again, renamed, removed and made anew."""
    store.adopt(Subject("rex", "dog"), photos)
    first = store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3)
    store.add_adapter("rex", adapter(tmp_path, b"other"), method="lora", trained_steps=3)
    assert store.adapter_of("rex", first.identity).read_bytes() == b"weights"
    store.rename("rex", "max")
    store.adopt(Subject("rex", "cat"), photos)
    assert store.adapter_of("rex", first.identity).read_bytes() == b"weights"
    store.remove("max")
    with pytest.raises(Refusal, match="not the same any more"):
        store.adapter_of("rex", first.identity)
    store.remove("rex")
    with pytest.raises(Refusal, match="removed since"):
        store.adapter_of("rex", first.identity)


def test_an_older_version_can_be_used_again(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    first = store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3)
    second = store.add_adapter("rex", adapter(tmp_path, b"other"), method="lora", trained_steps=9)
    assert [v.trained_steps for v in store.versions("rex")] == [3, 9]
    assert store.use_version("rex", first.versions[0].file).identity == first.identity
    assert store.get("rex").trained_steps == 3
    assert store.use_version("rex", second.versions[1].file) == second
    with pytest.raises(Refusal, match="no version"):
        store.use_version("rex", "../../x")


def test_older_versions_of_the_first_release_can_be_used(store, photos, tmp_path):
    """Its file names the newest alone; the others lie there."""
    store.adopt(Subject("rex", "dog"), photos)
    for content in (b"one", b"two"):
        store.add_adapter("rex", adapter(tmp_path, content), method="lora", trained_steps=3)
    two = hashlib.sha256(b"two").hexdigest()
    plain = {"version": 1, "name": "rex", "class_noun": "dog", "adapter": "0002.safetensors"}
    (store.folder / "rex" / "subject.json").write_text(json.dumps({**plain, "identity": two}))
    one = hashlib.sha256(b"one").hexdigest()
    assert store.adapter_of("rex", one).read_bytes() == b"one"
    assert [version.identity for version in store.versions("rex")] == [one, two]
    assert store.use_version("rex", "0001.safetensors").identity == one


def test_a_training_leaves_its_adapter_once(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    for _ in range(2):
        file = adapter(tmp_path)
        kept = store.add_adapter("rex", file, method="lora", trained_steps=3, move=True)
        assert not file.exists()
    assert len(kept.versions) == 1
    assert [p.name for p in (store.folder / "rex" / "versions").iterdir()] == ["0001.safetensors"]


def test_an_adapter_that_was_damaged_is_made_good_by_the_same_training(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    first = store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3)
    store.adapter_path(first).write_bytes(b"wfights")
    store.add_adapter("rex", adapter(tmp_path), method="lora", trained_steps=3, move=True)
    assert store.adapter_of("rex", first.identity).read_bytes() == b"weights"
    assert (store.folder / "rex" / "versions" / "0001.safetensors.damaged").exists()


ONE, TWO = ((("image", n), ("temporal", "t"), ("text", n)) for n in "12")


def test_a_subject_has_a_version_for_each_model(store, photos, tmp_path):
    store.adopt(Subject("rex", "dog"), photos)
    how = {"method": "lora", "trained_steps": 3}
    one = {"model": "one", "model_name": "One", "weights": ONE}
    two = {"model": "two", "model_name": "Two", "weights": TWO}
    first = store.add_adapter("rex", adapter(tmp_path), **how, **one)
    with pytest.raises(Refusal, match="not trained for this model: it was trained for One"):
        first.use(weights=TWO)
    second = store.add_adapter("rex", adapter(tmp_path, b"other"), **how, **two)
    assert second.use(weights=ONE).identity == first.identity
    assert second.use(weights=TWO).identity == second.identity != first.identity
    third = store.add_adapter("rex", adapter(tmp_path, b"third"), **how, **one)
    assert third.use(weights=ONE).identity == third.identity
    assert third.use(weights=TWO).identity == second.identity


def test_nobody_trains_renames_or_removes_what_is_being_trained(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    store.adopt(Subject("max", "dog"), photos)
    other = SubjectStore(store.folder)
    with store.training("rex"), other.training("max"):
        assert other.is_training("rex")
        for act in (lambda: other.remove("rex"), lambda: other.rename("rex", "rexi")):
            with pytest.raises(Refusal, match="“rex” is being trained right now"):
                act()
        with pytest.raises(Refusal, match="being trained"), other.training("rex"):
            pass
    assert not other.is_training("rex")
    assert other.rename("rex", "rexi").name == "rexi"
    assert other.remove("rexi") == "rexi"


def test_what_cannot_be_read_can_be_removed(store, photos):
    store.adopt(Subject("rex", "dog"), photos)
    (store.folder / "rex" / "subject.json").write_bytes(b"?")
    assert store.remove("rex") == "rex"
    (store.folder / "ghost").mkdir()
    assert store.damaged() == ("ghost",)
    assert store.remove("ghost") == "ghost"
    assert store.names() == ()


def test_a_file_in_place_of_the_folder_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "subjects").write_bytes(b"?")
    for ask in (SubjectStore.list, SubjectStore.names, lambda store: store.get("rex")):
        with pytest.raises(Refusal, match="cannot be read"):
            ask(SubjectStore(tmp_path / "subjects"))
