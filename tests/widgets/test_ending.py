"""Work is cut short when napari ends: at once, and without a word."""

import subprocess
import sys
import threading

import pytest

from napari_swnn.widgets import _interruption
from napari_swnn.widgets._interruption import Interrupted, interruptible

SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor

from napari.qt import get_qapp
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QMainWindow

from napari_swnn.widgets._interruption import interrupt_at_end
from napari_swnn.widgets._workers import Checker, TaskRunner

begun = []

def without_end():
    begun.append(1)
    while True:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(str, range(2)))

def one_long_step():
    yield 1
    without_end()

app, window = get_qapp(), QMainWindow()
interrupt_at_end()
runner, checker = TaskRunner(window), Checker(window)
runner.run(one_long_step)
if "check" in sys.argv:
    checker.request(without_end)
window.show()
while len(begun) < 1 + ("check" in sys.argv):
    app.processEvents()
if "run" in sys.argv:
    QTimer.singleShot(0, window.close)
    app.exec()  # it ends with the last window
elif "close" in sys.argv:
    window.close()
"""


@pytest.mark.parametrize("how", [("run", "check"), ("close",), ()])
def test_python_ends_quietly_in_the_midst_of_a_step(how):
    done = subprocess.run([sys.executable, "-c", SCRIPT, *how], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_what_is_under_way_is_interrupted():
    begun, told = threading.Event(), []

    def endless():
        begun.set()
        while True:
            pass

    def work():
        try:
            interruptible(endless)
        except Interrupted:
            told.append("interrupted")
        told.append(interruptible(sum, range(1000)))

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(10)
    _interruption.interrupt()
    _interruption.interrupt()
    thread.join(10)
    assert told == ["interrupted", 499500]


def test_errors_and_results_pass_through():
    assert interruptible(divmod, 7, 2) == (3, 1)
    with pytest.raises(RuntimeError, match="of its own"):
        interruptible(_fail, "of its own")
    with pytest.raises(Interrupted):
        interruptible(_fail, "cannot schedule new futures after interpreter shutdown")


def _fail(text):
    raise RuntimeError(text)
