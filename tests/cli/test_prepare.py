import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_swnn import _sample_data
from napari_swnn.cli import main
from napari_swnn.io import read_image
from napari_swnn.preparation import (
    Crop,
    Denoise,
    FillHoles,
    FlattenBackground,
    Recipe,
    RemoveSpecks,
    Smooth,
    Threshold,
    learn_scribbles,
    prepare,
)


@pytest.fixture
def micrograph(tmp_path):
    """The raw micrograph with its data bar, as an ImageJ TIFF with 0.05 µm pixels."""
    image = _sample_data.raw_micrograph()[0][0]
    path = tmp_path / "raw.tif"
    tifffile.imwrite(path, image, imagej=True, resolution=(20, 20), metadata={"unit": "um"})
    return path


def test_a_micrograph_becomes_labels_with_its_pixel_size(micrograph, tmp_path, capsys):
    output, saved = tmp_path / "labels.tif", tmp_path / "recipe.json"
    options = "--crop-data-bar --flatten 80 --denoise median 2 --threshold otsu --specks 20 --holes 10 1 --smooth 1.5"
    command = ["prepare", str(micrograph), "-o", str(output), "--save-recipe", str(saved), "--phase", "0"]
    assert main([*command, *options.split()]) == 0
    recipe = Recipe.load(saved)
    assert recipe.steps == (
        Crop(0, 0, 512, 512),
        FlattenBackground(80),
        Denoise("median", 2),
        Threshold("otsu"),
        RemoveSpecks(20),
        FillHoles(10, 1),
        Smooth(1.5),
    )
    written = read_image(output)
    assert written.voxel.in_unit("um") == pytest.approx(0.05)
    assert_array_equal(written.values, prepare(tifffile.imread(micrograph), recipe))
    assert ((written.values == 0) == _sample_data.raw_pores()).mean() > 0.97
    printed = capsys.readouterr().out
    assert "Data bar in rows 512 to 551" in printed
    assert "phase 0 is 25." in printed
    assert "95 % interval 2" in printed
    assert "The image is large enough: " in printed
    assert f"Wrote {output} and {saved}" in printed


def test_a_recipe_is_replayed(micrograph, tmp_path):
    recipe = Recipe((Crop(10, 20, 100, 120), Denoise("median", 1), Threshold("manual", levels=(80, 120))))
    recipe.save(tmp_path / "recipe.json")
    output = tmp_path / "labels.tif"
    assert main(["prepare", str(micrograph), "--recipe", str(tmp_path / "recipe.json"), "-o", str(output)]) == 0
    assert_array_equal(tifffile.imread(output), prepare(tifffile.imread(micrograph), recipe))


def test_steps_of_the_shell_are_those_of_python(micrograph, tmp_path):
    output = tmp_path / "labels.tif"
    for options, steps in {
        "--crop 5 6 90 80 --threshold 80 120.5": (Crop(5, 6, 90, 80), Threshold("manual", levels=(80, 120.5))),
        "--crop 0 0 90 80 --threshold multi_otsu --phases 3": (Crop(0, 0, 90, 80), Threshold("multi_otsu", 3)),
        "--crop 0 0 90 80 --threshold local --radius 20": (Crop(0, 0, 90, 80), Threshold("local", radius=20)),
    }.items():
        command = ["prepare", str(micrograph), "-o", str(output), "--overwrite", *options.split()]
        assert main(command) == 0
        assert_array_equal(tifffile.imread(output), prepare(tifffile.imread(micrograph), Recipe(steps)))


def test_scribbles_are_learned(micrograph, tmp_path):
    image = tifffile.imread(micrograph)
    scribbles = np.zeros(image.shape, np.uint8)
    for row in (40, 330):
        scribbles[row, :] = np.where(_sample_data.raw_pores()[row], 1, 2)
    tifffile.imwrite(tmp_path / "strokes.tif", scribbles)
    output = tmp_path / "labels.tif"
    command = ["prepare", str(micrograph), "-o", str(output), "--scribbles", str(tmp_path / "strokes.tif")]
    assert main([*command, "--crop-data-bar"]) == 0
    recipe = learn_scribbles(image, scribbles, Recipe((Crop(0, 0, 512, 512),)))
    assert_array_equal(tifffile.imread(output), prepare(image, recipe))


