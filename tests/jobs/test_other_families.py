"""Models of other families on the disk, as users have them: cards, hashes, the model cache, a clip."""

from pathlib import Path

import numpy as np
import pytest

from studio.engine.film import Models, film, words
from studio.jobs.model_cache import ModelCache
from studio.library import models as library
from studio.spec.check import check
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.spans import last_keys, spans
from tests import tiny_families


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_families.make(tmp_path_factory.mktemp("models"))


def asked(folder: Path, **more) -> ClipRequest:
    """Two keyframes and one after them by AnimateDiff, three frames between each two by Wan."""
    motion, between = (library.find(name, [folder]) for name in ("motion", "between"))
    part = between.card.part(between.weights, ("interpolator",), between.card.defaults)
    chosen = {"keyframes": 2, "extend": 1, "interpolate": 1, "parts": (part,)}
    return motion.card.request("a red ball", 7, motion.weights, **chosen | more)


def test_cards_of_both_are_read_and_one_clip_is_made(folder):
    request, memo, cache, loads = asked(folder), Kept(), ModelCache("cpu"), []
    there = library.promised(request, [folder])
    check(request, there["motion"].card)

    def load(part, role):
        loads.append((part.model, role))
        return cache.part(there[part.model], role, silent)

    film(spans(request), Models(load), memo, silent)
    assert dict.fromkeys(loads) == dict.fromkeys(
        [
            ("motion", "keyframes"),
            ("motion", "holes"),
            ("motion", "codec"),
            ("between", "interpolator"),
        ]
    )
    frames = np.concatenate([memo[key]["frames"] for key in last_keys(spans(request))])
    assert frames.shape == (9, 32, 32, 3)
    keyframes = [memo[s.key]["frames"][0] for s in spans(request) if s.stage == "decode"]
    assert np.array_equal(frames[::4], np.stack(keyframes))


class Kept(dict):
    def has(self, key):
        return key in self

    def put(self, key, arrays):
        self[key] = arrays


def test_what_a_folder_cannot_do_is_refused_by_the_cache(folder):
    between = library.find("between", [folder])
    with pytest.raises(Refusal, match="Tiny Wan has no keyframes"):
        ModelCache("cpu").part(between, "keyframes", silent)


def test_settings_of_either_are_in_its_keys(folder):
    """Another scheduler's config is another clip."""
    keys = {span.key for span in spans(asked(folder))}
    config = folder / "between" / "scheduler" / "scheduler_config.json"
    kept = config.read_text("utf-8")
    try:
        config.write_text(kept.replace("5.0", "3.0"), "utf-8")
        changed = {span.stage for span in spans(asked(folder)) if span.key not in keys}
    finally:
        config.write_text(kept, "utf-8")
    assert changed == {"interpolation"}


def test_a_subject_is_told_to_wan_by_its_noun(folder):
    """Its adapter is made for the keyframes' model; the other one is told what it shows."""
    subject = SubjectUse("rex", "0" * 64, "sks", "dog")
    request = asked(folder, subject=subject)
    told = {span.part.model: words(span) for span in spans(request)}
    assert told["motion"].subject == subject
    assert told["between"].subject is None
    assert told["between"].prompt == "a dog a red ball"
