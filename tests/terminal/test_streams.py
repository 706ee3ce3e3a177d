"""What shows can never decide what is done: closed, full, vanished and missing streams."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.terminal.screen import columns, fitted, repaints, width
from studio.terminal.streams import Unfailing, unfailing, unfailing_streams
from tests.library.weight_builder import safetensors

ROOT = Path(__file__).resolve().parents[2]
MAIN = [sys.executable, "main.py"]
QUICK = ("--model", "tiny", "--steps", "2", "--keyframes", "3", "--seed", "7")
posix = pytest.mark.skipif(os.name == "nt", reason="the shell's redirections are POSIX")


def shell(line: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the studio with `words` where `line` says "studio"; the exit code is the studio's."""
    return subprocess.run(
        ["bash", "-c", f'studio() {{ "$@"; }}; {line}; exit "${{PIPESTATUS[0]}}"', "_", *MAIN, *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


DEAD = {
    "a reader that left": 'studio "$@" | true',
    "a reader of one byte": 'studio "$@" | head -c1 >/dev/null',
    "no stdout": 'studio "$@" >&-',
    "no stderr": 'studio "$@" 2>&-',
    "nothing at all": 'studio "$@" <&- >&- 2>&-',
    "a full disk": 'studio "$@" >/dev/full',
    "a full disk for remarks": 'studio "$@" 2>/dev/full',
}


ANSWERS = (["--help"], ["subject", "list"], ["queue", "list", "--json"])


def answers():
    """Each answer in each place; a slice in which each place comes once, and the rest."""
    for number, (name, line) in enumerate(DEAD.items()):
        for turn, words in enumerate(ANSWERS):
            rest = () if number % len(ANSWERS) == turn else pytest.mark.long
            yield pytest.param(line, words, id=f"{' '.join(words)}-{name}", marks=rest)


@posix
@pytest.mark.parametrize(("line", "words"), list(answers()))
def test_an_answer_that_nobody_reads_is_no_fault(tmp_path, line, words):
    done = shell(line, *words, "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr in ("", "The answer could not be shown: No space left on device.\n")


@posix
@pytest.mark.parametrize(
    "line",
    [
        DEAD["nothing at all"],
        *(pytest.param(DEAD[k], marks=pytest.mark.long) for k in ("no stdout", "a full disk")),
    ],
)
def test_a_clip_is_made_whoever_watches(home, tmp_path, line):
    out = tmp_path / "a.mp4"
    words = ("generate", "a red ball", *QUICK, "--json", "--out", str(out), "--data-dir", str(home))
    assert shell(line, *words).returncode == 0
    assert out.stat().st_size > 1000


@posix
@pytest.mark.parametrize("line", DEAD.values(), ids=DEAD.keys())
def test_a_refusal_stays_a_refusal(tmp_path, line):
    assert shell(line, "subject", "show", "x", "--data-dir", str(tmp_path)).returncode == 2


def watched(words: list[str], size: tuple[int, int], **environ: str) -> tuple[int, str]:
    """The exit code of the studio on a terminal of `size` (rows, columns), and what that showed."""
    import fcntl
    import struct
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    program = subprocess.Popen(
        [*MAIN, *words], cwd=ROOT, stdin=slave, stdout=slave, stderr=slave,
        env={**os.environ, "TERM": "xterm"} | environ,
    )  # fmt: skip
    os.close(slave)
    said = b""
    try:
        while chunk := os.read(master, 65536):
            said += chunk
    except OSError:  # Linux says so when the last writer is gone
        pass
    os.close(master)
    return program.wait(60), said.decode()


@posix
def test_progress_fits_a_narrow_terminal_and_needs_no_escapes(tmp_path):
    """All commands speak by one voice; a scan computes nothing beside it."""
    for number in range(400):
        safetensors(tmp_path / f"a long name {number}.safetensors", {"a": (1,)})
    words = ["library", "scan", str(tmp_path), "--data-dir", str(tmp_path / "data")]
    code, said = watched(words, (24, 20))
    assert code == 0
    painted = [part for line in said.split("\r\n") for part in line.split("\r")[1:]]
    assert painted
    assert all(width(part) <= 19 for part in painted), painted
    assert "\x1b" not in said
    _, plain = watched(words, (24, 20), TERM="dumb")
    assert "scanning models" in plain
    assert "\r" not in plain.replace("\r\n", "\n")


@posix
def test_a_terminal_that_vanishes_hangs_up_and_nothing_is_a_fault(home, tmp_path):
    """As when its window is closed: first SIGHUP, then every write fails with EIO."""
    import pty

    words = ["generate", "a red ball", "--model", "tiny", "--steps", "1000", "--keyframes", "8"]
    words += ["--out", str(tmp_path / "a.mp4"), "--data-dir", str(home)]
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execv(sys.executable, [*MAIN, *words])
    said = b""
    while b"keyframes" not in said:
        said += os.read(master, 4096)
    os.close(master)
    until = time.monotonic() + 60
    while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < until:
        time.sleep(0.05)
    assert os.waitstatus_to_exitcode(ended[1]) == 129
    assert list(tmp_path.glob("*.mp4*")) == []


@posix
@pytest.mark.parametrize(
    "name",
    [
        "nothing at all",
        pytest.param("a full disk for remarks", marks=pytest.mark.long),
        pytest.param("no stderr", marks=pytest.mark.long),
    ],
)
def test_the_window_opens_without_streams(tmp_path, name):
    words = ("studio", "--quit-after-first-paint", "--data-dir", str(tmp_path / "data"))
    assert shell(DEAD[name], *words).returncode == 0


class Failing(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.tries = error, 0

    def write(self, _: str) -> int:
        self.tries += 1
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(5, "EIO"), BrokenPipeError(), ValueError("closed file"), PermissionError()]
)
def test_a_stream_that_failed_is_left_alone(error):
    stream = unfailing(failing := Failing(error))
    assert stream.write("one") == 3
    stream.write("two")
    stream.flush()
    assert failing.tries == 1
    assert stream.error is error
    assert not stream.isatty()


def test_a_missing_stream_is_silence(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    with unfailing_streams():
        print("to nobody", flush=True)
    assert sys.stdout is None


def test_a_stream_that_cannot_spell_something_still_says_the_rest():
    raw = io.BytesIO()
    stream = Unfailing(io.TextIOWrapper(raw, "ascii"))
    print("a × b ✂ \udcff", file=stream, flush=True)  # type: ignore[arg-type]
    assert raw.getvalue() == b"a \\xd7 b \\u2702 \\udcff\n"
    assert stream.error is None


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("keyframes", 9, "keyframes"),
        ("keyframes", 8, "keyfram…"),
        ("写真を読む", 6, "写真…"),
        ("写真を読む", 5, "写真…"),
        ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
        ("a\nb\x1b[2J", 20, "a\ufffdb\ufffd[2J"),
        ("keyframes", 0, ""),
    ],
)
def test_a_text_fits_the_columns_there_are(text, room, shown):
    assert fitted(text, room) == shown
    assert width(shown) <= room


def test_a_line_repaints_itself_on_terminals_that_can():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    capable = os.name == "nt"
    terminal = unfailing(Terminal())
    assert repaints(terminal, {"TERM": "xterm"})
    assert repaints(terminal, {"TERM": "dumb"}) == capable
    assert repaints(terminal, {}) == capable
    assert not repaints(unfailing(io.StringIO()), {"TERM": "xterm"})


def test_columns_of_a_stream_that_does_not_say(monkeypatch):
    monkeypatch.setenv("COLUMNS", "44")
    assert columns(unfailing(io.StringIO())) == 44
    monkeypatch.setenv("COLUMNS", "none")
    assert columns(unfailing(io.StringIO())) == 80
