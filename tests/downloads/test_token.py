"""The hub's token: in the system's keyring, or nowhere."""

import io
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringError

from studio.downloads import access_token
from studio.spec.refusal import Refusal
from tests.downloads.hub_server import TOKEN


@pytest.fixture
def typed(monkeypatch):
    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typed


def test_a_token_is_kept_and_forgotten(run, ring, typed, data):
    typed(f"{TOKEN}\n")
    done = run("library", "token")
    assert done.out == "The token is in the system's keyring.\n"
    assert access_token.stored() == TOKEN
    assert ring.kept == {("studio", "huggingface.co"): TOKEN}
    assert not [f for f in data.rglob("*") if f.is_file() and TOKEN.encode() in f.read_bytes()]
    assert run("library", "token", "--forget").out == "The token is forgotten.\n"
    assert access_token.stored() == ""
    assert run("library", "token", "--forget").out == "There was no token.\n"


@pytest.mark.parametrize("text", ["", "\n", "two words\n", "hf_\x07bell\n", "ключ\n", "x" * 500])
def test_what_is_no_token_is_refused(run, ring, typed, text):
    typed(text)
    assert run("library", "token").code == 2
    assert not ring.kept


class Files(KeyringBackend):
    """A keyring that would write into a file, as those of keyrings.alt."""

    priority = 1
    file_path = "/home/me/keyring.cfg"

    def get_password(self, service, username):
        return "of a file"

    def set_password(self, service, username, password):
        raise AssertionError("written into a file")


class Locked(KeyringBackend):
    """A keyring that its person does not open."""

    priority = 1

    def get_password(self, service, username):
        raise KeyringError("locked")

    def set_password(self, service, username, password):
        raise KeyringError("locked")


@pytest.mark.parametrize(
    ("backend", "says"),
    [
        (fail.Keyring, "This system has no keyring to keep a token in."),
        (null.Keyring, "This system has no keyring to keep a token in."),
        (Files, "would write the token into /home/me/keyring.cfg."),
        (Locked, "The system's keyring does not answer. Unlock it"),
    ],
)
def test_where_no_keyring_keeps_it_a_sentence_says_so(run, ring, typed, backend, says):
    keyring.set_keyring(backend())
    typed(f"{TOKEN}\n")
    done = run("library", "token")
    assert done.code == 2
    assert says in done.err
    assert TOKEN not in done.err + done.out
    assert access_token.stored() == ""


def test_keyring_is_optional(run, typed, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert access_token.stored() == ""
    typed(f"{TOKEN}\n")
    run("library", "token").refused("There is no access to the system's keyring.")
    with pytest.raises(Refusal, match="pip install keyring"):
        access_token.keep(TOKEN)
