#!/usr/bin/env python3
"""Take the screenshots of the panels for docs/images: python scripts/take_screenshots.py [--output docs/images].

Segments a raw sample in a viewer on a virtual screen, sets targets for three phases, trains a draft on another sample,
compares the volume and computes its conductivity. It takes a few minutes, and needs the packages of
scripts/system-packages.sh.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from PIL import Image
from pyvirtualdisplay import Display
from qtpy.QtWidgets import QApplication
from scipy.ndimage import gaussian_filter

SIZE = 1366, 900


def wait(condition: Callable[[], bool], seconds: float) -> None:
    """Process events until a condition holds.

    Raises
    ------
    TimeoutError
        If it does not hold in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"no success after {seconds:.0f} s")
        QApplication.processEvents()
        time.sleep(0.02)


def settle(seconds: float = 3) -> None:
    """Process events for a while, so that layouts and previews are drawn."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end, seconds + 60)


def take(viewer: napari.Viewer, path: Path) -> None:
    """Save a picture of the whole window, in 256 colours: grey noise would take megabytes."""
    settle()
    picture = Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"wrote {path}", flush=True)


def dock(viewer: napari.Viewer, name: str) -> tuple[Any, Any]:
    """Open a panel of the plugin, and return its dock and its widget."""
    docked, widget = viewer.window.add_plugin_dock_widget("napari-swnn", name)
    settle(1)
    return docked, widget


def prepare(viewer: napari.Viewer, folder: Path, patience: float) -> None:
    """Segment the raw sample, and remove its layers again."""
    docked, panel = dock(viewer, "SWNN prepare")
    viewer.open_sample("napari-swnn", "raw")
    wait(lambda: panel.session.live.assessment is not None, patience)
    panel.steps.crop.bar_button.click()
    for slot in ("background", "specks"):
        panel.steps.editors[slot].switch.click()
    wait(lambda: not panel.session.live.is_pending and panel.session.live.assessment is not None, patience)
    take(viewer, folder / "prepare-widget.png")
    viewer.window.remove_dock_widget(docked)
    viewer.layers.clear()


def reconstruct(viewer: napari.Viewer, folder: Path, size: int, patience: float) -> None:
    """Train and generate in the reconstruction panel, with a picture on the way and one at the end."""
    docked, panel = dock(viewer, "SWNN reconstruction")
    panel.settings.preset.setCurrentText("draft")
    for side in panel.settings.size.sides:
        side.setValue(size)
    wait(panel.run_bar.run_button.isEnabled, patience)
    settle(5)
    wait(panel.run_bar.run_button.isEnabled, patience)
    verdicts: list[Any] = []
    panel.outcome.check.found.connect(verdicts.append)
    panel.run_bar.run_button.click()
    bar = panel.run_bar.progress.bar
    wait(lambda: bar.maximum() > 0 and bar.value() > bar.maximum() / 2, patience)
    take(viewer, folder / "reconstruction-widget-running.png")
    wait(lambda: not panel.session.is_busy, patience)
    wait(lambda: bool(verdicts), patience)
    panel.result_bar.buttons["view"].click()
    panel.result_bar.axis.setCurrentIndex(panel.result_bar.axis.findText("cut along y"))
    take(viewer, folder / "reconstruction-widget.png")
    viewer.window.remove_dock_widget(docked)


def set_targets(viewer: napari.Viewer, folder: Path, patience: float) -> None:
    """Enter the fractions of three phases in the reconstruction panel, and remove its layers again."""
    docked, panel = dock(viewer, "SWNN reconstruction")
    viewer.open_sample("napari-swnn", "three_phase_electrode")
    wait(lambda: panel.session.checks.findings is not None, patience)
    panel.settings.target.each.setChecked(True)
    for row, fraction in zip(panel.settings.phases.rows.values(), (0.35, 0.53, 0.12), strict=True):
        row.target.setValue(fraction)
    take(viewer, folder / "phases-widget.png")
    viewer.window.remove_dock_widget(docked)
    viewer.layers.clear()


def compose(viewer: napari.Viewer, folder: Path, patience: float) -> None:
    """Fill two of three regions with the structure of the newest model, and remove the layers again."""
    viewer.dims.ndisplay = 2
    docked, panel = dock(viewer, "SWNN compose")
    rng = np.random.default_rng(1)
    smooth = [gaussian_filter(rng.standard_normal((32, 96, 96)), 9, mode="wrap") for _ in range(3)]
    regions = np.argmax(smooth, 0).astype(np.uint8) + 1
    viewer.add_labels(regions, name="colonies", scale=(2,) * 3, units=("um",) * 3)
    wait(lambda: len(panel.settings.parts.rows) == 3, patience)
    for region, angle in ((1, 0), (2, 40)):
        row = panel.settings.parts.rows[region]
        row.structure.setCurrentIndex(row.structure.count() - 1)
        row.angle.setValue(angle)
    wait(panel.run_button.isEnabled, patience)
    panel.run_button.click()
    settle(1)
    wait(lambda: not panel.session.is_busy, patience)
    take(viewer, folder / "compose-widget.png")
    viewer.window.remove_dock_widget(docked)
    for name in [layer.name for layer in viewer.layers if "colonies" in layer.name]:
        viewer.layers.remove(name)


def compare(viewer: napari.Viewer, folder: Path, patience: float) -> None:
    """Compare the volume with its reference."""
    docked, panel = dock(viewer, "SWNN compare")
    wait(lambda: panel.view.comparison is not None, patience)
    viewer.dims.ndisplay = 2
    viewer.reset_view()
    take(viewer, folder / "compare-widget.png")
    viewer.window.remove_dock_widget(docked)


def compute_properties(viewer: napari.Viewer, folder: Path, patience: float) -> None:
    """Compute the conductivity of the volume."""
    docked, panel = dock(viewer, "SWNN properties")
    wait(panel.run_button.isEnabled, patience)
    panel.run_button.click()
    settle(1)
    wait(panel.run_button.isEnabled, patience)
    panel.view.button.click()
    take(viewer, folder / "properties-widget.png")
    viewer.window.remove_dock_widget(docked)


def main() -> None:
    """Open a viewer on a virtual screen, and use one panel after the other."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the panels.")
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "images")
    parser.add_argument("--size", type=int, default=96, help="edge length of the volume in voxels")
    parser.add_argument("--patience", type=float, default=900, help="seconds that a step may take")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    os.environ["QT_QPA_PLATFORM"] = "xcb"  # Qt's own offscreen platform draws no layers
    with Display(visible=False, size=(1600, 1000)):
        viewer = napari.Viewer()
        viewer.window.resize(*SIZE)
        prepare(viewer, options.output, options.patience)
        set_targets(viewer, options.output, options.patience)
        viewer.open_sample("napari-swnn", "rock")
        reconstruct(viewer, options.output, options.size, options.patience)
        compare(viewer, options.output, options.patience)
        compute_properties(viewer, options.output, options.patience)
        viewer.layers.clear()
        compose(viewer, options.output, options.patience)
        viewer.close()


if __name__ == "__main__":
    main()
