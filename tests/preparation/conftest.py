import numpy as np
import pytest

from napari_swnn import _sample_data


@pytest.fixture(scope="session")
def raw():
    """The raw micrograph of the samples without its data bar, and its pores."""
    return _sample_data.raw_micrograph()[0][0][:512], _sample_data.raw_pores()


@pytest.fixture(scope="session")
def strokes(raw):
    """Scribbles on the raw micrograph: 1 in pores and 2 in the solid, along a few rows."""
    _, pores = raw
    scribbles = np.zeros(pores.shape, np.uint8)
    for row in (40, 180, 330, 470):
        scribbles[row, 30:250] = np.where(pores[row, 30:250], 1, 2)
    return scribbles
