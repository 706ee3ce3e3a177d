"""A download in a process of its own, from the hub of a test: python -m tests.downloads.victim
HUB CATALOGUE WORDS…"""

import sys
from pathlib import Path

from studio.downloads import hub
from studio.terminal import downloads

if __name__ == "__main__":
    from studio.cli import main

    hub.ENDPOINT, downloads.CATALOGUE = sys.argv[1], Path(sys.argv[2])
    sys.exit(main(sys.argv[3:]))
