"""Keys of a panel, controls that are folded away, and the activity dock."""

import pytest
from napari.utils import progress
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.activity import Activity
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.drawer import Drawer, enable_controls


class Panel(DockPanel):
    """A panel with a control of each kind and a folded field, which notes what it is asked to do."""

    def __init__(self, viewer):
        super().__init__(viewer)
        self.asked = []
        self.field, self.hidden, self.button = QSpinBox(), QSpinBox(), QPushButton("Save")
        self.button.clicked.connect(lambda: self.asked.append("save"))
        self.choice, self.tick = QComboBox(), QCheckBox("exact")
        self.choice.addItems(["CPU", "GPU"])
        inside = QWidget()
        QVBoxLayout(inside).addWidget(self.hidden)
        self.drawer = Drawer("More", inside)
        self.lay_out(self.field, self.choice, self.tick, self.drawer, self.button)

    def run(self):
        self.asked.append("run")

    def stop(self):
        self.asked.append("stop")


@pytest.fixture
def panel(model, qtbot):
    widget = Panel(model)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    return widget


@pytest.fixture
def focus(monkeypatch):
    """Gives a control the focus, which depends on the window manager otherwise."""
    return lambda widget: monkeypatch.setattr(QApplication, "focusWidget", lambda: widget)


def test_enter_runs_and_escape_stops(panel, qtbot, focus):
    focus(None)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.asked == ["run", "stop"]


def test_enter_in_a_field_completes_the_input_only(panel, qtbot, focus):
    focus(panel.field)
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert panel.asked == []
    qtbot.keyClick(panel.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert panel.asked == ["run"]


def test_enter_on_a_button_presses_it(panel, qtbot, focus):
    focus(panel.button)
    qtbot.keyClick(panel.button, Qt.Key.Key_Return)
    assert panel.asked == ["save"]


def test_enter_on_a_list_opens_it_and_the_next_one_chooses(panel, qtbot, focus):
    focus(panel.choice)
    qtbot.keyClick(panel.choice, Qt.Key.Key_Return)
    entries = panel.choice.view()
    assert entries.isVisible()
    qtbot.keyClick(entries, Qt.Key.Key_Down)
    qtbot.keyClick(entries, Qt.Key.Key_Return)
    assert not entries.isVisible()
    assert (panel.choice.currentText(), panel.asked) == ("GPU", [])
    qtbot.keyClick(panel.choice, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert panel.asked == ["run"]


def test_enter_on_a_check_box_ticks_it(panel, qtbot, focus):
    focus(panel.tick)
    qtbot.keyClick(panel.tick, Qt.Key.Key_Return)
    assert panel.tick.isChecked()
    assert panel.asked == []


def test_the_tab_key_skips_what_is_folded_away(panel, qtbot):
    panel.field.setFocus()
    for is_open in (False, True, False):
        (panel.drawer.expand if is_open else panel.drawer.collapse)(animate=False)
        assert panel.hidden.isVisible() == is_open


def test_a_drawer_opens_and_closes_while_the_controls_are_disabled(panel, user):
    enable_controls(panel.drawer.parentWidget(), False)
    assert not panel.field.isEnabled()
    for is_open in (True, False):
        user.clicks(panel.drawer.toggleButton())
        assert panel.hidden.isVisible() == is_open
        assert not panel.hidden.isEnabled()


def test_a_run_has_an_entry_in_the_activity_dock(qapp):
    activity = Activity("a run")
    before = len(progress._all_instances)
    activity.begin()
    assert len(progress._all_instances) == before + 1
    activity.end()
    activity.end()
    assert len(progress._all_instances) == before
