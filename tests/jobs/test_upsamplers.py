"""Upsamplers in jobs: a whole film made larger, a range of it, and one tile."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from studio.jobs.handlers import JobHandlers
from studio.jobs.model_cache import ModelCache
from studio.jobs.once import run_once
from studio.library import models as library
from studio.media.container import probe
from studio.media.footage import read_video
from studio.project.folders import Folders
from studio.project.plain import to_plain
from studio.project.shot import Shot
from studio.project.stored_frames import stored_frames
from studio.spec.check import check
from studio.spec.frame_spans import whole_chunks
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.spans import last_keys, spans
from tests import tiny_starter
from tests.engine import tiny_upsampler

SOME = ["pixel", pytest.param("latent", marks=pytest.mark.long)]


@pytest.fixture(scope="module", params=SOME)
def handlers(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("upsampled ünï")
    folder = tiny_starter.make(home / "models" / "tiny", plain=False)
    tiny_upsampler.give(folder, request.param)
    return JobHandlers(Folders.find(str(home)))


@pytest.fixture(scope="module")
def asked(handlers):
    model = library.find("tiny", handlers.model_folders)
    shot = Shot("a", prompt="a ball", keyframes=3, steps=1, guidance=1.0, interpolate=2)
    made = shot.request(model.card, model.weights, None)
    return replace(made, upsample=replace(model.card.upsampling, steps=1))


@pytest.fixture(scope="module")
def project(handlers, asked, tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    do(handlers, "render", project=str(folder), request=to_plain(asked))
    return folder


def do(handlers, kind, tick=silent, **payload):
    return run_once(handlers.by_kind(), kind, payload, tick=tick)


def test_the_file_has_large_frames(handlers, asked, project, tmp_path):
    out = tmp_path / "clip.mp4"
    keys = list(last_keys(spans(asked)))
    do(handlers, "export", project=str(project), request=to_plain(asked), spans=keys,
       out=str(out), fps=str(asked.rate))  # fmt: skip
    assert (probe(out).width, probe(out).height) == (256, 256)
    assert probe(out).fps == Fraction(24)
    assert sum(1 for _ in read_video(out)) == asked.frames == 33


def test_a_range_costs_its_chunks_alone_and_is_the_same(handlers, asked, project, tmp_path):
    part = replace(asked, only=whole_chunks(asked, 9, 12))
    assert (part.only, part.frames) == ((8, 15), 8)
    made = do(handlers, "render", project=str(tmp_path), request=to_plain(part))["made"]
    stages = [span.stage for span in spans(asked) if span.key in made]
    assert (stages.count("upsample"), stages.count("decode"), len(stages)) == (1, 3, len(made))
    whole = list(stored_frames(handlers.takes(project), list(last_keys(spans(asked)))))
    few = list(stored_frames(handlers.takes(tmp_path), list(last_keys(spans(part)))))
    np.testing.assert_array_equal(np.stack(few), np.stack(whole[8:16]))


def test_one_tile_is_looked_at_before_the_whole(handlers, asked, tmp_path):
    heard = []
    found = do(handlers, "preview_tile", heard.append, project=str(tmp_path),
               request=to_plain(asked), frame=20, place=[0.9, 0.1])  # fmt: skip
    assert found == {"tile": [24, 0, 40, 40], "first": 16}
    preview = heard[-1].preview
    assert (preview.frames, preview.height, preview.width) == (8, 160, 160)
    stored = set(handlers.takes(tmp_path).keys())
    assert not stored & {span.key for span in spans(asked) if span.stage == "upsample"}
    assert stored < {span.key for span in spans(asked)}


@pytest.mark.long
def test_a_stopped_render_goes_on(handlers, asked, project, tmp_path):
    def stop(progress):
        if progress.stage == "upsample" and progress.step > 8:  # in the second of five portions
            raise Cancelled

    payload = {"project": str(tmp_path), "request": to_plain(asked)}
    with pytest.raises(Cancelled):
        do(handlers, "render", stop, **payload)
    again = do(handlers, "render", **payload)
    assert again["reused"]
    assert again["made"]
    keys = list(last_keys(spans(asked)))
    one, other = (
        np.stack(list(stored_frames(handlers.takes(p), keys))) for p in (tmp_path, project)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("fits", [True, False])
def test_both_networks_are_in_memory_only_where_they_fit(handlers, fits):
    model, models = library.find("tiny", handlers.model_folders), ModelCache("cpu", 2**40 * fits)
    upsampler = models.part(model, "upscaler", silent)
    assert models.part(model, "upscaler", silent) is upsampler
    models.video(model, silent)
    assert (models.part(model, "upscaler", silent) is upsampler) == fits


def test_what_cannot_be_upsampled_is_refused(handlers, asked):
    card = library.find("tiny", handlers.model_folders).card
    with pytest.raises(Refusal, match="has no upsampler"):
        check(asked, replace(card, upsampling=None))
    with pytest.raises(Refusal, match="no frames 30 to 40"):
        check(replace(asked, only=(29, 39)), card)
