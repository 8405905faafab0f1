"""What the panel offers for a result: a verdict, views, files, and another realisation."""

import gc
import weakref

import numpy as np
import pytest

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.io import read_voxel_sides
from napari_swnn.validation import Verdict
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.lazy.boxes import show_part


@pytest.fixture
def judged(monkeypatch):
    """Questions that the panel asks after a run, with a verdict at once."""
    asked = []

    def judge(question, _is_dropped):
        asked.append(question)
        return Verdict(True, "Porosity lies within what the section can tell.")

    monkeypatch.setattr("napari_swnn.widgets.reconstruction.verdict.judge_volumes", judge)
    return asked


@pytest.fixture
def made(ready, add_model, rock_model, judged, user):
    """The panel after a generation from a model of its reference."""
    add_model(ready, rock_model)
    user.waits_for(lambda: ready.session.can_generate)
    ready.generate()
    user.waits_for_end(ready)
    user.waits_for(lambda: bool(judged))
    return ready


def test_a_verdict_follows_a_run(made, viewer, judged, user):
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    (question,) = judged
    np.testing.assert_array_equal(question.volumes[0], viewer.layers[-1].data)
    assert question.reference.porosity == pytest.approx(viewer.layers[0].data.mean())
    assert question.own_porosity


def test_verdict_curve_and_row_stay_with_the_result_after_discard(made, user):
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    for step in ((1, 0.5, 2), (2, 0.4, 2), (3, 0.3, 1)):
        made.run_bar.curve.add(*step)
    before, reference, seed = made.run_bar.curve.history, made.layers.current.reference, made.layers.current.next_seed
    user.choose(made.settings.preset, "long")
    user.waits_for(made.run_bar.run_button.isEnabled)
    user.clicks(made.run_bar.run_button)
    user.waits_for(lambda: len(made.run_bar.curve) > 3)
    user.clicks(made.run_bar.discard_button)
    user.waits_for_end(made)
    assert made.result_bar.verdict.text().startswith("✓ Porosity")
    assert made.run_bar.curve.history == before
    assert not made.run_bar.curve.isHidden()
    assert (made.layers.current.reference, made.layers.current.next_seed) == (reference, seed)


def test_a_check_begins_again_after_a_run_without_results(ready, add_model, rock_model, judged, user):
    add_model(ready, rock_model)
    user.waits_for(lambda: ready.session.can_generate)
    states = []
    ready.outcome.check.changed.connect(states.append)
    ready.session.made.connect(lambda _result: ready.session.ended.connect(interrupt))

    def interrupt():  # before the answer of the check arrives
        ready.session.ended.disconnect(interrupt)
        ready.session.begun.emit()
        ready.session.ended.emit()

    ready.generate()
    user.waits_for_end(ready)
    user.waits_for(lambda: ready.result_bar.verdict.text().startswith("✓ Porosity"))
    assert states[-4:] == ["Comparing with the reference…", "", "Comparing with the reference…", ""]


@pytest.fixture
def stopped(running, user, monkeypatch):
    """The panel with the doubtful result of a stopped training, which can be resumed."""

    def judge(_question, _is_dropped):
        return Verdict(False, "Surface does not.", outside=("surface",))

    monkeypatch.setattr("napari_swnn.widgets.reconstruction.verdict.judge_volumes", judge)
    user.clicks(running.run_bar.stop_button)
    user.waits_for_end(running)
    user.waits_for(lambda: "press Resume" in running.result_bar.advice.text())
    user.waits_for(lambda: not running.run_bar.resume_button.isHidden())
    return running


def test_resume_is_not_advised_while_the_resumed_training_runs(stopped, user):
    bar, run = stopped.result_bar, stopped.run_bar
    begun = len(run.curve)
    user.clicks(run.resume_button)
    assert "Resume" not in bar.advice.text()
    assert "before the training that is running" in bar.advice.text()
    assert bar.doubt.text() == "⚠ Surface does not."
    user.waits_for(lambda: len(run.curve) > begun)
    user.clicks(run.discard_button)
    user.waits_for_end(stopped)
    assert "press Resume" in bar.advice.text()  # its state is kept


