"""A hub on this computer, in place of huggingface.co, and folders to download to."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from studio.downloads import hub as hub_module
from studio.downloads import transfer
from studio.terminal import downloads as commands
from tests.downloads.hub_server import World, running
from tests.downloads.weights import weights

REPO = "maker/model"
CATALOGUE = """
version = 1
[[model]]
id = "small"
name = "Small model"
role = "video model"
family = "Wan 1.3B"
licence = "Apache-2.0"
page = "https://huggingface.co/maker/model"
repo = "maker/model"
does = "Clips."
card = 8
needs = ["codec"]
[[model.file]]
path = "model.safetensors"
[[model.file]]
path = "config.json"
[[model]]
id = "codec"
name = "Its codec"
role = "autoencoder"
family = "Wan"
licence = "MIT"
page = "https://huggingface.co/maker/codec"
repo = "maker/codec"
[[model.file]]
path = "vae/codec.safetensors"
[[model]]
id = "folder"
name = "A folder"
role = "video model"
family = "Wan 1.3B"
licence = "Apache-2.0"
page = "https://huggingface.co/maker/folder"
repo = "maker/folder"
[[model.file]]
path = "model_index.json"
[[model.file]]
path = "transformer/*.safetensors"
[[bundle]]
id = "8gb"
card = 8
does = "All of it."
models = ["small"]
[[not_offered]]
id = "closed"
name = "Closed model"
licence = "Community"
why = "its licence excludes most of the world"
"""


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0

    def get_password(self, service, username):
        self.asked += 1
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    keyring.set_keyring(ring := Ring())
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ring: Ring) -> Iterator[World]:
    """The hub with two repositories; variables of the environment try to lead elsewhere."""
    made = World(
        {
            REPO: {"model.safetensors": weights(), "config.json": b'{"layers": 1}\n'},
            "maker/codec": {"vae/codec.safetensors": weights(2**18, seed=1)},
        },
        {"/files/plain.safetensors": weights(2**19, seed=2)},
    )
    with running(made):
        monkeypatch.setattr(hub_module, "ENDPOINT", made.hub)
        monkeypatch.setattr(transfer, "PAUSE", 0.01)
        catalogue = tmp_path / "catalogue.toml"
        catalogue.write_text(CATALOGUE)
        monkeypatch.setattr(commands, "CATALOGUE", catalogue)
        yield made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]):
    """The command line on that data folder."""
    from studio.cli import main
    from tests.commands import Ran

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main([*words, "--data-dir", str(data)])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run
