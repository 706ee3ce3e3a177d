"""The figures of the model card, made with a tiny model on real spans."""

import numpy as np
import pytest
import torch

from studio.engine.device import choose
from studio.engine.families.videoldm import family as videoldm
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.lab.measures import evaluation, starter
from studio.lab.measures.clips import clip
from studio.library import models as library
from tests import tiny_starter
from tests.cards import with_


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoModel:
    folder = tiny_starter.make(tmp_path_factory.mktemp("models") / "tiny")
    found = library.read(folder)
    return videoldm.load_video(found.folder, with_(found.card, steps=4), choose("cpu"))


def test_a_clip_has_the_family_s_length_and_size_and_follows_its_seed(video: VideoModel) -> None:
    one = clip(video, "a red ball", 1)
    assert one.shape == (video.card.window.usual, 64, 64, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, clip(video, "a red ball", 1))
    assert not np.array_equal(one, clip(video, "a red ball", 2))


def test_the_control_is_the_image_model_frame_by_frame(video: VideoModel) -> None:
    shut = starter.FrameByFrame(video.net)
    x = torch.randn(4, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    text = torch.zeros(1, 24, 128)
    t = torch.tensor(500)
    together = shut(x, t.expand(4), text, text, frames=4)
    alone = video.backbone.unet(x, t, text.expand(4, -1, -1)).sample
    assert torch.equal(together, alone)
    assert not torch.equal(together, video.net(x, t.expand(4), text, text, frames=4))


def test_every_column_counts_the_same_prompts(video: VideoModel) -> None:
    asked = evaluation.prompts(2, seed=5)
    observed = [
        starter.look(video, name, prompt, at)
        for at, prompt in enumerate(asked)
        for name in starter.COLUMNS
    ]
    tables = starter.columns(asked, observed)
    assert list(tables) == [
        "the starter",
        "real clips through the autoencoder",
        "image model frame by frame",
    ]
    assert {table.colour.count for table in tables.values()} == {2}
    assert tables[starter.REAL].colour.hits >= tables[starter.OURS].colour.hits
    assert tables[starter.REAL] == evaluation.tally(observed[1::3], [m for _, m in asked])
    text = evaluation.markdown(tables)
    assert all(name in text for name in tables)


def test_real_clips_pass_the_autoencoder_frame_by_frame(video: VideoModel) -> None:
    frames = evaluation.real_clip(evaluation.prompts(1, seed=5)[0][1], 3)
    back = starter.through_autoencoder(video, frames)
    assert back.shape == frames.shape
    alone = starter.through_autoencoder(video, frames[2:3])
    assert np.abs(back[2:3].astype(int) - alone).max() <= 1  # another batch is rounded otherwise
