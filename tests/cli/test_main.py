import subprocess
import sys
from importlib.metadata import version

import pytest

from napari_swnn.cli import COMMANDS, main


@pytest.mark.parametrize("command", [[], *([command.__name__.split(".")[-1]] for command in COMMANDS)])
def test_help_explains(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert len(printed) > 200
    assert "example:\n  napari-swnn " in printed
    assert not any(useless in printed for useless in ("default: None", "default: [", "default: )"))


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"napari-swnn {version('napari-swnn')}\n"


def test_help_loads_nothing_heavy():
    script = """
import sys
from napari_swnn.cli import main
try:
    main(["--help"])
finally:
    print(*sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded = printed.splitlines()[-1].split()
    assert {"torch", "napari", "matplotlib", "skimage", "dask"}.isdisjoint(loaded)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none.png"], "does not exist"),
        (["train", "IMAGE", "--porosity", "2"], "porosity must lie in"),
        (["train", "IMAGE", "--porosity", "20"], "got 20.0; it is a fraction, not per cent: 0.2"),
        (["validate", "IMAGE", "IMAGE", "--conductivities", "1", "2"], "--conductivities needs --physics"),
        (["train", "IMAGE", "--phase", "7"], "one of the values of labels (0, 255), got 7"),
        (["train", "IMAGE", "-o", "no/such/folder/model.swnn"], "the folder of no/such/folder/model.swnn must exist"),
        (["train", "IMAGE", "-o", "."], "got the folder ."),
        (["demo", "--size", "0"], "shape must be"),
        (["validate", "IMAGE", "IMAGE", "--picture", "x.gif"], "--picture must end in"),
        (["generate", "IMAGE"], "must name a model file"),
        (["generate", "none.swnn"], "does not exist"),
        (["generate", "none.swnn", "-o", "no/such/v.tif"], "the folder of no/such/v.tif must exist"),
        (["ensemble", "IMAGE", "-o", "no/such/folder"], "must exist"),
        (["ensemble", "IMAGE", "--porosity", "2"], "porosity must lie in"),
        (["validate", "IMAGE", "IMAGE", "--html", "no/such/page.html"], "the folder of no/such/page.html must exist"),
        (["validate", "IMAGE", "IMAGE", "--physics"], "physics needs volumes"),
        (["validate", "IMAGE", "IMAGE", "--figures", "IMAGE"], "--figures must name a folder, got"),
        (["validate", "IMAGE", "none.ome.zarr"], "must name an OME-Zarr folder, got none.ome.zarr"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(image, capsys, arguments, message):
    assert main([image if argument == "IMAGE" else argument for argument in arguments]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_help_shows_defaults_that_a_user_can_type(capsys):
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "each seed gives a different realisation (default: 0)" in printed
    assert "None" not in printed
    assert "False" not in printed
