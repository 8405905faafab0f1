"""Panels of the plugin share one place of the window, and take layers from napari as a user's clicks hand them over."""

import numpy as np
import pytest
from napari._qt._qplugins._qnpe2 import _build_widgets_submenu_actions
from npe2 import PluginManager
from qtpy.QtWidgets import QLabel, QMainWindow

from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.panels import open_panel


@pytest.fixture
def reconstruction(in_viewer):
    return in_viewer("SWNN reconstruction")


def tabs(panel):
    return [dock.widget() for dock in window_of(panel).tabifiedDockWidgets(panel.dock)]


def window_of(panel):
    return next(each for each in _parents(panel.dock) if isinstance(each, QMainWindow))


def _parents(widget):
    while (widget := widget.parent()) is not None:
        yield widget


def test_panels_share_one_place_as_tabs(reconstruction, in_viewer, user):
    compare, properties = in_viewer("SWNN compare"), in_viewer("SWNN properties")
    user.waits_for(lambda: len(tabs(reconstruction)) == 2)
    assert len(tabs(compare)) == len(tabs(properties)) == 2
    assert isinstance(reconstruction, DockPanel)


def test_bar_and_tab_have_the_plain_name(in_viewer, user):
    dock = in_viewer("SWNN compare").dock
    user.waits_for(lambda: dock.windowTitle() == "SWNN compare")
    for floating in (True, False):  # napari makes another bar each time
        dock.setFloating(floating)
        texts = [label.text() for label in dock.titleBarWidget().findChildren(QLabel)]
        assert "SWNN compare" in texts
        assert not any("napari-swnn" in text for text in texts)


def test_the_menu_of_plugins_knows_a_panel_that_a_button_has_opened(viewer, user):
    panel = open_panel(viewer, "SWNN compare")
    panel.window().show()
    user.waits_for(panel.isVisible)
    entries = _build_widgets_submenu_actions(PluginManager.instance().get_manifest("napari-swnn"))[1]
    next(each for each in entries if each.id == "napari-swnn.compare").callback()  # it is ticked, so it is hidden
    user.waits_for(lambda: not panel.isVisible())
    assert sum(isinstance(each, type(panel)) for each in viewer.window.dock_widgets.values()) == 1
    assert open_panel(viewer, "SWNN compare") is panel
    user.waits_for(panel.isVisible)
    panel.session.close()


def test_a_panel_is_notified_when_the_tab_of_another_one_hides_it(in_viewer, user, monkeypatch):
    visible = {}
    monkeypatch.setattr(DockPanel, "on_shown", lambda panel, is_shown: visible.update({panel: is_shown}))
    first = in_viewer("SWNN compare")
    window_of(first).show()
    second = in_viewer("SWNN properties")
    user.waits_for(lambda: (visible.get(first), visible.get(second)) == (False, True))
    first.dock.raise_()
    user.waits_for(lambda: (visible.get(first), visible.get(second)) == (True, False))


def test_the_hint_opens_the_preparation_in_a_tab(reconstruction, viewer, user):
    viewer.add_image(np.random.default_rng(0).normal(size=(32, 32)), name="SEM")
    reconstruction.settings.source.lead.prepare.click()
    user.waits_for(lambda: len(tabs(reconstruction)) == 1)


def test_the_window_of_napari_takes_converted_layers(reconstruction, viewer, section):
    viewer.add_image(255 * section, name="mask")
    reconstruction.settings.source.lead.convert.click()
    assert reconstruction.settings.reference.value.name == "mask labels"
    viewer.layers[-1].scale = (2, 1)
    reconstruction.settings.source.lead.resample.click()
    assert reconstruction.settings.reference.value.name == "mask labels (square pixels)"
