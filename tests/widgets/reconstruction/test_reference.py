"""The reference of the panel: chosen by the user or by another panel."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget


@pytest.fixture
def panel(model, beside, user, impatient):
    widget = beside(ReconstructionWidget)
    user.waits_for(lambda: widget.session.checks.devices, seconds=60)
    return widget


def findings(panel, user):
    user.waits_for(lambda: panel.session.checks.findings is not None)
    return panel.session.checks.findings


def test_reference_and_phase_can_be_chosen_from_outside(panel, model, user, section):
    model.add_labels(section, name="first")
    other = model.add_labels(3 * section, name="prepared")
    panel.choose_reference(other, 3)
    assert findings(panel, user).checked.choice.phase == 3
    assert panel.settings.reference.value is other
    panel.choose_reference(other, 0)
    assert findings(panel, user).checked.choice.phase == 0


def test_only_layers_of_the_viewer_can_be_chosen_as_the_reference(panel, model, section):
    model.add_labels(section)
    with pytest.raises(ValueError, match="layer must be one of the layers in the list"):
        panel.choose_reference(Labels(np.eye(8, dtype=np.uint8)))
