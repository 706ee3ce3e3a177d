"""Torch's libraries are linked while the window goes on.

An import holds Python's lock while the system links the libraries that it finds: for torch a
quarter of a second and more in which no other thread runs.  Called as a foreign function the same
`dlopen` leaves the lock free, and the import, a moment later, finds the libraries there.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path

ENDINGS = {"linux": ".so", "darwin": ".dylib"}
"""By system.  Windows is not among them: there torch itself loads its libraries this way."""


class Linker:
    """A finder that finds nothing: asked for a part of torch, it links what that part will load.

    The order is torch's own, so that the same libraries are found; what cannot be linked is left
    to the import, which says why.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> None:
        if name == "torch":
            found = PathFinder.find_spec(name)
            for package in (found and found.submodule_search_locations) or ():
                link(_library(package, "libtorch_global_deps"), everywhere=True)
        elif name == "torch._C" and path:
            # a new list, for the old one is being gone through
            sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
            link(_library(path[0], "libtorch"))


def install() -> None:
    """Link ahead whenever torch is first imported, on whatever thread that is."""
    known = "torch" in sys.modules or any(isinstance(finder, Linker) for finder in sys.meta_path)
    if sys.platform in ENDINGS and not known:
        sys.meta_path.insert(0, Linker())


def link(library: Path, *, everywhere: bool = False) -> bool:
    """Load a library and those it needs, without Python's lock; False where that fails.

    `everywhere` lets libraries loaded later use its names.
    """
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    scope = os.RTLD_GLOBAL if everywhere else os.RTLD_LOCAL
    return dlopen(os.fsencode(library), os.RTLD_NOW | scope) is not None


def _library(package: str, name: str) -> Path:
    return Path(package) / "lib" / f"{name}{ENDINGS[sys.platform]}"