def test_resume_is_not_advised_once_the_training_was_started_again_and_discarded(stopped, user):
    bar, run = stopped.result_bar, stopped.run_bar
    begun = len(run.curve)
    assert run.run_button.text() == "Start again"
    user.clicks(run.run_button)
    user.waits_for(lambda: 0 < len(run.curve) < begun)
    user.clicks(run.discard_button)
    user.waits_for_end(stopped)
    user.waits_for(lambda: "press Run to train again" in bar.advice.text())
    user.waits_for(run.resume_button.isHidden)


def test_results_of_trainings_stopped_at_different_steps_have_different_names(stopped, viewer, user):
    begun = len(stopped.run_bar.curve)
    user.clicks(stopped.run_bar.resume_button)
    user.waits_for(lambda: len(stopped.run_bar.curve) > begun)
    user.clicks(stopped.run_bar.stop_button)
    user.waits_for_end(stopped)
    first, second = [layer.name for layer in viewer.layers[1:]]
    assert [name.rpartition(" ")[0] for name in (first, second)] == [
        "seed 0 · rock · porosity 0.30 · custom, stopped at step"
    ] * 2
    assert int(first.split()[-1]) < int(second.split()[-1])


def test_a_doubt_is_shown_as_a_problem(made, user):
    made.result_bar.show_verdict(Verdict(False, "Surface does not."))
    assert made.result_bar.doubt.text() == "⚠ Surface does not."
    assert made.result_bar.verdict.isHidden()


def test_more_like_it_has_the_next_seed_and_stands_in_the_row(made, viewer, user):
    user.clicks(made.result_bar.buttons["more"])
    user.waits_for_end(made)
    first, second = viewer.layers[-2:]
    assert [layer.metadata["swnn"]["seed"] for layer in (first, second)] == [0, 1]
    assert second.translate[-1] > first.extent.world[1, -1]
    assert (first.data != second.data).any()


def test_a_new_result_leaves_a_layer_selected_that_is_being_painted(made, viewer, user):
    viewer.layers.selection.active = viewer.layers[0]
    viewer.layers[0].mode = "paint"
    user.clicks(made.result_bar.buttons["more"])
    user.waits_for_end(made)
    assert viewer.layers.selection.active == viewer.layers[0]


def test_the_sentence_on_a_result_goes_with_its_layer(made, viewer):
    assert made.run_bar.progress.status.text().startswith("Done")
    del viewer.layers[-1]
    assert made.run_bar.progress.status.text() == ""


def test_the_reference_is_shown_beside_the_sections(made, viewer, user):
    other = viewer.add_labels(np.ones((8, 8), int), name="other")
    user.clicks(made.result_bar.buttons["view"])
    user.clicks(made.result_bar.buttons["beside"])
    assert viewer.dims.ndisplay == 2
    assert [layer.visible for layer in viewer.layers] == [True, True, False]
    assert not other.visible
    viewer.layers.remove("rock")
    assert not made.result_bar.buttons["beside"].isEnabled()  # otherwise, it would only hide other layers


def test_the_outcome_of_a_run_goes_with_its_reference(made, viewer):
    made.run_bar.curve.add(1, 0.5, 1)
    made.run_bar.curve.show()
    viewer.layers.remove(viewer.layers[-1])
    assert not made.run_bar.curve.isHidden()  # of a model that is still there
    viewer.layers.clear()
    assert len(made.run_bar.curve) == 0
    assert made.run_bar.curve.isHidden()


def test_a_cut_opens_the_volume_in_3d(made, viewer, user):
    user.choose(made.result_bar.axis, 0)
    assert viewer.dims.ndisplay == 3
    assert len(viewer.layers[-1].experimental_clipping_planes) == 1
    user.choose(made.result_bar.axis, None)
    assert len(viewer.layers[-1].experimental_clipping_planes) == 0


def test_the_volume_is_saved_in_the_background(made, user, dialog, tmp_path):
    dialog.path = tmp_path / "volume.tif"
    user.clicks(made.result_bar.buttons["save"])
    user.waits_for(lambda: made.result_bar.saved.text().startswith("Saved volume.tif ("))
    assert "voxels). napari opens it as an image" in made.result_bar.saved.text()
    assert read_voxel_sides(tmp_path / "volume.tif").lengths == (0.5, 0.5, 0.5)
    user.waits_for(made.result_bar.buttons["save"].isEnabled)
    user.clicks(made.result_bar.buttons["more"])
    assert made.result_bar.saved.isHidden()  # it was about the volume before
    user.waits_for_end(made)


