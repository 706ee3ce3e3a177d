"""ffmpeg as a program: fed through a pipe or read through a pipe, never left running.

Every run hangs on a pipe to this process, and that is what ends it when this process is killed, on
every system alike: an input that ends is a clip that ends, an output that nobody reads is an error.
"""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from studio.spec.refusal import Refusal

# Playlists, concatenations and image sequences can name other files: only plain containers open.
_DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,gif,mpeg,mpegts,ogg,asf,mjpeg,"
    "rawvideo,ffmetadata,ivf,h264,hevc,obu,apng,webp_pipe,webp_anim,png_pipe,wtv,mxf,nut,"
    "wav,w64,mp3,flac,aac,aiff,caf,f32le"
)
_POLL_SECONDS = 0.1
# Ctrl+C belongs to the studio, which then stops ffmpeg itself and cleans up after it.
_WINDOWS_GROUP = (
    subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    if sys.platform == "win32"
    else 0
)


class Failed(Exception):
    """ffmpeg ended with an error; the text is its own last words."""


def source(path: Path) -> list[str]:
    """The arguments that open `path` as an input: one local file, whatever its name looks like."""
    return [
        "-protocol_whitelist", "file,pipe",
        "-format_whitelist", _DEMUXERS,
        "-i", file_url(path),
    ]  # fmt: skip


def file_url(path: Path) -> str:
    """`path` spelled so that ffmpeg sees neither an option nor a protocol in it."""
    return f"file:{path.absolute()}"


class Program:
    """One running ffmpeg.  Made by `running`."""

    def __init__(self, process: subprocess.Popen[bytes], words: int) -> None:
        self._process = process
        self._words: deque[bytes] = deque(maxlen=words)
        # An unread pipe fills up and blocks ffmpeg for good; a thread keeps it empty.
        self._drain = threading.Thread(target=self._listen, name="ffmpeg-stderr", daemon=True)
        self._drain.start()

    @property
    def output(self) -> BufferedReader:
        """What ffmpeg writes to its standard output."""
        assert isinstance(self._process.stdout, BufferedReader)
        return self._process.stdout

    @property
    def words(self) -> tuple[bytes, ...]:
        """Its last lines on standard error; all of them once `finish` has returned."""
        return tuple(self._words)

    def feed(self, chunks: Iterable[bytes | memoryview]) -> None:
        """Write `chunks` to its standard input and close it; a closed pipe shows in `finish`."""
        pipe = self._process.stdin
        assert pipe is not None
        for chunk in chunks:
            try:
                pipe.write(chunk)
            except OSError:  # ffmpeg is gone; its last words say why
                break
        with suppress(OSError):
            pipe.close()

    def finish(self, waiting: Callable[[], None] = lambda: None, *, strict: bool = False) -> None:
        """Wait for the end, calling `waiting` meanwhile.

        Raises `Failed` on an error; with `strict` also on one that ffmpeg reports but mends, as a
        decoder does with a damaged frame.
        """
        while True:
            try:
                status = self._process.wait(_POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                waiting()
        self._drain.join()
        if status != 0 or (strict and self._words):
            raise Failed(self._last_words() or _ended(status))

    def stop(self) -> None:
        """End it now if it still runs, and leave neither a process nor a pipe behind."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._drain.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _listen(self) -> None:
        pipe = self._process.stderr
        assert pipe is not None
        # read in bounded pieces: a damaged file can make ffmpeg talk without end or line breaks
        for line in iter(lambda: pipe.readline(2000), b""):
            self._words.append(line)

    def _last_words(self) -> str:
        return b" ".join(tuple(self._words)[-20:]).decode("utf-8", "replace").strip()


@contextmanager
def running(arguments: Sequence[str], *, fed: bool = False, words: int = 20) -> Iterator[Program]:
    """Run ffmpeg for the length of the block; it is killed and reaped however the block ends.

    `fed` opens its standard input for `Program.feed`; otherwise the input is empty, never the
    terminal's, and the output has to be "pipe:1": from file to file it would outlive a kill.
    `words` is how many of its last lines are kept.
    """
    if not fed and arguments[-1] != "pipe:1":
        raise ValueError("this ffmpeg would not notice the end of the studio")
    program = Program(_started(arguments, fed), words)
    try:
        yield program
    finally:
        program.stop()


def version() -> str:
    """What ffmpeg calls itself: "ffmpeg version 7.0.2".  Refused where it does not run."""
    program = Program(_started(["-version"], fed=False), words=20)
    try:
        line = program.output.readline().decode("utf-8", "replace")
        program.finish()
    except Failed as error:
        raise Refusal("ffmpeg does not run.", f"It says: {error}") from error
    finally:
        program.stop()
    return " ".join(line.split()[:3])


def _started(arguments: Sequence[str], fed: bool) -> subprocess.Popen[bytes]:
    from imageio_ffmpeg import get_ffmpeg_exe  # stays out of the start-up

    try:
        return subprocess.Popen(
            [get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments],
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=_WINDOWS_GROUP,
            env={**os.environ, "SVT_LOG": "1"},  # its AV1 encoder speaks whatever ffmpeg's level is
            start_new_session=True,  # the same elsewhere
        )
    except (RuntimeError, OSError) as error:  # none is installed, or what is named is no program
        raise Refusal(
            "ffmpeg cannot be started.",
            "Install imageio-ffmpeg again, or set IMAGEIO_FFMPEG_EXE to an ffmpeg program.",
        ) from error


def _ended(status: int) -> str:
    """What an end without a word means: a limit to the size of files ends a program by a signal."""
    if status == -getattr(signal, "SIGXFSZ", 0) != 0:
        return "File too large"
    return f"it ended with status {status}"
