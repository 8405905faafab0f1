"""What the documentation site generates from the code is complete; `make docs` builds the site itself."""

import ast
import re
import sys
from dataclasses import fields
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import napari_swnn as swnn
from napari_swnn.cli import COMMANDS, make_parser

ROOT = Path(__file__).parents[1]


def load(name):
    spec = spec_from_file_location(f"site_{name}", ROOT / "scripts" / "site" / f"{name}.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_command_and_option_is_on_its_page():
    commands = load("commands")
    page = commands.document_commands()
    names = [command.__name__.rpartition(".")[2] for command in COMMANDS]
    assert re.findall(r"^## (\S+)$", page, re.MULTILINE) == names
    helps = " ".join(command.format_help() for command in commands.list_commands(make_parser()).values())
    for option in set(re.findall(r"--[a-z][a-z-]+", helps)) - {"--help"}:
        assert f"`{option}`" in page


def test_every_setting_and_preset_is_on_its_page():
    head, _, *rows = load("settings").document_settings().splitlines()
    assert [row.split("`")[1] for row in rows] == [item.name for item in fields(swnn.TrainingConfig)]
    assert re.findall(r"`(\w+)`", head) == list(swnn.PRESETS)


def test_public_names_are_documented_once():
    api = load("api")
    packages = ("", "statistics", "physics", "validation", "preparation", "io", "figures", "runs", "core")
    paths = [
        path
        for package in packages
        for path in re.findall(r"^::: (\S+)$", api.document_package(f"napari_swnn.{package}".rstrip(".")), re.MULTILINE)
    ]
    assert len(paths) == len(set(paths))
    named = {path.rpartition(".")[2] for path in paths}
    for package in (swnn, swnn.statistics, swnn.physics, swnn.validation, swnn.preparation, swnn.io, swnn.figures):
        public = set(package.__all__) - set(packages)
        assert public <= named, f"{package.__name__}: {public - named}"


def test_messages_of_errors_have_their_remedies():
    errors = load("errors")
    source = """
def check(n, file):
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}; pass a number of voxels")
    raise ImageError(file, f"{file.name} " "is empty")
    raise problem
"""
    assert set(errors.find_messages(ast.parse(source))) == {
        errors.Message("n must be at least 1, got ‹n›", "pass a number of voxels", "ValueError"),
        errors.Message("‹name› is empty", "", "ImageError"),
    }
    page = errors.document_errors(ROOT / "src")
    assert "`NotPercolatingError`" in page
    assert page.count("\n| ") > 200


@pytest.mark.parametrize(
    ("source", "page", "text", "expected"),
    [
        ("benchmarks/RESULTS.md", "benchmarks.md", "[notes](../docs/notebook.md#a)", "[notes](notebook.md#a)"),
        ("docs/how-to/a.md", "how-to/a.md", "[r](../../benchmarks/RESULTS.md)", "[r](../benchmarks.md)"),
        ("docs/how-to/a.md", "how-to/a.md", "[`x.py`](../../benchmarks/x.py)", "`x.py`"),
        ("docs/how-to/a.md", "how-to/a.md", "[b](b.md)", "[b](b.md)"),
        ("README.md", "index.md", "![p](docs/images/p.png)", "![p](images/p.png)"),
        ("docs/a.md", "a.md", "[web](https://example.org) [here](#b)", "[web](https://example.org) [here](#b)"),
    ],
)
def test_links_are_mended_for_the_site(source, page, text, expected):
    assert load("links").mend(text, source=source, page=page) == expected
