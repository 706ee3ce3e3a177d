"""One clip of several models: each role by another card, on the disk as users have them."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.engine.device import Device
from studio.engine.film import Models, film
from studio.jobs.model_cache import ModelCache
from studio.library import models as library
from studio.spec.check import check
from studio.spec.part import Defaults
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.spans import last_keys, spans
from tests import tiny_parts


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_parts.make(tmp_path_factory.mktemp("models"))


def model(folder, name: str) -> library.Model:
    return library.find(name, [folder])


def part(folder, name: str, *roles: str, sampling: Defaults | None = None):
    found = model(folder, name)
    return found.card.part(found.weights, roles, sampling)


def asked(folder, *parts, **more):
    one = model(folder, "one")
    small = {"keyframes": 3, "extend": 1, "interpolate": 1, "steps": 2, "window": 6, "width": 32}
    chosen = small | {"height": 32, "guidance": 1.0, "strengths": (1.0, 0.5), "parts": parts}
    return one.card.request("a red ball moving left", 7, one.weights, **chosen | more)


@pytest.fixture
def cache():
    return ModelCache("cpu")


class Kept(dict):
    def has(self, key):
        return key in self

    def put(self, key, arrays):
        self[key] = arrays


def made(folder, cache, request) -> tuple[Kept, list[tuple[str, str]]]:
    """The spans of a clip, and which model was asked for which role, in order."""
    there, loads = library.promised(request, [folder]), []
    check(request, there[request.model].card)

    def load(part, role):
        loads.append((part.model, role))
        return cache.part(there[part.model], role, silent)

    memo = Kept()
    film(spans(request), Models(load), memo, silent)
    return memo, loads


def clip(memo: Kept, request) -> np.ndarray:
    return np.concatenate([memo[key]["frames"] for key in last_keys(spans(request))])


@pytest.mark.parametrize(
    "precision",
    [
        pytest.param(torch.float32, id="full"),
        pytest.param(torch.float16, id="half", marks=pytest.mark.long),
    ],
)
def test_every_role_by_another_model_is_one_clip(folder, cache, monkeypatch, precision):
    monkeypatch.setattr(cache, "device", lambda: Device("cpu", precision))
    upsampling = model(folder, "large").card.upsampling
    request = asked(
        folder,
        part(folder, "two", "holes", sampling=Defaults(1, 1.0, strengths=(1.0,))),
        part(folder, "taesd", "codec"),
        part(folder, "large", "upscaler"),
        upsample=replace(upsampling, tile=64),
        keyframes=2,
        steps=1,
    )
    memo, loads = made(folder, cache, request)
    assert set(loads) == {
        ("one", "keyframes"),
        ("two", "holes"),
        ("one", "interpolator"),
        ("taesd", "codec"),
        ("large", "upscaler"),
    }
    shown = clip(memo, request)
    assert shown.shape == (9, 128, 128, 3)
    assert shown.std() > 1
    first, second = (s for s in spans(request) if s.stage == "keyframes")
    known = memo[first.key]["latents"][-2:]
    np.testing.assert_array_equal(memo[second.key]["latents"][:2], known)


def test_a_part_re_keys_what_it_makes_and_what_stands_on_that(folder):
    plain = asked(folder)
    keys = {(s.stage, s.makes): s.key for s in spans(plain)}

    def others(*parts, **more):
        mixed = {(s.stage, s.makes): s.key for s in spans(asked(folder, *parts, **more))}
        return {stage for stage, makes in mixed if mixed[stage, makes] != keys.get((stage, makes))}

    assert others(part(folder, "taesd", "codec")) == {"decode"}
    assert others(part(folder, "two", "interpolator")) == {"interpolation", "decode"}
    filled = spans(asked(folder, part(folder, "two", "holes")))
    same = [s.key in keys.values() for s in filled if s.stage == "keyframes"]
    assert same == [True, False]


def test_a_part_that_is_the_model_itself_changes_no_key(folder):
    itself = part(folder, "one", "keyframes", "holes", "interpolator", "codec")
    assert [s.key for s in spans(asked(folder, itself))] == [s.key for s in spans(asked(folder))]


def test_a_draft_and_the_clip_share_their_latents(folder, cache):
    """Another codec makes other frames of the very same latents."""
    draft = asked(folder, part(folder, "taesd", "codec"))
    memo, _ = made(folder, cache, draft)
    final = asked(folder, part(folder, "steady", "codec"))
    left = [span for span in spans(final) if not memo.has(span.key)]
    assert {span.stage for span in left} == {"decode"}
    there = library.promised(final, [folder])
    film(spans(final), Models(lambda p, r: cache.part(there[p.model], r, silent)), memo, silent)
    assert clip(memo, final).shape == clip(memo, draft).shape
    assert not np.array_equal(clip(memo, final), clip(memo, draft))


def test_a_decoder_that_sees_time_is_given_the_context_of_its_card(folder):
    walk = spans(asked(folder, part(folder, "steady", "codec"), interpolate=0, extend=9))
    decoded = [span for span in walk if span.stage == "decode"]
    assert [span.context_before for span in decoded] == [0, 2]
    assert [len(span.reads) for span in decoded] == [10, 6]


def test_parts_of_other_latents_and_roles_of_nobody_are_refused(folder):
    one = model(folder, "one")
    strange = replace(part(folder, "taesd", "codec"), latent_space="sd")
    with pytest.raises(Refusal, match="do not work on the same latents"):
        check(asked(folder, strange), one.card)
    with pytest.raises(Refusal, match="has no upsampler"):
        check(asked(folder, upsample=model(folder, "large").card.upsampling), one.card)
    with pytest.raises(Refusal, match="taesd has no keyframes"):
        ModelCache("cpu").part(model(folder, "taesd"), "keyframes", silent)


def test_a_part_whose_weights_were_replaced_is_refused(folder, tmp_path):
    request = asked(folder, part(folder, "taesd", "codec"))
    other = replace(request.parts[0], weights=(("autoencoder", "0" * 32),))
    with pytest.raises(Refusal, match="was replaced since this was ordered"):
        library.promised(replace(request, parts=(other,)), [folder])


def test_weights_that_the_card_does_not_name_are_refused(folder, tmp_path):
    stray = folder / "taesd" / "more.safetensors"
    stray.write_bytes(b"")
    try:
        with pytest.raises(Refusal, match="is not in the model's card"):
            library.find("taesd", [folder])
    finally:
        stray.unlink()


def test_the_command_line_names_a_model_for_each_role(folder, run, home):
    """The same keys as the request built by hand; what cannot be is one sentence."""
    shutil.copytree(folder, home / "models", dirs_exist_ok=True)
    words = ("generate", "a red ball moving left", "--model", "one", "--seed", "7", "--steps", "2")
    words += (
        "--keyframes",
        "2",
        "--extend",
        "1",
        "--interpolate",
        "0",
        "--out",
        str(home / "a.gif"),
    )
    chosen = ("--holes-model", "two", "--decoder", "taesd")
    made = run(*words, *chosen, "--json")
    assert (made.code, made.answer["frames"]) == (0, 3)
    assert run(*words, *chosen, "--json").answer["made"] == 0
    plain = run(*words, "--json").answer
    assert (plain["made"], plain["reused"]) == (2, 1), "other parts are in no key of the keyframes"
    run(*words, "--keyframes-model", "taesd").refused("cannot be used with --keyframes-model")
    run(*words, "--decoder", "nobody").refused("There is no model called")
