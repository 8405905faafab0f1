"""Models that outlive their session: the gallery, its dialog, and trainings that are resumed."""

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QDialogButtonBox, QInputDialog, QMessageBox, QWidget

from napari_swnn import Reference, train
from napari_swnn._layer_style import read_colours
from napari_swnn.core.model.model import Model
from napari_swnn.core.training.plan import analyse_reference
from napari_swnn.io.model_gallery import Gallery
from napari_swnn.validation import Verdict
from napari_swnn.widgets.kit.gallery_dialog import GalleryDialog
from napari_swnn.widgets.kit.preferences import Preferences, read_preferences
from napari_swnn.widgets.layers.output import Look
from napari_swnn.widgets.reconstruction import jobs, preflight
from napari_swnn.widgets.reconstruction.keeping import Keeping
from napari_swnn.widgets.reconstruction.request import MODELS, ModelEntry, Request, Result
from napari_swnn.widgets.reconstruction.training import Training


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))


@pytest.fixture
def gallery(rock_model):
    found = Gallery()
    found.add(rock_model, name="older")
    found.add(rock_model, name="rock", description="porosity 0.30")
    return found


@pytest.fixture
def dialog_of_models(gallery, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    dialog = GalleryDialog(gallery.list_models, window)
    dialog.window_kept = window
    return dialog


def drain(steps):
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def test_the_newest_model_is_selected_and_opened(dialog_of_models, user):
    assert dialog_of_models.models.item(0).text().startswith("rock\nporosity 0.30 · 20")
    user.clicks(dialog_of_models.buttons["open"])
    assert dialog_of_models.chosen.name == "rock"


def test_a_thumbnail_keeps_its_colours_in_a_selected_row(gallery, qtbot):
    gallery.list_models()[0].draw(np.eye(8, dtype=np.uint8), {0: (1, 0, 0, 1), 1: (0, 1, 0, 1)})
    window = QWidget()
    qtbot.addWidget(window)
    icon = GalleryDialog(gallery.list_models, window).models.item(0).icon()
    pictures = [icon.pixmap(QSize(72, 72), mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected)]
    assert pictures[0] == pictures[1]


def test_a_model_is_renamed_and_exported(dialog_of_models, dialog, user, tmp_path, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (" my  rock ", True))
    user.clicks(dialog_of_models.buttons["rename"])
    assert dialog_of_models.selected.name == "my rock"
    dialog.path = tmp_path / "mine.swnn"
    user.clicks(dialog_of_models.buttons["export"])
    assert Model.load(tmp_path / "mine.swnn").porosity == pytest.approx(0.3, abs=0.01)


def test_a_model_is_removed_once_it_is_confirmed(dialog_of_models, user, monkeypatch):
    answers = iter([QMessageBox.StandardButton.No, *[QMessageBox.StandardButton.Yes] * 2])
    monkeypatch.setattr(QMessageBox, "question", lambda *_, **__: next(answers))
    for left in (2, 1, 0):
        user.clicks(dialog_of_models.buttons["remove"])
        assert dialog_of_models.models.count() == left
    assert "no models yet" in dialog_of_models.empty.text()
    assert not dialog_of_models.buttons["open"].isEnabled()


def test_a_failure_is_shown(dialog_of_models, dialog, user, tmp_path):
    dialog.path = tmp_path / "none" / "mine.swnn"
    user.clicks(dialog_of_models.buttons["export"])
    assert "mine.swnn" in dialog_of_models.problem.text()


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_the_dialog_is_closed_without_a_model(dialog_of_models, qtbot, way):
    dialog_of_models.show()
    if way == "button":
        dialog_of_models.closing.button(QDialogButtonBox.StandardButton.Close).click()
    else:
        qtbot.keyClick(dialog_of_models, Qt.Key.Key_Escape)
    assert dialog_of_models.isHidden()
    assert dialog_of_models.chosen is None


def test_an_opened_model_is_in_the_list_under_its_name(panel, gallery, user):
    kept = gallery.list_models()[0]
    panel.models.reader.read(kept.path, kept)
    user.waits_for(lambda: len(MODELS) == 1)
    assert panel.models.entry.title.startswith("rock · porosity 0.30")
    assert panel.models.entry.location == "Kept in the gallery."
    assert panel.settings.extent.text() == "16 × 16 × 16 µm with the selected model"  # and no reference


def test_a_model_that_is_in_the_list_is_selected_and_not_read_again(panel, gallery, user, monkeypatch):
    kept = gallery.list_models()[0]
    panel.models.reader.read(kept.path, kept)
    user.waits_for(lambda: len(MODELS) == 1)
    monkeypatch.setattr(GalleryDialog, "exec", lambda dialog: dialog.buttons["open"].click() or True)
    panel.models.reader.open_gallery()
    assert not panel.models.reader.is_busy
    assert (len(MODELS), panel.models.entry.kept.path) == (1, kept.path)


def test_the_model_box_follows_the_gallery(panel, gallery, rock_model):
    kept = gallery.list_models()[0]
    MODELS.add(ModelEntry(rock_model, "rock", "standard", kept=kept))
    kept.note(name="my rock")
    MODELS.read_notes()
    assert panel.models.choice.currentText().startswith("my rock · porosity 0.30")
    kept.remove()
    MODELS.read_notes()
    assert panel.models.choice.currentText().endswith("(not saved)")


def test_a_finished_model_is_kept_and_leaves_no_checkpoint(section, tiny):
    analysis = analyse_reference(Reference(section), config=tiny)
    plan = analysis.plan()
    interrupted = jobs.train(plan, lambda: False, Keeping())
    n_coarse = plan.schedules[0].n_steps
    for _ in range(n_coarse + 1):
        next(interrupted)
    interrupted.close()
    request = Request((16, 16, 16), target=plan.porosity)
    assert preflight.prepare(analysis, request).resumable
    keeping = Keeping(resume=True, facts={"name": "rock"}, most=5)
    steps = jobs.train(plan, lambda: False, keeping)
    first = next(steps)
    assert first.iteration == n_coarse + 2
    assert set(keeping.piece_distances) == {1, 2}
    model = drain(steps)
    assert not model.provenance["stopped_early"]
    assert Model.load(keeping.kept.path).porosity == model.porosity
    assert keeping.kept.facts["description"].startswith("porosity 0.3")
    assert not preflight.prepare(analysis, request).resumable


@pytest.mark.parametrize("others", [{}, {2: (0.8, 0.0, 0.2, 1.0)}], ids=["two phases", "three phases"])
def test_a_model_in_the_gallery_keeps_the_colours_of_its_section(rock_model, others):
    colours = {0: "transparent", 1: (0.2, 0.4, 0.6, 1.0), **others}
    training = Training(Request((16, 16, 16), colours=colours), "rock", "CPU", keeping=Keeping(most=5))
    training.job()
    training.keeping.keep(rock_model)
    kept = Model.load(training.keeping.kept.path)
    assert kept.provenance == training.entry(rock_model).model.provenance
    assert read_colours(kept.provenance) == colours
    assert Look.of_model(kept).colours == colours


def test_the_curve_of_a_resumed_training_begins_with_its_first_steps(section, tiny):
    plan = analyse_reference(Reference(section), config=tiny).plan()
    before = []
    interrupted = jobs.train(plan, lambda: len(before) == plan.n_steps - 1, Keeping())
    while len(before) < plan.n_steps - 1:
        step = next(interrupted)
        before.append((step.loss, step.scale))
    drain(interrupted)
    training = Training(Request((16, 16, 16)), "rock", "CPU", plan=plan, keeping=Keeping(resume=True))
    assert training.steps_before == []
    work, *arguments = training.job()
    assert next(work(*arguments)).iteration == plan.n_steps
    assert training.steps_before == before


def test_a_stopped_training_can_be_resumed(section, tiny):
    analysis = analyse_reference(Reference(section), config=tiny)
    stopped = drain(jobs.train(analysis.plan(), lambda: True, Keeping()))
    assert stopped.provenance["stopped_early"]
    assert preflight.prepare(analysis, Request((16, 16, 16), target=analysis.plan().porosity)).resumable
    whole = drain(jobs.train(analysis.plan(), lambda: False, Keeping(resume=True)))
    assert whole.provenance["n_steps"] == analysis.plan().n_steps


def test_a_model_that_cannot_be_kept_is_not_safe(rock_model, monkeypatch):
    def refuse(*_args, **_facts):
        raise OSError("disk full")

    monkeypatch.setattr(Gallery, "add", refuse)
    keeping = Keeping(most=5)
    keeping.keep(rock_model)
    entry = ModelEntry(rock_model, "rock", "standard", kept=keeping.kept)
    assert not entry.is_safe
    assert "lost when napari closes" in entry.location


def test_models_that_would_be_lost_are_offered_to_be_saved(panel, add_model, rock_model, dialog, tmp_path, monkeypatch):
    answers = iter([None, True, False])
    monkeypatch.setattr("napari_swnn.widgets.reconstruction.models.ask_to_save", lambda *_: next(answers))
    add_model(panel, rock_model)
    assert not panel.may_close()  # called off
    dialog.path = tmp_path / "saved.swnn"
    assert panel.may_close()
    assert (tmp_path / "saved.swnn").exists()
    add_model(panel, rock_model)
    assert panel.may_close()  # discarded
    assert next(answers, "none left") == "none left"


def test_a_thumbnail_shows_pores_of_label_0(panel, gallery, viewer, section, tiny):
    """The matrix around the pores is transparent in the viewer, and napari itself gives label 0 no colour."""
    viewer.add_labels(1 - section, name="rock")
    model = train(Reference(1 - section, phase=0), config=tiny)
    entry = ModelEntry(model, "rock", "standard", kept=gallery.add(model, name="pores"))
    panel.layers.begin_from(viewer.layers["rock"], Reference(1 - section, phase=0).choice)
    labels = np.repeat((1 - section)[None], 64, axis=0)
    panel.session.made.emit(Result(labels, "volume", entry, {"phase": 0, "seed": 0}))
    picture = np.asarray(Image.open(entry.kept.thumbnail))
    colours, counts = np.unique(picture.reshape(-1, 3), axis=0, return_counts=True)
    assert len(colours) == 2
    assert colours.max(axis=1).min() > 100  # neither is black
    assert min(counts) / counts.sum() == pytest.approx(section.mean(), abs=0.02)


def test_a_judged_verdict_stays_in_the_gallery(panel, gallery, range_model, viewer):
    entry = ModelEntry(range_model, "rock", "standard", kept=gallery.list_models()[0])
    panel.layers.begin()
    panel.session.made.emit(Result(np.eye(8, dtype=np.uint8)[None].repeat(8, 0), "volume", entry, {"seed": 0}))
    for verdict in (Verdict(None, "not judged"), Verdict(False, "differs"), Verdict(None, "another porosity")):
        panel.outcome.check.found.emit(verdict)
    assert gallery.list_models()[0].facts["verdict"] == "differs"
    assert entry.kept.facts["verdict"] == "differs"
    panel.outcome.check.found.emit(Verdict(True, "agrees"))
    assert entry.kept.facts["verdict"] == "agrees"


def test_preferences_have_the_defaults_of_the_manifest():
    assert read_preferences() == Preferences()
