"""References of several sections, and the phase of interest as picked in a panel."""

import numpy as np
import pytest
from napari.layers import Labels
from scipy.ndimage import gaussian_filter, label

from napari_swnn import Reference
from napari_swnn._phases import choose_phase
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.phase_pick import AllBut, Merged, describe_merging, list_picks, resolve_pick
from napari_swnn.widgets.layers.snapshot import Snapshot


def noise(n, fraction, seed=0, phase=1, sigma=2.0):
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(n, n)), sigma, mode="wrap")
    return phase * (field < np.quantile(field, fraction)).astype(np.uint8)


def look(*layers, pick=None, **options):
    return CheckedReference.look(Snapshot.take(layers[0], further=layers[1:], **options), pick)


def test_sections_are_weighted_by_their_area():
    small, large = Labels(noise(96, 0.3), name="small"), Labels(noise(192, 0.2, 1), name="large")
    found = look(small, large)
    expected = (small.data.sum() + large.data.sum()) / (small.data.size + large.data.size)
    assert found.choice.fraction == pytest.approx(expected)
    assert found.reference().porosity == pytest.approx(expected)
    assert found.shares == pytest.approx({"small": small.data.mean(), "large": large.data.mean()})
    assert len(found.reference().sections) == 2


def test_sections_of_two_materials_are_told_apart():
    alike = look(Labels(noise(256, 0.25)), Labels(noise(256, 0.25, 1)))
    assert alike.warning == ""
    differing = look(Labels(noise(256, 0.2), name="A"), Labels(noise(256, 0.4, 1), name="B"))
    assert differing.problem is None
    assert "may not belong together" in differing.warning
    assert "The porosity of “A” is 0.200, that of “B” 0.400" in differing.warning


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({"scale": (0.6, 0.6), "units": ("um", "um")}, "measure 0.6 µm, but those of “A” 0.5 µm"),
        ({}, "measure 1 voxel, but those of “A” 0.5 µm"),
    ],
)
def test_sections_with_other_pixel_sizes_are_refused(place, text):
    first = Labels(noise(64, 0.3), name="A", scale=(0.5, 0.5), units=("um", "um"))
    with pytest.raises(BadInputError, match=text) as caught:
        look(first, Labels(noise(64, 0.3, 1), name="B", **place))
    assert caught.value.control == "further"
    same = Labels(noise(64, 0.3, 1), scale=(500, 500), units=("nm", "nm"))
    assert look(first, same).problem is None


def test_sections_with_other_labels_are_refused():
    found = look(Labels(noise(64, 0.3), name="A"), Labels(noise(64, 0.3, phase=255), name="B"))
    assert "“B” has the labels 0, 255, but “A” has 0, 1" in str(found.problem)
    assert found.problem.control == "further"


def test_planes_of_a_stack_are_a_volume_or_separate_sections():
    stack = Labels(np.stack([noise(96, 0.3, seed) for seed in range(5)]), name="five")
    volume, sections = look(stack), look(stack, is_stack=True)
    assert volume.snapshot.is_thin
    assert len(volume.reference().directions) == 3
    assert not sections.snapshot.is_thin
    assert len(sections.reference().directions) == 1
    assert len(sections.reference().sections) == 5
    together = look(stack, Labels(noise(64, 0.3, 9)), is_stack=True)
    assert len(together.reference().sections) == 6
    with pytest.raises(BadInputError, match="“five” is a volume"):
        look(stack, Labels(noise(64, 0.3, 9)))


def test_panel_and_script_choose_the_same_phase():
    for labels in (np.where(noise(64, 0.2), 1, 2), noise(64, 0.2, phase=255), noise(64, 0.2) + 4, noise(64, 0.2)):
        found = look(Labels(labels))
        assert found.choice == Reference(labels).choice
        assert found.reference().porosity == Reference(labels).porosity


def test_a_phase_that_vanishes_becomes_the_usual_one():
    assert look(Labels(noise(64, 0.3)), pick=7).choice.phase == 1
    assert look(Labels(noise(64, 0.3)), pick=0).choice.phase == 0


def test_merged_labels_are_named_and_keep_no_meaning_of_another_phase():
    labels = noise(64, 0.3) + noise(64, 0.2, 5)
    assert look(Labels(labels)).choice.background is None  # merged on request only
    found = look(Labels(labels), pick=Merged(1))
    assert describe_merging(found.choice) == "Labels 0 and 2 become one background, label 3."
    assert found.reference().background == 3
    assert describe_merging(look(Labels(noise(64, 0.3))).choice) == ""


def test_numbered_objects_are_refused_with_what_to_do():
    mask = gaussian_filter(np.random.default_rng(0).normal(size=(256, 256)), 2) < -0.1
    cells = Labels(label(mask)[0], name="cells")  # as cellpose, stardist or a watershed leave it
    refused = look(cells)
    assert refused.problem.control == "phase"
    assert "choose “everything but 0”" in str(refused.problem)
    with pytest.raises(BadInputError, match="numbers of objects"):
        refused.reference()
    merged = look(cells, pick=AllBut(0))
    assert merged.reference().porosity == pytest.approx(mask.mean())
    assert (merged.choice.phase, merged.choice.background) == (1, 0)
    assert "labels become one phase, label 1" in describe_merging(merged.choice)


def test_the_list_of_phases_has_shares_and_never_hundreds_of_entries():
    assert list_picks({0: 0.75, 255: 0.25}) == [("0  (75.0 %)", 0), ("255  (25.0 %)", 255)]
    three = list_picks({0: 0.5, 1: 0.3, 2: 0.2})
    assert three[-1] == ("everything but 0  (50.0 %)", AllBut(0))
    assert len(three) == 4
    many = dict.fromkeys(range(100), 0.01)
    assert list_picks(many) == [("everything but 0  (99.0 %)", AllBut(0))]


def test_a_single_label_is_refused():
    with pytest.raises(BadInputError, match="“flat” contains only the value 3"):
        resolve_pick({3: 1.0}, None, "flat")


def test_everything_but_a_label_that_vanished_is_everything_but_the_lowest():
    phases = {1: 0.2, 2: 0.3, 3: 0.5}
    assert resolve_pick(phases, AllBut(0), "x") == choose_phase(phases, rest_of=1)
