"""Several phases in the panel: their table, targets, names and colours on the way to the results."""

import numpy as np
import pytest

from napari_swnn import Reference, train
from napari_swnn._layer_style import colours_as_json, read_colours, read_names
from napari_swnn._sample_data import three_phase_electrode
from napari_swnn.widgets.reconstruction.phase_table import PhaseTable
from napari_swnn.widgets.reconstruction.preflight import prepare
from napari_swnn.widgets.reconstruction.request import ModelEntry, Request
from napari_swnn.widgets.reconstruction.spatial import SpatialVariation
from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget
from napari_swnn.widgets.reconstruction.work import Generation

NAMES = {0: "pore", 1: "active material", 2: "binder"}


@pytest.fixture
def panel(beside):
    return beside(ReconstructionWidget)


@pytest.fixture
def electrode(model):
    """The sample as it opens, cut to a quarter."""
    ((labels, attributes, _),) = three_phase_electrode()
    return model.add_labels(labels[:128, :128], **attributes)


@pytest.fixture
def found(panel, electrode, impatient, user):
    """The panel with the three phases of the sample."""
    user.waits_for(lambda: panel.session.checks.findings is not None)
    assert panel.session.checks.problems == {}
    return panel


@pytest.fixture
def table(model, electrode, qtbot):
    table = PhaseTable()
    qtbot.addWidget(table)
    table.show_phases({0: 0.4, 1: 0.5, 2: 0.1}, electrode)
    return table


def planned(panel, user):
    user.waits_for(lambda: panel.session.checks.prepared is not None)
    return panel.session.checks.prepared.plan


def test_the_phases_are_shown_with_their_names_and_fractions(found):
    settings = found.settings
    assert {label: row.name.text() for label, row in settings.phases.rows.items()} == NAMES
    fractions = found.session.checks.findings.analysis.reference.fractions
    for label, row in settings.phases.rows.items():
        assert row.share.text() == f"{100 * fractions[label]:.1f} %"
        assert row.target.value() == pytest.approx(fractions[label], abs=1e-3)
    assert settings.phase.currentText().startswith("0: pore")  # the layer says so; otherwise it would be 1


def test_other_phases_keep_their_proportion_if_only_the_porosity_is_set(found, user):
    before = found.settings.phases.fractions
    found.settings.target.single.number.setValue(0.3)
    after = found.settings.phases.fractions
    assert sum(after.values()) == pytest.approx(1)
    assert after[1] / after[2] == pytest.approx(before[1] / before[2], rel=0.02)
    plan = planned(found, user)
    assert plan.porosity == pytest.approx(0.3)
    assert plan.target.fractions[1:] == pytest.approx(list(after.values())[1:], abs=1e-3)


def test_each_phase_can_have_its_own_target(found, user):
    found.settings.target.each.setChecked(True)
    for row, value in zip(found.settings.phases.rows.values(), (0.35, 0.53, 0.12), strict=True):
        row.target.setValue(value)
    assert planned(found, user).target.fractions == pytest.approx((0.35, 0.53, 0.12))
    found.settings.target.each.setChecked(False)
    own = found.session.checks.findings.analysis.reference.porosity
    assert planned(found, user).porosity == pytest.approx(own, abs=1e-3)


def test_targets_that_do_not_add_up_are_refused_beside_them(found, user):
    found.settings.target.each.setChecked(True)
    row = found.settings.phases.rows[0]
    row.target.setValue(row.target.value() + 0.1)
    text = user.reads_problem(found, "phases")
    assert "must add up to 1, got 1.100; lower one of them by 0.100" in text
    assert not found.run_bar.run_button.isEnabled()
    user.clicks(found.settings.phases.scale_button)
    assert user.reads_problem(found, "phases") == ""
    assert sum(found.settings.phases.fractions.values()) == pytest.approx(1)


