"""The subject table: a column from a trained adapter, a row per figure."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.engine.device import choose
from studio.engine.families.videoldm import family as videoldm
from studio.engine.families.videoldm.student import VideoStudent
from studio.engine.subjects.likeness import LikenessNet
from studio.engine.subjects.subject import train_subject
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.lab.measures import subjects
from studio.lab.measures.evaluation import Share
from studio.lab.measures.subjects import Figures, Observed, Shot
from studio.library import models as library
from studio.spec.progress import Preview, Progress
from tests import tiny_starter
from tests.cards import with_


@pytest.mark.long
def test_a_subject_is_trained_shown_moving_and_measured(tmp_path: Path) -> None:
    found = library.read(tiny_starter.make(tmp_path / "tiny"))
    card = with_(found.card, steps=2)
    video = videoldm.load_video(found.folder, card, choose("cpu"))
    rng = np.random.default_rng(3)
    photos = [rng.integers(0, 255, (64, 64, 3), np.uint8) for _ in range(4)]
    spec = SubjectSpec("dog", steps=4, preview_every=1, prior_pictures=1, crops=1)
    observed: list[Preview] = []

    def tick(progress: Progress) -> None:
        if progress.preview and progress.stage == "learning the subject":
            observed.append(progress.preview)

    student = VideoStudent(video.backbone, video)
    how = {"defaults": card.subjects}
    trained = train_subject(student, photos[:3], spec, tmp_path / "run", tick, **how)
    frames = video.card.window.usual
    assert [preview.frames for preview in observed] == [1, frames, 1, frames]
    assert all(len(p.rgb) == p.frames * p.height * p.width * 3 for p in observed)

    net = LikenessNet().eval()
    made: list[Shot] = []

    def look_at(shots: Sequence[Shot]) -> list[Observed]:
        made.extend(shots)
        return [subjects.look(video, shot) for shot in shots]

    figures = subjects.measure(look_at, trained.file, photos[:3], photos[3], net, seeds=1)
    assert [shot.prompt for shot in made[:5]] == [
        *(f"a dog moving {direction}" for direction in subjects.DIRECTIONS),
        "a sks dog moving left",
    ]
    assert [shot.adapter for shot in made] == [None] * 4 + [trained.file] * 8
    assert figures.motion_after.count == figures.motion_before.count == 4
    assert figures.places.count == figures.motion_there.count == 4
    assert [(shot.direction, shot.place) for shot in made[8:]] == [
        *zip(subjects.DIRECTIONS, subjects.PLACES, strict=True)
    ]
    assert made[8].prompt == "a sks dog moving left on grass"
    assert -1 <= figures.to_held_out <= 1
    assert figures.nearest_photo > 0


def test_the_table_has_a_column_per_subject_and_says_what_is_not_reliable() -> None:
    net = LikenessNet()
    figures = Figures(0.5, 0.6, 40.0, Share(1, 4), Share(3, 4), Share(2, 4), Share(1, 4))
    text = subjects.markdown({"rex, lora": figures, "rex, dreambooth": figures}, net)
    lines = text.splitlines()
    assert {line.count("|") for line in lines} == {4}
    assert "not reliable for photos" in lines[2]
    assert "75.0 %" in text
    drawn = subjects.markdown({"rex, lora": figures, "pip, lora": figures}, net, {"pip, lora"})
    assert drawn.splitlines()[2].endswith(" 0.50 (not reliable for photos) | 0.50 |")


def test_a_model_that_fills_is_measured_through_prediction_and_interpolation(tmp_path) -> None:
    found = library.read(tiny_starter.make(tmp_path / "dense", plain=False))
    card = with_(found.card, steps=1, size=64)
    video = replace(videoldm.load_video(found.folder, card, choose("cpu")), card=card)
    observed = subjects.look(video, subjects.Shot("a dog moving left on grass", 3, "left", "grass"))
    assert observed.extended is not None
    assert observed.between is not None
    assert not np.array_equal(observed.extended, observed.between)
    bare = subjects.look(video, subjects.Shot("a dog moving left", 3, "left"))
    assert bare.extended is None
    both = Figures(
        0.5,
        0.6,
        40.0,
        Share(1, 4),
        Share(3, 4),
        Share(2, 4),
        Share(1, 4),
        0.2,
        0.4,
        0.3,
        Share(4, 4),
    )
    text = subjects.markdown({"rex, lora": both}, LikenessNet())
    assert "| motion right in predicted keyframes | 100.0 %" in text
    assert "| likeness in keyframes, new places | 0.20" in text


@pytest.mark.parametrize("word", subjects.DIRECTIONS)
def test_a_still_never_counts_as_moving(word: str, tmp_path: Path) -> None:
    found = library.read(tiny_starter.make(tmp_path / "tiny"))
    video = videoldm.load_video(found.folder, found.card, choose("cpu"))
    still = np.random.default_rng(0).integers(0, 255, (1, 64, 64, 3), np.uint8).repeat(8, 0)
    assert not subjects._goes(video, still, word)
