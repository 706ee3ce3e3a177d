"""What computes on this computer, and how much of its memory is taken, without any library."""

import os
from dataclasses import dataclass
from pathlib import Path

from studio.spec.quantities import count


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device in words, its memory in bytes; 0 where the system does not say."""

    name: str
    used: int = 0
    total: int = 0
    has_gpu: bool = False


def processor() -> DeviceInfo:
    """The processor and the computer's own memory."""
    name = f"CPU · {count(os.cpu_count() or 1, 'thread')}"
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        total, free = (int(lines[k].split()[0]) * 1024 for k in ("MemTotal", "MemAvailable"))
        return DeviceInfo(name, total - free, total)
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return DeviceInfo(name, 0, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return DeviceInfo(name)
