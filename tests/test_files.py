"""A file is written whole or not at all, and the old one stays until then."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_swnn._files import move_to_new, replaced_when_complete, write_text
from napari_swnn.io import open_ome_zarr, save_volume, write_tiff


@pytest.fixture
def full_disk(monkeypatch):
    """Disk that accepts content, but is full when it is synchronised."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)


def test_a_new_file_replaces_the_old_one_at_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replaced_when_complete(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_file_is_unchanged(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write():
        with replaced_when_complete(path) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("old", [True, False])
def test_a_full_disk_names_the_file_and_keeps_the_old_one(tmp_path, old):
    path = tmp_path / "a.txt"
    if old:
        path.write_text("old")
    advice = "the old file is unchanged" if old else "free some space"
    with pytest.raises(OSError, match=f"the disk is full: {path} could not be written; {advice}"):
        write_text(path, "new")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"] * old


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "new"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no device to write to")
def test_devices_and_folders_are_refused(tmp_path):
    with pytest.raises(OSError, match="must be a file, got the device or pipe /dev/null"):
        write_text(Path("/dev/null"), "text")
    with pytest.raises(OSError, match="must be a file, got the folder"):
        write_text(tmp_path, "text")
    with pytest.raises(FileNotFoundError, match=r"the folder of .*none/a.txt must exist"):
        write_text(tmp_path / "none" / "a.txt", "text")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_permissions_are_those_of_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "one")
    (tmp_path / "plain").write_text("")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    write_text(path, "two")
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("links", [True, False])
def test_a_file_is_never_moved_over_another(tmp_path, monkeypatch, links):
    if not links:

        def link(*_):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", link)
    for name in "ab":
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        move_to_new(tmp_path / "a", tmp_path / "b")
    move_to_new(tmp_path / "a", tmp_path / "c")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "b", "c": "a"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_a_folder_named_by_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "data").mkdir()
    folder, link = tmp_path / "data" / "a.zarr", tmp_path / "a.zarr"
    save_volume(folder, np.zeros((4, 4), int))
    link.symlink_to(folder)
    save_volume(link, np.ones((4, 4), int))
    assert link.is_symlink()
    assert open_ome_zarr(folder).levels[0].compute().all()
    assert {*tmp_path.iterdir()} == {link, folder.parent}
    assert [*folder.parent.iterdir()] == [folder]


def test_a_folder_survives_a_full_disk(tmp_path, request):
    save_volume(tmp_path / "a.zarr", np.zeros((4, 4), int))
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match=r"the disk is full: .*a\.zarr could not be written; the old file is unchanged"):
        save_volume(tmp_path / "a.zarr", np.ones((4, 4), int))
    assert not open_ome_zarr(tmp_path / "a.zarr").levels[0].compute().any()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


@pytest.mark.usefixtures("full_disk")
def test_exports_keep_the_old_file_on_a_full_disk(tmp_path):
    from matplotlib.figure import Figure

    from napari_swnn.figures import save_figure

    writers = {
        "a.tif": lambda path: write_tiff(path, np.ones((3, 4, 5), np.uint8)),
        "a.png": lambda path: save_figure(Figure(), path),
        "a.svg": lambda path: save_figure(Figure(), path),
    }
    for name, write in writers.items():
        (tmp_path / name).write_text("old")
        with pytest.raises(OSError, match="the old file is unchanged"):
            write(tmp_path / name)
        assert (tmp_path / name).read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == set(writers)
