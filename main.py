"""Open the studio, or do one job in the terminal: `python main.py --help`."""

import signal
import sys


def run() -> int:
    """Hand over to the studio; Ctrl+C is Ctrl+C from the first import on."""
    from studio.terminal.streams import unfailing_streams

    with unfailing_streams():
        try:
            from studio.cli import main

            return main()
        except KeyboardInterrupt:  # before the studio itself could listen
            sys.stderr.write("Cancelled.\n")
            if "--json" in sys.argv:
                sys.stdout.write('{"error": "Cancelled.", "hint": "", "cancelled": true}\n')
            return 130
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end is near: no traceback from it
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run())
