"""Verdict in words on stubs of reports whose numbers are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_swnn.validation import PhaseGroup, PieceScatter, Quantity, QuantityComparison, judge


def quantity(name, reference, half_width, *found, unit="", pieces=None):
    return QuantityComparison(name, unit, False, Quantity(reference), half_width, tuple(map(Quantity, found)), pieces)


def report(*, chord=5.0, porosities=(0.2,), percolates=((True, True, True),), names=("pore",), pieces=None):
    groups = tuple(
        PhaseGroup(
            (i,),
            name,
            quantities={
                "porosity": quantity("porosity", 0.2, 0.03, *porosities),
                "mean_chord_length": quantity(
                    "mean chord length", 5.0, 0.5, *(chord for _ in porosities), unit="µm", pieces=pieces
                ),
                "connected_fraction": QuantityComparison("c", "", False, None, np.nan, (Quantity(1.0),)),
            },
        )
        for i, name in enumerate(names)
    )
    return SimpleNamespace(
        phases=groups,
        n_phases=2 if len(names) == 1 else len(names),
        n_volumes=len(porosities),
        connectivity=[SimpleNamespace(percolates=each) for each in percolates],
    )


def test_what_lies_within_the_interval_is_named():
    verdict = judge(report())
    assert verdict.agrees
    assert verdict.text == (
        "Porosity and chord length lie within what the section can tell. The phase of interest connects opposite faces "
        "along z, y and x."
    )


def test_what_lies_outside_is_told_with_its_numbers():
    verdict = judge(report(chord=6.2))
    assert verdict.agrees is False
    assert "Porosity lies within what the section can tell." in verdict.text
    assert "Chord length does not agree with the section: 6.2 µm, in the section 5.00 ± 0.50 µm." in verdict.text


def test_a_deviation_is_a_sentence_of_its_own():
    text = judge(report(chord=6.2, porosities=(0.3,))).text
    assert text.startswith("Porosity does not agree with the section: 0.3, in the section 0.200 ± 0.030. Chord length")


def test_a_small_volume_is_not_judged_like_a_bad_one():
    """A chord length of 5.7 is outside 5.0 ± 0.5, but pieces of the section of that size scatter by 0.6 about 4.8."""
    pieces = PieceScatter(4.8, 0.6)
    verdict = judge(report(chord=5.7, pieces=pieces))
    assert verdict.agrees is None  # the porosity alone, which pure noise can have too, does not suffice
    assert verdict.text.startswith("Only porosity could be judged: it lies within what the section can tell.")
    assert "Chord length varies too much between volumes of this size to be judged." in verdict.text
    assert verdict.too_small == "volume"
    assert judge(report(chord=6.2, pieces=pieces)).agrees is False  # outside what the size explains
    assert judge(report(chord=5.2, pieces=pieces)).too_small == ""


@pytest.mark.parametrize(("n_judged", "agrees"), [(1, None), (2, None), (3, True), (5, True)])
def test_volumes_agree_only_if_most_numbers_could_be_judged(n_judged, agrees):
    keys = ("porosity", "correlation_length", "specific_surface", "mean_chord_length", "mean_pore_size")
    several = report()
    for i, key in enumerate(keys):
        several.phases[0].quantities[key] = quantity(key, 1.0, 0.1 if i < n_judged else np.nan, 1.0)
    verdict = judge(several)
    assert verdict.agrees is agrees
    assert ("The section is too small to judge" in verdict.text) == (n_judged < len(keys))


def test_what_agrees_by_chance_says_nothing():
    pieces = PieceScatter(5.0, 1.2)  # more than twice what the section knows
    assert judge(report(chord=5.0, pieces=pieces)).too_small == "volume"
    assert judge(report(chord=9.0, pieces=pieces)).agrees is False  # no size explains that


def test_an_interval_of_no_width_contradicts_nothing():
    assert quantity("mean pore size", 1.0, 0.0, 1.01).within is None
    assert quantity("mean pore size", 1.0, 0.0, 1.0).within


def test_several_volumes_are_judged_by_their_mean():
    assert judge(report(porosities=(0.15, 0.25))).agrees
    assert "0.3 on average" in judge(report(porosities=(0.28, 0.32))).text


def test_each_of_more_than_two_phases_has_a_line():
    lines = judge(report(names=("pore", "nickel", "ceramic"))).text.splitlines()
    assert lines[:3] == [f"{name}: within what the section tells." for name in ("Pore", "Nickel", "Ceramic")]
    assert lines[3].startswith("Pore connects opposite faces")


def test_few_deviations_of_several_phases_are_given_with_their_numbers():
    text = judge(report(names=("a", "b", "c"), chord=6.2)).text
    expected = "chord length (6.2 µm, in the section 5.00 ± 0.50 µm) off; rest within what the section tells."
    assert text.splitlines()[:3] == [f"{name}: {expected}" for name in "ABC"]


def test_many_deviations_are_listed_without_numbers():
    text = judge(report(names=("a", "b", "c", "d"), chord=6.2)).text
    assert text.splitlines()[3] == "D: chord length off; rest within what the section tells."
    assert "6.2" not in text


def test_what_cannot_be_judged_is_named_for_each_phase():
    text = judge(report(names=("a", "b", "c"), chord=5.7, pieces=PieceScatter(4.8, 0.6))).text
    assert text.startswith("A: chord length varies too much at this size to be judged; rest within what the section")


def test_a_chosen_porosity_leaves_the_rest_unjudged():
    verdict = judge(report(chord=9.0), own_porosity=False)
    assert verdict.agrees is None
    assert "chosen to differ" in verdict.text


@pytest.mark.parametrize(
    ("percolates", "expected"),
    [
        ([(True, False, True)], "along z and x only"),
        ([(False, False, False)], "along any axis"),
        ([(True, False, True), (True, True, True)], "2 along z, 1 along y, 2 along x"),
        ([], "can tell."),
    ],
)
def test_connectivity_is_told_as_found(percolates, expected):
    assert judge(report(percolates=percolates)).text.endswith((expected, f"{expected}."))


def test_nothing_is_said_about_numbers_without_an_interval():
    unknown = report()
    for name, number in unknown.phases[0].quantities.items():
        unknown.phases[0].quantities[name] = QuantityComparison(
            number.name, "", False, number.reference, np.nan, number.realisations
        )
    verdict = judge(unknown)
    assert verdict.agrees is None
    assert "too small" in verdict.text
