from napari_swnn import Model
from napari_swnn.cli import main


def test_demo_leaves_model_volume_report_and_picture(quick, tmp_path, capsys):
    assert main(["demo", "--size", "48", "--output", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "model.swnn",
        "volume.tif",
        "report.json",
        "reconstruction.png",
    }
    printed = capsys.readouterr().out
    assert "left" in printed
    assert "target 0.250" in printed
    assert Model.load(tmp_path / "out" / "model.swnn").porosity == 0.25