def test_a_stack_and_one_of_its_sections(tmp_path, capsys):
    raw = _sample_data.raw_micrograph()[0][0][:200, :200]
    stack = np.stack([raw, 255 - raw])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    output = tmp_path / "labels.tif"
    command = ["prepare", str(tmp_path / "stack.tif"), "-o", str(output), "--threshold", "otsu", "--overwrite"]
    assert main(command) == 0
    assert tifffile.imread(output).shape == stack.shape
    assert main([*command, "--section", "1", "--pixel-size", "3", "--unit", "nm"]) == 0
    assert_array_equal(tifffile.imread(output), prepare(stack[1], Recipe((Threshold(),))))
    assert str(read_image(output).voxel) == "3 nm"
    capsys.readouterr()
    assert main([*command, "--section", "2"]) == 2
    assert "--section must lie between 0 and 1, got 2" in capsys.readouterr().err


def test_no_file_is_replaced_silently(micrograph, tmp_path, capsys):
    (tmp_path / "labels.tif").write_text("precious")
    command = ["prepare", str(micrograph), "-o", str(tmp_path / "labels.tif"), "--threshold", "otsu"]
    assert main(command) == 2
    assert "--output must write a new file" in capsys.readouterr().err
    assert (tmp_path / "labels.tif").read_text() == "precious"
    (tmp_path / "recipe.json").write_text("precious")
    command[3] = str(tmp_path / "other.tif")
    assert main([*command, "--save-recipe", str(tmp_path / "recipe.json")]) == 2
    assert "--save-recipe must write a new file" in capsys.readouterr().err
    assert not (tmp_path / "other.tif").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "one of --threshold and --scribbles must be set, got both or neither"),
        ("--threshold otsu --scribbles s.tif", "one of --threshold and --scribbles must be set"),
        ("--threshold otsu --recipe r.json", "--recipe must hold all steps, got --threshold beside it"),
        ("--threshold otsu 5", "--threshold must be a method or grey levels, got otsu 5"),
        ("--threshold 5 x", "--threshold must have numbers, got 5 x"),
        ("--threshold otsu --denoise median 1 2", "--denoise must have at most 1 number, got 1 2"),
        ("--threshold otsu --holes 1 2 3", "--holes must have a size and at most one phase, got 3"),
        ("--threshold triangle", "method must be one of 'otsu'"),
        ("--threshold otsu --pixel-size 0", "voxel_size must lie in"),
        ("--threshold otsu --crop 0 0 999 9", "crop must lie within the image of 552 × 512 px"),
        ("--threshold otsu -o labels.png", "--output must end in .tif"),
        ("--recipe none.json", "none.json, which does not exist"),
    ],
)
def test_wrong_options_are_refused(micrograph, tmp_path, monkeypatch, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", str(micrograph), *options.split()]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "labels.tif").exists()


def test_the_voxels_of_a_stack_must_be_cubes_but_not_those_of_a_section(micrograph, tmp_path, capsys):
    stack, output = tmp_path / "stack.tif", tmp_path / "labels.tif"
    metadata = {"axes": "ZYX", "spacing": 2, "unit": "um"}
    tifffile.imwrite(
        stack, np.stack([tifffile.imread(micrograph)] * 3), imagej=True, resolution=(20, 20), metadata=metadata
    )
    command = ["prepare", str(stack), "-o", str(output), "--threshold", "otsu"]
    assert main(command) == 2
    assert "must have cubic voxels, got sides of 2 × 0.05 × 0.05 µm" in capsys.readouterr().err
    assert main([*command, "--section", "1"]) == 0
    assert str(read_image(output).sides) == "0.05 × 0.05 µm"
    assert main([*command, "--overwrite", "--voxel-size", "0.05"]) == 0
    assert "Note: " in capsys.readouterr().out


def test_a_phase_that_the_result_lacks_is_refused_before_anything_is_written(micrograph, tmp_path, capsys):
    output = tmp_path / "labels.tif"
    assert main(["prepare", str(micrograph), "-o", str(output), "--threshold", "otsu", "--phase", "5"]) == 2
    assert "5" in capsys.readouterr().err
    assert not output.exists()
