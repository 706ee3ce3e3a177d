"""The file that a role is hashed from is the file that the engine opens for it."""

import shutil

import pytest

from studio.engine.families.videoldm import upsampler
from studio.jobs.model_cache import ModelCache
from studio.library import models
from studio.library.strays import OPTIONAL
from studio.spec import components
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests import tiny_starter
from tests.engine import tiny_upsampler


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model with every role but the words of an upsampler, which no part here reads."""
    folder = tiny_starter.make(tmp_path_factory.mktemp("whole") / "tiny")
    tiny_upsampler.give(folder, "latent")
    return folder


@pytest.mark.parametrize("role", [*components.NEEDED, *components.NEEDED_TO_UPSAMPLE, *OPTIONAL])
def test_without_its_file_a_role_cannot_be_loaded(whole, tmp_path, role):
    if role == "upsampler text":
        assert OPTIONAL[role] == f"{upsampler.FOLDER}/text_encoder"
        assert "text_encoder" in upsampler.OPTIONAL
        return
    folder = tmp_path / "tiny"
    shutil.copytree(whole, folder)
    model = models.read(folder)
    (folder / components.FILES[role]).unlink()
    loads = "upscaler" if role.startswith("upsampler") else "codec"
    with pytest.raises(Refusal, match="cannot be read"):
        ModelCache("cpu").part(model, loads, silent)


def test_every_folder_an_upsampler_may_have_is_a_role():
    weighed = {name for name in upsampler.OPTIONAL if name != "tokenizer"}
    assert {f"{upsampler.FOLDER}/{name}" for name in weighed} == set(OPTIONAL.values())
