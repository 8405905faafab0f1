import re

from napari_swnn.cli import main


def test_an_ensemble_leaves_tables(quick, image, tmp_path, capsys):
    folder = tmp_path / "e"
    options = ["--trainings", "1", "--realisations", "2", "--shape", "20", "--no-validation", "-o", str(folder)]
    assert main(["ensemble", image, *options]) == 0
    printed = capsys.readouterr().out
    assert "1 training(s) with 2 realisation(s)" in printed
    before, _ = printed.split("0/3 done", 1)
    assert re.search(r"Reference porosity 0\.300, 95 % interval 0\.\d+ to 0\.\d+; reachable", before)
    assert re.search(r"Estimated time: \d+ s to train, \d+ s to generate 2 times 20 × 20 × 20 voxels", before)
    options.remove("--no-validation")
    assert main(["ensemble", image, *options, "--resume"]) == 0
    printed = capsys.readouterr().out
    assert "porosity" in printed
    assert "5/5 done" in printed
    assert {path.name for path in folder.iterdir()} == {
        "ensemble.json",
        "members.csv",
        "summary.csv",
        "summary.txt",
        "training-1",
        "training-1.swnn",
    }
