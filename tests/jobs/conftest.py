"""What the tests of jobs share."""

import ctypes
import sys


def pytest_configure():
    """PySide6 6.12.0 on Python 3.11 gives back a reference to None or True with every call.

    From Python 3.12 on they are immortal; here they are lent more references than a test run can
    use up, or the interpreter would abort when the last one is gone.
    """
    if sys.version_info < (3, 12):
        for shared in (None, True, False):
            ctypes.c_ssize_t.from_address(id(shared)).value += 2**40
