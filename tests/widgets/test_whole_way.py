"""The whole way in a viewer, by clicks: from a raw micrograph to a saved report."""

import numpy as np
from skimage.data import binary_blobs

from napari_swnn.widgets.comparison.widget import CompareWidget
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget


def micrograph():
    """Noisy grey image, 8 bit: pores near 60, solid near 150."""
    solid = binary_blobs(96, blob_size_fraction=0.12, n_dim=2, volume_fraction=0.6, rng=3)
    noise = np.random.default_rng(0).normal(0, 12, solid.shape)
    return np.clip(np.where(solid, 150, 60) + noise, 0, 255).astype(np.uint8)


def find_panel(panel, kind):
    """Return a panel that was opened beside another one; None if there is none yet."""
    return next(iter(panel.window().findChildren(kind)), None)


def test_from_a_raw_micrograph_to_a_saved_report(in_viewer, viewer, user, dialog, tmp_path):
    viewer.add_image(micrograph(), name="sem", scale=(0.5, 0.5), units=("um", "um"))
    first = in_viewer("SWNN prepare")
    user.waits_for(first.run_button.isEnabled, seconds=60)
    user.clicks(first.run_button)
    user.waits_for(first.reconstruct_button.isEnabled, seconds=60)
    user.clicks(first.reconstruct_button)

    user.waits_for(lambda: find_panel(first, ReconstructionWidget) is not None)
    second = find_panel(first, ReconstructionWidget)
    for side in second.settings.size.sides:
        side.setValue(32)
    user.waits_for(second.run_bar.run_button.isEnabled, seconds=60)
    user.clicks(second.run_bar.run_button)
    user.waits_for_end(second)
    user.waits_for(
        lambda: "section" in f"{second.result_bar.verdict.text()}{second.result_bar.doubt.text()}", seconds=60
    )
    dialog.path = tmp_path / "volume.labels.tif"
    user.clicks(second.result_bar.buttons["save"])
    user.waits_for(
        lambda: second.result_bar.saved.text() == "Saved volume.labels.tif (32 × 32 × 32 voxels).", seconds=60
    )
    user.clicks(second.result_bar.buttons["compare"])

    user.waits_for(lambda: find_panel(first, CompareWidget) is not None)
    third = find_panel(first, CompareWidget)
    user.waits_for(lambda: third.view.comparison is not None, seconds=60)
    dialog.path = tmp_path / "report.html"
    user.clicks(third.view.buttons["HTML report"])
    user.waits_for(lambda: third.view.state.text() == "Saved report.html.", seconds=90)
    assert f"{third.view.comparison.report.porosity:.3f}" in dialog.path.read_text(encoding="utf-8")
    assert (tmp_path / "volume.labels.tif").exists()
    for panel in first.window().findChildren(DockPanel):
        panel.session.close()
