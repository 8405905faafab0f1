"""Micrographs to prepare, and a session without threads."""

import numpy as np
import pytest
from psygnal import Signal
from skimage.data import binary_blobs

from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.session import Report
from napari_swnn.widgets.preparation.session import PreparationSession


@pytest.fixture(scope="session")
def solid():
    """True in the solid of a two-phase structure, ``(128, 128)``."""
    return binary_blobs(128, blob_size_fraction=0.12, n_dim=2, volume_fraction=0.6, rng=3)


@pytest.fixture(scope="session")
def micrograph(solid):
    """Noisy grey image of the structure, 8 bit: pores near 60, solid near 150."""
    noise = np.random.default_rng(0).normal(0, 12, solid.shape)
    return np.clip(np.where(solid, 150, 60) + noise, 0, 255).astype(np.uint8)


class DirectChecker:
    """A checker that works at once, unless it is held."""

    done = Signal(object)
    failed = Signal(str)
    held = False

    def __init__(self):
        self.waiting = None

    def request(self, work, *args):
        self.waiting = (work, *args)
        if not self.held:
            self.work()

    def work(self):
        (work, *args), self.waiting = self.waiting, None
        try:
            result = work(*args)
        except Exception as error:  # noqa: BLE001
            self.failed.emit(describe_error(error))
        else:
            self.done.emit(result)

    def drop(self):
        self.waiting = None


@pytest.fixture
def checkers():
    """Checkers of the session: preview, assessment, data bar."""
    return []


@pytest.fixture
def delivered():
    """Results of the runs of the session."""
    return []


@pytest.fixture
def session(worker, checkers, delivered):
    def make():
        checkers.append(DirectChecker())
        return checkers[-1]

    def deliver(result):
        delivered.append(result)
        return Report("Added.")

    return PreparationSession(worker, make, deliver)