def middle_of(layer):
    return layer.data_to_world([(side - 1) / 2 for side in layer.data.shape])[2]


def look_of(layer):
    colours = [tuple(np.asarray(layer.colormap.map(label), float)) for label in (0, 1)]
    return layer.data.dtype, layer.iso_gradient_mode, colours


def test_more_like_it_in_3d_looks_like_the_result_before(made, viewer, user):
    own = look_of(viewer.layers[-1])
    user.choose(made.result_bar.view.phases, 1)  # only the rest, which is label 0
    user.clicks(made.result_bar.buttons["view"])
    user.choose(made.result_bar.axis, 2)
    user.clicks(made.result_bar.buttons["more"])
    user.waits_for_end(made)
    first, second = viewer.layers[-2:]
    assert [layer.metadata["swnn"]["seed"] for layer in (first, second)] == [0, 1]
    assert look_of(second) == look_of(first)
    for layer in (first, second):
        assert middle_of(layer) == pytest.approx(layer.experimental_clipping_planes[0].position[2])
    assert look_of(second)[0] == np.int32
    assert [colour[3] for colour in look_of(second)[2]] == [1, 0]
    user.choose(made.result_bar.view.phases, 0)
    made.result_bar.view.phases.activated.emit(0)
    assert [colour[3] for colour in look_of(first)[2]] == [0, 1]  # and not that of the newest alone
    assert look_of(second) == look_of(first)
    viewer.dims.ndisplay = 2
    assert [look_of(layer)[::2] for layer in (first, second)] == [own[::2]] * 2


def test_napari_s_own_switch_to_3d_shows_what_the_button_shows(made, viewer, user):
    reference, volume = viewer.layers
    viewer.dims.ndisplay = 3
    assert not reference.visible
    assert viewer.canvas.overlays.axes.visible
    assert volume.iso_gradient_mode == "smooth"
    by_switch = (look_of(volume), viewer.scene.camera.angles)
    viewer.dims.ndisplay = 2
    assert reference.visible
    assert not viewer.canvas.overlays.axes.visible
    user.clicks(made.result_bar.buttons["view"])
    assert (look_of(volume), viewer.scene.camera.angles) == by_switch
    viewer.dims.ndisplay = 2
    volume.visible = False
    viewer.dims.ndisplay = 3
    assert reference.visible  # nothing that the panel made is shown


def test_a_layer_that_fails_half_made_is_removed_and_the_log_says_where(made, viewer, user, monkeypatch):
    def fail(*_args):
        return len(np.array(1))

    before = list(viewer.layers)
    with monkeypatch.context() as patch:
        patch.setattr("napari_swnn.widgets.layers.output.has_colours", fail)
        user.clicks(made.result_bar.buttons["more"])
        user.waits_for_end(made)
    assert list(viewer.layers) == before
    assert "could not be shown: Len() of unsized object" in made.session.failure
    assert "in fail" in made.log.text.toPlainText()
    assert made.layers.newest == before[-1]
    user.clicks(made.result_bar.buttons["more"])
    user.waits_for_end(made)
    assert len(viewer.layers) == len(before) + 1
    assert made.session.failure == made.session.trace == ""


def test_a_result_is_never_chosen_as_the_reference_by_itself(panel, viewer, layer, user):
    user.waits_for(lambda: panel.settings.reference.value is not None)
    viewer.layers.remove(layer)  # while volumes are generated
    output = OutputLayers(viewer)
    look = Look(phase=1, background=0, voxel=VoxelSize())
    for n in (1, 2):
        levels = [np.zeros((side,) * 3, np.uint8) for side in (8, 4)[:n]]
        whole = output.show_levels(levels, "result", look, {"seed": 0})
    show_part(viewer, np.zeros((4, 4, 4), np.uint8), "box", whole, (0, 0, 0))
    output.show_preview(np.zeros((4, 4, 4), np.uint8), look, scale=2)
    panel.reset_choices()
    assert panel.settings.reference.value is None


