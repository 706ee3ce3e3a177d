"""What the window costs until it is painted, beside a bare one of Qt's with as many docks.

    python -m tests.gui.first_paint [TIMES]

Of TIMES starts of each, in turn, the least processor time from the start of Python to the first paint,
which other programs hardly change.  On two cores beside a training: bare 0.19 s, studio 0.36 s, 1.9
times as much; at most 3 are allowed.

Of what is ours two thirds are imports (the project, which has to be read before there is a window),
a third is the frame with its style sheet.  The rooms, 0.35 s more of imports and 0.35 s of building,
come afterwards (`studio.ui.shell.studio_window`).
"""

import os
import subprocess
import sys
import tempfile

DOCKS = 7
BARE = f"""
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow

class Middle(QLabel):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, app.quit)

app = QApplication([])
window = QMainWindow()
window.setCentralWidget(Middle())
sides = Qt.DockWidgetArea
for number in range({DOCKS}):
    dock = QDockWidget(str(number))
    dock.setWidget(QLabel())
    side = (sides.LeftDockWidgetArea, sides.RightDockWidgetArea, sides.BottomDockWidgetArea)
    window.addDockWidget(side[number % 3], dock)
window.resize(1366, 768)
window.show()
app.exec()
"""
STUDIO = """
import gc
import sys

gc.disable()  # as the command does
from pathlib import Path
from studio.app import build, start_application
from studio.project.folders import Folders

app = start_application()
folders = Folders(Path(sys.argv[1])).make()
studio = build(folders.scratch, folders, {})
studio.window.first_painted.connect(app.quit)
studio.open()
app.exec()
"""
TIMED = "\nimport time\nprint(time.process_time())\nimport os, sys\nsys.stdout.flush()\nos._exit(0)"


def main() -> None:
    times = int(sys.argv[1]) if sys.argv[1:] else 5
    bare, studio = [], []
    for _ in range(times):
        bare.append(seconds(BARE))
        studio.append(seconds(STUDIO))
    least, ours = min(bare), min(studio)
    print(f"bare {least:.2f} s, studio {ours:.2f} s: {ours / least:.1f} times")


def seconds(script: str) -> float:
    """Processor time of a process that runs `script` offscreen."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        command = [sys.executable, "-c", script + TIMED, data]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=120
        )
    return float(ended.stdout.split()[-1])


if __name__ == "__main__":
    main()
