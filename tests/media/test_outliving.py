"""A studio that is killed takes its ffmpeg along, and what it left is swept by the next export."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.media import ffmpeg
from studio.media.claims import Claim, is_left
from studio.media.video import write_video
from studio.media.writing import write_aside
from tests.media.clips import noise

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 10.0
"""Seconds; the second pass of these frames alone would take longer."""
EXPORTS = """
import sys
from pathlib import Path
from studio.media.video import write_video
from tests.media.clips import noise
write_video(Path(sys.argv[1]), noise(150, (256, 256)), fps=24, size=(256, 256), recipe=None)
"""
linux = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")


def running_on(folder: Path) -> dict[int, str]:
    """The ffmpeg processes that work in `folder`: their command lines by process id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (
                (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except OSError:
            continue
        if "ffmpeg" in line.split(" ", 1)[0] and str(folder) in line:
            found[int(process.name)] = line
    return found


def until(condition, limit: float = 60.0) -> bool:
    end = time.monotonic() + limit
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(met)


@linux
@pytest.mark.parametrize(
    "pass_of", ["palettegen", pytest.param("paletteuse", marks=pytest.mark.long)]
)
def test_ffmpeg_ends_with_a_killed_studio(tmp_path, pass_of):
    program = subprocess.Popen([sys.executable, "-c", EXPORTS, str(tmp_path / "a.gif")], cwd=ROOT)
    try:
        assert until(lambda: any(pass_of in line for line in running_on(tmp_path).values()))
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    assert until(lambda: not running_on(tmp_path), LIMIT), running_on(tmp_path)
    left = [path for path in tmp_path.iterdir() if path.name.endswith(".part")]
    assert left
    assert until(lambda: all(map(is_left, left)))
    write_video(tmp_path / "b.mp4", noise(2), fps=24, size=(32, 24), recipe=None)
    assert [path.name for path in tmp_path.iterdir()] == ["b.mp4"]


def test_what_somebody_writes_is_kept(tmp_path):
    for made in (tmp_path / f".a.{'a' * 12}.part", tmp_path / f".b.{'b' * 12}.part"):
        made.mkdir() if made.name.startswith(".b") else made.touch()
        claim = Claim(made)
        assert until(lambda made=made: time.time() - made.stat().st_mtime > 1.1)
        with write_aside(tmp_path / "x"):
            assert not is_left(made)
        assert made.exists()
        claim.release()
        with write_aside(tmp_path / "x"):
            pass
        assert not made.exists()


def test_no_run_goes_from_file_to_file(tmp_path):
    arguments = [*ffmpeg.source(tmp_path / "a"), ffmpeg.file_url(tmp_path / "b")]
    with pytest.raises(ValueError, match="would not notice"), ffmpeg.running(arguments):
        pass


def test_programs_are_started_where_they_end_with_the_studio():
    """ffmpeg, and the studio's own modules (`tests/library/test_conversion.py`)."""
    starts = re.compile(r"subprocess|get_ffmpeg_exe")
    files = (ROOT / "studio").rglob("*.py")
    found = [path for path in files if starts.search(path.read_text("utf-8"))]
    said = [path.relative_to(ROOT / "studio").as_posix() for path in found]
    places = {name for name in said if name != "spec/quoting.py"}
    assert places == {"media/ffmpeg.py", "child.py"}


def test_ffmpeg_says_what_it_is():
    assert ffmpeg.version().startswith("ffmpeg version ")
