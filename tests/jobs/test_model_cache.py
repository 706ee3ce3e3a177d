"""What is in memory: the parts of a clip as far as they fit, and nothing after a failure."""

import gc
import shutil
import weakref
from dataclasses import replace

import pytest

from studio.engine.film import Models, film
from studio.engine.untouched import networks, size
from studio.jobs.handlers import JobHandlers
from studio.jobs.job import Job
from studio.jobs.model_cache import ModelCache
from studio.library import models as library
from studio.project.folders import Folders
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from tests import tiny_parts

PLENTY = 2**40
HEADERS = 300_000
"""Bytes by which the files of two of these are larger than their weights."""
ROLES = {"one": "keyframes", "two": "holes", "taesd": "codec", "large": "upscaler"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_parts.make(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def sizes(folder):
    """By model, the bytes in memory of what fills its role."""
    found = {}
    for name, role in ROLES.items():
        cache = ModelCache("cpu", PLENTY)
        cache.part(library.find(name, [folder]), role, silent)
        ((_, _, found[name]),) = cache.held
    return found


def load(cache: ModelCache, folder, name: str):
    return cache.part(library.find(name, [folder]), ROLES[name], silent)


def first_network(part):
    return next(networks(part))


def there(cache: ModelCache) -> list[str]:
    return [id for id, _, _ in cache.held]


def test_bytes_are_those_of_the_weights_each_counted_once(folder):
    parts = ModelCache("cpu").part(library.find("one", [folder]), "keyframes", silent)
    weights = {id(t): t for net in networks(parts) for t in (*net.parameters(), *net.buffers())}
    assert size(parts) == sum(t.numel() * t.element_size() for t in weights.values()) > 0
    assert size({"a": parts, "b": parts}) == size(parts)


def test_all_parts_of_a_clip_are_held_where_they_fit(folder, sizes):
    cache = ModelCache("cpu", 2 * sum(sizes.values()))
    first = {name: load(cache, folder, name) for name in ROLES}
    assert there(cache) == list(ROLES)
    assert sum(taken for _, _, taken in cache.held) == sum(sizes.values())
    assert all(load(cache, folder, name) is part for name, part in first.items())


def test_the_least_recently_used_goes_first(folder, sizes):
    cache = ModelCache("cpu", sizes["one"] + sizes["two"] + sizes["taesd"] + HEADERS)
    for name in ("one", "two", "taesd", "one"):
        load(cache, folder, name)
    assert there(cache) == ["two", "taesd", "one"]
    load(cache, folder, "large")
    assert there(cache)[-2:] == ["one", "large"]
    assert "two" not in there(cache)


@pytest.mark.parametrize("budget", [0, "one byte less than both"])
def test_two_that_do_not_fit_are_never_there_together(folder, sizes, budget, monkeypatch):
    """Not while the second is loaded either: the first has gone by then."""
    room = sizes["one"] + sizes["two"] - 1 if budget else 0
    cache, opened = ModelCache("cpu", room), []
    original = cache.opened
    monkeypatch.setattr(cache, "opened", lambda *a: (opened.append(there(cache)), original(*a))[1])
    gone = weakref.ref(first_network(load(cache, folder, "one")))
    load(cache, folder, "two")
    assert opened == [[], []]
    assert there(cache) == ["two"]
    gc.collect()
    assert gone() is None


def test_files_that_grow_in_memory_let_others_go_once_they_are_loaded(folder, sizes):
    """What is known beforehand is the files' size; what counts is what they have become."""
    cache = ModelCache("cpu", sizes["one"] + sizes["two"] - 1)
    unsaid = {n: replace(library.find(n, [folder]), sizes=()) for n in ("one", "two")}
    for name, model in unsaid.items():
        cache.part(model, ROLES[name], silent)
    assert there(cache) == ["two"]


def test_by_default_networks_take_half_of_what_is_free(folder, sizes, monkeypatch):
    class Card(ModelCache):
        def device(self):
            return device

    from studio.engine.device import PROCESSOR, Device

    class Small(Device):
        def free_memory(self):
            return total - sum(taken for _, _, taken in cache.held)

    device, cache = Small(PROCESSOR.name, PROCESSOR.dtype), Card("cpu")
    for fits in (True, False):
        cache.free()
        total = 2 * (sizes["one"] + sizes["two"] + (HEADERS if fits else -1))
        load(cache, folder, "one")
        load(cache, folder, "two")
        assert (len(cache.held) == 2) == fits


def test_a_clip_of_four_models_is_the_same_however_much_is_held(folder, sizes):
    one = library.find("one", [folder])
    parts = tuple(
        model.card.part(model.weights, (role,))
        for model, role in ((library.find(n, [folder]), ROLES[n]) for n in ("two", "taesd"))
    )
    request = one.card.request(
        "a red ball", 7, one.weights, parts=parts, keyframes=3, extend=1, interpolate=1, steps=1,
        width=32, height=32, window=6, guidance=1.0,
    )  # fmt: skip

    def made(budget):
        there, cache, memo = library.promised(request, [folder]), ModelCache("cpu", budget), Kept()
        film(
            spans(request), Models(lambda p, r: cache.part(there[p.model], r, silent)), memo, silent
        )
        return {key: {n: a.tobytes() for n, a in arrays.items()} for key, arrays in memo.items()}

    assert made(0) == made(PLENTY)


class Kept(dict):
    def has(self, key):
        return key in self

    def put(self, key, arrays):
        self[key] = arrays


@pytest.mark.parametrize(
    ("error", "stays"),
    [(RuntimeError("out of memory"), False), (Refusal("No."), False), (Cancelled(), True)],
    ids=["bug", "refusal", "cancelled"],
)
def test_work_that_fails_gives_all_of_it_back(folder, error, stays):
    """Although the error itself still names what computed."""
    cache, names = ModelCache("cpu", PLENTY), []

    def computes():
        network = first_network(load(cache, folder, "one"))
        names.append(weakref.ref(network))
        raise error

    def handlers():
        with cache.leased(silent):
            load(cache, folder, "taesd")
            computes()

    with pytest.raises(type(error)) as caught:
        handlers()
    assert there(cache) == (["taesd", "one"] if stays else [])
    gc.collect()
    assert (names[0]() is not None) == stays
    assert caught.value is error
    with cache.leased(silent):  # and can be taken again
        pass


def test_free_gpu_gives_all_of_it_back(folder, tmp_path):
    handlers = JobHandlers(Folders(tmp_path).make(), "cpu")
    handlers.models = cache = ModelCache("cpu", PLENTY)
    gone = [weakref.ref(first_network(load(cache, folder, name))) for name in ROLES]
    handlers.by_kind()["free_memory"](Job(1, "free_memory", "Free GPU"), silent)
    assert cache.held == ()
    gc.collect()
    assert [ref() for ref in gone] == [None] * len(ROLES)


def test_of_two_that_are_held_only_the_altered_is_loaded_anew(folder, caplog):
    cache = ModelCache("cpu", PLENTY)
    one, codec = load(cache, folder, "one"), load(cache, folder, "taesd")
    next(networks(one)).train()
    assert load(cache, folder, "taesd") is codec
    assert load(cache, folder, "one") is not one
    assert caplog.text.count("left altered") == 1
    assert there(cache) == ["taesd", "one"]


def test_a_model_whose_files_were_replaced_is_not_held_twice(folder, tmp_path):
    home = tmp_path / "models"
    shutil.copytree(folder / "taesd", home / "taesd")
    cache = ModelCache("cpu", PLENTY)
    before = cache.part(library.find("taesd", [home]), "codec", silent)
    (home / "taesd" / "config.json").write_text(
        (home / "taesd" / "config.json").read_text("utf-8").replace("}", ', "note": 1}'), "utf-8"
    )
    after = cache.part(library.find("taesd", [home]), "codec", silent)
    assert after is not before
    assert there(cache) == ["taesd"]
