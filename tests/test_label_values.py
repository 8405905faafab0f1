"""Labels in any container that NumPy reads, and errors that name what was passed instead."""

from pathlib import Path

import numpy as np
import pytest
import torch
import zarr
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix

from napari_swnn._label_values import to_labels

MASK = np.eye(9, dtype=np.uint8)


@pytest.mark.parametrize(
    "convert",
    [
        lambda mask: torch.tensor(mask),
        lambda mask: torch.tensor(mask == 1),
        lambda mask: torch.tensor(mask, dtype=torch.float16, requires_grad=True),
        lambda mask: zarr.array(mask, chunks=(3, 3)),
        lambda mask: mask.tolist(),
        lambda mask: mask.astype(np.longdouble),
        lambda mask: np.asfortranarray(mask)[::-1][::-1],
        lambda mask: memoryview(mask),
    ],
)
def test_every_array_holds_labels(convert):
    assert_array_equal(to_labels(convert(MASK)), MASK)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "got None; convert it"),
        ({"a": MASK}, "an object of type dict"),
        (csr_matrix(MASK), "an object of type csr_matrix; convert it to an array"),
        (Path("a.tif"), "the path a.tif; read the file with"),
        (["a.tif", "b.tif"], "which is text; convert it to integers, or read files with"),
        (torch.tensor(MASK).to(torch.bfloat16), "that NumPy can read, got an object of type Tensor"),
        (MASK.astype(complex), "got complex128; convert them to integers"),
    ],
)
def test_anything_else_is_named(values, message):
    with pytest.raises(TypeError, match=message):
        to_labels(values)


@pytest.mark.parametrize(("name", "variable"), [("labels[2]", r"labels\[2\]"), ("/data/a b.tif", "labels")])
def test_advice_names_a_variable_and_no_path(name, variable):
    with pytest.raises(ValueError, match=rf"np.nan_to_num\({variable}\)"):
        to_labels(np.where(MASK, np.nan, 0), name=name)
