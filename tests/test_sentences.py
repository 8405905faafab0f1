"""Texts as sentences."""

import pytest

from napari_swnn._sentences import as_sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [("no pores", "No pores."), ("No pores.", "No pores."), ("calibrating…", "Calibrating…")],
)
def test_a_sentence_ends_once(text, expected):
    assert as_sentence(text) == expected
