"""No connection but those that a person asked for, and none to where nobody asked."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from studio.downloads.connections import LARGEST, ConnectionLog, shown_link
from studio.downloads.online import online
from tests.downloads.hub_server import World, running

ROOT = Path(__file__).parents[2]
COMMANDS = [
    ["library", "download"],
    ["library", "downloads"],
    ["library", "list"],
    ["library", "scan", "."],
    ["library", "folders"],
    ["library", "token", "--forget"],
    ["library", "download", "ltx-2"],
    ["library", "download", "sdxl", "--sha256", "0" * 64],
    ["library", "download", "https://huggingface.co/maker/model"],
    ["queue", "list"],
    ["subject", "list"],
    ["--quit-after-first-paint"],
]
BLOCKED = """
import socket, sys
def no(*args, **kwargs):
    print("A CONNECTION", args, file=sys.stderr)
    raise AssertionError(args)
real = socket.socket.connect
def connect(self, address):
    return real(self, address) if self.family == socket.AF_UNIX else no(address)
socket.socket.connect = socket.socket.connect_ex = connect
socket.socket.sendto = no
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = no
from studio.cli import main
sys.exit(main(sys.argv[1:]))
"""


def blocked(words: list[str], data: Path) -> subprocess.CompletedProcess[str]:
    """A command in a process in which any connection is an error; the environment asks for the
    network."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0"}
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *words, "--data-dir", str(data)],
        cwd=data.parent,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_opens_a_connection_unasked(data, words):
    done = blocked(words, data)
    assert "A CONNECTION" not in done.stderr
    assert done.returncode in (0, 2), done.stderr
    assert not (data / "connections.log").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["generate", "a red ball", "--out", "a.mp4", "--model", "tiny", "--keyframes", "2"],
        ["doctor"],
    ],
    ids=["generate", "doctor"],
)
@pytest.mark.long
def test_nor_does_one_that_loads_models(home, words):
    done = blocked(words, home)
    assert "A CONNECTION" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert not (home / "connections.log").exists()


def test_the_block_catches_a_download(data):
    """The guard above, seen to fail: a download opens a connection there."""
    done = blocked(["library", "download", "sdxl"], data)
    assert "A CONNECTION" in done.stderr
    assert "GET https://huggingface.co/api/models/" in (data / "connections.log").read_text()


def test_the_environment_leads_nowhere_else(run, world: World, monkeypatch, data):
    """HF_ENDPOINT, HF_TOKEN and the other variables of huggingface_hub decide nothing; the client
    reads them when it is imported, so this is a process of its own."""
    with running(World()) as elsewhere:
        environment = {
            **os.environ,
            "HF_ENDPOINT": elsewhere.hub,
            "HF_TOKEN": "hf_ofTheEnvironment",
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_USER_AGENT_ORIGIN": "somebody",
            "HF_INFERENCE_ENDPOINT": elsewhere.hub,
            "HUGGINGFACE_CO_STAGING": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        words = ["library", "download", "small", "--yes", "--data-dir", str(data)]
        catalogue = str(data.parent / "catalogue.toml")
        done = subprocess.run(
            [sys.executable, "-m", "tests.downloads.victim", world.hub, catalogue, *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert elsewhere.asked == []
    assert "HF_ENDPOINT is not used" in done.stderr
    assert all(one.headers["user-agent"] == "studio" for one in world.asked)
    assert not any("authorization" in one.headers for one in world.asked)


def test_only_threads_of_the_download_may_ask(world: World, tmp_path):
    """While the door is open, another thread of this process that uses huggingface_hub asks nobody."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    api, found = HfApi(endpoint=world.hub, token=False), []

    def other() -> None:
        try:
            api.model_info("maker/model")
        except OfflineModeIsEnabled as error:
            found.append(str(error))

    with online(ConnectionLog(tmp_path / "log")) as door:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert found == ["Nobody asked for a download: 127.0.0.1 is not asked."]
        assert not world.asked
        with door.opened():
            assert api.model_info("maker/model", revision="main").sha
    other()
    assert len(found) == 2
    assert len(world.asked) == 1


def test_a_host_without_encryption_is_this_computer_alone(tmp_path):
    from studio.spec.refusal import Refusal

    with (
        online(ConnectionLog(tmp_path / "log")) as door,
        door.opened(),
        pytest.raises(Refusal, match="without encryption"),
    ):
        door.client.get("http://example.org/a")
    assert not (tmp_path / "log").exists()


def test_nothing_is_asked_where_the_log_cannot_be_written(run, world: World, data):
    (data / "connections.log").mkdir(parents=True)
    done = run("library", "download", "codec", "--yes")
    assert done.code == 2
    assert "“connections.log”" in done.err
    assert not world.asked


def test_the_log_keeps_its_latest_half(tmp_path):
    log = ConnectionLog(tmp_path / "log")
    log.file.write_text("old line\n" * (LARGEST // 8))
    log.note("the newest")
    lines = log.file.read_text().splitlines()
    assert log.file.stat().st_size < LARGEST
    assert lines[0] == "old line"
    assert lines[-1].endswith("the newest")


def test_links_are_shown_without_what_may_be_secret():
    assert shown_link("https://me:pw@a.org:8443/b/c?token=1#x") == "https://a.org:8443/b/c"


def test_proxies_are_in_the_log(tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy.example:3128")
    log = ConnectionLog(tmp_path / "log")
    with online(log):
        pass
    assert log.file.read_text().endswith("the system names the proxy http://proxy.example:3128\n")


def test_sockets_work_here():
    """The test of blocked ones means something."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
