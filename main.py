"""Open the studio, or do one job in the terminal: `python main.py --help`."""

import sys

from studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