def test_fractions_that_no_mixture_of_patterns_has_are_refused_beside_the_table(panel, model, section, impatient, user):
    speckled = np.where(np.random.default_rng(0).random(section.shape) < 0.1, 2, section)
    model.add_labels(speckled)
    user.waits_for(lambda: panel.session.checks.findings is not None)
    panel.settings.target.each.setChecked(True)
    for row, value in zip(panel.settings.phases.rows.values(), (0.05, 0.05, 0.9), strict=True):
        row.target.setValue(value)
    user.waits_for(lambda: user.reads_problem(panel, "phases"))
    assert "the nearest that a mixture has are" in user.reads_problem(panel, "phases")
    assert panel.session.checks.prepared.plan is None


def test_a_range_and_separate_targets_exclude_each_other(found):
    target = found.settings.target
    target.each.setChecked(True)
    target.ranged.setChecked(True)
    assert not target.has_each
    target.each.setChecked(True)
    assert not target.ranged.isChecked()
    assert isinstance(target.value, float)


def test_merging_makes_two_phases(found, user):
    found.settings.source.merge.setChecked(True)
    user.waits_for(lambda: found.session.checks.findings is not None)
    reference = found.session.checks.findings.analysis.reference
    assert reference.phases == (0, 3)
    assert found.settings.phases.isHidden()
    assert found.settings.target.each.isHidden()
    note = found.settings.source.notes.phase.text()
    assert note == "Phases active material and binder become one background, label 3."
    found.settings.source.merge.setChecked(False)
    user.waits_for(lambda: found.session.checks.findings is not None)
    assert found.session.checks.findings.analysis.reference.phases == (0, 1, 2)


def test_a_new_name_is_written_into_the_layer_and_the_reference(found, electrode, user):
    field = found.settings.phases.rows[1].name
    field.setText("  NMC ")
    field.editingFinished.emit()
    assert read_names(electrode) == {**NAMES, 1: "NMC"}
    user.waits_for(lambda: found.session.checks.findings is not None)
    assert found.session.checks.findings.analysis.reference.names == {**NAMES, 1: "NMC"}


def test_two_phases_cannot_have_one_name(table, electrode):
    table.rows[1].name.setText("pore")
    table.rows[1].name.editingFinished.emit()
    assert "Two phases are called “pore”" in table.problem.text()
    assert read_names(electrode) == NAMES


@pytest.mark.parametrize("porosity", [0.001, 0.1234, 0.4, 0.77, 0.998])
def test_rounded_targets_add_up(table, porosity):
    table.follow(porosity)
    assert table.shortfall == 0
    assert table.fractions[0] == pytest.approx(porosity, abs=1e-3)


def test_two_phases_need_no_table(table):
    table.show_phases({1: 0.3, 0: 0.7}, None)
    assert table.isHidden()
    assert table.fractions == {}


def test_colours_pass_through_a_model_file():
    colours = {0: "transparent", 1: np.array([0.2, 0.4, 0.6, 1.0])}
    back = read_colours({"colours": colours_as_json(colours)})
    assert back[0] == "transparent"
    np.testing.assert_allclose(back[1], colours[1], atol=1 / 255)
    assert read_colours({"colours": {"1": "javascript"}}) == {}


@pytest.fixture(scope="module")
def battery(tiny_config):
    """A hardly trained model for ranges of the fractions of three phases."""
    ((labels, _, _),) = three_phase_electrode()
    reference = Reference(labels[:64, :64], phase=0)
    ranges = {label: (reference.fractions[label] - 0.02, reference.fractions[label] + 0.02) for label in (0, 2)}
    return ModelEntry(train(reference, fractions=ranges, config=tiny_config), "electrode", "standard")


def test_a_model_for_ranges_of_fractions_generates_exact_and_periodic_volumes(battery):
    exact = Request((32, 32, 32), exact=True, entry=battery)
    periodic = Request((32, 32, 32), spatial=SpatialVariation(periodic=(True,) * 3), entry=battery)
    assert [prepare(None, request).generate_problem for request in (exact, periodic)] == [None, None]


def test_the_outcome_states_the_target_of_each_phase(battery):
    generation = Generation(Request((16, 16, 16), entry=battery), battery, "the CPU")
    generation.results(np.zeros((16, 16, 16), np.uint8))
    targets = [f"{each:.3f}" for each in battery.model.fractions_at()]
    assert len(targets) == 3
    assert f" 0.000 (targets {', '.join(targets)})." in generation.summary()