@pytest.fixture
def pair(made, viewer, user):
    """Two cut results in 3-D, the second made with *More like it*."""
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    user.clicks(made.result_bar.buttons["view"])
    user.choose(made.result_bar.axis, 0)
    user.clicks(made.result_bar.buttons["more"])
    user.waits_for_end(made)
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    return viewer.layers[-2:]


def test_the_section_goes_to_a_result_that_is_left(made, pair, viewer, judged, user):
    first, second = pair
    bar, status = made.result_bar, made.run_bar.progress.status
    assert "seed 1" in status.text()
    viewer.layers.remove(second)
    assert not bar.isHidden()
    assert "seed 0" in status.text()
    assert bar.verdict.text().startswith("✓ Porosity")
    assert bar.axis.value == 0
    user.choose(bar.axis, None)
    assert len(first.experimental_clipping_planes) == 0
    user.choose(bar.axis, 0)
    viewer.layers.remove(first)
    assert bar.isHidden()
    assert status.text() == ""
    assert bar.axis.value is None
    assert len(first.experimental_clipping_planes) == len(second.experimental_clipping_planes) == 0
    viewer.layers.append(first)  # as a script can undo it
    assert not bar.isHidden()
    assert "seed 0" in status.text()
    assert len(judged) == 2  # each once


def test_the_section_follows_the_result_that_is_selected_in_the_list(made, pair, viewer, user):
    first, second = pair
    bar, status = made.result_bar, made.run_bar.progress.status
    viewer.dims.ndisplay = 2
    first.visible = False
    viewer.layers.selection.active = first
    assert "seed 0" in status.text()
    assert bar.verdict.text().startswith("✓ Porosity")
    user.clicks(bar.buttons["view"])
    assert first.visible
    assert not second.visible
    viewer.layers.selection.active = viewer.layers[0]
    assert "seed 0" in status.text()  # the reference is no result
    first.name = "mine"
    assert status.text().startswith("Done: “mine”, porosity")
    user.clicks(bar.buttons["more"])
    user.waits_for_end(made)
    assert "seed 2" in status.text()


def test_a_result_has_its_own_verdict(made, viewer, user, monkeypatch):
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    first, bar = viewer.layers[-1], made.result_bar
    verdict = Verdict(False, "Surface does not.")
    monkeypatch.setattr("napari_swnn.widgets.reconstruction.verdict.judge_volumes", lambda *_: verdict)
    user.clicks(bar.buttons["more"])
    user.waits_for_end(made)
    user.waits_for(lambda: bar.doubt.text() == "⚠ Surface does not.")
    viewer.layers.selection.active = first
    assert (bar.verdict.text()[:10], bar.doubt.text()) == ("✓ Porosity", "")
    viewer.layers.remove(first)
    assert bar.doubt.text() == "⚠ Surface does not."


def test_a_result_that_was_not_judged_is_judged_when_it_is_looked_at(made, viewer, judged, user):
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    first = viewer.layers[-1]
    made.outcome.drop()
    assert made.result_bar.verdict.text().startswith("✓ Porosity")  # it is known
    user.clicks(made.result_bar.buttons["more"])
    made.session.made.connect(lambda _result: made.session.ended.connect(made.outcome.drop))
    user.waits_for_end(made)
    assert made.result_bar.verdict.text() == ""
    viewer.layers.selection.active = first
    viewer.layers.selection.active = viewer.layers[-1]
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))


def test_a_result_is_called_by_the_name_of_its_layer(made, viewer, user):
    user.waits_for(lambda: made.session.can_generate)
    made.generate()
    user.waits_for_end(made)
    assert viewer.layers[-1].name.endswith("[1]")
    assert f"“{viewer.layers[-1].name}”" in made.run_bar.progress.status.text()
    assert f"“{viewer.layers[-1].name}”" in made.log.text.toPlainText()


def test_a_removed_volume_is_not_kept_in_memory(made, viewer, judged, user):
    voxels = weakref.ref(viewer.layers[-1].data)
    user.clicks(made.result_bar.buttons["more"])
    user.waits_for_end(made)
    user.waits_for(lambda: made.result_bar.verdict.text().startswith("✓ Porosity"))
    del viewer.layers[-2]
    judged.clear()
    user.waits_for(lambda: gc.collect() >= 0 and voxels() is None, seconds=5)
