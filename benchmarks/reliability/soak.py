"""Memory, threads and widgets over many trainings and generations in one process, and over many sessions of a panel.

    python benchmarks/reliability/soak.py trainings --n 200
    QT_QPA_PLATFORM=offscreen python benchmarks/reliability/soak.py panels --n 30

A session of the panel opens it beside a section, trains, generates a volume and closes it again. A tenth of the rounds
is printed. Memory must not grow from the second quarter of the rounds to the last one. Blocks of lazy volumes, of which
up to 128 MiB are kept for the next view, are removed after each round.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from types import MappingProxyType
from unittest import mock

import numpy as np
import psutil

import napari_swnn as swnn
from napari_swnn._sample_data import gaussian_level_set
from napari_swnn.core.volume.block_volume import _RECENT

CONFIG = swnn.TrainingConfig(
    n_scales=2,
    n_blocks=1,
    n_channels=8,
    n_steps=3,
    n_coarse_steps=3,
    cube_size=12,
    coarse_cube_size=12,
    n_projections=8,
    max_patterns=200,
    n_calibration_blocks=1,
)
PATIENCE = 300.0
"""Longest time in seconds for a step of a session on a busy machine."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("trainings", "panels"))
    parser.add_argument("--n", type=int, default=200, help="number of rounds")
    options = parser.parse_args()
    rounds = soak_trainings(options.n) if options.kind == "trainings" else soak_panels(options.n)
    memory = []
    for i, n_widgets in enumerate(rounds):
        memory.append(psutil.Process().memory_info().rss / 1e6)
        if i % max(1, options.n // 10) == 0 or i == options.n - 1:
            shown = f"{threading.active_count()} threads  {n_widgets} widgets"
            print(f"{i + 1:4d}  {memory[-1]:7.0f} MB  {shown}", flush=True)
    quarter = len(memory) // 4
    growth = np.mean(memory[-quarter:]) - np.mean(memory[quarter : 2 * quarter])
    print(f"growth of the mean from the second quarter to the last: {growth:.0f} MB")
    return 0


def section():
    return gaussian_level_set(0.3, lambda k: np.exp(-(np.hypot(*k) ** 2) * 9 / 2), seed=0, side=96).astype(np.uint8)


def soak_trainings(n):
    for seed in range(n):
        model = swnn.train(swnn.Reference(section()), config=CONFIG, seed=seed)
        swnn.generate(model, (70, 70, 70), seed=seed)
        np.asarray(swnn.generate_lazy(model, (256, 256, 256), seed=seed)[:10, :10, :10])
        _RECENT.clear()
        yield 0


def soak_panels(n):
    from napari.components import ViewerModel
    from qtpy.QtWidgets import QApplication, QWidget

    from napari_swnn.core.training import cost

    application = QApplication.instance() or QApplication([])
    presets = MappingProxyType({"standard": CONFIG})
    timing = cost.Timing(steps=(0.5, 2.0), banks=(0.0, 3.0), block=1.0)
    with (
        mock.patch("napari_swnn.widgets.reconstruction.settings.PRESETS", presets),
        mock.patch.object(cost, "_timing", return_value=timing),
    ):
        for _ in range(n):
            use_panel(application, ViewerModel(), QWidget())
            settle(application)
            yield len(application.allWidgets())


def use_panel(application, viewer, window):
    from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget

    viewer.add_labels(section(), name="rock", scale=(0.5, 0.5), units=("um", "um"))
    panel = ReconstructionWidget(viewer)
    panel.setParent(window)
    for event in ("inserted", "removed", "reordered", "renamed"):
        getattr(viewer.layers.events, event).connect(panel.reset_choices)
    wait_for(application, lambda: bool(panel.session.checks.devices))
    for side in panel.settings.size.sides:
        side.setValue(32)
    wait_for(application, panel.run_bar.run_button.isEnabled)
    n_before = len(viewer.layers)
    panel.run_bar.run_button.click()
    wait_for(application, lambda: len(viewer.layers) > n_before and panel.run_bar.run_button.isEnabled())
    panel.session.close()
    viewer.layers.clear()
    window.close()
    window.deleteLater()


def settle(application):
    """Let what was closed be deleted; panels hold themselves in cycles, which the garbage collector breaks."""
    import gc

    from qtpy.QtCore import QEvent
    from superqt.utils import WorkerBase

    from napari_swnn.widgets.reconstruction.request import MODELS

    WorkerBase.await_workers(60_000)
    MODELS.clear()
    gc.collect()
    for _ in range(3):
        application.processEvents()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def wait_for(application, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        application.processEvents()
        time.sleep(0.01)
        if time.monotonic() > end:
            raise TimeoutError("the panel must be ready in time")


if __name__ == "__main__":
    sys.exit(main())
