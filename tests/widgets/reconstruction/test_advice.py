"""Next step after a verdict: what the user can change, the likeliest cause first."""

import pytest

from napari_swnn.validation import Verdict
from napari_swnn.widgets.reconstruction.advice import advise

POROSITY = Verdict(False, "", ("porosity",))
SURFACE = Verdict(False, "", ("porosity", "specific_surface"))


@pytest.mark.parametrize(
    ("verdict", "preset", "is_complete", "expected"),
    [
        (POROSITY, "draft", True, "Match the target porosity exactly"),
        (SURFACE, "draft", True, "choose the preset standard"),
        (SURFACE, "custom", True, "return to a preset"),
        (SURFACE, "standard", True, "choose the preset connected or fine"),
        (SURFACE, "fine", True, "another seed"),
        (SURFACE, "standard", False, "stopped early"),
        (Verdict(True, "", too_small="volume"), "standard", True, "several realisations"),
        (Verdict(None, "", too_small="section"), "standard", True, "a larger section"),
    ],
)
def test_each_kind_of_verdict_has_its_next_step(verdict, preset, is_complete, expected):
    advice = advise(verdict, preset=preset, is_complete=is_complete)
    assert expected.lower() in advice.lower()


@pytest.mark.parametrize("agrees", [True, None])
def test_nothing_is_advised_where_nothing_can_be_improved(agrees):
    assert advise(Verdict(agrees, ""), preset="draft", is_complete=False) == ""
