"""Which files lie on another computer, or on a volume that may: by what the system says of the place."""

import os
import sys
from functools import cache
from pathlib import Path, PurePath

MOUNTS = Path("/proc/self/mountinfo")
FAR = (
    "nfs", "cifs", "smb", "sshfs", "davfs", "9p", "afs", "ceph", "gluster", "lustre", "rclone",
    "s3fs", "gcsfuse", "drvfs", "virtiofs", "vboxsf", "ncpfs",
)  # fmt: skip
"""Parts of the names that Linux gives to file systems whose bytes come from elsewhere."""
VOLUMES = PurePath("/Volumes")
"""Where a Mac puts whatever was connected: it does not say what."""
REMOTE = 4
"""What Windows calls a drive of the network (DRIVE_REMOTE)."""


def is_far(path: Path) -> bool:
    """Whether reading a file may mean a network; also where nobody can tell."""
    try:
        place = path.resolve()
    except OSError:
        return True
    if os.name == "nt":
        return _is_far_drive(place.drive)
    if sys.platform == "darwin":
        return place.is_relative_to(VOLUMES)
    return any(name in _kind_of(place, _mounts()) for name in FAR)


def _mounts() -> dict[PurePath, str]:
    """By place, the kind of the file system that is mounted there last."""
    try:
        lines = MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return {}
    return dict(mount_of(line) for line in lines if " - " in line)


def mount_of(line: str) -> tuple[PurePath, str]:
    """Place and kind from a line of `mountinfo` (proc(5)); blanks in names are in octal there."""
    before, _, after = line.partition(" - ")
    place = before.split()[4]
    for code in ("\\040", "\\011", "\\012", "\\134"):
        place = place.replace(code, chr(int(code[1:], 8)))
    return PurePath(place), after.split()[0]


def _kind_of(place: PurePath, mounts: dict[PurePath, str]) -> str:
    return next((mounts[one] for one in (place, *place.parents) if one in mounts), "")


@cache
def _is_far_drive(drive: str) -> bool:
    if drive.startswith("\\\\"):
        return True
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - only Windows has it
    return kernel.GetDriveTypeW(f"{drive}\\") == REMOTE
