"""After a power failure a run resumes to the same bytes, and what was finished is whole."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_swnn import generate
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.io import open_volumes, verify
from napari_swnn.runs import iter_generation

SHAPE = (40, 130, 140)
NAMES = ["v.ome.zarr", "v.tif"]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of open files need /proc")

MODES = ("all", "content", "some")


class DroppingDisk:
    """Folder whose unsynchronised changes can be dropped; it observes `os.fsync`.

    What a file system keeps beyond what was synchronised is its own choice. With the mode ``"all"`` it keeps nothing;
    with ``"content"`` it keeps names, but files without their content; with ``"some"`` each at random.
    """

    def __init__(self, root, monkeypatch):
        self.root = Path(root)
        self._contents = {}
        self._entries = {}
        self._open = []  # so that the number of a removed file is not used again
        for path in [self.root, *self.root.rglob("*")]:  # what is there at the start is on the disk
            handle = os.open(path, os.O_RDONLY)
            self._sync(handle)
            os.close(handle)
        monkeypatch.setattr(os, "fsync", self._sync)

    def _sync(self, handle):
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        number = os.fstat(handle).st_ino
        self._open.append(os.dup(handle))
        if path.is_dir():
            self._entries[number] = {entry.name: (entry.stat().st_ino, entry.is_dir()) for entry in path.iterdir()}
        else:
            self._contents[number] = path.read_bytes()

    def after_failure(self, mode, rng):
        """Return the files that are left after a power failure at this moment, by their relative path."""
        files = {}
        self._walk(self.root, self.root.stat().st_ino, "", mode, rng, files)
        return files

    def _walk(self, folder, number, prefix, mode, rng, files):
        now = {}
        if folder is not None and folder.is_dir():
            now = {entry.name: (entry.stat().st_ino, entry.is_dir()) for entry in folder.iterdir()}
        synced = self._entries.get(number, {})
        if mode == "some":
            kept = {name: now[name] for name in now if name not in synced and rng.random() < 0.5}
            kept |= {n: now.get(n, synced[n]) if rng.random() < 0.5 else synced[n] for n in synced}
        else:
            kept = now if mode == "content" else synced
        for name, (inode, is_folder) in kept.items():
            path = None if folder is None else folder / name
            here = path is not None and path.exists() and path.stat().st_ino == inode
            if is_folder:
                self._walk(path if here else None, inode, f"{prefix}{name}/", mode, rng, files)
            else:
                content = path.read_bytes() if here else None
                files[prefix + name] = self._left(self._contents.get(inode), content, mode, rng)

    def _left(self, synced, content, mode, rng):
        if content is None or content == synced or mode == "all":
            return synced or b""
        if mode == "some" and rng.random() < 0.3:
            return content
        if synced is not None and len(synced) == len(content):  # written in place: some pages are old
            return b"".join(
                (content if rng.random() < 0.5 else synced)[i : i + 4096] for i in range(0, len(content), 4096)
            )
        kind = rng.integers(3)
        return [b"", content[: len(content) // 2], bytes(len(content))][kind]

    def restore(self, files):
        """Make the folder hold these files only."""
        for handle in self._open:
            os.close(handle)
        self._open.clear()
        for entry in self.root.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    for name in NAMES:
        generate(model, SHAPE, seed=3, out=folder / name)
    return folder


@linux
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_a_run_resumes_after_any_power_failure(model, whole, content, tmp_path, monkeypatch, rng, name, mode):
    root = tmp_path / "disk"
    root.mkdir()
    for _ in range(3):
        disk = DroppingDisk(root, monkeypatch)
        steps = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=root / name, resume=True)
        for _ in zip(range(rng.integers(1, 12)), steps, strict=False):
            pass
        left = disk.after_failure(mode, rng)
        steps.close()
        disk.restore(left)
        monkeypatch.undo()
    generate(model, SHAPE, seed=3, out=root / name, resume=True)
    assert content(root / name) == content(whole / name)
    assert [path.name for path in root.iterdir()] == [name]


@linux
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_a_finished_volume_survives(model, content, whole, tmp_path, monkeypatch, rng, name, mode):
    disk = DroppingDisk(tmp_path, monkeypatch)
    generate(model, SHAPE, seed=3, out=tmp_path / name)
    disk.restore(disk.after_failure(mode, rng))
    assert content(tmp_path / name) == content(whole / name)
    verify(tmp_path / name)


@linux
@pytest.mark.parametrize("mode", MODES)
def test_of_an_old_and_a_new_model_one_survives(model, tmp_path, monkeypatch, rng, mode):
    path = tmp_path / "m.swnn"
    disk = DroppingDisk(tmp_path, monkeypatch)
    path.write_bytes(b"old" * 10_000)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    model.save(path)
    new = path.read_bytes()
    disk.restore(disk.after_failure(mode, rng))
    assert path.read_bytes() == new, "the folder was synchronised after renaming"


def begin(model, out, n=8):
    steps = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=out)
    for _ in range(n):
        next(steps)
    steps.close()


def shorten(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [shorten, flip, lambda path: path.write_bytes(b"")])
def test_a_part_that_cannot_be_read_is_made_again(model, whole, content, tmp_path, damage):
    out = tmp_path / "v.ome.zarr"
    begin(model, out)
    damage(next(path for path in (tmp_path / "v.ome.zarr.partial" / "0" / "c").rglob("*") if path.is_file()))
    generate(model, SHAPE, seed=3, out=out, resume=True)
    assert content(out) == content(whole / out.name)


@pytest.mark.parametrize("journal", ["", "x", "7 00000000", "-"])
def test_a_damaged_journal_counts_nothing(model, whole, content, tmp_path, journal):
    out = tmp_path / "v.tif"
    begin(model, out)
    (tmp_path / "v.tif.progress").write_text(journal)
    generate(model, SHAPE, seed=3, out=out, resume=True)
    assert content(out) == content(whole / out.name)


def test_a_shortened_tiff_is_begun_again(model, whole, content, tmp_path):
    out = tmp_path / "v.tif"
    begin(model, out)
    shorten(tmp_path / "v.tif.partial")
    generate(model, SHAPE, seed=3, out=out, resume=True)
    assert content(out) == content(whole / out.name)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_reported_with_the_way_to_resume(model, whole, content, tmp_path, monkeypatch, name):
    out = tmp_path / name
    steps = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=out)
    next(steps)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=rf"the disk is full: {out} .* is kept; free some space and resume") as raised:
            list(steps)
    assert raised.value.errno == 28
    generate(model, SHAPE, seed=3, out=out, resume=True)
    assert content(out) == content(whole / name)
    np.testing.assert_array_equal(open_volumes(out)[0], generate(model, SHAPE, seed=3))
