"""Pieces are written by threads as if they were written one after another."""

import threading
from pathlib import Path

import numpy as np
import pytest

from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.io.volume_file import Layout
from napari_swnn.runs._writing import PieceWriter

VOLUME = np.random.default_rng(0).integers(0, 3, (20, 17, 9)).astype(np.uint8)


@pytest.fixture
def file(tmp_path: Path) -> OmeZarrFile:
    file = OmeZarrFile(tmp_path / "volume.ome.zarr", Layout(VOLUME.shape, "uint8", block=4))
    file.create({})
    return file


def write(file, n, pieces, error=None):
    with PieceWriter(file, n) as writer:
        for piece in pieces:
            writer.write(piece, VOLUME[piece.window.slices((0, 0, 0))])
        if error is not None:
            raise error


@pytest.mark.parametrize("n", [0, 1, 3])
def test_all_pieces_are_written_at_the_end(file, n):
    zarr = pytest.importorskip("zarr")
    write(file, n, file.pieces(0))
    assert all(file.is_written(piece) for piece in file.pieces(0))
    np.testing.assert_array_equal(zarr.open_array(file.partial, path="0", mode="r")[:], VOLUME)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_an_error_of_a_thread_reaches_the_caller(file, n):
    class Full(OmeZarrFile):
        def write(self, piece, labels):
            raise OSError("the disk is full")

    full = Full(file.out, file.layout)
    with pytest.raises(OSError, match="full"):
        write(full, n, full.pieces(0))
    assert not any(thread.name.startswith("writing") for thread in threading.enumerate())


def test_pieces_in_progress_are_completed_after_an_interrupt(file):
    pieces = file.pieces(0)
    with pytest.raises(KeyboardInterrupt):
        write(file, 2, pieces[:3], error=KeyboardInterrupt())
    assert [file.is_written(piece) for piece in pieces] == [True] * 3 + [False] * (len(pieces) - 3)
