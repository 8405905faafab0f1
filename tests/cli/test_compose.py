"""``napari-swnn compose`` writes the volume that its file describes."""

import numpy as np
from numpy.testing import assert_array_equal

from napari_swnn import Model, Part, compose
from napari_swnn.cli import main
from napari_swnn.io import open_volumes


def test_compose(model, tmp_path, capsys):
    regions = np.array([[[0]], [[1]]], np.uint8)
    np.save(tmp_path / "regions.npy", regions)
    (tmp_path / "c.toml").write_text(
        'shape = 20\nregions = "regions.npy"\n[parts.0]\nlabel = 3\n[parts.1]\nmodel = "m.swnn"\nangle = 45\n'
    )
    arguments = ["compose", str(tmp_path / "c.toml"), "--shape", "24", "--seed", "2"]
    assert main([*arguments, "-o", str(tmp_path / "v.tif")]) == 0
    assert "v.tif" in capsys.readouterr().out
    expected = compose({0: 3, 1: Part(Model.load(model), angle=45)}, (24,) * 3, regions=regions, seed=2)
    assert_array_equal(open_volumes(tmp_path / "v.tif")[0], expected)
    assert main([*arguments, "-o", str(tmp_path / "v.tif")]) == 2
    assert "exists" in capsys.readouterr().err
