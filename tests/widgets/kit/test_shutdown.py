"""Napari may be closed in the midst of a step: Python ends after it, without a word."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from napari.qt import get_qapp
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QMainWindow

from napari_swnn.widgets.kit.shutdown import await_work_at_end
from napari_swnn.widgets.kit.threads import TaskRunner

begun = []

def steps_without_end():
    while True:
        end = monotonic() + 0.5
        begun.append(end)
        while monotonic() < end:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(str, range(2)))
        yield end

app, window = get_qapp(), QMainWindow()
await_work_at_end()
runner = TaskRunner(window)
runner.run(steps_without_end)
window.show()
while not begun:
    app.processEvents()
if "run" in sys.argv:
    QTimer.singleShot(0, window.close)
    app.exec()  # it ends with the last window
elif "close" in sys.argv:
    window.close()
"""


@pytest.mark.parametrize("how", ["run", "close", "leave"])
def test_python_ends_quietly_in_the_midst_of_a_step(how):
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
