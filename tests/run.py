"""Set the tests up and run them, from nothing: python3 tests/run.py [arguments for pytest]

Makes the environment .venv, installs the studio with its test tools, looks for the system
libraries that Qt needs (and installs them on Debian and its kin, as root), runs pytest, and fails
when more than MOST_SKIPPED tests are skipped.  Only the standard library is used here.

STUDIO_TORCH says what to install as torch, for example "torch" for the newest one.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
TORCH = "torch==2.13.0"
MOST_SKIPPED = 40
MOST_PROCESSES = 4
PROCESS = 2 * 1024**3
OLDEST, TOO_NEW = (3, 11), (3, 14)

# what Qt loads even without a screen, and the Debian packages that bring it
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
ELSEWHERE = (
    "Fedora:    sudo dnf install mesa-libEGL mesa-libGL libxkbcommon dbus-libs fontconfig glib2",
    "Arch:      sudo pacman -S libglvnd mesa libxkbcommon dbus fontconfig glib2",
    "openSUSE:  sudo zypper install Mesa-libEGL1 Mesa-libGL1 libxkbcommon0 libdbus-1-3 fontconfig",
)


def main(arguments: list) -> int:
    """Everything, in order; the exit code of pytest."""
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        print(f"Python 3.11 to 3.13 is needed; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    if sys.platform == "linux" and not libraries_there():
        return 2
    python = environment()
    torch = os.environ.get("STUDIO_TORCH", TORCH)
    # torch first: where a build for the processor alone is at hand, the pinned version finds it
    done(python, "-m", "pip", "install", "--quiet", torch)
    done(python, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[test]")
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    # some hundred programs are started: none but the first compiles what it imports
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [python, "-m", "pytest", f"--most-skipped={MOST_SKIPPED}", *at_once(), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def at_once() -> list:
    """How pytest shares the files of tests among processes; each may take two gigabytes.

    One more than there are cores: tests of windows, queues and programs often wait.
    """
    cores = os.cpu_count() or 1
    processes = min(MOST_PROCESSES, cores + (cores > 1), max(1, memory() // PROCESS))
    # in the order of the folders: those of a few long tests come first
    how = [f"--numprocesses={processes}", "--dist=loadfile", "--no-loadscope-reorder"]
    return how if processes > 1 else []


def memory() -> int:
    """Bytes of the computer; what MOST_PROCESSES take where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return MOST_PROCESSES * PROCESS


def environment() -> Path:
    """The Python of .venv, made when missing."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode
        if made and may_install():  # Debian keeps a part of the standard library in a package
            install(["python3-venv"])
            shutil.rmtree(VENV, ignore_errors=True)
            made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode
        if made:
            sys.exit("The environment could not be made.  On Debian: sudo apt install python3-venv")
    return python


def libraries_there() -> bool:
    """Whether Qt's libraries are there, after installing them where that is possible."""
    missing = missing_libraries()
    if missing and may_install():
        install([LIBRARIES[name] for name in missing])
        missing = missing_libraries()
    if missing:
        packages = " ".join(LIBRARIES[name] for name in missing)
        print(f"Qt needs {', '.join(missing)}.  Install them and run this again:", file=sys.stderr)
        print(
            f"Debian, Ubuntu:  sudo apt install {packages}", *ELSEWHERE, sep="\n", file=sys.stderr
        )
    return not missing


def missing_libraries() -> list:
    """Names of libraries that the system does not find."""
    missing = []
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def may_install() -> bool:
    """Whether this is Debian or its kin, and we are root."""
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list) -> None:
    """Install Debian packages without a question."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "--quiet", *words], env=environ, check=True)


def done(*command: object) -> None:
    """Run a command that has to work."""
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
