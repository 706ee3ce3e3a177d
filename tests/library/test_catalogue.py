"""The catalogue of public models: strict, every value with its source, the freest licences first."""

import re
from pathlib import Path

import pytest

from studio.jobs.handlers import BUILT_IN
from studio.library.catalogue import CARDS, is_plain_path, read_catalogue
from studio.spec.refusal import Refusal

CATALOGUE = BUILT_IN / "catalogue.toml"
OURS = ("version", "id", "role", "family", "needs", "fits", "does", "card", "models", "not_yet")
"""What the studio may say of itself; all else was read somewhere."""
FREE = ("Apache-2.0", "MIT")


def sources() -> set[str]:
    """The labels that the head of the file explains, each by a document or a page."""
    head = CATALOGUE.read_text("utf-8").partition("# sources:")[2].partition("\n\n")[0]
    lines = [re.match(r"#   (\S+(?: \S+)*?)  +(\S.*)", line) for line in head.splitlines()]
    found = {line.group(1): line.group(2) for line in lines if line}
    assert all(place.startswith(("https://", "reference/")) for place in found.values())
    return set(found)


def values() -> list[tuple[str, str]]:
    """Every line that gives a value: its key, with each source in the comment beside it."""
    lines = CATALOGUE.read_text("utf-8").splitlines()
    told = [line for line in lines if "=" in line and not line.startswith("#")]
    return [
        (line.partition(" =")[0], source)
        for line in told
        for source in line.rpartition("  # ")[2].split(", ")
    ]


def test_every_value_has_a_comment_that_names_a_source():
    known = sources()
    assert len(values()) > 200
    for key, source in values():
        assert source in known or (source == "ours" and key in OURS), f"{key}: {source}"


def test_every_source_that_is_explained_is_used():
    assert sources() == {source for _, source in values()} - {"ours"}


def test_the_freest_licences_come_first():
    licences = [model.licence in FREE for model in read_catalogue(CATALOGUE).models]
    assert licences == sorted(licences, reverse=True)
    assert not any("ommunity" in m.licence for m in read_catalogue(CATALOGUE).models)


def test_there_is_a_bundle_for_every_size_of_card():
    found = read_catalogue(CATALOGUE)
    assert [bundle.card for bundle in found.bundles] == list(CARDS)
    for bundle in found.bundles:
        wanted = found.wanted(bundle.id)
        assert len({model.id for model in wanted}) == len(wanted)
        assert all(model.card <= bundle.card for model in wanted)
        assert {need for model in wanted for need in model.needs} <= {m.id for m in wanted}


def test_what_is_not_offered_is_said_with_the_reason():
    for name in ("ltx-2", "minimax-h3", "MiniMax-H3", "hunyuanvideo"):
        with pytest.raises(Refusal, match="is not offered: its licence"):
            read_catalogue(CATALOGUE).wanted(name)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(Refusal, match="“nothing” is not in the catalogue"):
        read_catalogue(CATALOGUE).wanted("nothing")


GOOD = """
version = 1
[[model]]
id = "a"
name = "A"
role = "checkpoint"
family = "SD 1.x"
licence = "MIT"
page = "https://example.org/a"
repo = "maker/a"
[[model.file]]
path = "a.safetensors"
[[bundle]]
id = "8gb"
card = 8
does = "A."
models = ["a"]
"""


@pytest.mark.parametrize(
    ("now", "then", "says"),
    [
        ("version = 1", "version = 2", "version is not 1"),
        ('licence = "MIT"\n', "", "licence"),
        ('licence = "MIT"', 'licence = ""', "licence of a"),
        ('licence = "MIT"', "licence = 3", "licence of a"),
        ('licence = "MIT"', 'licence = "MIT"\ncolour = "red"', "no field colour"),
        ('role = "checkpoint"', 'role = "anything"', "a role that does not exist"),
        ('repo = "maker/a"', 'repo = "https://huggingface.co/maker/a"', "no repository"),
        ('page = "https', 'page = "http', "no https link"),
        ('path = "a.safetensors"', 'path = "../a.safetensors"', "outside its folder"),
        ('path = "a.safetensors"', 'path = "a.safetensors"\nsha256 = "12"', "sha256"),
        ('path = "a.safetensors"', 'path = "a.safetensors"\nbytes = -1', "bytes"),
        ('path = "a.safetensors"', 'path = "a.safetensors"\nbytes = true', "bytes"),
        ('[[model.file]]\npath = "a.safetensors"\n', "", "no files"),
        ('repo = "maker/a"', 'repo = "maker/a"\nneeds = ["b"]', "needs what is not there"),
        ('repo = "maker/a"', 'repo = "maker/a"\nneeds = ["a"]', "needs itself"),
        ('repo = "maker/a"', 'repo = "maker/a"\ncard = 9', "for no card"),
        ("card = 8", "card = 7", "for no card"),
        ('models = ["a"]', 'models = ["b"]', "names what is not there"),
        ('repo = "maker/a"', 'repo = "maker/a"\nnot_yet = "No."', "does not run"),
        ('path = "a.safetensors"', 'path = "*.gguf"\nbytes = 3', "several files"),
        ('path = "a.safetensors"', 'path = "../*.gguf"', "outside its folder"),
        ('id = "8gb"', 'id = "a"', "there twice"),
        ('id = "8gb"', 'id = "8 GB"', "no id"),
        ("[[bundle]]", "[[bundel]]", "nothing is called bundel"),
        ("[[bundle]]", "[bundle", "cannot be read"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(tmp_path: Path, now, then, says):
    file = tmp_path / "catalogue.toml"
    file.write_text(GOOD)
    assert [model.id for model in read_catalogue(file).wanted("8gb")] == ["a"]
    assert now in GOOD
    file.write_text(GOOD.replace(now, then))
    with pytest.raises(Refusal, match=says):
        read_catalogue(file)


@pytest.mark.parametrize(
    "path", ["a.gguf", "split_files/vae/wan 2.1.safetensors", "ü/é.safetensors"]
)
def test_paths_that_stay_inside(path):
    assert is_plain_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/../b", "..", "a//b", "a\\b", "C:a", "a/./b", "a\n", "a /b", "a./b", "a/", "con?"],
)
def test_paths_that_do_not(path):
    assert not is_plain_path(path)
