"""Laws of the rule that chooses the phase of interest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_swnn._phases import MOST_PHASES, choose_phase, measure_fractions

LABELS = st.sets(st.integers(-5, 300), min_size=2, max_size=MOST_PHASES)


def _equal_shares(labels):
    return dict.fromkeys(labels, 1 / len(labels))


@given(LABELS)
def test_label_1_is_the_phase_of_interest_if_present_and_the_highest_label_otherwise(labels):
    assert choose_phase(_equal_shares(labels)).phase == (1 if 1 in labels else max(labels))


@given(LABELS, st.data())
def test_requested_label_is_the_phase_of_interest(labels, data):
    wanted = data.draw(st.sampled_from(sorted(labels)))
    choice = choose_phase(_equal_shares(labels), wanted)
    assert choice.phase == wanted
    assert set(choice.others) == labels - {wanted}


@given(LABELS)
def test_each_label_is_a_phase_and_the_phase_of_interest_comes_first(labels):
    choice = choose_phase(_equal_shares(labels))
    assert choice.phases == (choice.phase, *sorted(labels - {choice.phase}))
    assert not choice.merges


@given(LABELS)
def test_merged_background_is_the_other_label_or_no_label_of_the_image(labels):
    choice = choose_phase(_equal_shares(labels), merge=True)
    assert choice.phases == (choice.phase, choice.background)
    if len(labels) == 2:
        assert set(choice.phases) == labels
        assert not choice.merges
    else:
        assert choice.merges
        assert choice.background == min(set(range(len(labels) + 1)) - labels)


@given(st.sets(st.integers(0, 5000), min_size=2, max_size=60), st.data())
def test_everything_but_one_label_keeps_that_label_and_selects_all_others(labels, data):
    rest_of = data.draw(st.sampled_from(sorted(labels)))
    choice = choose_phase(_equal_shares(labels), rest_of=rest_of)
    image = np.array(sorted(labels))
    assert np.array_equal(choice.select(image), image != rest_of)
    assert choice.fraction == pytest.approx(1 - 1 / len(labels))
    assert choice.background == rest_of
    if len(labels) == 2:
        assert {choice.phase, choice.background} == labels
    elif rest_of == 0:
        assert choice.phase == 1
    else:
        assert choice.phase not in labels


def test_description_names_the_labels_with_their_fractions():
    assert choose_phase({0: 0.797, 255: 0.203}).describe() == (
        "phase 255 is 20.3 % of the image; background 0 is 79.7 %"
    )
    assert choose_phase({0: 0.25, 1: 0.5, 2: 0.25}).describe() == (
        "phase 1 is 50.0 % of the image; the other phases are 0 (25.0 %) and 2 (25.0 %)"
    )
    assert choose_phase({0: 0.25, 1: 0.5, 2: 0.25}, merge=True).describe() == (
        "phase 1 is 50.0 % of the image; labels 0 (25.0 %) and 2 (25.0 %) become one background, label 3"
    )
    assert choose_phase({0: 0.25, 1: 0.5, 2: 0.25}, rest_of=0).describe() == (
        "everything but 0 is the phase of interest, label 1, 75.0 % of the image; background 0 is 25.0 %"
    )


def test_rare_phase_is_not_described_as_nothing():
    assert "phase 1 is 0.0100 %" in choose_phase({0: 0.9999, 1: 0.0001}).describe()


def test_many_labels_are_refused_as_objects_or_grey_levels():
    with pytest.raises(ValueError, match=r"got 59 values from 0 to 58, which look like numbers of objects.*rest_of=0"):
        choose_phase(_equal_shares(range(59)))


@pytest.mark.parametrize("phase", [None, 255])
def test_values_between_two_dominating_ones_are_named_grey_levels(phase):
    smear = {0: 0.5, 255: 0.3} | dict.fromkeys(range(100, 110), 0.02)
    with pytest.raises(ValueError, match=r"0 and 255 fill 80.0 %: grey levels.*JPEG.*labels > 127"):
        choose_phase(smear, phase)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phase": 7}, r"phase must be one of the values of labels \(0, 255\), got 7"),
        ({"rest_of": 7}, r"rest_of must be one of the values of labels \(0, 255\), got 7"),
        ({"phase": 0, "rest_of": 255}, "must not both be given"),
    ],
)
def test_label_that_is_absent_or_ambiguous_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        choose_phase({0: 0.5, 255: 0.5}, **options)


@pytest.mark.parametrize("fractions", [{}, {4: 1.0}])
def test_single_label_is_refused(fractions):
    with pytest.raises(ValueError, match="at least two phases"):
        choose_phase(fractions)


@given(
    st.lists(st.integers(0, 255), min_size=1, max_size=50),
    st.sampled_from(["u1", "u2", "i2", ">u2", ">i4", "i8", "u8"]),
)
def test_fractions_are_those_of_a_count(values, dtype):
    fractions = measure_fractions([np.array(values, dtype), np.array(values[:1], dtype)])
    whole = [*values, values[0]]
    assert list(fractions) == sorted(set(whole))
    assert all(fractions[value] == pytest.approx(whole.count(value) / len(whole)) for value in whole)
