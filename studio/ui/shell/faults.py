"""A fault of the program in one of Qt's slots: shown on the banner, with its traceback behind a button.

PySide6 hands what a slot raises to `sys.excepthook` and goes on.
"""

import sys
import traceback
from types import TracebackType

from shiboken6 import isValid

from studio.ui.shell.banner import Banner

WORDS = "Something in the studio went wrong. What you made is kept; go on, or start it again."


def listen_for_faults(banner: Banner) -> None:
    """Show them there until it is deleted; hooks of before are still called."""
    before = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        before(kind, error, trace)
        if issubclass(kind, Exception) and isValid(banner):
            details = "".join(traceback.format_exception(kind, error, trace))
            banner.show_message(WORDS, details=details)

    def stop() -> None:
        if sys.excepthook is show:
            sys.excepthook = before

    sys.excepthook = show
    banner.destroyed.connect(stop)
