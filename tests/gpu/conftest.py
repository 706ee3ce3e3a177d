"""What the tests on a card share: the starter and the command line, in a data folder of one's own."""

import gc
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

from studio.cli import main
from studio.engine.device import available, choose
from studio.jobs.handlers import BUILT_IN
from studio.library import models as library

SAMPLES = sorted((BUILT_IN.parent / "assets" / "samples").glob("*.png"))
CARD = available()[0]


@pytest.fixture
def card():
    """The accelerator."""
    return choose(CARD)


@pytest.fixture(scope="session")
def starter() -> library.Model:
    return library.find("starter", (BUILT_IN,))


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict]:
    """A command line on the card or elsewhere that ends well: its one JSON object."""

    def run(*words: str, on: str = CARD, home: str = "data") -> dict:
        capsys.readouterr()
        more = ("--device", on) if on else ()
        code = main([*words, *more, "--json", "--data-dir", str(tmp_path / home)])
        said = capsys.readouterr()
        assert code == 0, said.out + said.err
        return json.loads(said.out)

    return run


@pytest.fixture(autouse=True)
def memory_is_given_back() -> Iterator[None]:
    """No test leaves tensors on a card."""
    before = allocated()
    yield
    assert allocated() <= before + 2**20


def allocated() -> int:
    """Bytes of tensors on the card, once what is no longer reachable is gone."""
    gc.collect()
    if CARD != "cuda":
        return 0
    torch.cuda.synchronize()
    torch._C._cuda_clearCublasWorkspaces()  # of the library, kept for its next product
    return torch.cuda.memory_allocated()


def psnr(one: np.ndarray, other: np.ndarray, span: float = 255.0) -> float:
    """In dB, of arrays whose values span so much."""
    wrong = np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2)
    return float(10 * np.log10(span**2 / max(wrong, 1e-12)))
