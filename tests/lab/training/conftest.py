"""What the stages around given frames are taught with: a reader and a few clips of every kind."""

import pytest

from studio.lab.training import autoencoder, conditioned, text


@pytest.fixture(scope="session")
def reader():
    words = text.tokenizer()
    return words, text.fresh(words, 0).eval().requires_grad_(False)


@pytest.fixture(scope="session")
def sets(tmp_path_factory):
    vae = autoencoder.fresh(0).eval()
    return conditioned.make(vae, 5, 3, tmp_path_factory.mktemp("clips"))
